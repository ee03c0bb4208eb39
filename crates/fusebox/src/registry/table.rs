//! The table of a registry: its keys, each with its breaker.

use std::borrow::Borrow;
use std::hash::Hash;
use std::ops::Range;
use std::sync::atomic::{Ordering, fence};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use indexmap::IndexMap;

use super::last_asked::Asked;
use crate::breaker::Breaker;
use crate::circuit::Circuit;
use crate::handle::{Handle, Shares};
use crate::snapshot::Totals;

pub(super) struct Table<K> {
    entries: IndexMap<K, Entry>,
}

/// A breaker as the registry holds it.
pub(super) struct Entry {
    circuit: Arc<Circuit>,
    /// Made when many threads use the breaker at once.
    shares: OnceLock<Shares>,
    asked: Asked,
}

impl<K> Table<K> {
    pub(super) fn new() -> Self {
        Self {
            entries: IndexMap::new(),
        }
    }

    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    pub(super) fn breakers(&self) -> Vec<Breaker> {
        self.entries.values().map(Entry::breaker).collect()
    }

    /// Collects what `look` returns for the entries at `places`, which must be within 0 to `len`.
    pub(super) fn look_at<T>(
        &self,
        places: Range<usize>,
        look: impl Fn(&K, &Entry) -> T,
    ) -> Vec<T> {
        let entries = self.entries.get_range(places).into_iter().flatten();
        entries.map(|(key, entry)| look(key, entry)).collect()
    }

    /// The entry at a place from 0 to `len`.
    pub(super) fn at(&self, place: usize) -> Option<&Entry> {
        self.entries.get_index(place).map(|(_, entry)| entry)
    }

    /// Removes the entry at `place`, which the last entry takes.
    pub(super) fn take_at(&mut self, place: usize) -> Option<(K, Entry)> {
        self.entries.swap_remove_index(place)
    }
}

impl<K: Hash + Eq> Table<K> {
    /// The breaker of `key`, asked for at `now`.
    #[inline]
    pub(super) fn find<Q>(&self, key: &Q, now: u64, idle_for: u64) -> Option<Breaker>
    where
        Q: Hash + Eq + ?Sized,
        K: Borrow<Q>,
    {
        let entry = self.entries.get(key)?;
        entry.asked.note(now, idle_for);
        Some(entry.breaker())
    }

    pub(super) fn peek<Q>(&self, key: &Q) -> Option<Breaker>
    where
        Q: Hash + Eq + ?Sized,
        K: Borrow<Q>,
    {
        self.entries.get(key).map(Entry::breaker)
    }

    pub(super) fn insert(&mut self, key: K, entry: Entry) {
        self.entries.insert(key, entry);
    }

    pub(super) fn take<Q>(&mut self, key: &Q) -> Option<(K, Entry)>
    where
        Q: Hash + Eq + ?Sized,
        K: Borrow<Q>,
    {
        self.entries.swap_remove_entry(key)
    }
}

impl Entry {
    pub(super) fn new(circuit: Arc<Circuit>, asked: u64) -> Self {
        Self {
            circuit,
            shares: OnceLock::new(),
            asked: Asked::at(asked),
        }
    }

    #[inline]
    pub(super) fn breaker(&self) -> Breaker {
        Breaker::of(match self.shares.get() {
            Some(shares) => shares.handle(),
            None => self.handle(),
        })
    }

    /// A handle, from the shares as soon as threads have met in the circuit.
    #[inline]
    fn handle(&self) -> Handle {
        match self.circuit.spread() {
            1 => Handle::Own(Arc::clone(&self.circuit)),
            stripes => self.share(stripes),
        }
    }

    #[cold]
    fn share(&self, count: usize) -> Handle {
        let shares = || Shares::new(&self.circuit, count);
        self.shares.get_or_init(shares).handle()
    }

    pub(super) fn is_idle(&self, now: u64, idle_for: u64) -> bool {
        self.asked.is_idle(now, idle_for)
    }

    /// Whether nobody holds the breaker or an owned permit of it. The answer may be out of date
    /// unless the caller keeps everybody from getting a handle: an operator's
    /// [`ManualControl`](crate::ManualControl) gets one without asking.
    pub(super) fn is_unused(&self) -> bool {
        let own = match self.shares.get() {
            None => 1,
            Some(shares) if shares.are_unused() => 1 + shares.count(),
            Some(_) => return false,
        };
        let unused = Arc::strong_count(&self.circuit) == own;
        // Acquire: pairs with the release with which a handle is dropped. A thread that sees the
        // handle gone also sees what was counted through it.
        fence(Ordering::Acquire);
        unused
    }

    /// The circuit of an entry that is no longer in the table, if nobody uses it. Nobody can get
    /// hold of it again, so its counters are final.
    pub(super) fn into_circuit(self) -> Result<Circuit, Self> {
        if !self.is_unused() {
            return Err(self);
        }
        let Self {
            circuit,
            shares,
            asked,
        } = self;
        // Only the table hands out shares. So from here on the circuit counts its handles itself.
        drop(shares);
        Arc::try_unwrap(circuit).map_err(|circuit| Self {
            circuit,
            shares: OnceLock::new(),
            asked,
        })
    }

    pub(super) fn knows_nothing_bad(&self, now: u64) -> bool {
        self.circuit.knows_nothing_bad(Duration::from_nanos(now))
    }

    pub(super) fn totals(&self, now: u64) -> Totals {
        self.circuit.totals_at(Duration::from_nanos(now))
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;
    use crate::clock::{SystemClock, TimeSource};
    use crate::config::Config;

    fn entry() -> Entry {
        let time = TimeSource::of(SystemClock::new());
        let circuit = Circuit::one_of_many("a".into(), Arc::new(Config::default()), time);
        Entry::new(Arc::new(circuit), 0)
    }

    #[test]
    fn a_handle_and_an_owned_permit_are_use_with_and_without_shares() {
        for threads_meet in [false, true] {
            let entry = entry();
            let before = entry.breaker();
            if threads_meet {
                entry.circuit.spread_threads();
            }
            let handle = entry.breaker();
            assert_eq!(entry.shares.get().is_some(), entry.circuit.spread() > 1);

            drop(before);
            assert!(!entry.is_unused(), "a handle");
            let twin = handle.clone();
            drop(handle);
            assert!(!entry.is_unused(), "its clone");
            let permit = twin.try_acquire().expect("closed").into_owned();
            drop(twin);
            assert!(!entry.is_unused(), "an owned permit");
            permit.success();
            assert!(entry.is_unused());
        }
    }

    #[test]
    fn all_handles_lead_to_one_circuit() {
        let entry = entry();
        let before = entry.breaker();
        entry.circuit.spread_threads();

        before.force_open();

        assert_eq!(entry.breaker().state(), crate::State::ForcedOpen);
        assert!(std::ptr::eq(before.circuit(), entry.breaker().circuit()));
    }

    #[test]
    fn what_is_counted_before_and_after_threads_met_adds_up() {
        let entry = entry();
        let breaker = entry.breaker();
        let old = breaker.try_acquire().expect("closed");
        breaker.try_acquire().expect("closed").success();

        entry.circuit.spread_threads();
        old.success();
        entry.breaker().try_acquire().expect("closed").success();
        let late = breaker.try_acquire().expect("closed");
        breaker.force_open();
        late.success();
        assert!(breaker.try_acquire().is_err());

        let totals = entry.totals(0);
        let calls = [crate::Outcome::Success, crate::Outcome::Late].map(|it| totals.calls(it));
        assert_eq!(calls, [3, 1]);
        assert_eq!(totals.rejections(crate::RejectReason::ForcedOpen), 1);
    }
}
