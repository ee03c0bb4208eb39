//! The position in a plan at an instant: its phase, and how much of that phase is over.

use std::time::Duration;

use serde::Serialize;

use super::{FaultGate, FaultPhase, FaultRule, Plan};

/// Windows that one list may have.
const MAX_WINDOWS: usize = 10_000;

/// Where a plan is at an instant.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Moment<'a> {
    /// The phase.
    pub phase: &'a FaultPhase,
    /// How many phases have ended before: tells the rounds of a loop apart.
    pub ordinal: u64,
    /// The time since the phase began.
    pub since: Duration,
    /// The time left of the phase, if it ends.
    pub remaining: Option<Duration>,
}

/// When a phase is in force.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FaultPhaseWindow {
    /// The phase.
    pub name: String,
    /// When it begins, on the plan's clock.
    pub start: Duration,
    /// When it ends, at most the end of what was asked for.
    pub end: Duration,
}

impl Plan {
    /// Where the plan is after `elapsed`.
    ///
    /// # Panics
    ///
    /// Never: there is always a phase.
    pub fn at(&self, elapsed: Duration) -> Moment<'_> {
        let (rounds, mut since) = self.within(elapsed);
        let mut ordinal = rounds * self.steps().len() as u64;
        for (place, phase) in self.steps().iter().enumerate() {
            match phase.length(self.seed(), place) {
                Some(length) if since >= length => {
                    since -= length;
                    ordinal += 1;
                }
                length => {
                    return Moment {
                        phase,
                        ordinal,
                        since,
                        remaining: length.map(|length| length.saturating_sub(since)),
                    };
                }
            }
        }
        let last = self.steps().len() - 1;
        let phase = self.steps().last().expect("there is always a phase");
        // The last phase stays, though it has a length: it is still the same one.
        Moment {
            phase,
            ordinal: ordinal.saturating_sub(1),
            since: since + phase.length(self.seed(), last).unwrap_or_default(),
            remaining: None,
        }
    }

    /// Whether faults begin and end at the same instants in every seed, though there is chance that could move them: a
    /// phase that does something ends, none has a length that is drawn, and no process of states is in force. What was
    /// found with such a plan may hold for these very lengths alone.
    pub fn has_fixed_lengths(&self) -> bool {
        let steps = self.steps();
        let ends = |phase: &FaultPhase| phase.for_ms.is_some() && phase.does_anything();
        let drawn = |phase: &FaultPhase| phase.for_jitter_ms > 0;
        let states = |rule: &FaultRule| matches!(rule.gate, FaultGate::Process { .. });
        steps.len() > 1
            && steps.iter().any(ends)
            && !steps.iter().any(drawn)
            && !self.rules.values().any(states)
    }

    /// The plan in which each phase has its least length: no seed draws more phases.
    pub(crate) fn at_its_shortest(&self) -> Self {
        let mut plan = self.clone();
        for phase in &mut plan.written.phases {
            phase.for_jitter_ms = 0;
        }
        plan
    }

    /// The phases from the start until `until`, loops unrolled, up to 10,000 of them.
    pub fn phases(&self, until: Duration) -> Vec<FaultPhaseWindow> {
        let mut windows = Vec::new();
        let mut start = Duration::ZERO;
        while start < until && windows.len() < MAX_WINDOWS {
            let moment = self.at(start);
            let end = moment.remaining.map_or(until, |left| start + left);
            windows.push(FaultPhaseWindow {
                name: moment.phase.name.clone(),
                start,
                end: end.min(until),
            });
            start = end;
        }
        windows
    }

    /// The present round of a plan that loops, and how much of it has gone.
    fn within(&self, elapsed: Duration) -> (u64, Duration) {
        if !self.written.repeats {
            return (0, elapsed);
        }
        let placed = self.steps().iter().enumerate();
        let lengths = placed.map(|(place, phase)| phase.length(self.seed(), place));
        let round: Option<Duration> = lengths.sum();
        match round {
            Some(round) if !round.is_zero() => {
                let rounds = elapsed.as_nanos() / round.as_nanos();
                let nanos = elapsed.as_nanos() % round.as_nanos();
                let short = |number: u128| u64::try_from(number).unwrap_or(u64::MAX);
                (
                    short(rounds) % (u64::MAX / 128),
                    Duration::from_nanos(short(nanos)),
                )
            }
            _ => (0, elapsed),
        }
    }
}

impl Moment<'_> {
    /// How much of its faults the phase has reached, from 0 to 1.
    pub(super) fn ramp(&self) -> f64 {
        if self.phase.ramp_ms == 0 {
            return 1.0;
        }
        let whole = Duration::from_millis(self.phase.ramp_ms);
        (self.since.as_secs_f64() / whole.as_secs_f64()).min(1.0)
    }

    /// How much longer the work of an overload model takes now.
    pub fn service_factor(&self) -> f64 {
        let factor = self.phase.service_factor.unwrap_or(1.0);
        1.0 + (factor - 1.0) * self.ramp()
    }
}
