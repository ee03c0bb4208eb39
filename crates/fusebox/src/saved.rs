//! The state and evidence that outlive a process, so that a restart forgets nothing.
//!
//! All times are spans, not instants, because another process has another clock. Totals are not
//! saved, because counters of metrics start anew with a process. Calls in flight are not saved,
//! because they ended with the old process.

use std::time::Duration;

use crate::opener::Opener;
use crate::state::State;
use crate::window::{Evidence, Sample, Window, WindowFigures};

/// A breaker's state and evidence, taken by [`Breaker::save`](crate::Breaker::save). With the
/// feature `serde` it can be serialized.
///
/// The fleet's part is not kept, because another process has not heard the fleet's verdict. A
/// breaker that the fleet [holds](crate::FleetControl) is saved as open by itself, for `open_for`
/// at its back-off level, or for the rest of its turn to close. Then its own probes decide.
///
/// # Examples
/// ```
/// use fusebox::{Breaker, Config, State};
///
/// let before = Breaker::new("db", Config::default());
/// before.open();
/// let saved = before.save();
///
/// // After the restart:
/// let after = Breaker::new("db", Config::default());
/// after.restore(&saved);
/// assert_eq!(after.state(), State::Open);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Saved {
    pub(crate) state: State,
    /// Who opened the breaker, while it is open.
    #[cfg_attr(feature = "serde", serde(default))]
    pub(crate) opener: Opener,
    /// The time left of the open period or until the half-open deadline.
    pub(crate) left: Option<Duration>,
    /// The level of the back-off.
    pub(crate) openings: u32,
    /// How long the calm period has lasted in closed, which takes levels off the back-off.
    #[cfg_attr(feature = "serde", serde(default))]
    pub(crate) calm: Option<Duration>,
    pub(crate) consecutive_failures: u32,
    pub(crate) evidence: SavedEvidence,
}

#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(rename_all = "snake_case")
)]
pub(crate) enum SavedEvidence {
    None,
    /// Outcomes in order, oldest first; equal neighbours are kept together.
    Count(Vec<Run>),
    /// The buckets, newest first.
    Time(Vec<Bucket>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(crate) struct Run {
    failed: bool,
    slow: bool,
    times: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(crate) struct Bucket {
    /// How long ago the bucket began.
    age: Duration,
    /// How long the bucket is, or was before it was saved.
    #[cfg_attr(feature = "serde", serde(default))]
    length: Duration,
    calls: u32,
    failures: u32,
    slow: u32,
}

impl Saved {
    /// Returns the state that was saved.
    pub fn state(&self) -> State {
        self.state
    }

    /// Returns the saved state after `passed` has gone by, as between two processes: waits are
    /// shorter, outcomes are older, and calm has lasted longer.
    pub fn aged(mut self, passed: Duration) -> Self {
        self.left = self.left.map(|left| left.saturating_sub(passed));
        self.calm = self.calm.map(|calm| calm.saturating_add(passed));
        if let SavedEvidence::Time(buckets) = &mut self.evidence {
            for bucket in buckets {
                bucket.age = bucket.age.saturating_add(passed);
            }
        }
        self
    }
}

impl SavedEvidence {
    /// The evidence at `now`, to which it must have been advanced.
    pub(crate) fn of(evidence: &Evidence, now: Duration) -> Self {
        match evidence {
            Evidence::None => Self::None,
            Evidence::Count(window) => {
                let mut runs: Vec<Run> = Vec::new();
                for Sample { failed, slow } in window.samples() {
                    match runs.last_mut() {
                        Some(run) if (run.failed, run.slow) == (failed, slow) => run.times += 1,
                        _ => runs.push(Run {
                            failed,
                            slow,
                            times: 1,
                        }),
                    }
                }
                Self::Count(runs)
            }
            Evidence::Time(window) => {
                let count = |calls| u32::try_from(calls).unwrap_or(u32::MAX);
                let bucket = |(age, figures): (Duration, WindowFigures)| Bucket {
                    age,
                    length: window.width(),
                    calls: count(figures.calls),
                    failures: count(figures.failures),
                    slow: count(figures.slow),
                };
                Self::Time(window.by_age(now).map(bucket).collect())
            }
        }
    }

    /// The evidence at `now` in a window that may be of another shape.
    pub(crate) fn restored(&self, window: Option<Window>, now: Duration) -> Evidence {
        let mut evidence = window.map_or(Evidence::None, Evidence::of);
        match (&mut evidence, self) {
            (Evidence::Count(window), Self::Count(runs)) => {
                for run in runs {
                    let sample = Sample {
                        failed: run.failed,
                        slow: run.slow,
                    };
                    window.add(run.times.into(), sample);
                }
            }
            (Evidence::Time(window), Self::Time(buckets)) => {
                let width = buckets.first().map_or(Duration::ZERO, |it| it.length);
                let held = buckets.iter().map(|bucket| {
                    let figures = WindowFigures {
                        calls: bucket.calls.into(),
                        failures: bucket.failures.min(bucket.calls).into(),
                        slow: bucket.slow.min(bucket.calls).into(),
                        overdue: 0,
                    };
                    (bucket.age, figures)
                });
                window.take_over(now, width, held);
            }
            _ => {}
        }
        evidence
    }
}
