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
    /// An instance to call, as NAME=URL; repeat for more [default: A, B and C on 8001 to 8003]
    #[arg(long, value_name = "NAME=URL")]
    pub(crate) target: Vec<Named<BaseUrl>>,
    /// Requests per second over all targets [default: 90]
    #[arg(
        long,
        value_name = "N",
        env = "BREAKER_LAB_RATE",
        value_parser = read_rate
    )]
    pub(crate) rate: Option<f64>,
    /// How long to wait for an answer, from when it is sent; at most 10m [default: 5s]
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
    /// How evenly requests come: `constant`, `poisson`, `gamma:SHAPE` or
    /// `bursty:factor=5,share=0.1,requests=100` [default: poisson]
    #[arg(long, value_name = "PROCESS", env = "BREAKER_LAB_PROCESS")]
    pub(crate) process: Option<ArrivalProcess>,
    /// The rate over time: `constant`, `ramp:from=10,to=200,over=30s`, `steps:calm=50:10s,500:5s`,
    /// `spike:peak=500,at=10s,for=5s`, `sine:amplitude=40,period=20s` or `replay:FILE`, which has rows of
    /// seconds,rate [default: constant]
    #[arg(long, value_name = "SHAPE", env = "BREAKER_LAB_SHAPE")]
    pub(crate) shape: Option<Shape>,
    /// A closed loop instead: so many clients that send their next request when they have an answer
    #[arg(long, value_name = "N", env = "BREAKER_LAB_CONNECTIONS")]
    pub(crate) connections: Option<u32>,
    /// How a target is chosen: `random`, `round_robin`, `least_loaded`, `sticky` (by the key) or
    /// `weighted:A=3,B=1` [default: random]
    #[arg(long, value_name = "WAY", env = "BREAKER_LAB_CHOOSE")]
    pub(crate) choose: Option<Choose>,
    /// How often a target is chosen, beside the others' 1, instead of --choose; repeat for more [default: 1]
    #[arg(long, value_name = "NAME=N")]
    pub(crate) weight: Vec<Named<f64>>,
    /// How many different keys are asked for [default: 1000]
    #[arg(long, value_name = "N", env = "BREAKER_LAB_KEYS")]
    pub(crate) keys: Option<u64>,
    /// The exponent of Zipf's law by which some keys are asked for more often [default: 0, all alike]
    #[arg(long, value_name = "N", env = "BREAKER_LAB_KEY_SKEW")]
    pub(crate) key_skew: Option<f64>,
    /// Whether clients try again: `none`, `immediate:ATTEMPTS` or
    /// `exponential:attempts=3,base=100ms,factor=2,max=2s,jitter=full`, both also with `budget=0.1`
    /// [default: none]
    #[arg(long, value_name = "POLICY", env = "BREAKER_LAB_RETRIES")]
    pub(crate) retries: Option<Retries>,
    /// Connections to one target at once [default: 64]
    #[arg(long, value_name = "N")]
    pub(crate) max_connections: Option<u32>,
    /// Requests that wait for a connection to one target; further ones are shed [default: 10000]
    #[arg(long, value_name = "N", env = "BREAKER_LAB_QUEUE")]
    pub(crate) queue: Option<u32>,
    /// The path that is asked for, below the URL of each target [default: call]
    #[arg(long, value_name = "PATH", env = "BREAKER_LAB_PATH")]
    pub(crate) path: Option<String>,
    /// The run is void when more than one request of a hundred leaves later [default: 50ms]
    #[arg(long, value_name = "TIME", env = "BREAKER_LAB_LATENESS_LIMIT")]
    pub(crate) lateness_limit: Option<Span>,
    /// The run is void when a larger share of the requests is shed [default: 0]
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
    /// A part of the run with a name, like outage=10s..20s; repeat for more. Named steps are phases, too
    #[arg(long, value_name = "NAME=FROM..TO")]
    pub(crate) phase: Vec<PhaseWindow>,
    /// What is planned in this first time is counted apart
    #[arg(long, value_name = "TIME")]
    pub(crate) warm_up: Option<Span>,
    /// What must hold at the end, like `p99(B) < 250ms`; repeat for more
    #[arg(long, value_name = "EXPECTATION")]
    pub(crate) assert: Vec<Expectation>,
    /// Write the result as JSON to this file, or to standard output for `-`
    #[arg(long, value_name = "FILE")]
    pub(crate) json: Option<PathBuf>,
    /// Write a line of JSON for each second to this file
    #[arg(long, value_name = "FILE")]
    pub(crate) jsonl: Option<PathBuf>,
    /// Write a row for each second and target to this file
    #[arg(long, value_name = "FILE")]
    pub(crate) csv: Option<PathBuf>,
    /// Show nothing but the result
    #[arg(long)]
    pub(crate) quiet: bool,
    /// Show the plan and its digest, and send nothing; with --json and --duration, write all of it
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Where to show metrics; nowhere by default
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) listen: Option<Address>,
}
