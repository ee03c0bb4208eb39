//! The reading of a breaker's counters, which adds nothing to the path of a call.
//!
//! A breaker counts its calls anyway. The task reads the counters every few milliseconds and tells the member what
//! they show. So a call costs nothing more, no channel can be full, and no opinion can be lost. Within one reading,
//! successes are told before the failures of the run that still lasts.

use fusebox::{Events, Outcome, RejectReason, Snapshot, State};

use crate::bind::Bound;
use crate::member::{BreakerState, CallResult, Event};

/// More calls than this in one reading say nothing new about an opinion.
const ENOUGH: u64 = 16;

pub(super) struct Hearing {
    transitions: Events,
    state: State,
    succeeded: u64,
    failed: u64,
    rejected: u64,
    lost: u64,
    /// The most calls of a kind that are told per reading.
    most: u64,
}

impl Hearing {
    /// Starts from the breaker's present counters, which are no news. At least `suspicion_run` failures are told, and
    /// all calls if each counts.
    pub(super) fn new(transitions: Events, snapshot: &Snapshot, most: Option<u32>) -> Self {
        Self {
            transitions,
            state: snapshot.state,
            succeeded: snapshot.totals.calls(Outcome::Success),
            failed: snapshot.totals.calls(Outcome::Failure),
            rejected: rejections(snapshot),
            lost: snapshot.events_lost,
            most: most.map_or(u64::MAX, |run| ENOUGH.max(run.into())),
        }
    }

    /// Returns what has happened since the last reading, in order.
    pub(super) fn read(&mut self, bound: &mut Bound, snapshot: &Snapshot) -> Vec<Event> {
        let mut events = Vec::new();
        let succeeded = snapshot.totals.calls(Outcome::Success);
        let failed = snapshot.totals.calls(Outcome::Failure);
        let rejected = rejections(snapshot);
        let more = (
            succeeded.saturating_sub(self.succeeded),
            failed.saturating_sub(self.failed),
        );
        let (has_moved, moved) = self.moved(bound);
        if self.state == State::Closed {
            // A breaker that has tripped has forgotten its run; the calls that tripped it came last.
            let tail = if has_moved {
                more.1
            } else {
                u64::from(snapshot.consecutive_failures)
            };
            self.finished(more, tail, &mut events);
        }
        let is_anew = self.state != State::Closed && snapshot.state == State::Closed;
        events.extend(moved);
        self.resync(snapshot, &mut events);
        if is_anew {
            let run = u64::from(snapshot.consecutive_failures).min(more.1);
            self.finished((0, run), run, &mut events);
        }
        let rejections = rejected.saturating_sub(self.rejected).min(ENOUGH);
        events.extend((0..rejections).map(|_| Event::Rejected));
        self.state = snapshot.state;
        (self.succeeded, self.failed, self.rejected) = (succeeded, failed, rejected);
        events
    }

    fn finished(&self, (succeeded, failed): (u64, u64), tail: u64, events: &mut Vec<Event>) {
        let tail = tail.min(failed);
        for (calls, result) in [
            (failed - tail, CallResult::Failed),
            (succeeded, CallResult::Succeeded),
            (tail, CallResult::Failed),
        ] {
            let told = calls.min(self.most);
            events.extend((0..told).map(|_| Event::Finished(result)));
        }
    }

    /// Whether the breaker has changed its state, and the events for that.
    fn moved(&mut self, bound: &mut Bound) -> (bool, Vec<Event>) {
        let (mut has_moved, mut events) = (false, Vec::new());
        while let Some(event) = self.transitions.try_next() {
            if let fusebox::Event::Transition(transition) = event {
                has_moved = true;
                events.extend(bound.heard(&transition));
            }
        }
        (has_moved, events)
    }

    /// Makes up for lost transitions with the state that they led to.
    fn resync(&mut self, snapshot: &Snapshot, events: &mut Vec<Event>) {
        let lost = self.transitions.lost() + snapshot.events_lost;
        if lost == self.lost {
            return;
        }
        self.lost = lost;
        if snapshot.hold.is_none() {
            events.push(Event::Breaker(state(snapshot.state)));
        }
    }
}

/// The breaker's state in the form that a member is told.
fn state(state: State) -> BreakerState {
    match state {
        State::Closed => BreakerState::Closed,
        State::Open => BreakerState::Open,
        State::HalfOpen => BreakerState::HalfOpen,
        _ => BreakerState::Overridden,
    }
}

/// How many calls the breaker has rejected because the fleet holds it, or because it is open by its own rules.
fn rejections(snapshot: &Snapshot) -> u64 {
    let totals = &snapshot.totals;
    let reasons = [
        RejectReason::Fleet,
        RejectReason::ProbeBusy,
        RejectReason::Open,
    ];
    reasons.map(|reason| totals.rejections(reason)).iter().sum()
}
