//! The timeline of the truth: the probability that a call fails, with the instant of each change.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// A change of the probability by no more than this makes no step of its own, unless it crosses the threshold.
pub const SMALL_STEP: f64 = 0.01;

/// Steps of the probability that a call would fail, in order; each holds until the next one.
///
/// Written down it is a list of pairs, `[[0, 0], [2, 0.9], [6, 0]]`: seconds since the start of the run, and the
/// probability from then on. Before the first step, and in an empty timeline, the probability is 0.
///
/// # Examples
///
/// ```
/// use experiment::fleet::Timeline;
///
/// let truth = Timeline::from([(0.0, 0.0), (2.0, 0.9), (6.0, 0.0)]);
/// assert_eq!(truth.at(1.9), 0.0);
/// assert_eq!(truth.at(2.0), 0.9);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
pub struct Timeline(Vec<(f64, f64)>);

impl<const N: usize> From<[(f64, f64); N]> for Timeline {
    fn from(steps: [(f64, f64); N]) -> Self {
        Self(steps.into())
    }
}

impl Timeline {
    /// The steps: seconds since the start of the run, and the probability from then on.
    pub fn steps(&self) -> &[(f64, f64)] {
        &self.0
    }

    /// The probability at this many seconds since the start.
    pub fn at(&self, at_s: f64) -> f64 {
        let after = self.0.partition_point(|step| step.0 <= at_s);
        after.checked_sub(1).map_or(0.0, |place| self.0[place].1)
    }

    /// Notes that the probability is `p_fail` from `at` on. Of two steps at one instant the later holds.
    pub(super) fn step(&mut self, at: Duration, p_fail: f64, unhealthy_at: f64) {
        let at_s = self.0.last().map_or(0.0, |last| last.0).max(seconds(at));
        while self.0.last().is_some_and(|last| last.0 >= at_s) {
            self.0.pop();
        }
        let before = self.0.last().map_or(0.0, |last| last.1);
        let turns = (before >= unhealthy_at) != (p_fail >= unhealthy_at);
        if self.0.is_empty() || turns || (p_fail - before).abs() > SMALL_STEP {
            self.0.push((at_s, rounded(p_fail, unhealthy_at)));
        }
    }

    /// Its bits, for finding those that are the same.
    pub(super) fn bits(&self) -> Vec<(u64, u64)> {
        let steps = self.0.iter();
        steps
            .map(|step| (step.0.to_bits(), step.1.to_bits()))
            .collect()
    }
}

/// To a millionth, unless that changes on which side of the threshold it lies.
fn rounded(p_fail: f64, unhealthy_at: f64) -> f64 {
    let short = millionths(p_fail);
    if (short >= unhealthy_at) == (p_fail >= unhealthy_at) {
        short
    } else {
        p_fail
    }
}

/// The nearest number with six decimals: results are to be read, and these are exact enough.
pub(crate) fn millionths(value: f64) -> f64 {
    (value * 1e6).round() / 1e6
}

/// An instant or a time as results have it: seconds, to the microsecond.
pub(crate) fn seconds(time: Duration) -> f64 {
    millionths(time.as_secs_f64())
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn small_changes_make_no_step_unless_they_add_up_or_cross_the_threshold() {
        let mut truth = Timeline::default();
        for (second, p_fail) in [
            (0, 0.48),
            (1, 0.485),
            (2, 0.489),
            // More than 0.01 above 0.48, the last step.
            (3, 0.495),
            (4, 0.499),
            // By 0.001, but the downstream counts as unhealthy from here on.
            (5, 0.5),
            (6, 0.505),
        ] {
            truth.step(second * SECOND, p_fail, 0.5);
        }

        assert_eq!(truth.steps(), [(0.0, 0.48), (3.0, 0.495), (5.0, 0.5)]);
    }

    #[test]
    fn of_two_steps_at_one_instant_the_later_holds_and_rounding_never_turns_the_truth() {
        let mut truth = Timeline::default();
        truth.step(Duration::ZERO, 1.0, 0.5);
        truth.step(Duration::ZERO, 0.499_999_9, 0.5);
        truth.step(SECOND, 1.0 / 3.0, 0.5);

        assert_eq!(truth.steps(), [(0.0, 0.499_999_9), (1.0, 0.333_333)]);
    }
}
