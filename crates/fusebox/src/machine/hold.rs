//! The hold that a fleet puts on a breaker, stage by stage: held, probing on a lease, waiting for
//! its turn.

use std::time::Duration;

use crate::ramp::CloseRamp;

/// A verdict of the fleet that keeps calls out.
#[derive(Clone, Copy, Debug)]
pub(super) struct Hold {
    pub(super) epoch: u64,
    /// Until when callers should stay away, if the fleet said so. Nothing happens at that time.
    pub(super) hint: Option<Duration>,
}

/// The right to one probe on behalf of the fleet.
#[derive(Clone, Copy, Debug)]
pub(super) struct Lease {
    /// The hold that the breaker returns to.
    pub(super) hold: Hold,
    pub(super) until: Duration,
    /// Whether a call has taken the permit.
    pub(super) taken: bool,
}

/// The wait before closing, which differs from breaker to breaker so that load comes back in steps.
#[derive(Clone, Copy, Debug)]
pub(super) struct Turn {
    pub(super) epoch: u64,
    pub(super) until: Duration,
    pub(super) ramp: CloseRamp,
}

impl Hold {
    /// The rest of the hint.
    pub(super) fn left(self, now: Duration) -> Option<Duration> {
        let left = self.hint?.checked_sub(now)?;
        (!left.is_zero()).then_some(left)
    }
}
