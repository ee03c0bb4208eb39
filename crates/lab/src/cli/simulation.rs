//! The flags of the commands that perform scenarios in virtual time.

use std::path::PathBuf;

use clap::Args;
use clap::builder::RangedU64ValueParser;
use experiment::scenario::Set;
use experiment::sweep::Axis;

/// Instances that may be asked for, as many as a scenario may have.
const MAX_INSTANCES: u64 = 100_000;
/// Threads that may be asked for.
const MAX_JOBS: u64 = 256;
/// Seeds that may be asked for.
const MAX_REPEAT: i64 = 10_000;

/// What both commands take.
#[derive(Args, Clone, Debug)]
pub(crate) struct VirtualArgs {
    /// A scenario file, or the name of one that comes with the lab
    #[arg(value_name = "SCENARIO")]
    pub(crate) scenario: String,
    /// The first seed; repetitions take the numbers that follow [default: the scenario's]
    #[arg(long, value_name = "N")]
    pub(crate) seed: Option<u64>,
    /// Runs at once, from 1 to 256; no result depends on it [default: one for each core]
    #[arg(
        long,
        value_name = "N",
        value_parser = RangedU64ValueParser::<usize>::new().range(1..=MAX_JOBS)
    )]
    pub(crate) jobs: Option<usize>,
    /// Set a key of the scenario, like `breaker.open_for=2s` or
    /// `faults.phases.1.failure_ratio=0.4`; repeat for more
    #[arg(long, value_name = "KEY=VALUE")]
    pub(crate) set: Vec<Set>,
    /// Show only what came of it
    #[arg(long)]
    pub(crate) quiet: bool,
}

#[derive(Args, Clone, Debug)]
pub(crate) struct SimulateArgs {
    #[command(flatten)]
    pub(crate) common: VirtualArgs,
    /// How many instances, up to 100000; the same as --set fleet.size=N [default: the scenario's]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=MAX_INSTANCES))]
    pub(crate) instances: Option<u64>,
    /// Simulate it so many times, each with the next seed
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=MAX_REPEAT))]
    pub(crate) repeat: u32,
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

#[derive(Args, Clone, Debug)]
pub(crate) struct SweepArgs {
    #[command(flatten)]
    pub(crate) common: VirtualArgs,
    /// A key and the values that it takes in turn, like `breaker.open_for=1s,2s,4s`; repeat for more:
    /// all combinations are simulated
    #[arg(long, value_name = "KEY=VALUES", required = true)]
    pub(crate) vary: Vec<Axis>,
    /// Seeds for each combination; all combinations take the same
    #[arg(long, value_name = "N", default_value_t = 30, value_parser = clap::value_parser!(u32).range(1..=MAX_REPEAT))]
    pub(crate) repeat: u32,
    /// The folder for the results; one that holds a part of this sweep is completed
    /// [default: the next free one below runs]
    #[arg(long, value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,
    /// A figure to keep, like `p99(B)` or `ok_ratio(phase=outage)`; repeat for more
    /// [default: the usual ones]
    #[arg(long, value_name = "FIGURE")]
    pub(crate) figure: Vec<String>,
}
