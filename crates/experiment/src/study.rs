//! A study: many scenarios under every policy that applies, each with the same seeds.
//!
//! A sweep varies the settings of one scenario. A study asks a question, and takes the scenarios that answer it. All
//! its cells use the same seeds, so a difference between two policies of one scenario comes from the policy. It is
//! reported as the difference of pairs, with its interval.
//!
//! | module | what lives there |
//! |---|---|
//! | this module | the plan, and the trials by cell |
//! | [`theory`] | the closed forms that simulated points are compared with |
//! | [`tables`] | the tables, as Markdown and as CSV, and the summary |
//! | [`frontier`] | detection speed against false alarms against blast radius |
//! | [`gedcb`] | the published comparison, and our results for it |
//! | [`chart`] | the pictures |
//! | `written` | numbers with their intervals, as tables and pictures show them |

pub mod chart;
pub mod frontier;
pub mod gedcb;
pub mod tables;
pub mod theory;
mod written;

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::expectation::Figure;
use crate::statistics::{Difference, Estimate, Summary, paired_difference};
use crate::sweep::{Cell, Task, Trial};

/// The version of the shape of `study.json`.
pub const SCHEMA: &str = "breaker-lab-study/1";
/// The part of a study that has every scenario under every policy.
pub const MATRIX: &str = "matrix";
/// The part for the frontier.
pub const FRONTIER: &str = "frontier";
/// The part for the published comparison.
pub const GEDCB: &str = "gedcb";
/// The policy that all others are compared with.
pub const LOCAL: &str = "local";

/// The figures that a study keeps of every trial; figures of phases only where there are such phases.
pub const FIGURES: &[&str] = &[
    "goodput",
    "ok_ratio",
    "ok",
    "planned",
    "ok_p99",
    "amplification",
    "first_open_delay",
    "all_open_delay",
    "opening_spread",
    "detection_delay_p50",
    "divergence_share",
    "wasted_calls",
    "wrongly_rejected_calls",
    "lost_in_recovery",
    "recovery_delay_max",
    "closing_spread",
    "load_step",
    "probes",
    "probes_in_100ms",
    "openings",
    "flaps",
    "closed_share",
    "downstream_calls",
    "messages",
    "messages_expected",
    "view_age",
    "alone_share",
    "vetoes",
    "fallbacks",
    "localised_failures",
    "fleet_openings",
    "leases",
    "leases_succeeded",
    "leases_failed",
    "leases_fenced",
    "openings(phase=errors)",
    "flaps(phase=errors)",
    "closed_share(phase=errors)",
    "planned(phase=B cut off)",
    "planned(B, phase=B cut off)",
    "wasted_calls(B, phase=B cut off)",
    "wrongly_rejected_calls(phase=B cut off)",
    "failed",
];

/// The plan of a study, written into the folder before the first trial, so that the rest can be done later.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// [`SCHEMA`].
    pub schema: String,
    /// The study's name.
    pub study: String,
    /// The version of the program that performs it.
    pub version: String,
    /// The commit that the program was built from, if the build knew it.
    pub commit: Option<String>,
    /// A digest of all scenarios of the study, as they are performed.
    pub digest: String,
    /// The first seed of every cell; the others follow.
    pub first_seed: u64,
    /// The number of seeds of every cell.
    pub repeat: u32,
    /// Names of the figures that are kept.
    pub figures: Vec<String>,
    /// The cells: part, scenario, policy.
    pub cells: Vec<Cell>,
}

impl Plan {
    /// Returns the seeds of every cell.
    pub fn seeds(&self) -> impl Iterator<Item = u64> + use<> {
        let first = self.first_seed;
        (0..self.repeat).map(move |number| first.wrapping_add(number.into()))
    }

    /// Returns the figures that are kept.
    ///
    /// # Errors
    ///
    /// The name of an unknown figure.
    pub fn figures(&self) -> Result<Vec<Figure>, String> {
        self.figures.iter().map(|name| name.parse()).collect()
    }

    /// Returns what has not been done yet: seed by seed, and each seed for all cells, so that a study that is cut off
    /// has about as many seeds of each.
    pub fn left(&self, done: &[Trial]) -> Vec<Task> {
        let done: BTreeSet<(&Cell, u64)> = done.iter().map(|it| (&it.settings, it.seed)).collect();
        let numbered = || self.cells.iter().enumerate();
        let all = self
            .seeds()
            .flat_map(|seed| numbered().map(move |(cell, it)| (cell, it, seed)));
        all.filter(|(_, settings, seed)| !done.contains(&(settings, *seed)))
            .map(|(cell, _, seed)| Task { cell, seed })
            .collect()
    }

    /// Checks that trials of `kept` may be mixed with those of this plan: both must be the same except for the cells
    /// and the number of seeds.
    ///
    /// # Errors
    ///
    /// What differs.
    pub fn check_continues(&self, kept: &Self) -> Result<(), String> {
        let commit = |plan: &Self| plan.commit.clone().unwrap_or("unknown".to_owned());
        let pairs = [
            ("the shape", &self.schema, &kept.schema),
            ("the study", &self.study, &kept.study),
            ("the version of the program", &self.version, &kept.version),
            ("the commit of the program", &commit(self), &commit(kept)),
            ("the digest of the scenarios", &self.digest, &kept.digest),
            (
                "the first seed",
                &self.first_seed.to_string(),
                &kept.first_seed.to_string(),
            ),
        ];
        for (what, now, then) in pairs {
            if now != then {
                return Err(format!("{what} was {then} and is {now}"));
            }
        }
        if self.figures != kept.figures {
            return Err("other figures were kept".to_owned());
        }
        Ok(())
    }
}

/// Returns the cell of a scenario under a policy, in one part of a study.
pub fn cell(part: &str, scenario: &str, policy: &str) -> Cell {
    let settings = [("part", part), ("scenario", scenario), ("policy", policy)];
    let settings = settings.map(|(key, value)| (key.to_owned(), value.to_owned()));
    settings.into_iter().collect()
}

/// Returns the value of a cell for `key`: `part`, `scenario` or `policy`.
pub fn of_cell<'a>(cell: &'a Cell, key: &str) -> &'a str {
    let found = cell.settings().iter().find(|(known, _)| known == key);
    found.map_or("", |(_, value)| value)
}

/// The trials of a study by cell and seed, without void ones.
#[derive(Clone, Debug)]
pub struct Results<'a> {
    plan: &'a Plan,
    by_cell: BTreeMap<&'a Cell, BTreeMap<u64, &'a Trial>>,
    /// The number of void trials.
    pub void: usize,
}

impl<'a> Results<'a> {
    /// Gathers the trials of the cells of a plan; those of other cells or seeds are left out.
    pub fn of(plan: &'a Plan, trials: &'a [Trial]) -> Self {
        let seeds: BTreeSet<u64> = plan.seeds().collect();
        let cells: BTreeSet<&Cell> = plan.cells.iter().collect();
        let mut by_cell: BTreeMap<&Cell, BTreeMap<u64, &Trial>> = BTreeMap::new();
        let mut void = 0;
        for trial in trials {
            if !seeds.contains(&trial.seed) || !cells.contains(&trial.settings) {
                continue;
            }
            if trial.invalid.is_some() {
                void += 1;
                continue;
            }
            let of_cell = by_cell.entry(&trial.settings).or_default();
            of_cell.insert(trial.seed, trial);
        }
        Self {
            plan,
            by_cell,
            void,
        }
    }

    /// The trials of even seeds and those of odd ones, so that one half can choose and the other can judge; all of
    /// them twice if there is only one seed.
    pub(crate) fn halves(&self) -> (Self, Self) {
        let half = |rest: u64| {
            let mut half = self.clone();
            if self.plan.repeat > 1 {
                for trials in half.by_cell.values_mut() {
                    trials.retain(|seed, _| seed % 2 == rest);
                }
            }
            half
        };
        (half(0), half(1))
    }

    /// Returns the plan.
    pub fn plan(&self) -> &'a Plan {
        self.plan
    }

    /// Returns the number of trials that count.
    pub fn count(&self) -> usize {
        self.by_cell.values().map(BTreeMap::len).sum()
    }

    /// Returns the scenarios of a part, in the order of the plan.
    pub fn scenarios(&self, part: &str) -> Vec<&'a str> {
        self.names(part, "scenario")
    }

    /// Returns the policies of a part, in the order of the plan.
    pub fn policies(&self, part: &str) -> Vec<&'a str> {
        self.names(part, "policy")
    }

    fn names(&self, part: &str, key: &str) -> Vec<&'a str> {
        let mut names = Vec::new();
        for cell in self
            .plan
            .cells
            .iter()
            .filter(|it| of_cell(it, "part") == part)
        {
            let name = of_cell(cell, key);
            if !names.contains(&name) {
                names.push(name);
            }
        }
        names
    }

    /// Returns the figure of each trial of a cell in which it was measured.
    pub fn values(&self, cell: &Cell, figure: &str) -> Vec<f64> {
        self.computed(cell, |it| it.figures.get(figure).copied())
    }

    /// Returns a value that is computed from each trial of a cell, in the order of the seeds.
    pub fn computed(&self, cell: &Cell, of: impl Fn(&Trial) -> Option<f64>) -> Vec<f64> {
        let trials = self.by_cell.get(cell).into_iter().flatten();
        trials.filter_map(|(_, trial)| of(trial)).collect()
    }

    /// Returns the estimate of a figure in a cell; `None` if it was measured in no trial.
    pub fn estimate(&self, cell: &Cell, figure: &str) -> Option<Estimate> {
        Estimate::of(&self.values(cell, figure))
    }

    /// Returns the difference of a figure between a cell and another one, over pairs with the same seed; `None` if a
    /// value is infinite.
    pub fn difference(&self, cell: &Cell, base: &Cell, figure: &str) -> Option<Difference> {
        paired_difference(&self.pairs(cell, base, figure))
    }

    /// Returns a figure in a cell as a share of the same figure in another one, over pairs with the same seed.
    pub fn ratio(&self, cell: &Cell, base: &Cell, figure: &str) -> Option<Summary> {
        self.ratio_of(cell, base, |trial| trial.figures.get(figure).copied())
    }

    /// Returns a value that is computed from each trial of a cell as a share of the same in another one, over pairs
    /// with the same seed.
    pub fn ratio_of(
        &self,
        cell: &Cell,
        base: &Cell,
        of: impl Fn(&Trial) -> Option<f64>,
    ) -> Option<Summary> {
        let pairs = self.pairs_of(cell, base, of);
        let ratios: Vec<f64> = pairs.iter().map(|(base, own)| own / base).collect();
        Summary::of(&ratios)
    }

    fn pairs(&self, cell: &Cell, base: &Cell, figure: &str) -> Vec<(f64, f64)> {
        self.pairs_of(cell, base, |trial| trial.figures.get(figure).copied())
    }

    fn pairs_of(
        &self,
        cell: &Cell,
        base: &Cell,
        of: impl Fn(&Trial) -> Option<f64>,
    ) -> Vec<(f64, f64)> {
        let (Some(own), Some(base)) = (self.by_cell.get(cell), self.by_cell.get(base)) else {
            return Vec::new();
        };
        let pairs = own
            .iter()
            .filter_map(|(seed, trial)| Some((of(base.get(seed)?)?, of(trial)?)));
        pairs.collect()
    }
}

#[cfg(test)]
mod tests;
