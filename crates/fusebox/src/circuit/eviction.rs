//! The eviction of a circuit: what a registry asks before it evicts one, and what it keeps
//! afterwards.
//!
//! Neither of them runs foreign code: they do not read the clock and tell no listeners. So they may
//! be called with a lock held.

use std::time::Duration;

use super::{Circuit, Inner};
use crate::machine::Machine;
use crate::snapshot::Totals;
use crate::state::{Generation, State};

impl Circuit {
    #[inline]
    pub(crate) fn state(&self) -> State {
        self.gate.word().state()
    }

    #[inline]
    pub(crate) fn generation(&self) -> Generation {
        self.gate.word().generation()
    }

    /// The counters, up to `now`.
    pub(crate) fn totals_at(&self, now: Duration) -> Totals {
        let (snapshot, ()) = self.step_at(now, Machine::snapshot, |_| ());
        let mut totals = snapshot.totals;
        self.gate.stripes().add_to(&mut totals);
        totals
    }

    /// Whether nothing is lost when the circuit is evicted at `now`, not even an event.
    pub(crate) fn knows_nothing_bad(&self, now: Duration) -> bool {
        let all_told = |inner: &mut Inner| inner.machine.events().is_empty();
        let (nothing_bad, all_told) = self.step_at(now, Machine::knows_nothing_bad, all_told);
        nothing_bad && all_told
    }
}
