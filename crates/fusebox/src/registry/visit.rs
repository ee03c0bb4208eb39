//! A visit to every breaker of a registry, which holds few handles at a time.
//!
//! A breaker is not evicted while its handle is held. A visit that held all handles would keep new
//! keys out of a full registry for as long as it lasts.
//!
//! The places of the table are visited from the last to the first, because the last entry takes the
//! place of one that is removed. So an entry moves only towards places that are still to be
//! visited, or within those that already were: none is missed, and one may be met twice.

use super::table::Entry;
use super::{Registry, Shared};
use crate::breaker::Breaker;

/// How many handles are held at a time: enough to make the cost of locking negligible.
const AT_A_TIME: usize = 64;

impl<K> Registry<K> {
    /// Calls `look` on every breaker, in no particular order, without holding all handles at once.
    ///
    /// A breaker that stays in the registry during the visit is shown at least once, and twice if
    /// others are evicted or removed meanwhile. So this is not for sums: take
    /// [`snapshot`](Self::snapshot) for those. At most 64 breakers are kept from eviction at a
    /// time. A visit does not count as use of a key. `look` runs with no lock held, so it may use
    /// the registry.
    ///
    /// # Examples
    /// ```
    /// use fusebox::{Config, Registry, State};
    /// use std::num::NonZeroUsize;
    ///
    /// let capacity = NonZeroUsize::new(100).unwrap();
    /// let hosts: Registry<String> = Registry::new(capacity, Config::default());
    /// hosts.get("a.example:443")?.open();
    /// hosts.get("b.example:443")?;
    ///
    /// let mut open = Vec::new();
    /// hosts.for_each(|breaker| {
    ///     if breaker.state() == State::Open {
    ///         open.push(breaker.name().to_owned());
    ///     }
    /// });
    /// assert_eq!(open, ["a.example:443"]);
    /// # Ok::<(), fusebox::RegistryFull>(())
    /// ```
    pub fn for_each(&self, mut look: impl FnMut(&Breaker)) {
        self.shared
            .visit(|_, breaker| breaker, |breaker| look(&breaker));
    }

    /// Makes the transition that is due, if any, in every breaker: [`Breaker::poll_transitions`]
    /// for all.
    ///
    /// Calls make due transitions on their own. The breaker of a key without calls stays open after
    /// its open period, and its metrics and listeners show it open until something asks it. A host
    /// that shows or counts states calls this now and then, for example once a second. It takes the
    /// lock of each breaker once and holds few handles at a time, like
    /// [`for_each`](Self::for_each).
    ///
    /// # Examples
    /// ```
    /// use fusebox::{Config, ManualClock, Registry, State};
    /// use std::num::NonZeroUsize;
    /// use std::time::Duration;
    ///
    /// let clock = ManualClock::new();
    /// let capacity = NonZeroUsize::new(100).unwrap();
    /// let hosts: Registry<String> =
    ///     Registry::with_clock(capacity, Config::default(), clock.clone());
    /// let breaker = hosts.get("a.example:443")?;
    /// breaker.open_for(Duration::from_secs(5));
    ///
    /// clock.advance(Duration::from_secs(5));
    /// assert_eq!(breaker.state(), State::Open);
    /// hosts.poll_transitions();
    /// assert_eq!(breaker.state(), State::HalfOpen);
    /// # Ok::<(), fusebox::RegistryFull>(())
    /// ```
    pub fn poll_transitions(&self) {
        self.for_each(|breaker| {
            breaker.poll_transitions();
        });
    }
}

impl<K> Shared<K> {
    /// Collects what `look` returns for each key and breaker, a few at a time, and passes it to
    /// `visit` with no lock held.
    pub(super) fn visit<T>(&self, look: impl Fn(&K, Breaker) -> T, mut visit: impl FnMut(T)) {
        let look = |key: &K, entry: &Entry| look(key, entry.breaker());
        let mut end = usize::MAX;
        loop {
            let few = {
                let table = self.read();
                let places = {
                    let end = end.min(table.len());
                    end.saturating_sub(AT_A_TIME)..end
                };
                end = places.start;
                table.look_at(places, look)
            };
            if few.is_empty() {
                return;
            }
            few.into_iter().for_each(&mut visit);
        }
    }
}
