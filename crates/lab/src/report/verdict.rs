//! The verdict over runs: whether what was expected held, and whether that can be said at all.
//!
//! The order is that of the exit statuses of `run` and `simulate`: what is not valid has no verdict, what failed in a
//! whole run has failed, and of a run that was cut short nobody knows.

use experiment::result::Repetition;

use crate::words::number;

/// What is to be said of one run or of several.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Verdict {
    /// The figures of a run mean nothing.
    Void(String),
    /// This instance was never reached.
    Unreached(String),
    /// So many expectations did not hold, of so many; in so many of the whole runs.
    Failed {
        failed: usize,
        of: usize,
        runs: usize,
        all: usize,
    },
    /// A run was stopped before its time: so many seconds after its start.
    Unknown { after_s: f64 },
    /// Nothing was expected.
    Nothing,
    /// All of so many expectations held, in all of so many runs.
    Held { of: usize, runs: usize },
}

impl Verdict {
    /// The verdict over all of these runs.
    pub(crate) fn of(runs: &[Repetition]) -> Self {
        if let Some(name) = runs
            .iter()
            .find_map(|run| run.load.unreachable().first().copied())
        {
            return Self::Unreached(name.to_owned());
        }
        if let Some(why) = runs.iter().find_map(|run| run.invalid.as_ref()) {
            return Self::Void(why.clone());
        }
        let failed = |run: &Repetition| run.verdicts.iter().filter(|it| !it.held).count();
        let whole: Vec<usize> = runs
            .iter()
            .filter(|run| !run.cut_short)
            .map(failed)
            .collect();
        let expected = |run: &Repetition| run.verdicts.len();
        let of = runs.iter().map(expected).max().unwrap_or(0);
        if let Some(most) = whole.iter().max().filter(|most| **most > 0) {
            return Self::Failed {
                failed: *most,
                of,
                runs: whole.iter().filter(|failed| **failed > 0).count(),
                all: whole.len(),
            };
        }
        match runs.iter().find(|run| run.cut_short) {
            Some(cut) => Self::Unknown {
                after_s: cut.load.duration_s,
            },
            None if of == 0 => Self::Nothing,
            None => Self::Held {
                of,
                runs: runs.len(),
            },
        }
    }

    /// It in a word.
    pub(crate) fn word(&self) -> &'static str {
        match self {
            Self::Void(_) | Self::Unreached(_) => "void",
            Self::Failed { .. } => "failed",
            Self::Unknown { .. } => "not known",
            Self::Nothing => "nothing expected",
            Self::Held { .. } => "held",
        }
    }

    /// It in a sentence.
    pub(crate) fn sentence(&self) -> String {
        match self {
            Self::Void(why) => format!("The figures mean nothing: {why}."),
            Self::Unreached(name) => format!("Instance {name} was never reached."),
            Self::Failed {
                failed: 1,
                of: 1,
                all: 1,
                ..
            } => "The expectation did not hold.".to_owned(),
            Self::Failed {
                failed, of, all: 1, ..
            } => {
                format!("{failed} of {of} expectations did not hold.")
            }
            Self::Failed { runs, all, .. } => format!(
                "In {} of {} runs an expectation did not hold.",
                counted(*runs),
                counted(*all)
            ),
            Self::Unknown { after_s } => format!(
                "A run was stopped after {after_s:.1} s, before its end: whether the expectations hold for \
                 the whole run is not known."
            ),
            Self::Nothing => "The scenario has no expectations.".to_owned(),
            Self::Held { of: 1, runs: 1 } => "The expectation held.".to_owned(),
            Self::Held { of, runs: 1 } => format!("All {of} expectations held."),
            Self::Held { of: 1, runs } => {
                format!("The expectation held in all {} runs.", counted(*runs))
            }
            Self::Held { of, runs } => {
                format!("All {of} expectations held in all {} runs.", counted(*runs))
            }
        }
    }
}

fn counted(number_of: usize) -> String {
    number(u64::try_from(number_of).unwrap_or(u64::MAX))
}
