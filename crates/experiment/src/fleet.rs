//! The fleet: what its breakers believed, beside what was true.
//!
//! A breaker judges the downstream by its own few calls. The experiment knows the truth: the probability
//! that a call of this instance would fail now. Laid side by side they give what no breaker can tell by
//! itself: how late it noticed, how long it was wrongly open or wrongly closed, which calls it wasted and
//! which it rejected for nothing.
//!
//! The record is raw (every transition, every change of the truth), so that all figures can be computed
//! again, also with another notion of unhealthy.

mod belief;
mod figures;
mod spans;

use fusebox::State;
use serde::{Deserialize, Serialize};

pub use belief::Belief;

/// From this probability of failure on the downstream counts as unhealthy, unless said otherwise.
///
/// The same as the usual failure-ratio threshold: below it a breaker is meant to stay closed.
pub const UNHEALTHY_AT: f64 = 0.5;

/// What happened to all breakers in one run. Times are seconds since its start.
///
/// # Examples
///
/// ```
/// use fusebox::State;
/// use experiment::fleet::{Change, FleetRecord, InstanceRecord, Interval};
///
/// // Down from second 2 to second 6; the breaker opened at 3 and closed at 8.
/// let change = |at_s, to| Change { at_s, to, cause: "manual".to_owned() };
/// let interval = |until_s, p_fail| Interval { until_s, p_fail, permitted: 10, rejected: 5 };
/// let record = FleetRecord {
///     duration_s: 10.0,
///     unhealthy_at: 0.5,
///     instances: vec![InstanceRecord {
///         name: "A".to_owned(),
///         transitions: vec![change(3.0, State::Open), change(8.0, State::Closed)],
///         intervals: vec![interval(2.0, 0.0), interval(6.0, 1.0), interval(10.0, 0.0)],
///         ..InstanceRecord::default()
///     }],
///     ..FleetRecord::default()
/// };
/// let belief = record.belief("A", None).unwrap();
/// assert_eq!((belief.wrongly_closed_s, belief.wrongly_open_s), (1.0, 2.0));
/// assert_eq!((belief.wasted_calls, belief.wrongly_rejected_calls), (10, 10));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct FleetRecord {
    /// How long the run took.
    pub duration_s: f64,
    /// From which probability of failure on the downstream counts as unhealthy.
    pub unhealthy_at: f64,
    /// Seconds in which one instance answered 503 while another answered 200.
    pub mixed_seconds: u64,
    /// The phases of the fault plan, one after another.
    pub phases: Vec<Phase>,
    /// The instances, by name.
    pub instances: Vec<InstanceRecord>,
}

/// One phase of the fault plan, as it came in the run.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Phase {
    /// Its name; one that comes again has the same.
    pub name: String,
    /// When it began.
    pub from_s: f64,
    /// When it ended, or the run did.
    pub until_s: f64,
}

/// What happened to one breaker.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct InstanceRecord {
    /// The instance's name.
    pub name: String,
    /// The state at the start.
    pub began: State,
    /// Its changes of state, in order.
    pub transitions: Vec<Change>,
    /// The truth and the calls, in intervals that follow one another from the start.
    pub intervals: Vec<Interval>,
    /// Calls that reached the downstream.
    pub downstream_calls: u64,
}

/// A breaker's change of state.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Change {
    /// When.
    pub at_s: f64,
    /// The state that was entered.
    pub to: State,
    /// Why, by the cause's name.
    pub cause: String,
}

/// A time in which the truth did not change; it begins where the one before ended.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Interval {
    /// When it ended.
    pub until_s: f64,
    /// The probability that a call of this instance would have failed.
    pub p_fail: f64,
    /// Calls that the breaker permitted.
    pub permitted: u64,
    /// Calls that it rejected.
    pub rejected: u64,
}

impl Default for InstanceRecord {
    fn default() -> Self {
        Self {
            name: String::new(),
            began: State::Closed,
            transitions: Vec::new(),
            intervals: Vec::new(),
            downstream_calls: 0,
        }
    }
}

impl FleetRecord {
    /// What one instance believed, in the whole run or in the phases called `phase`; `None` when there
    /// is no such instance or phase.
    pub fn belief(&self, instance: &str, phase: Option<&str>) -> Option<Belief> {
        let windows = self.windows(phase)?;
        let record = self.instances.iter().find(|one| one.name == instance)?;
        Some(Belief::of(
            record,
            self.unhealthy_at,
            &windows,
            self.duration_s,
        ))
    }

    /// When the phases called `phase` were; the whole run without a name.
    fn windows(&self, phase: Option<&str>) -> Option<Vec<(f64, f64)>> {
        let Some(name) = phase else {
            return Some(vec![(0.0, self.duration_s)]);
        };
        let named = self.phases.iter().filter(|phase| phase.name == name);
        let windows: Vec<_> = named.map(|phase| (phase.from_s, phase.until_s)).collect();
        (!windows.is_empty()).then_some(windows)
    }
}

/// Whether calls pass as if there were no fault: what a breaker does that believes in the downstream.
fn trusts(state: State) -> bool {
    matches!(state, State::Closed | State::Disabled | State::MetricsOnly)
}
