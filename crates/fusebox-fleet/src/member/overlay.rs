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

/// How far a held instance is with asking for the lease.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) enum Asking {
    #[default]
    Not,
    /// A call has come; the request waits a random moment.
    Soon(Duration),
    /// The request is under way.
    Sent(Ticket),
}

/// The own probe of a held instance, and what it came to before.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Probes {
    pub(super) last: u64,
    /// Failed ones in a row, where each instance probes by its own timer.
    pub(super) failed: u32,
    /// Not before then, whatever a view says.
    pub(super) not_before: Duration,
    pub(super) asking: Asking,
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
    }
}
