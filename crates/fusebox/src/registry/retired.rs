//! The retired breakers: the counters of those that are no longer in the table.
//!
//! A handle or an operator may still use such a breaker, so its counters are final only when nobody
//! can get hold of it any more.

use std::time::Duration;

use super::table::Entry;
use crate::circuit::Circuit;
use crate::snapshot::Totals;

/// The counters of breakers that are no longer in the table.
#[derive(Default)]
pub(super) struct Retired {
    /// The sum over those that nobody uses any more.
    settled: Totals,
    in_use: Vec<Entry>,
    /// How many retired breakers may be in use before those that no longer are get added up.
    settle_at: usize,
}

/// What an eviction leaves, to be dropped with no lock held: keys and listeners are foreign code.
#[expect(dead_code, reason = "held only to be dropped")]
pub(super) struct Evicted<K> {
    pub(super) key: K,
    pub(super) circuits: Vec<Circuit>,
}

impl Retired {
    const SETTLE_FROM: usize = 16;

    /// Takes over an entry that was removed from the table. Returns the circuits that nobody uses
    /// any more, to be dropped with no lock held.
    pub(super) fn take_over(&mut self, entry: Entry, now: u64) -> Vec<Circuit> {
        let mut over = Vec::new();
        self.settle(entry, now, &mut over);
        if self.in_use.len() >= self.settle_at.max(Self::SETTLE_FROM) {
            self.settle_unused(now, &mut over);
            self.settle_at = self.in_use.len() * 2;
        }
        over
    }

    /// What all of them counted up to `now`, and the circuits that nobody uses any more, to be
    /// dropped with no lock held.
    pub(super) fn totals(&mut self, now: u64) -> (Totals, Vec<Circuit>) {
        let mut over = Vec::new();
        self.settle_unused(now, &mut over);
        let mut totals = self.settled.clone();
        for entry in &self.in_use {
            totals += &entry.totals(now);
        }
        (totals, over)
    }

    fn settle_unused(&mut self, now: u64, over: &mut Vec<Circuit>) {
        for entry in std::mem::take(&mut self.in_use) {
            self.settle(entry, now, over);
        }
    }

    /// Adds up the counters of the entry, or keeps the entry while somebody uses it.
    fn settle(&mut self, entry: Entry, now: u64, over: &mut Vec<Circuit>) {
        match entry.into_circuit() {
            Ok(circuit) => {
                self.settled += &circuit.totals_at(Duration::from_nanos(now));
                over.push(circuit);
            }
            Err(entry) => self.in_use.push(entry),
        }
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::circuit::Circuit;
    use crate::clock::{SystemClock, TimeSource};
    use crate::config::Config;
    use crate::machine::Command;
    use crate::state::State;

    fn entry() -> Entry {
        let time = TimeSource::of(SystemClock::new());
        let circuit = Circuit::one_of_many("a".into(), Arc::new(Config::default()), time);
        Entry::new(Arc::new(circuit), 0)
    }

    #[test]
    fn removed_breakers_that_nobody_uses_do_not_pile_up() {
        let mut retired = Retired::default();
        let in_use = entry();
        let held = in_use.breaker();
        retired.take_over(in_use, 0);

        for _ in 0..200 {
            retired.take_over(entry(), 0);
            assert!(retired.in_use.len() <= Retired::SETTLE_FROM);
        }

        drop(held);
        retired.totals(0);
        assert!(retired.in_use.is_empty());
    }

    #[test]
    fn what_an_operators_handle_does_to_a_breaker_that_is_just_evicted_is_counted() {
        for threads_meet in [false, true] {
            let mut retired = Retired::default();
            let evicted = entry();
            let member = evicted.breaker().downgrade();

            let got_hold = member.upgrade().expect("alive");
            if threads_meet {
                got_hold.spread_threads();
                drop(evicted.breaker());
            }
            assert!(retired.take_over(evicted, 0).is_empty());
            got_hold.change(|machine, now| machine.obey(Command::ForceOpen, now));
            drop(got_hold);

            let (totals, over) = retired.totals(0);
            assert_eq!(totals.transitions(State::Closed, State::ForcedOpen), 1);
            assert_eq!((retired.in_use.len(), over.len()), (0, 1));
            drop(over);
            assert!(member.upgrade().is_none());
        }
    }
}
