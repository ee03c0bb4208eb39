//! A sweep: one scenario under every combination of some settings, each with the same seeds.
//!
//! ```text
//! --vary breaker.open_for=1s,2s,4s --vary fleet.size=3,10,100 --repeat 30
//! ```
//!
//! is a [`Grid`] of nine [`Cell`]s and 270 [`Trial`]s. All cells use the same seeds (common random numbers: they meet
//! the same arrivals and the same faults), so a difference between two cells comes from their settings. The caller
//! performs the trials and stores them. A sweep that was cut off continues where it stopped, because [`Sweep::left`]
//! returns what has not been done.
//!
//! | module | what lives there |
//! |---|---|
//! | this module | the sweep, and what is left to do |
//! | `grid` | the settings that are varied, and the cells that their values span |
//! | [`trial`] | the figures of one cell with one seed |
//! | [`effect`] | values that change no figure |
//! | [`table`], `text` | every figure of every cell, with its interval, and as lines of text |
//! | [`pareto_front`] | choices that no other choice surely beats |
//! | [`chart`] | the front as a picture |

pub mod chart;
pub mod effect;
mod grid;
pub mod pareto_front;
pub mod table;
mod text;
pub mod trial;

pub use grid::{Axis, Cell, Grid};
pub use table::Table;
pub use trial::Trial;

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::expectation::Figure;

/// The version of the shape of `sweep.json`.
pub const SCHEMA: &str = "breaker-lab-sweep/1";

/// The most trials of one sweep: more are probably a typing error.
pub const MAX_TRIALS: usize = 1_000_000;

/// The figures that a sweep keeps of every trial, unless others are requested. The first three are those of the
/// Pareto front.
pub const USUAL: &[&str] = &[
    "detection_delay_p50",
    "wrongly_rejected_ratio",
    "wasted_ratio",
    "recovery_delay_p50",
    "openings",
    "flaps",
    "open_share",
    "divergence_share",
    "ok_ratio",
    "fast_fail_ratio",
    "failed_ratio",
    "ok_p99",
    "p99",
    "amplification",
    "downstream_calls",
];

/// The plan of a sweep, written into the folder before the first trial, so that the rest can be done later.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Sweep {
    /// [`SCHEMA`].
    pub schema: String,
    /// The scenario's name.
    pub scenario: String,
    /// Its title.
    pub title: String,
    /// The version of the program that performs it.
    pub version: String,
    /// The commit that the program was built from, if the build knew it.
    #[serde(default)]
    pub commit: Option<String>,
    /// The files of replayed loads by name, each with a digest of its rates.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub replayed: BTreeMap<String, String>,
    /// The settings that are varied.
    pub grid: Grid,
    /// The first seed of every cell; the others follow.
    pub first_seed: u64,
    /// Seeds of every cell.
    pub repeat: u32,
    /// Names of the figures that are kept.
    pub figures: Vec<String>,
}

/// A cell with a seed: what is to be performed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Task {
    /// The number of the cell in the grid, from 0.
    pub cell: usize,
    /// The seed.
    pub seed: u64,
}

impl Sweep {
    /// The seeds of every cell.
    pub fn seeds(&self) -> impl Iterator<Item = u64> + use<> {
        let first = self.first_seed;
        (0..self.repeat).map(move |number| first.wrapping_add(number.into()))
    }

    /// The figures that are kept.
    ///
    /// # Errors
    ///
    /// The name of an unknown figure.
    pub fn figures(&self) -> Result<Vec<Figure>, String> {
        self.figures.iter().map(|name| name.parse()).collect()
    }

    /// Returns what has not been done yet: seed by seed, and each seed for all cells, so that a sweep that is cut off
    /// has about as many seeds of each.
    pub fn left(&self, done: &[Trial]) -> Vec<Task> {
        let done: BTreeSet<(&Cell, u64)> = done.iter().map(|it| (&it.settings, it.seed)).collect();
        let cells = self.grid.cells();
        let all = self.seeds().flat_map(|seed| {
            cells
                .iter()
                .enumerate()
                .map(move |(cell, it)| (cell, it, seed))
        });
        all.filter(|(_, settings, seed)| !done.contains(&(settings, *seed)))
            .map(|(cell, _, seed)| Task { cell, seed })
            .collect()
    }

    /// Checks that trials of `kept` may be mixed with those of this sweep: both must be the same except for the
    /// varied values and the number of seeds.
    ///
    /// # Errors
    ///
    /// What differs.
    pub fn check_continues(&self, kept: &Self) -> Result<(), String> {
        let unknown = "unknown".to_owned();
        let commit = |sweep: &'_ Self| sweep.commit.clone().unwrap_or(unknown.clone());
        let pairs = [
            ("the shape", &self.schema, &kept.schema),
            ("the scenario", &self.scenario, &kept.scenario),
            ("the version of the program", &self.version, &kept.version),
            ("the commit of the program", &commit(self), &commit(kept)),
        ];
        for (what, now, then) in pairs {
            if now != then {
                return Err(format!("{what} was {then} and is {now}"));
            }
        }
        let changed = |(file, digest): &(&String, &String)| {
            let now = self.replayed.get(*file);
            now.is_some_and(|now| now != *digest)
        };
        if let Some((file, _)) = kept.replayed.iter().find(changed) {
            return Err(format!("the rates in {file} were others"));
        }
        let keys = |sweep: &Self| sweep.grid.keys().map(str::to_owned).collect::<Vec<_>>();
        if keys(self) != keys(kept) {
            return Err(format!(
                "{} were varied and now {} are",
                keys(kept).join(", "),
                keys(self).join(", ")
            ));
        }
        if self.figures != kept.figures {
            return Err("other figures were kept".to_owned());
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
