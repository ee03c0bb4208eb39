//! The fleet: what its breakers believed, compared with the truth.
//!
//! A breaker judges the downstream by its own few calls. The experiment knows the truth: the probability that a call
//! of this instance would fail now. Comparing the two gives what no breaker can tell: how late it noticed, how long
//! it was wrongly open or wrongly closed, how many calls it wasted, and how many it rejected wrongly.
//!
//! A [`Recorder`] is told what happens and keeps a [`FleetRecord`]. The record is raw (every transition, every step
//! of the truth, the calls by phase), so all figures can be computed again. Figures that depend on where "unhealthy"
//! begins can be computed for another threshold, too.

mod agreement;
mod belief;
mod calls;
mod change;
mod delays;
mod figures;
mod recorder;
mod spans;
mod synchrony;
mod timeline;
mod traffic;

use std::collections::BTreeMap;
use std::time::Duration;

use fusebox::State;
use serde::{Deserialize, Serialize};

pub use agreement::Divergence;
pub use belief::Belief;
pub use calls::Calls;
pub use change::{Change, Evidence};
pub use delays::Delays;
pub use recorder::{Asked, Counted, Recorder};
pub use spans::Span;
pub use timeline::{SMALL_STEP, Timeline};
pub(crate) use timeline::{millionths, seconds};
pub use traffic::{Traffic, TrafficCounter};

use crate::load::MixedSeconds;

/// From this probability of failure on the downstream counts as unhealthy, unless said otherwise.
///
/// The same as the usual failure-ratio threshold: below it a breaker is meant to stay closed.
pub const UNHEALTHY_AT: f64 = 0.5;

/// What happened to all breakers in one run. Times are seconds since its start, to the microsecond.
///
/// # Examples
///
/// ```
/// use experiment::fleet::{Calls, Change, Evidence, FleetRecord, InstanceRecord, Timeline};
/// use fusebox::{Cause, State};
///
/// // Down from second 2 to second 6; the breaker opened at 3 and closed at 8.
/// let change = |at_s, from, to| Change {
///     at_s,
///     from,
///     to,
///     cause: Cause::Manual,
///     number: 1,
///     window: Evidence::default(),
///     open_for_s: None,
/// };
/// let record = FleetRecord {
///     duration_s: 10.0,
///     unhealthy_at: 0.5,
///     truths: vec![Timeline::from([(0.0, 0.0), (2.0, 1.0), (6.0, 0.0)])],
///     instances: vec![InstanceRecord {
///         name: "A".to_owned(),
///         transitions: vec![
///             change(3.0, State::Closed, State::Open),
///             change(8.0, State::Open, State::Closed),
///         ],
///         calls: vec![Calls { permitted: 50, rejected: 50, wasted: 10.0, wrongly_rejected: 20.0 }],
///         ..InstanceRecord::default()
///     }],
///     ..FleetRecord::default()
/// };
/// let belief = record.belief("A", None).unwrap();
/// assert_eq!((belief.wrongly_closed_s, belief.wrongly_open_s), (1.0, 2.0));
/// assert_eq!((belief.wasted_calls, belief.wrongly_rejected_calls), (10.0, 20.0));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct FleetRecord {
    /// How long the run was watched: as long as load was offered. All shares of the time are of this. What
    /// happened later, while the last answers came in, is in the record (transitions, calls), and in no share.
    pub duration_s: f64,
    /// From which probability of failure on the downstream counts as unhealthy.
    pub unhealthy_at: f64,
    /// Whether the downstream's health followed the load (an overload model): what the breakers did changed it, so
    /// that "wrongly open" can only be said beside a run without breakers.
    #[serde(default)]
    pub truth_follows_load: bool,
    /// Seconds in which one instance answered 503 while another answered 200.
    pub mixed_seconds: MixedSeconds,
    /// Calls that were rejected while the downstream was healthy again after it had not been, and would have
    /// succeeded: the sum of 1 − p over them.
    #[serde(default)]
    pub lost_in_recovery: f64,
    /// How the permitted calls came to the downstream; earlier live runs do not have it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub traffic: Option<Traffic>,
    /// The phases of the fault plan, one after another.
    pub phases: Vec<FaultPhase>,
    /// The distinct timelines of the truth; instances with the same truth share one.
    pub truths: Vec<Timeline>,
    /// The instances, in the order of the scenario.
    pub instances: Vec<InstanceRecord>,
}

/// One phase of the fault plan, as it came in the run.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct FaultPhase {
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
    /// Which of the record's timelines its truth is, by its place.
    pub truth: usize,
    /// Its changes of state, in order.
    pub transitions: Vec<Change>,
    /// What it was asked for, for each name of a phase in the order in which the names first came; one for the whole
    /// run where there are no phases.
    pub calls: Vec<Calls>,
    /// Calls that reached the downstream.
    pub downstream_calls: u64,
    /// When somebody had stopped the instance, from and until, in order. It believes nothing then: figures of beliefs and
    /// of divergence leave these stretches out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub stopped: Vec<(f64, f64)>,
}

/// The truth of a run, for breakers of another run to be held against.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct OtherTruth {
    /// The distinct timelines.
    pub truths: Vec<Timeline>,
    /// For each instance, the place of its timeline.
    pub of: Vec<usize>,
}

impl Default for InstanceRecord {
    fn default() -> Self {
        Self {
            name: String::new(),
            began: State::Closed,
            truth: 0,
            transitions: Vec::new(),
            calls: Vec::new(),
            downstream_calls: 0,
            stopped: Vec::new(),
        }
    }
}

impl FleetRecord {
    /// What one instance believed, in the whole run or in the phases called `phase`; `None` when there
    /// is no such instance or phase.
    pub fn belief(&self, instance: &str, phase: Option<&str>) -> Option<Belief> {
        let beliefs = self.beliefs_of(Some(instance), phase)?;
        beliefs.into_iter().next().map(|(_, belief)| belief)
    }

    /// The beliefs of all instances in the whole run, with their names.
    pub fn beliefs(&self) -> Vec<(&str, Belief)> {
        self.beliefs_of(None, None).unwrap_or_default()
    }

    /// How far the breakers differed in the whole run.
    pub fn divergence(&self) -> Divergence {
        let mut divergence = Divergence::default();
        spans::differences(self, |span, states| {
            if span.value.opens && divergence.first.is_none() {
                divergence.first = Some((duration(span.from), states.to_vec()));
            }
            divergence.pass(duration(span.until), span.value);
        });
        divergence
    }

    /// The same record, watched for so many seconds at most.
    #[must_use]
    pub fn watched_for(mut self, seconds: f64) -> Self {
        if seconds < self.duration_s {
            self.duration_s = seconds;
            self.phases.retain(|phase| phase.from_s < seconds);
            for phase in &mut self.phases {
                phase.until_s = phase.until_s.min(seconds);
            }
        }
        self
    }

    /// The same record for another threshold, from which on the downstream counts as unhealthy. Steps of the truth
    /// that are no larger than [`SMALL_STEP`] are not in the record, so that a turn may be missed that is smaller.
    #[must_use]
    pub fn with_threshold(&self, unhealthy_at: f64) -> Self {
        Self {
            unhealthy_at,
            ..self.clone()
        }
    }

    /// The same breakers beside the truth of another run of the same instances, such as one without breakers.
    #[must_use]
    pub fn beside(&self, other: &OtherTruth) -> Self {
        let mut record = Self {
            truth_follows_load: false,
            truths: other.truths.clone(),
            ..self.clone()
        };
        for (one, &place) in record.instances.iter_mut().zip(&other.of) {
            one.truth = place;
        }
        record
    }

    /// The truth of this run, to hold other breakers against.
    pub fn truth(&self) -> OtherTruth {
        OtherTruth {
            truths: self.truths.clone(),
            of: self.instances.iter().map(|one| one.truth).collect(),
        }
    }

    /// What the named instance believed, or all of them; `None` when there is no such phase.
    fn beliefs_of(&self, name: Option<&str>, phase: Option<&str>) -> Option<Vec<(&str, Belief)>> {
        let windows = self.windows(phase)?;
        let nothing = Timeline::default();
        let mut known: BTreeMap<usize, Vec<Span<bool>>> = BTreeMap::new();
        let asked = |one: &&InstanceRecord| name.is_none_or(|name| one.name == name);
        let beliefs = self.instances.iter().filter(asked).map(|one| {
            let health = known.entry(one.truth).or_insert_with(|| {
                let truth = self.truths.get(one.truth).unwrap_or(&nothing);
                spans::health(truth, self.unhealthy_at, self.duration_s)
            });
            let calls = self.calls(one, phase);
            let windows = spans::without(&windows, &one.stopped);
            let belief = Belief::of(one, health, &windows, self.duration_s, calls);
            (&*one.name, belief)
        });
        Some(beliefs.collect())
    }

    /// What one instance was asked for in the phases called `phase`, or in the whole run.
    fn calls(&self, instance: &InstanceRecord, phase: Option<&str>) -> Calls {
        let mut names: Vec<&str> = Vec::new();
        for phase in &self.phases {
            if !names.contains(&&*phase.name) {
                names.push(&phase.name);
            }
        }
        let parts = instance.calls.iter().enumerate();
        let asked =
            parts.filter(|(place, _)| phase.is_none() || names.get(*place).copied() == phase);
        asked.fold(Calls::default(), |sum, (_, part)| sum + *part)
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

/// An instant of a record.
fn duration(seconds: f64) -> Duration {
    Duration::try_from_secs_f64(seconds).unwrap_or_default()
}

/// Whether calls pass as if there were no fault: what a breaker does that believes in the downstream.
fn trusts(state: State) -> bool {
    matches!(state, State::Closed | State::Disabled | State::MetricsOnly)
}
