//! The fleet's additions to an instance's own breaker.

use std::time::Duration;

use super::event::{ProbeId, Ticket};
use crate::number::Token;
use crate::view::Era;

/// The fleet's addition to an instance's own breaker.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[non_exhaustive]
pub enum Overlay {
    /// There is none: the breaker decides alone.
    #[default]
    None,
    /// The breaker is open because the fleet is.
    Held {
        /// The epoch of the verdict.
        era: Era,
    },
    /// The next call is a probe for the fleet.
    Probing {
        /// The epoch of the verdict.
        era: Era,
        /// The right by which it probes.
        right: Right,
        /// When the right ends.
        deadline: Duration,
    },
    /// The fleet has closed; the breaker rejects until its turn.
    Turn {
        /// The epoch in which the fleet closed.
        era: Era,
        /// When the breaker closes.
        until: Duration,
    },
}

impl Overlay {
    /// Returns whether the breaker is open because the fleet is.
    pub fn is_held(self) -> bool {
        matches!(self, Self::Held { .. } | Self::Probing { .. })
    }
}

/// The right by which an instance probes.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Right {
    /// The fleet's lease.
    Leased(Token),
    /// Its own timer.
    Own,
}

/// The half-open period of a breaker that is open by its own rules, as a probe for the fleet.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Lent {
    pub(super) probe: ProbeId,
    /// `None` when the period outlasts the lease: then its end concerns only the breaker.
    pub(super) lease: Option<LentLease>,
}

/// The lease by which a half-open period is a probe for the fleet.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct LentLease {
    /// The epoch in which the lease was granted.
    pub(super) era: Era,
    pub(super) token: Token,
    pub(super) deadline: Duration,
}

/// The progress of an instance in asking for the lease.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) enum Asking {
    #[default]
    Not,
    /// A call has come, and the request waits for a random moment.
    Soon(Duration),
    /// The request is under way.
    Sent(Ticket),
}

/// The probes of an instance that the fleet keeps open, or whose breaker is open by itself, and their results.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Probes {
    pub(super) last: u64,
    /// Failed probes in a row, where each instance probes by its own timer.
    pub(super) failed: u32,
    /// No probe before this time, whatever a view says.
    pub(super) not_before: Duration,
    pub(super) asking: Asking,
    /// Only if nothing is held: a held instance probes by [`Overlay::Probing`].
    pub(super) lent: Option<Lent>,
}

impl Probes {
    pub(super) fn next(&mut self) -> ProbeId {
        self.last += 1;
        ProbeId(self.last)
    }

    /// Starts anew for an instance that is held again.
    pub(super) fn begin(&mut self, not_before: Duration) {
        self.failed = 0;
        self.not_before = not_before;
        self.asking = Asking::Not;
        self.lent = None;
    }
}
