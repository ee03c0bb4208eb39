//! The search for a breaker that nobody will miss, and what is kept of those that went.
//!
//! A clock hand goes round the table. Most looks are cheap: a key that was asked for lately is not
//! idle. Judging an idle breaker takes its lock, so one search judges few of them and the next one
//! goes on from there. Readers come and go all the time; they are held up only while a breaker that
//! was found is judged once more and taken out.

use super::Shared;
use super::making::Makers;
use super::table::{Entry, Table};
use crate::snapshot::Totals;

/// Where the search is.
#[derive(Default)]
pub(super) struct Hand {
    place: usize,
    /// How many were looked at in this round in vain.
    passed: usize,
    /// Before this time there is no use in searching.
    search_again: u64,
}

/// What a search may still cost.
struct Budget(u32);

impl Budget {
    /// Judging costs as much as so many looks at the time when a key was asked for.
    const JUDGING: u32 = 64;
    /// For 128 breakers that are judged.
    const SEARCH: u32 = 128 * Self::JUDGING;

    fn spend(&mut self, cost: u32) -> bool {
        let enough = self.0 > 0;
        self.0 = self.0.saturating_sub(cost);
        enough
    }
}

/// Who asks, when, and what counts as idle.
#[derive(Clone, Copy)]
struct When {
    now: u64,
    idle_for: u64,
}

impl Entry {
    fn may_go(&self, when: When) -> bool {
        self.is_idle(when.now, when.idle_for)
            && self.is_unused()
            && self.knows_nothing_bad(when.now)
    }
}

impl Hand {
    /// Moves on to a place whose breaker may go.
    fn seek<K>(&mut self, table: &Table<K>, budget: &mut Budget, when: When) -> Option<usize> {
        if when.now < self.search_again {
            return None;
        }
        while self.passed < table.len() {
            if !budget.spend(1) {
                return None;
            }
            if self.place >= table.len() {
                self.place = 0;
            }
            let place = self.place;
            let entry = table.at(place)?;
            self.place += 1;
            self.passed += 1;
            if entry.is_idle(when.now, when.idle_for) {
                budget.spend(Budget::JUDGING - 1);
                if entry.may_go(when) {
                    return Some(place);
                }
            }
        }
        self.passed = 0;
        self.search_again = when.now.saturating_add(when.idle_for / 100);
        None
    }

    /// A breaker was found at `place`, where there is another one now.
    fn found(&mut self, place: usize) {
        self.place = place;
        self.passed = 0;
    }
}

impl<K> Shared<K> {
    /// Takes out a breaker that nobody will miss.
    pub(super) fn make_room(&self, makers: &mut Makers<K>, now: u64) -> Option<(K, Entry)> {
        let idle_for = self.idle_for();
        let when = When { now, idle_for };
        let mut budget = Budget(Budget::SEARCH);
        loop {
            let place = makers.hand.seek(&self.read(), &mut budget, when)?;
            if let Some(evicted) = self.take_unless_used(place, when) {
                makers.hand.found(place);
                makers.evictions += 1;
                makers.retired.settle(&evicted.1, now);
                return Some(evicted);
            }
        }
    }

    /// Somebody may have asked for it since it was found.
    fn take_unless_used(&self, place: usize, when: When) -> Option<(K, Entry)> {
        let mut table = self.write();
        if table.at(place)?.may_go(when) {
            table.take_at(place)
        } else {
            None
        }
    }
}

/// What breakers counted that are no longer in the table.
#[derive(Default)]
pub(super) struct Retired {
    /// Of those that nobody uses any more.
    settled: Totals,
    in_use: Vec<Entry>,
    /// How many may be in use before those that no longer are get settled.
    settle_at: usize,
}

impl Retired {
    const SETTLE_FROM: usize = 16;

    fn settle(&mut self, entry: &Entry, now: u64) {
        self.settled += &entry.totals(now);
    }

    /// Takes over an entry that may be in use. Returns those whose time is over, to be dropped with
    /// no lock held.
    pub(super) fn take_over(&mut self, entry: Entry, now: u64) -> Vec<Entry> {
        self.in_use.push(entry);
        if self.in_use.len() < self.settle_at.max(Self::SETTLE_FROM) {
            return Vec::new();
        }
        let unused = self.settle_unused(now);
        self.settle_at = self.in_use.len() * 2;
        unused
    }

    fn settle_unused(&mut self, now: u64) -> Vec<Entry> {
        let unused = self.in_use.extract_if(.., |entry| entry.is_unused());
        let unused: Vec<Entry> = unused.collect();
        for entry in &unused {
            self.settle(entry, now);
        }
        unused
    }

    /// What all of them counted up to `now`, and the entries whose time is over, to be dropped with
    /// no lock held.
    pub(super) fn totals(&mut self, now: u64) -> (Totals, Vec<Entry>) {
        let unused = self.settle_unused(now);
        let mut totals = self.settled.clone();
        for entry in &self.in_use {
            totals += &entry.totals(now);
        }
        (totals, unused)
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::circuit::Circuit;
    use crate::clock::{SystemClock, TimeSource};
    use crate::config::Config;

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
}
