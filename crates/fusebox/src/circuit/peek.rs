//! Looks ahead: what a circuit would answer, without granting a ticket.

use super::Circuit;
use crate::gate::Admission;
use crate::rejected::{RejectReason, Rejected};

impl Circuit {
    /// The rejection that a call would meet now, unless the machine has to be asked.
    pub(crate) fn would_reject(&self) -> Option<Rejected> {
        loop {
            let word = self.gate.word();
            let Admission::Reject(reason) = word.admission() else {
                return None;
            };
            let Some(until) = self.gate.until(word) else {
                continue;
            };
            if until == u64::MAX {
                return Some(word.rejected(reason, None));
            }
            return match until.checked_sub(self.now()) {
                None | Some(0) if reason == RejectReason::Fleet => {
                    Some(word.rejected(reason, None))
                }
                None | Some(0) => None,
                left => Some(word.rejected(reason, left)),
            };
        }
    }

    /// Reads the gate and the stripe of this thread.
    #[inline]
    pub(crate) fn look_ahead(&self) -> u64 {
        let word = self.gate.word();
        // An acquiring load is made, whether its value is used or not.
        self.gate.stripe(word).pending();
        word.stamp()
    }

    /// Whether every call may pass.
    pub(crate) fn admits_all(&self) -> bool {
        self.gate.word().passes()
            || self.change(|machine, now| {
                machine.pass_time(now);
                machine.admits_all()
            })
    }
}
