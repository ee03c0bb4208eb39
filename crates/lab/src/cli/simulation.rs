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
    /// Scenario file, or the name of a scenario that comes with the lab
    #[arg(value_name = "SCENARIO")]
    pub(crate) scenario: String,
    #[command(flatten)]
    pub(crate) changed: ScenarioArgs,
    /// Runs at the same time, from 1 to 256; results do not depend on it [default: one per core]
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
    /// Number of instances, from 1 to 100000; the same as --set fleet.size=N [default: the scenario's]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=MAX_INSTANCES))]
    pub(crate) instances: Option<u64>,
    /// Engine that carries opinions between instances: `memory` (all instances reach it) or `gossip` (no
    /// central engine); the same as --set coordination.engine=ENGINE [default: the scenario's]
    #[arg(long, value_name = "ENGINE")]
    pub(crate) engine: Option<Engine>,
    /// Number of runs, from 1 to 10000, each with the next seed
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=MAX_REPEAT))]
    pub(crate) repeat: u32,
    #[command(flatten)]
    pub(crate) result: ResultArgs,
}

#[derive(Args, Clone, Debug)]
pub(crate) struct SweepArgs {
    #[command(flatten)]
    pub(crate) common: VirtualArgs,
    /// Key and the values to try, such as `breaker.open_for=1s,2s,4s`; repeat for more keys, and every
    /// combination is simulated
    #[arg(long, value_name = "KEY=VALUES", required = true)]
    pub(crate) vary: Vec<Axis>,
    /// Number of seeds, from 1 to 10000; every combination takes the same seeds
    #[arg(long, value_name = "N", default_value_t = 30, value_parser = clap::value_parser!(u32).range(1..=MAX_REPEAT))]
    pub(crate) repeat: u32,
    /// Folder for the results; a folder with a part of this sweep is completed
    /// [default: the next free folder in runs]
    #[arg(long, value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,
    /// Figure to keep, such as `p99(B)` or `ok_ratio(phase=outage)`; repeat for more
    /// [default: the usual figures]
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
    /// Study to perform
    #[arg(value_name = "STUDY")]
    pub(crate) study: StudyName,
    /// Number of seeds, from 1 to 10000; every combination of scenario and policy takes the same seeds
    #[arg(long, value_name = "N", default_value_t = 30, value_parser = clap::value_parser!(u32).range(1..=MAX_REPEAT))]
    pub(crate) seeds: u32,
    /// Folder for the results; a folder with a part of this study is completed
    /// [default: the next free folder in runs]
    #[arg(long, value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,
    /// Perform only this scenario, or this part: `matrix`, `frontier` or `gedcb`; repeat for more [default:
    /// all]
    #[arg(long, value_name = "NAME")]
    pub(crate) only: Vec<String>,
    /// First seed; the others follow it
    #[arg(long, value_name = "N", default_value_t = 1, env = "BREAKER_LAB_SEED")]
    pub(crate) seed: u64,
    /// Runs at the same time, from 1 to 256; results do not depend on it [default: one per core]
    #[arg(
        long,
        value_name = "N",
        value_parser = RangedU64ValueParser::<usize>::new().range(1..=MAX_JOBS)
    )]
    pub(crate) jobs: Option<usize>,
    /// Print only the result
    #[arg(long)]
    pub(crate) quiet: bool,
}
