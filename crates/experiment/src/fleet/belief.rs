//! The belief of one breaker, and how wrong it was.

use fusebox::State;
use serde::{Deserialize, Serialize};

use super::spans::{Span, contain, health, states};
use super::{InstanceRecord, trusts};

/// One breaker beside the truth, over a whole run or over some of its phases. Times are in seconds.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
pub struct Belief {
    /// The time that was looked at.
    pub watched_s: f64,
    /// Time closed, open (also by an operator) and half-open.
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
    /// From each turn to the bad until the breaker was not closed any more; zero when it was not. One that
    /// ended before the breaker noticed is as long as it was.
    pub detection_delays_s: Vec<f64>,
    /// Turns to the bad that ended before the breaker noticed.
    pub undetected: u64,
    /// Turns to the bad that the breaker had not noticed when the run ended.
    pub unnoticed: u64,
    /// From each turn to the good until the breaker closed; zero when it was closed already. One that was
    /// cut off by the next turn to the bad is as long as it got.
    pub recovery_delays_s: Vec<f64>,
    /// Turns to the good after which it had not closed when the run ended.
    pub unrecovered: u64,
    /// Calls that the instance was asked for: permitted and rejected.
    pub asked_calls: u64,
    /// Calls permitted while the downstream was unhealthy.
    pub wasted_calls: u64,
    /// Calls rejected while the downstream was healthy.
    pub wrongly_rejected_calls: u64,
}

impl Belief {
    pub(super) fn of(
        record: &InstanceRecord,
        unhealthy_at: f64,
        windows: &[(f64, f64)],
        end: f64,
    ) -> Self {
        let states = states(record, end);
        let health = health(record, unhealthy_at);
        let mut belief = Self {
            watched_s: windows.iter().map(|(from, until)| until - from).sum(),
            ..Self::default()
        };
        belief.count_time(&states, &health, windows);
        belief.count_changes(record, windows);
        belief.count_calls(record, unhealthy_at, windows);
        belief.measure_turns(&states, &health, windows, end);
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
            if contain(windows, change.at_s) && change.to == State::Open {
                self.openings += 1;
                self.flaps += u64::from(from == State::HalfOpen);
            }
            from = change.to;
        }
    }

    fn count_calls(&mut self, record: &InstanceRecord, unhealthy_at: f64, windows: &[(f64, f64)]) {
        let mut from = 0.0;
        for interval in &record.intervals {
            let middle = f64::midpoint(from, interval.until_s);
            from = interval.until_s;
            if !contain(windows, middle) {
                continue;
            }
            self.asked_calls += interval.permitted + interval.rejected;
            if interval.p_fail >= unhealthy_at {
                self.wasted_calls += interval.permitted;
            } else {
                self.wrongly_rejected_calls += interval.rejected;
            }
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
            if !contain(windows, turn.from) {
                continue;
            }
            let followed = |believes: bool| {
                let after = states.iter().filter(|state| state.until > turn.from);
                after
                    .filter(|state| trusts(state.value) == believes)
                    .map(|state| (state.from - turn.from).max(0.0))
                    .find(|delay| turn.from + delay < turn.until)
            };
            if turn.value {
                match followed(false) {
                    Some(delay) => self.detection_delays_s.push(delay),
                    None if turn.until >= end => self.unnoticed += 1,
                    None => {
                        self.undetected += 1;
                        self.detection_delays_s.push(turn.until - turn.from);
                    }
                }
            } else if place > 0 {
                match followed(true) {
                    Some(delay) => self.recovery_delays_s.push(delay),
                    None if turn.until >= end => self.unrecovered += 1,
                    None => self.recovery_delays_s.push(turn.until - turn.from),
                }
            }
        }
    }

    /// The longest detection; `None` when nothing was to be detected, infinite when the breaker was still
    /// closed at the end of the run.
    pub fn worst_detection_s(&self) -> Option<f64> {
        if self.unnoticed > 0 {
            return Some(f64::INFINITY);
        }
        self.detection_delays_s.iter().copied().reduce(f64::max)
    }

    /// The longest recovery; `None` when there was none, infinite when the breaker had not closed at the
    /// end of the run.
    pub fn worst_recovery_s(&self) -> Option<f64> {
        if self.unrecovered > 0 {
            return Some(f64::INFINITY);
        }
        self.recovery_delays_s.iter().copied().reduce(f64::max)
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

#[cfg(test)]
mod tests;
