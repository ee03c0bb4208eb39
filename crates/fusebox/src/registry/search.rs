//! The search for a breaker to evict, so that a new key can take its place.
//!
//! A clock hand goes round the table. Most looks are cheap: a key that was asked for lately is not
//! idle. Judging an idle breaker takes its lock, so one search judges few of them and the next one
//! goes on from there. Readers are held up only while a breaker that was found is judged once more
//! and removed.

use super::Shared;
use super::table::{Entry, Table};

/// The position of the search.
#[derive(Default)]
pub(super) struct Hand {
    place: usize,
    /// How many breakers this round has looked at in vain.
    passed: usize,
    /// Whether this round met a breaker that could be evicted if it were not held.
    met_held: bool,
    /// Until this time a search would be in vain.
    search_again: u64,
}

/// The cost that a search may still incur.
struct Budget(u32);

impl Budget {
    /// Judging a breaker costs as much as this many looks at the time when a key was asked for.
    const JUDGING: u32 = 64;
    /// The same for a look at whether the breaker is held.
    const COUNTING: u32 = 16;
    /// Enough for 128 breakers that are judged.
    const SEARCH: u32 = 128 * Self::JUDGING;

    fn spend(&mut self, cost: u32) -> bool {
        let enough = self.0 > 0;
        self.0 = self.0.saturating_sub(cost);
        enough
    }
}

/// The time of the search, and what counts as idle then.
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
    /// Removes a breaker from the table that may be evicted.
    pub(super) fn take_one<K>(&mut self, shared: &Shared<K>, now: u64) -> Option<(K, Entry)> {
        let idle_for = shared.idle_for;
        let when = When { now, idle_for };
        let mut budget = Budget(Budget::SEARCH);
        loop {
            let place = self.seek(&shared.read(), &mut budget, when)?;
            if let Some(taken) = shared.take_unless_used(place, when) {
                self.found(place);
                return Some(taken);
            }
            // A caller that took it in the meantime holds it, or has asked for it.
            self.met_held = true;
        }
    }

    /// Moves on to a place whose breaker may be evicted.
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
            if entry.is_idle(when.now, when.idle_for) && self.judge(entry, budget, when) {
                return Some(place);
            }
        }
        self.passed = 0;
        // A handle may be given back at any moment: time need not pass before a search is of use.
        if !std::mem::take(&mut self.met_held) {
            self.search_again = when.now.saturating_add(when.idle_for / 100);
        }
        None
    }

    /// Whether an idle breaker may be evicted.
    fn judge(&mut self, entry: &Entry, budget: &mut Budget, when: When) -> bool {
        budget.spend(Budget::COUNTING - 1);
        // Asked first: who gives a handle back may have counted a failure just before.
        let is_held = !entry.is_unused();
        if is_held && self.met_held {
            return false;
        }
        budget.spend(Budget::JUDGING - Budget::COUNTING);
        let nothing_bad = entry.knows_nothing_bad(when.now);
        self.met_held |= is_held && nothing_bad;
        !is_held && nothing_bad
    }

    /// Notes that a breaker was found at `place`, where there is another one now.
    fn found(&mut self, place: usize) {
        self.place = place;
        self.passed = 0;
        self.met_held = false;
    }
}

impl<K> Shared<K> {
    /// Removes the breaker unless somebody has asked for it since it was found.
    fn take_unless_used(&self, place: usize, when: When) -> Option<(K, Entry)> {
        let mut table = self.write();
        if table.at(place)?.may_go(when) {
            table.take_at(place)
        } else {
            None
        }
    }
}
