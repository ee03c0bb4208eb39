//! The present phase of a player: found once, and valid until it ends.

use std::time::Duration;

use super::{Moment, Plan};

/// The present phase. Time mostly goes on, so the next call usually meets the same phase.
#[derive(Clone, Copy, Debug)]
pub(super) struct Present {
    from: Duration,
    /// When the phase ends, if it does.
    pub(super) until: Option<Duration>,
    /// Which phase of the plan it is.
    pub(super) place: usize,
    /// How many phases have ended before.
    pub(super) ordinal: u64,
}

impl Present {
    /// The phase of `plan` at `now`.
    pub(super) fn of(plan: &Plan, now: Duration) -> Self {
        let moment = plan.at(now);
        Self {
            from: now.saturating_sub(moment.since),
            until: moment.remaining.map(|left| now.saturating_add(left)),
            place: place(plan, moment.ordinal),
            ordinal: moment.ordinal,
        }
    }

    /// Whether this is still the present phase.
    pub(super) fn holds(&self, now: Duration) -> bool {
        self.from <= now && self.until.is_none_or(|until| now < until)
    }

    /// Where the plan is at `now`, within this phase.
    pub(super) fn moment<'a>(&self, plan: &'a Plan, now: Duration) -> Moment<'a> {
        Moment {
            phase: &plan.steps()[self.place],
            ordinal: self.ordinal,
            since: now.saturating_sub(self.from),
            remaining: self.until.map(|until| until.saturating_sub(now)),
        }
    }
}

#[expect(clippy::cast_possible_truncation, reason = "a place in a short list")]
fn place(plan: &Plan, ordinal: u64) -> usize {
    (ordinal % plan.steps().len() as u64) as usize
}
