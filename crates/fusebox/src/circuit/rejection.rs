//! The rejection of a call that is made inside another call, which is told of it.

use super::Circuit;
use crate::gate::{Admission, Word};
use crate::nesting::{self, Address};
use crate::rejected::Rejected;
use crate::ticket::Ticket;

impl Circuit {
    /// Grants or refuses one call that does not pass freely.
    #[inline(never)]
    pub(super) fn admit_or_reject(&self, word: Word) -> Result<Ticket, Rejected> {
        let answer = self.admission(word);
        if answer.is_err() {
            nesting::note_rejection(Address::of(self));
        }
        answer
    }

    /// Whether calls are rejected until somebody finds that the wait is over.
    #[inline]
    pub(crate) fn is_rejecting(&self) -> bool {
        matches!(self.gate.word().admission(), Admission::Reject(_))
    }
}
