//! Which breaker belongs to this key? One for each host, tenant or shard, in bounded memory.
//!
//! What may be forgotten to make room decides whether a bound is harmless. A breaker that holds
//! failures must stay: if asking for other keys could push it out, who asks enough keys resets any
//! breaker. So only a breaker that knows nothing bad and that nobody uses is evicted, and when
//! there is none, a new key is refused.

use std::collections::HashMap;
use std::error::Error;
use std::fmt;
use std::hash::Hash;
use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock, RwLockWriteGuard};
use std::time::Duration;

use crate::breaker::Breaker;
use crate::clock::{Clock, SystemClock, TimeSource, nanos};
use crate::config::Config;

/// Breakers by key, at most `capacity` of them. Clones share the same breakers.
///
/// A breaker is made when its key is first asked for. When there is no room, one is evicted that
/// - is closed, not ramping up, and at the lowest level of its back-off,
/// - has no failure and no slow call in its window, and no other call in a time window,
/// - has not failed at the last call that counted, however long ago, where a rule counts failures in
///   a row,
/// - is held by nobody: no handle outside the registry, no permit,
/// - and has not been asked for during [`idle_for`](Self::idle_for).
///
/// An eviction looks through the breakers until it finds one, from where the last search ended.
/// When a search finds none, the next one happens a hundredth of `idle_for` later.
///
/// # Examples
/// ```
/// use fusebox::{Config, Registry};
/// use std::num::NonZeroUsize;
///
/// let capacity = NonZeroUsize::new(10_000).unwrap();
/// let hosts: Registry<String> = Registry::new(capacity, Config::default());
/// let breaker = hosts.get("a.example")?;
/// breaker.try_acquire()?.success();
/// assert_eq!(hosts.get("a.example")?.name(), "a.example");
/// assert_eq!(hosts.len(), 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Registry<K> {
    shared: Arc<Shared<K>>,
}

struct Shared<K> {
    capacity: NonZeroUsize,
    idle_for: Duration,
    time: TimeSource,
    table: RwLock<Table<K>>,
}

struct Table<K> {
    config: Arc<Config>,
    places: HashMap<K, usize>,
    entries: Vec<Entry<K>>,
    /// Where the next search for room begins.
    hand: usize,
    /// Before this there is no use in searching.
    search_again: u64,
}

struct Entry<K> {
    key: K,
    breaker: Breaker,
    /// When it was last asked for, in nanoseconds.
    asked: AtomicU64,
}

/// There is no room for another key: every breaker is in use or holds something that must not be
/// forgotten.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RegistryFull {
    /// How many breakers the registry holds.
    pub capacity: usize,
}

impl fmt::Display for RegistryFull {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "no room for another key: all {} breakers are in use or hold failures",
            self.capacity
        )
    }
}

impl Error for RegistryFull {}

impl<K> Registry<K> {
    /// Evict no breaker that was asked for so recently.
    const IDLE_FOR: Duration = Duration::from_secs(60);

    /// A registry on the system's clock. Every breaker gets `config`, with one stripe unless the
    /// settings say otherwise.
    pub fn new(capacity: NonZeroUsize, config: Config) -> Self {
        Self::with_clock(capacity, config, SystemClock::new())
    }

    /// A registry whose breakers use a clock of the caller's.
    pub fn with_clock(capacity: NonZeroUsize, config: Config, clock: impl Clock + 'static) -> Self {
        Self {
            shared: Arc::new(Shared {
                capacity,
                idle_for: Self::IDLE_FOR,
                time: TimeSource::of(clock),
                table: RwLock::new(Table {
                    config: Arc::new(small(config)),
                    places: HashMap::new(),
                    entries: Vec::new(),
                    hand: 0,
                    search_again: 0,
                }),
            }),
        }
    }

    /// Sets how long a breaker must not have been asked for before it may be evicted. Default: one
    /// minute; zero evicts as soon as there is need. Set it before the registry is cloned.
    ///
    /// # Panics
    /// When the registry has been cloned already.
    pub fn idle_for(mut self, idle: Duration) -> Self {
        Arc::get_mut(&mut self.shared)
            .expect("idle_for is set before the registry is shared")
            .idle_for = idle;
        self
    }

    /// How many breakers there are.
    pub fn len(&self) -> usize {
        self.look(|table| table.entries.len())
    }

    /// Whether there is no breaker yet.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many breakers there may be.
    pub fn capacity(&self) -> usize {
        self.shared.capacity.get()
    }

    /// Every breaker there is, in no particular order. None is evicted while its handle is held.
    pub fn breakers(&self) -> Vec<Breaker> {
        self.look(|table| {
            let entries = table.entries.iter();
            entries.map(|entry| entry.breaker.clone()).collect()
        })
    }

    /// Gives all breakers, those to come included, other settings. See [`Breaker::reconfigure`].
    pub fn reconfigure(&self, config: Config) {
        let config = Arc::new(small(config));
        self.write().config = Arc::clone(&config);
        for breaker in self.breakers() {
            breaker.reconfigure(Arc::clone(&config));
        }
    }

    fn look<R>(&self, look: impl FnOnce(&Table<K>) -> R) -> R {
        look(
            &self
                .shared
                .table
                .read()
                .unwrap_or_else(PoisonError::into_inner),
        )
    }

    fn write(&self) -> RwLockWriteGuard<'_, Table<K>> {
        self.shared
            .table
            .write()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl<K: Hash + Eq> Registry<K> {
    /// The breaker of `key`, made if there is none. Its name is the key's text.
    ///
    /// # Errors
    /// [`RegistryFull`] when there is none and no breaker may be evicted for it. The caller decides
    /// whether such a call is made without a breaker or not at all.
    pub fn get<Q>(&self, key: &Q) -> Result<Breaker, RegistryFull>
    where
        Q: Hash + Eq + ToOwned<Owned = K> + fmt::Display + ?Sized,
        K: std::borrow::Borrow<Q> + Clone,
    {
        let now = self.shared.time.now_nanos();
        if let Some(breaker) = self.look(|table| table.find(key, now)) {
            return Ok(breaker);
        }
        let mut table = self.write();
        if let Some(breaker) = table.find(key, now) {
            return Ok(breaker);
        }
        if table.entries.len() >= self.shared.capacity.get() {
            // Dropped after the lock: its listeners are foreign.
            let evicted = table.make_room(now, self.shared.idle_for);
            let evicted = evicted.ok_or(RegistryFull {
                capacity: self.capacity(),
            })?;
            let breaker = self.insert(&mut table, key, now);
            drop(table);
            drop(evicted);
            return Ok(breaker);
        }
        Ok(self.insert(&mut table, key, now))
    }

    /// The breaker of `key`, if there is one. Does not count as use.
    pub fn peek<Q>(&self, key: &Q) -> Option<Breaker>
    where
        Q: Hash + Eq + ?Sized,
        K: std::borrow::Borrow<Q>,
    {
        self.look(|table| {
            let place = table.places.get(key)?;
            Some(table.entries[*place].breaker.clone())
        })
    }

    fn insert<Q>(&self, table: &mut Table<K>, key: &Q, now: u64) -> Breaker
    where
        Q: ToOwned<Owned = K> + fmt::Display + ?Sized,
        K: Clone,
    {
        let breaker = Breaker::with_time(
            key.to_string().into(),
            Arc::clone(&table.config),
            self.shared.time.clone(),
        );
        let key = key.to_owned();
        table.places.insert(key.clone(), table.entries.len());
        table.entries.push(Entry {
            key,
            breaker: breaker.clone(),
            asked: AtomicU64::new(now),
        });
        breaker
    }
}

impl<K: Hash + Eq> Table<K> {
    fn find<Q>(&self, key: &Q, now: u64) -> Option<Breaker>
    where
        Q: Hash + Eq + ?Sized,
        K: std::borrow::Borrow<Q>,
    {
        let entry = &self.entries[*self.places.get(key)?];
        entry.asked.store(now, Ordering::Relaxed);
        Some(entry.breaker.clone())
    }

    /// Takes out a breaker that nobody will miss.
    fn make_room(&mut self, now: u64, idle_for: Duration) -> Option<Entry<K>> {
        if now < self.search_again {
            return None;
        }
        let idle_for = nanos(idle_for);
        let count = self.entries.len();
        let found = (0..count)
            .map(|step| (self.hand + step) % count)
            .find(|place| self.entries[*place].may_go(now, idle_for));
        let Some(place) = found else {
            self.search_again = now.saturating_add(idle_for / 100);
            return None;
        };
        let entry = self.entries.swap_remove(place);
        self.places.remove(&entry.key);
        if let Some(moved) = self.entries.get(place) {
            let moved_to = self.places.get_mut(&moved.key);
            *moved_to.expect("every entry has its place in the map") = place;
        }
        self.hand = place;
        Some(entry)
    }
}

impl<K> Entry<K> {
    fn may_go(&self, now: u64, idle_for: u64) -> bool {
        now.saturating_sub(self.asked.load(Ordering::Relaxed)) >= idle_for
            && self.breaker.is_only_handle()
            && self.breaker.knows_nothing_bad()
    }
}

impl<K> Clone for Registry<K> {
    fn clone(&self) -> Self {
        Self {
            shared: Arc::clone(&self.shared),
        }
    }
}

impl<K> fmt::Debug for Registry<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Registry")
            .field("breakers", &self.len())
            .field("capacity", &self.capacity())
            .finish_non_exhaustive()
    }
}

/// One of very many breakers is rarely contended.
fn small(mut config: Config) -> Config {
    config.stripes.get_or_insert(NonZeroUsize::MIN);
    config
}
