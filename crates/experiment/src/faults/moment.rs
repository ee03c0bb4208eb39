//! The position in a plan at an instant: its phase, and how much of that phase is over.

use std::time::Duration;

use serde::Serialize;

use super::{FaultGate, FaultPhase, FaultRule, Plan};

/// The limit of windows in one list.
const MAX_WINDOWS: usize = 10_000;

/// The position of a plan at an instant.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Moment<'a> {
    /// The phase.
    pub phase: &'a FaultPhase,
    /// How many phases have ended before; it tells the rounds of a loop apart.
    pub ordinal: u64,
    /// The time since the phase began.
    pub since: Duration,
    /// The time left of the phase, if it ends.
    pub remaining: Option<Duration>,
}

/// A period in which a phase is in force.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FaultPhaseWindow {
    /// The phase.
    pub name: String,
    /// When it begins, on the plan's clock.
    pub start: Duration,
    /// When it ends, at most the end of the requested time.
    pub end: Duration,
}

impl Plan {
    /// Returns the position of the plan after `elapsed`.
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

    /// Returns whether faults begin and end at the same instants with every seed, although chance could move them: a
    /// phase with faults ends, no phase has a random length, and no process with states is in force. A finding with
    /// such a plan may hold for these lengths only.
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

    /// The plan in which each phase has its shortest length: no seed draws more phases.
    pub(crate) fn at_its_shortest(&self) -> Self {
        let mut plan = self.clone();
        for phase in &mut plan.written.phases {
            phase.for_jitter_ms = 0;
        }
        plan
    }

    /// Returns the phases from the start until `until`, with loops unrolled, up to 10,000 of them.
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

    /// The present round of a plan that loops, and how much of it is over.
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
    /// The share of its faults that the phase has reached, from 0 to 1.
    pub(super) fn ramp(&self) -> f64 {
        if self.phase.ramp_ms == 0 {
            return 1.0;
        }
        let whole = Duration::from_millis(self.phase.ramp_ms);
        (self.since.as_secs_f64() / whole.as_secs_f64()).min(1.0)
    }

    /// Returns the factor by which the work of an overload model takes longer now.
    pub fn service_factor(&self) -> f64 {
        let factor = self.phase.service_factor.unwrap_or(1.0);
        1.0 + (factor - 1.0) * self.ramp()
    }
}
