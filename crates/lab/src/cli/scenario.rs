//! The flags that all commands have which perform a scenario, live or in virtual time.

use std::path::PathBuf;

use clap::Args;
use experiment::scenario::Set;

/// What is changed of the scenario, and how much is shown.
#[derive(Args, Clone, Debug)]
pub(crate) struct ScenarioArgs {
    /// The first seed; repetitions take the numbers that follow [default: the scenario's]
    #[arg(long, value_name = "N", env = "BREAKER_LAB_SEED")]
    pub(crate) seed: Option<u64>,
    /// Set a key of the scenario, like `breaker.open_for=2s` or
    /// `faults.phases.1.failure_ratio=0.4`; repeat for more
    #[arg(long, value_name = "KEY=VALUE")]
    pub(crate) set: Vec<Set>,
    /// Show only what came of it
    #[arg(long)]
    pub(crate) quiet: bool,
}

/// Where the result of a scenario goes.
#[derive(Args, Clone, Debug)]
pub(crate) struct ResultArgs {
    /// The folder for the result [default: the next free one below runs]
    #[arg(long, value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,
    /// Write each call and each transition to this CSV file, one run after another
    #[arg(long, value_name = "FILE")]
    pub(crate) events: Option<PathBuf>,
    /// Only say whether the scenario is valid, and what it would do
    #[arg(long)]
    pub(crate) check: bool,
}
