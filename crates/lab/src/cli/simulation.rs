//! The flags of the commands that perform scenarios in virtual time.

use std::path::PathBuf;

use clap::builder::RangedU64ValueParser;
use clap::{Args, ValueEnum};
use experiment::sweep::Axis;

use super::scenario::{ResultArgs, ScenarioArgs};
use crate::settings::Engine;

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
    #[command(flatten)]
    pub(crate) changed: ScenarioArgs,
    /// Runs at once, from 1 to 256; no result depends on it [default: one for each core]
    #[arg(
        long,
        value_name = "N",
        value_parser = RangedU64ValueParser::<usize>::new().range(1..=MAX_JOBS)
    )]
    pub(crate) jobs: Option<usize>,
}

#[derive(Args, Clone, Debug)]
pub(crate) struct SimulateArgs {
    #[command(flatten)]
    pub(crate) common: VirtualArgs,
    /// How many instances, up to 100000; the same as --set fleet.size=N [default: the scenario's]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=MAX_INSTANCES))]
    pub(crate) instances: Option<u64>,
    /// Where instances tell each other what they see: `memory` (an engine that all reach) or `gossip` (no engine);
    /// the same as --set coordination.engine=ENGINE [default: the scenario's]
    #[arg(long, value_name = "ENGINE")]
    pub(crate) engine: Option<Engine>,
    /// Simulate it so many times, each with the next seed
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=MAX_REPEAT))]
    pub(crate) repeat: u32,
    #[command(flatten)]
    pub(crate) result: ResultArgs,
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

/// The studies that there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum StudyName {
    /// When breakers should share what they know, and what that costs
    Coordination,
}

#[derive(Args, Clone, Debug)]
pub(crate) struct StudyArgs {
    /// What is studied
    #[arg(value_name = "STUDY")]
    pub(crate) study: StudyName,
    /// Seeds for each cell; all cells take the same
    #[arg(long, value_name = "N", default_value_t = 30, value_parser = clap::value_parser!(u32).range(1..=MAX_REPEAT))]
    pub(crate) seeds: u32,
    /// The folder for the results; one that holds a part of this study is completed
    /// [default: the next free one below runs]
    #[arg(long, value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,
    /// Only this scenario, or this part: `matrix`, `frontier` or `gedcb`; repeat for more [default: all]
    #[arg(long, value_name = "NAME")]
    pub(crate) only: Vec<String>,
    /// The first seed; the others follow
    #[arg(long, value_name = "N", default_value_t = 1, env = "BREAKER_LAB_SEED")]
    pub(crate) seed: u64,
    /// Runs at once, from 1 to 256; no result depends on it [default: one for each core]
    #[arg(
        long,
        value_name = "N",
        value_parser = RangedU64ValueParser::<usize>::new().range(1..=MAX_JOBS)
    )]
    pub(crate) jobs: Option<usize>,
    /// Show only what came of it
    #[arg(long)]
    pub(crate) quiet: bool,
}
