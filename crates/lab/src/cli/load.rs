//! The flags of the load generator.

use std::path::PathBuf;

use clap::Args;
use experiment::expectation::Expectation;
use experiment::load::{ArrivalProcess, Choose, PhaseWindow, Retries, Shape};
use experiment::values::{read_rate, read_share};

use super::{CommonArgs, ObservingArgs, SamplingArgs, WorkersArgs};
use crate::settings::{Address, BaseUrl, Named, Span};

#[derive(Args, Clone, Debug)]
pub(crate) struct LoadArgs {
    #[command(flatten)]
    pub(crate) common: CommonArgs,
    /// Instance to call, as NAME=URL; repeat for more [default: A, B and C on ports 8001 to 8003]
    #[arg(long, value_name = "NAME=URL")]
    pub(crate) target: Vec<Named<BaseUrl>>,
    /// Requests per second, over all targets [default: 90]
    #[arg(
        long,
        value_name = "N",
        env = "BREAKER_LAB_RATE",
        value_parser = read_rate
    )]
    pub(crate) rate: Option<f64>,
    /// How long to wait for an answer after a request is sent, at most 10m [default: 5s]
    #[arg(long, value_name = "TIME", env = "BREAKER_LAB_TIMEOUT")]
    pub(crate) timeout: Option<Span>,
    #[command(flatten)]
    pub(crate) workers: WorkersArgs,
    #[command(flatten)]
    pub(crate) profile: ProfileArgs,
    #[command(flatten)]
    pub(crate) outcome: OutcomeArgs,
    #[command(flatten)]
    pub(crate) sampling: SamplingArgs,
    #[command(flatten)]
    pub(crate) observing: ObservingArgs,
}

/// What the load is like.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Load")]
pub(crate) struct ProfileArgs {
    /// Arrival process: `constant`, `poisson`, `gamma:SHAPE` or
    /// `bursty:factor=5,share=0.1,requests=100` [default: poisson]
    #[arg(long, value_name = "PROCESS", env = "BREAKER_LAB_PROCESS")]
    pub(crate) process: Option<ArrivalProcess>,
    /// Rate over time: `constant`, `ramp:from=10,to=200,over=30s`, `steps:calm=50:10s,500:5s`,
    /// `spike:peak=500,at=10s,for=5s`, `sine:amplitude=40,period=20s` or `replay:FILE`, a file with rows
    /// SECONDS,RATE [default: constant]
    #[arg(long, value_name = "SHAPE", env = "BREAKER_LAB_SHAPE")]
    pub(crate) shape: Option<Shape>,
    /// Number of clients in a closed loop, instead of --rate: each client sends its next request after an
    /// answer
    #[arg(long, value_name = "N", env = "BREAKER_LAB_CONNECTIONS")]
    pub(crate) connections: Option<u32>,
    /// How to choose a target: `random`, `round_robin`, `least_loaded`, `sticky` (by the key) or
    /// `weighted:A=3,B=1` [default: random]
    #[arg(long, value_name = "WAY", env = "BREAKER_LAB_CHOOSE")]
    pub(crate) choose: Option<Choose>,
    /// Weight of one target in a random choice, instead of --choose; repeat for more [default: 1]
    #[arg(long, value_name = "NAME=N")]
    pub(crate) weight: Vec<Named<f64>>,
    /// Number of different keys that requests ask for [default: 1000]
    #[arg(long, value_name = "N", env = "BREAKER_LAB_KEYS")]
    pub(crate) keys: Option<u64>,
    /// Exponent of the Zipf distribution of keys [default: 0, all keys alike]
    #[arg(long, value_name = "N", env = "BREAKER_LAB_KEY_SKEW")]
    pub(crate) key_skew: Option<f64>,
    /// Retry policy of clients: `none`, `immediate:ATTEMPTS` or
    /// `exponential:attempts=3,base=100ms,factor=2,max=2s,jitter=full`; `budget=0.1` can be added to both
    /// [default: none]
    #[arg(long, value_name = "POLICY", env = "BREAKER_LAB_RETRIES")]
    pub(crate) retries: Option<Retries>,
    /// Most connections to one target [default: 64]
    #[arg(long, value_name = "N")]
    pub(crate) max_connections: Option<u32>,
    /// Most requests that wait for a connection to one target; further ones are shed [default: 10000]
    #[arg(long, value_name = "N", env = "BREAKER_LAB_QUEUE")]
    pub(crate) queue: Option<u32>,
    /// Path to request, below the URL of each target [default: call]
    #[arg(long, value_name = "PATH", env = "BREAKER_LAB_PATH")]
    pub(crate) path: Option<String>,
    /// The run is void if more than 1 % of the requests are sent later than this [default: 50ms]
    #[arg(long, value_name = "TIME", env = "BREAKER_LAB_LATENESS_LIMIT")]
    pub(crate) lateness_limit: Option<Span>,
    /// The run is void if a larger share of the requests is shed [default: 0]
    #[arg(
        long,
        value_name = "SHARE",
        env = "BREAKER_LAB_SHED_LIMIT",
        value_parser = read_share
    )]
    pub(crate) shed_limit: Option<f64>,
}

/// What is asked of the run, and where its result goes.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Result")]
pub(crate) struct OutcomeArgs {
    /// Named part of the run, such as outage=10s..20s; repeat for more; named steps of --shape are phases,
    /// too
    #[arg(long, value_name = "NAME=FROM..TO")]
    pub(crate) phase: Vec<PhaseWindow>,
    /// Leave requests that are planned in this first part of the run out of the figures [default: none]
    #[arg(long, value_name = "TIME")]
    pub(crate) warm_up: Option<Span>,
    /// Expectation that must hold at the end, such as `p99(B) < 250ms`; repeat for more
    #[arg(long, value_name = "EXPECTATION")]
    pub(crate) assert: Vec<Expectation>,
    /// Write the result as JSON to this file; `-` is standard output
    #[arg(long, value_name = "FILE")]
    pub(crate) json: Option<PathBuf>,
    /// Write one line of JSON per second to this file
    #[arg(long, value_name = "FILE")]
    pub(crate) jsonl: Option<PathBuf>,
    /// Write one CSV row per second and target to this file
    #[arg(long, value_name = "FILE")]
    pub(crate) csv: Option<PathBuf>,
    /// Print only the result
    #[arg(long)]
    pub(crate) quiet: bool,
    /// Print the plan and its digest without sending anything; with --json and --duration, write the whole
    /// plan
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Address to serve /metrics on [default: none]
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) listen: Option<Address>,
}
