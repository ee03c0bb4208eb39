//! Everything about a breaker at one instant.
//!
//! A snapshot is taken under one lock, so its parts agree with each other: the state, the time
//! spent in it and the number of transitions into it belong to the same instant. Reading changes
//! nothing.

use std::ops::AddAssign;
use std::sync::Arc;
use std::time::Duration;

use crate::outcome::Outcome;
use crate::rejected::RejectReason;
use crate::state::{Generation, State};
use crate::transition::{Cause, Transition};
use crate::window::WindowFigures;

/// Everything about a breaker at one instant. Times are on the breaker's clock.
///
/// # Examples
/// ```
/// use fusebox::{Breaker, Config, Outcome, State};
///
/// let config = Config::builder().failure_rate_threshold(0.5).minimum_calls(4).build()?;
/// let breaker = Breaker::new("inventory", config);
/// for _ in 0..3 {
///     breaker.try_acquire()?.success();
/// }
/// breaker.try_acquire()?.failure();
///
/// let snapshot = breaker.snapshot();
/// assert_eq!(snapshot.state, State::Closed);
/// assert_eq!(snapshot.failure_ratio, Some(0.25));
/// assert_eq!(snapshot.totals.calls(Outcome::Success), 3);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Snapshot {
    /// The breaker's name.
    pub name: Arc<str>,
    /// When the snapshot was taken.
    pub at: Duration,
    /// The state.
    pub state: State,
    /// The generation, which grows with each transition and reset.
    pub generation: Generation,
    /// When the state was entered.
    pub since: Duration,
    /// When the next transition by time is due: at the end of the open period, at the half-open
    /// deadline, or, while the fleet holds the breaker, at the end of its turn or of the probe's
    /// lease.
    pub deadline: Option<Duration>,
    /// Failures in a row. The number is exact where a rule counts them. Elsewhere, the failures
    /// after one thread's last success count as later than the successes of other threads.
    pub consecutive_failures: u32,
    /// The sums over the window.
    pub window: WindowFigures,
    /// The failure ratio of the window; `None` while it holds fewer than `minimum_calls`.
    pub failure_ratio: Option<f64>,
    /// The ratio of slow calls in the window; `None` while it holds fewer than `minimum_calls`.
    pub slow_ratio: Option<f64>,
    /// The fleet's hold on the breaker; `None` while the breaker or an operator decides.
    pub hold: Option<FleetHold>,
    /// The level of the back-off: openings since the breaker was last closed, plus what has not yet
    /// decayed of the level before.
    pub openings: u32,
    /// Probes under way; 0 outside half-open.
    pub probes_in_flight: u32,
    /// Probes that would be admitted now; 0 outside half-open.
    pub probes_free: u32,
    /// Everything counted since the breaker was made.
    pub totals: Totals,
    /// The last transitions, oldest first; at most [`Snapshot::RECENT`].
    pub transitions: Vec<Transition>,
    /// Events that were dropped because listeners are too slow.
    pub events_lost: u64,
    /// Listener calls that panicked.
    pub listener_panics: u64,
}

/// A verdict of the fleet that keeps calls out; see [`FleetControl`](crate::FleetControl).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct FleetHold {
    /// The number of the verdict.
    pub epoch: u64,
    /// The stage that the hold has reached.
    pub stage: HoldStage,
    /// How long a call that is rejected now is told to wait; `None` when that is not known.
    pub retry_after: Option<Duration>,
}

/// The stage of a hold, from the fleet's open verdict to the breaker's turn to close.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum HoldStage {
    /// The breaker is open until the fleet says more.
    Held,
    /// The breaker is half-open for the fleet's probe.
    Probing,
    /// The fleet lets the breaker close; it is open until its turn comes.
    Turn,
}

impl HoldStage {
    /// Every stage, in the order of this type's declaration.
    pub const ALL: &'static [Self] = &[Self::Held, Self::Probing, Self::Turn];

    /// Returns the stage's name in `snake_case`, as JSON shows it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Held => "held",
            Self::Probing => "probing",
            Self::Turn => "turn",
        }
    }
}

impl Snapshot {
    /// How many transitions a snapshot holds at most.
    pub const RECENT: usize = 32;

    /// Returns when the open period ends. `None` unless the breaker is open, and while the fleet
    /// [holds](Self::hold) it with no end set.
    pub fn open_until(&self) -> Option<Duration> {
        match self.state {
            State::Open => self.deadline,
            _ => None,
        }
    }

    /// Returns what is left of the open period; zero when it is over or the breaker is not open.
    /// While the fleet holds the breaker open, it is what is left of the fleet's hint, if there is
    /// one.
    pub fn retry_after(&self) -> Duration {
        match (self.state, self.hold, self.open_until()) {
            (_, _, Some(until)) => until.saturating_sub(self.at),
            (State::Open, Some(hold), None) => hold.retry_after.unwrap_or_default(),
            _ => Duration::ZERO,
        }
    }
}

/// What a breaker has counted since it was made. Only a restart of the process resets these
/// counters.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    pub(crate) calls: [u64; Outcome::ALL.len()],
    pub(crate) rejections: [u64; RejectReason::ALL.len()],
    pub(crate) trips: [u64; Cause::TRIPS.len()],
    pub(crate) transitions: [[u64; State::ALL.len()]; State::ALL.len()],
    pub(crate) time: [Duration; State::ALL.len()],
    pub(crate) slow_calls: u64,
    pub(crate) would_trip: u64,
}

impl Totals {
    /// Returns how many permitted calls ended as `outcome`.
    pub fn calls(&self, outcome: Outcome) -> u64 {
        self.calls[outcome.index()]
    }

    /// Returns how many calls were rejected for `reason`.
    pub fn rejections(&self, reason: RejectReason) -> u64 {
        self.rejections[reason.index()]
    }

    /// Returns how many openings had the cause `cause`; zero for a cause that never opens a
    /// breaker.
    ///
    /// [`Cause::Fleet`] counts verdicts that opened a closed breaker. [`Cause::EngineLost`] counts
    /// holds that ended because the fleet was lost.
    pub fn trips(&self, cause: Cause) -> u64 {
        self.trips.get(cause.index()).copied().unwrap_or(0)
    }

    /// Returns how many transitions led from one state to another.
    pub fn transitions(&self, from: State, to: State) -> u64 {
        self.transitions[from.index()][to.index()]
    }

    /// Returns the time spent in `state`, up to the instant of the snapshot.
    pub fn time_in(&self, state: State) -> Duration {
        self.time[state.index()]
    }

    /// Returns how many calls took longer than `slow_call_duration`.
    pub fn slow_calls(&self) -> u64 {
        self.slow_calls
    }

    /// Returns how many trips metrics-only mode reported instead of making them.
    pub fn would_trip(&self) -> u64 {
        self.would_trip
    }
}

/// Adds the counters of another breaker.
///
/// # Examples
/// ```
/// use fusebox::{Breaker, Config, Outcome, Totals};
///
/// let mut sum = Totals::default();
/// for name in ["orders", "stock"] {
///     let breaker = Breaker::new(name, Config::default());
///     breaker.try_acquire()?.success();
///     sum += &breaker.snapshot().totals;
/// }
/// assert_eq!(sum.calls(Outcome::Success), 2);
/// # Ok::<(), fusebox::Rejected>(())
/// ```
impl AddAssign<&Totals> for Totals {
    fn add_assign(&mut self, other: &Totals) {
        // Every field by name, so that a new one cannot be forgotten.
        let Self {
            calls,
            rejections,
            trips,
            transitions,
            time,
            slow_calls,
            would_trip,
        } = other;
        add(&mut self.calls, calls);
        add(&mut self.rejections, rejections);
        add(&mut self.trips, trips);
        add(
            self.transitions.as_flattened_mut(),
            transitions.as_flattened(),
        );
        for (sum, time) in self.time.iter_mut().zip(time) {
            *sum = sum.saturating_add(*time);
        }
        self.slow_calls += slow_calls;
        self.would_trip += would_trip;
    }
}

fn add(sums: &mut [u64], counts: &[u64]) {
    for (sum, count) in sums.iter_mut().zip(counts) {
        *sum += count;
    }
}
