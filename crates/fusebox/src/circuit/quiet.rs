//! Looks at a circuit that run no foreign code: they neither read the clock nor tell listeners.
//!
//! So they may be taken with a lock held.

use std::time::Duration;

use super::{Circuit, Inner};
use crate::machine::Machine;
use crate::snapshot::Totals;

impl Circuit {
    /// What was counted up to `now`.
    pub(crate) fn totals_at(&self, now: Duration) -> Totals {
        let (snapshot, ()) = self.step_at(now, Machine::snapshot, |_| ());
        let mut totals = snapshot.totals;
        self.gate.stripes().add_to(&mut totals);
        totals
    }

    /// Whether nothing is lost when the circuit is forgotten at `now`, not even an event.
    pub(crate) fn knows_nothing_bad(&self, now: Duration) -> bool {
        let all_told = |inner: &mut Inner| inner.machine.events().is_empty();
        let (nothing_bad, all_told) = self.step_at(now, Machine::knows_nothing_bad, all_told);
        nothing_bad && all_told
    }
}
