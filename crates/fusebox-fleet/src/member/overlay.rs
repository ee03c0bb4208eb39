//! The fleet's additions to an instance's own breaker.

use std::time::Duration;

use super::event::{ProbeId, Ticket};
use crate::number::Token;
use crate::view::Era;

/// What the fleet adds to an instance's own breaker.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[non_exhaustive]
pub enum Overlay {
    /// Nothing: the breaker decides alone.
    #[default]
    None,
    /// The breaker is open because the fleet is.
    Held {
        /// The epoch that holds it.
        era: Era,
    },
    /// The next call is a probe for the fleet.
    Probing {
        /// The epoch that holds the breaker.
        era: Era,
        /// By which right.
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
    /// Whether the breaker is open because the fleet is.
    pub fn is_held(self) -> bool {
        matches!(self, Self::Held { .. } | Self::Probing { .. })
    }
}

/// By which right an instance probes.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Right {
    /// By the fleet's lease.
    Leased(Token),
    /// By its own timer.
    Own,
}

/// The half-open period of a breaker that is open by its own rules, as a probe for the fleet.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Lent {
    pub(super) probe: ProbeId,
    /// None when the period outlives it: then its end is the breaker's own again.
    pub(super) lease: Option<LentLease>,
}

/// By what a half-open period is a probe for the fleet.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct LentLease {
    /// The epoch in which it was given.
    pub(super) era: Era,
    pub(super) token: Token,
    pub(super) deadline: Duration,
}

/// How far an instance is with asking for the lease.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) enum Asking {
    #[default]
    Not,
    /// A call has come; the request waits a random moment.
    Soon(Duration),
    /// The request is under way.
    Sent(Ticket),
}

/// The probes of an instance that the fleet keeps open, or whose breaker is open beside it, and what they came to.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Probes {
    pub(super) last: u64,
    /// Failed ones in a row, where each instance probes by its own timer.
    pub(super) failed: u32,
    /// Not before then, whatever a view says.
    pub(super) not_before: Duration,
    pub(super) asking: Asking,
    /// Only where nothing is held: a held instance probes by [`Overlay::Probing`].
    pub(super) lent: Option<Lent>,
}

impl Probes {
    pub(super) fn next(&mut self) -> ProbeId {
        self.last += 1;
        ProbeId(self.last)
    }

    /// For an instance that is held anew.
    pub(super) fn begin(&mut self, not_before: Duration) {
        self.failed = 0;
        self.not_before = not_before;
        self.asking = Asking::Not;
        self.lent = None;
    }
}
