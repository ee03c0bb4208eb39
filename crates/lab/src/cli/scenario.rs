//! The flags of all commands that perform a scenario, live or in virtual time.

use std::path::PathBuf;

use clap::Args;
use experiment::scenario::Set;

use super::{EngineArgs, ObservingArgs, SamplingArgs, ServingArgs};

/// What a live run of scenarios takes.
#[derive(Args, Clone, Debug)]
pub(crate) struct RunArgs {
    /// Scenario file, or the name of a scenario that comes with the lab; several take turns with the same
    /// seeds and are compared
    #[arg(value_name = "SCENARIO", required = true)]
    pub(crate) scenarios: Vec<String>,
    /// Number of runs, from 1 to 1000, each with the next seed
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub(crate) repeat: u32,
    #[command(flatten)]
    pub(crate) result: ResultArgs,
    #[command(flatten)]
    pub(crate) changed: ScenarioArgs,
    /// Print one plain line per second and per transition, even on a terminal
    #[arg(long, conflicts_with = "quiet")]
    pub(crate) plain: bool,
    /// Open the live page of the first run in the browser
    #[arg(long)]
    pub(crate) open: bool,
    #[command(flatten)]
    pub(crate) engine: EngineArgs,
    #[command(flatten)]
    pub(crate) sampling: SamplingArgs,
    #[command(flatten)]
    pub(crate) observing: ObservingArgs,
    #[command(flatten)]
    pub(crate) serving: ServingArgs,
}

/// What is changed of the scenario, and how much is shown.
#[derive(Args, Clone, Debug)]
pub(crate) struct ScenarioArgs {
    /// Seed of the first run; each further run takes the next number [default: the scenario's]
    #[arg(long, value_name = "N", env = "BREAKER_LAB_SEED")]
    pub(crate) seed: Option<u64>,
    /// Set a key of the scenario instead of the file's value, such as `breaker.open_for=2s` or
    /// `faults.phases.1.failure_ratio=0.4`; repeat for more
    #[arg(long, value_name = "KEY=VALUE")]
    pub(crate) set: Vec<Set>,
    /// Print only the result
    #[arg(long)]
    pub(crate) quiet: bool,
}

/// Where the result of a scenario goes.
#[derive(Args, Clone, Debug)]
pub(crate) struct ResultArgs {
    /// Folder for the result [default: the next free folder in runs]
    #[arg(long, value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,
    /// Write each call and each transition to this CSV file, one run after another
    #[arg(long, value_name = "FILE")]
    pub(crate) events: Option<PathBuf>,
    /// Check the scenario, print what it would do, and exit
    #[arg(long)]
    pub(crate) check: bool,
}
