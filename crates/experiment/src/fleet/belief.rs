//! The belief of one breaker about the downstream, and how wrong it was.

use fusebox::{Cause, State};
use serde::{Deserialize, Serialize};

use super::spans::{Span, contain, states};
use super::{Calls, Change, Delays, InstanceRecord, trusts};

/// One breaker beside the truth, over a whole run or over some of its phases. Times are in seconds.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
pub struct Belief {
    /// The time that was looked at.
    pub watched_s: f64,
    /// Time in which calls passed: closed, or not judged because an operator wanted it so.
    pub closed_s: f64,
    /// Time open, also by an operator.
    pub open_s: f64,
    /// Time half-open.
    pub half_open_s: f64,
    /// How often it opened by itself.
    pub openings: u64,
    /// How often it went open → half-open → open.
    pub flaps: u64,
    /// Time in which the downstream was unhealthy in truth.
    pub unhealthy_s: f64,
    /// Time not closed while the downstream was healthy.
    pub wrongly_open_s: f64,
    /// Time closed while the downstream was unhealthy.
    pub wrongly_closed_s: f64,
    /// From each turn to the bad that met a closed breaker until it was not closed any more; cut off where the truth
    /// turned again, or the run ended, before.
    pub detections: Delays,
    /// From each turn to the good that met a breaker that was not closed until it closed; cut off where the truth turned
    /// again, or the run ended, before.
    pub recoveries: Delays,
    /// Turns to the good that met a closed breaker: nothing was to recover.
    pub closed_already: u64,
    /// Turns to the good after which it had not closed when the run ended; the last of the recoveries cut off.
    pub unrecovered: u64,
    /// Calls that the instance was asked for: permitted and rejected.
    pub asked_calls: u64,
    /// How many of the permitted calls were expected to fail: the sum of p over them.
    pub wasted_calls: f64,
    /// How many of the rejected calls were expected to succeed: the sum of 1 − p over them.
    pub wrongly_rejected_calls: f64,
}

impl Belief {
    pub(super) fn of(
        record: &InstanceRecord,
        health: &[Span<bool>],
        windows: &[(f64, f64)],
        end: f64,
        calls: Calls,
    ) -> Self {
        let states = states(record, end);
        let mut belief = Self {
            watched_s: windows.iter().map(|(from, until)| until - from).sum(),
            asked_calls: calls.permitted + calls.rejected,
            wasted_calls: calls.wasted,
            wrongly_rejected_calls: calls.wrongly_rejected,
            ..Self::default()
        };
        belief.count_time(&states, health, windows);
        belief.count_changes(record, windows);
        belief.measure_turns(&states, health, windows, end);
        belief
    }

    fn count_time(
        &mut self,
        states: &[Span<State>],
        health: &[Span<bool>],
        windows: &[(f64, f64)],
    ) {
        for span in states {
            let time = span.within(windows);
            match span.value {
                State::Closed | State::Disabled | State::MetricsOnly => self.closed_s += time,
                State::HalfOpen => self.half_open_s += time,
                _ => self.open_s += time,
            }
        }
        for truth in health {
            if truth.value {
                self.unhealthy_s += truth.within(windows);
            }
        }
        for (state, truth) in overlaps(states, health) {
            let both = Span {
                from: state.from.max(truth.from),
                until: state.until.min(truth.until),
                value: (),
            };
            match (trusts(state.value), truth.value) {
                (true, true) => self.wrongly_closed_s += both.within(windows),
                (false, false) => self.wrongly_open_s += both.within(windows),
                _ => {}
            }
        }
    }

    fn count_changes(&mut self, record: &InstanceRecord, windows: &[(f64, f64)]) {
        let mut from = record.began;
        for change in &record.transitions {
            if contain(windows, change.at_s) {
                self.openings += u64::from(opens(change));
                self.flaps += u64::from(from == State::HalfOpen && opens_again(change));
            }
            from = change.to;
        }
    }

    /// How long the breaker took to follow each turn of the truth that lies within the windows.
    fn measure_turns(
        &mut self,
        states: &[Span<State>],
        health: &[Span<bool>],
        windows: &[(f64, f64)],
        end: f64,
    ) {
        for (place, turn) in health.iter().enumerate() {
            // A downstream that is well from the start has not recovered.
            let turned = turn.value || place > 0;
            if !turned || !contain(windows, turn.from) {
                continue;
            }
            let right = !turn.value;
            let mut after = states.iter().filter(|state| state.until > turn.from);
            let followed = after.find(|state| trusts(state.value) == right);
            let followed = followed.filter(|state| state.from < turn.until);
            let delays = if turn.value {
                &mut self.detections
            } else {
                &mut self.recoveries
            };
            match followed {
                Some(state) if state.from <= turn.from => {
                    self.closed_already += u64::from(right);
                }
                Some(state) => delays.seen_s.push(state.from - turn.from),
                None => {
                    delays.cut_off_s.push(turn.until - turn.from);
                    self.unrecovered += u64::from(right && turn.until >= end);
                }
            }
        }
    }

    /// A bound for all recoveries of this breaker, in seconds: zero when it was closed at every turn to the good,
    /// infinite when it had not closed at the end of the run, `None` when there was no turn to the good.
    pub fn longest_recovery_s(&self) -> Option<f64> {
        if self.unrecovered > 0 {
            return Some(f64::INFINITY);
        }
        let closed = (self.closed_already > 0).then_some(0.0);
        self.recoveries.longest().or(closed)
    }
}

/// The pairs of spans that have time in common; both lists are in order and without gaps.
fn overlaps<'a>(
    states: &'a [Span<State>],
    health: &'a [Span<bool>],
) -> impl Iterator<Item = (&'a Span<State>, &'a Span<bool>)> {
    let mut first = 0;
    states.iter().flat_map(move |state| {
        first += health[first..]
            .iter()
            .take_while(|truth| truth.until <= state.from)
            .count();
        health[first..]
            .iter()
            .take_while(|truth| truth.from < state.until)
            .map(move |truth| (state, truth))
    })
}

/// A breaker that a fleet holds is open all along: the end of the fleet's probe, the wait for its turn and the loss of
/// the engine are transitions to open, but no openings.
fn opens(change: &Change) -> bool {
    let is_of_a_hold = change.cause == Cause::EngineLost
        || change.cause == Cause::Fleet && change.from != State::Closed;
    change.to == State::Open && Cause::TRIPS.contains(&change.cause) && !is_of_a_hold
}

/// A probe came to nothing, be it the breaker's own or one for its fleet. A good one for the fleet waits in open until
/// the fleet closes.
fn opens_again(change: &Change) -> bool {
    change.to == State::Open
        && !matches!(change.cause, Cause::FleetProbeSucceeded | Cause::EngineLost)
}

#[cfg(test)]
mod tests;
