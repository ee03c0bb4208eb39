//! One side of a comparison: a result, and which of its runs count.

use crate::expectation::{Figure, Figures};
use crate::result::{Repetition, RunResult};

/// A result, with the runs that count.
///
/// A run that is void, or that was stopped before its time, does not count: its figures are not those of the
/// scenario. If there is no other run, all are shown, and no difference is claimed.
#[derive(Clone, Debug, PartialEq)]
pub struct Side<'a> {
    /// The result.
    pub result: &'a RunResult,
    /// The runs that count, or all of them if none does.
    pub runs: Vec<&'a Repetition>,
    /// The numbers of the runs left out, from 1.
    pub left_out: Vec<usize>,
}

impl<'a> Side<'a> {
    pub(super) fn of(result: &'a RunResult) -> Self {
        let counts = |run: &Repetition| run.invalid.is_none() && !run.cut_short;
        let numbered = || (1..).zip(&result.repetitions);
        let mut runs: Vec<&Repetition> = result
            .repetitions
            .iter()
            .filter(|run| counts(run))
            .collect();
        let left_out = numbered()
            .filter(|(_, run)| !counts(run))
            .map(|(number, _)| number);
        let left_out = left_out.collect();
        if runs.is_empty() {
            runs = result.repetitions.iter().collect();
        }
        Self {
            result,
            runs,
            left_out,
        }
    }

    /// Returns whether there are runs that count.
    pub fn is_trusted(&self) -> bool {
        self.result.repetitions.len() > self.left_out.len()
    }

    /// The figure of each run; `None` where it was not measured. Counts are per minute if requested.
    pub(super) fn values(&self, figure: &Figure, per_minute: bool) -> Vec<Option<f64>> {
        let values = self.runs.iter().map(|run| {
            let value = run.value(figure).filter(|value| !value.is_nan())?;
            if !per_minute {
                return Some(value);
            }
            let minutes = watched_s(run, figure.phase.as_deref()) / 60.0;
            (minutes > 0.0).then(|| value / minutes)
        });
        values.collect()
    }
}

/// How long load was offered, or how much of that time belonged to the phases with this name.
fn watched_s(run: &Repetition, phase: Option<&str>) -> f64 {
    let Some(name) = phase else {
        return run.load.duration_s;
    };
    let phases = run.fleet.phases.iter().filter(|phase| phase.name == name);
    phases.map(|phase| phase.until_s - phase.from_s).sum()
}
