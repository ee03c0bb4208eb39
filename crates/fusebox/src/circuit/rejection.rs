//! The rejection of a call without asking the machine, and the notice of it to a call around it.

use super::Circuit;
use crate::gate::{Admission, Word};
use crate::nesting::{self, Address};
use crate::rejected::{RejectReason, Rejected};
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

    /// Rejects before the deadline `until`, and asks the machine from then on. A hint of the fleet
    /// is no deadline: when it has passed, rejections go on without one.
    #[inline]
    pub(super) fn reject(
        &self,
        word: Word,
        reason: RejectReason,
        until: u64,
    ) -> Result<Ticket, Rejected> {
        let left = if until == u64::MAX {
            match reason {
                // The period goes beyond the largest time; the machine knows its length.
                RejectReason::Open | RejectReason::Turn | RejectReason::ProbeBusy => {
                    return self.ask();
                }
                RejectReason::HalfOpen
                | RejectReason::ForcedOpen
                | RejectReason::RampUp
                | RejectReason::Fleet => {
                    self.latest.as_ref().map(|_| self.now());
                    None
                }
            }
        } else {
            match until.checked_sub(self.now()) {
                None | Some(0) if reason == RejectReason::Fleet => None,
                None | Some(0) => return self.ask(),
                left => left,
            }
        };
        let rejected = word.rejected(reason, left);
        if word.has(Word::WATCHED | Word::SPREAD) {
            self.reject_watched_or_spread(word, rejected);
        } else {
            self.gate.stripes().mine().count_rejection(reason);
        }
        Err(rejected)
    }

    /// Whether calls are rejected until a call finds that the wait is over, or a command ends the
    /// period.
    #[inline]
    pub(crate) fn is_rejecting(&self) -> bool {
        matches!(self.gate.word().admission(), Admission::Reject(_))
    }
}
