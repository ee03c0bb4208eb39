//! The rejection of a call that is made inside another call, which is told of it.

use super::Circuit;
use crate::gate::Word;
use crate::nesting;
use crate::rejected::Rejected;
use crate::ticket::Ticket;

impl Circuit {
    /// Grants or refuses one call that does not pass freely.
    #[inline(never)]
    pub(super) fn admit_or_reject(&self, word: Word) -> Result<Ticket, Rejected> {
        let answer = self.admission(word);
        if answer.is_err() {
            nesting::note_rejection();
        }
        answer
    }
}
