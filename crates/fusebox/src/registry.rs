//! A registry, which holds one breaker for each key (host, tenant, shard) in bounded memory.
//!
//! The rule for eviction decides whether the bound does harm. A breaker that holds failures must
//! stay: if other keys could push it out, a client that asks for enough keys could reset any
//! breaker. So only a breaker that nobody uses and that holds no evidence of trouble is evicted.
//! When there is none, a new key is refused.
//!
//! A caller that asks for a known key reads the table behind a sharded lock, without meeting other
//! readers. All other work (new keys, evictions, removals) is done by one thread at a time, which
//! holds readers up only while it inserts or removes an entry.

mod builder;
mod last_asked;
mod makers;
mod retired;
mod search;
mod settings;
mod table;
mod visit;

use std::borrow::Borrow;
use std::error::Error;
use std::fmt;
use std::hash::Hash;
use std::num::NonZeroUsize;
use std::panic::{RefUnwindSafe, UnwindSafe};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use crossbeam_utils::sync::{ShardedLock, ShardedLockReadGuard, ShardedLockWriteGuard};

pub use self::builder::RegistryBuilder;

use self::builder::Hook;
use self::makers::Makers;
use self::settings::Settings;
use self::table::Table;
use crate::breaker::Breaker;
use crate::clock::{Clock, TimeSource};
use crate::config::Config;
use crate::snapshot::Totals;

/// A map from keys to breakers, with at most `capacity` of them. Clones share the same breakers.
///
/// A breaker is made when its key is first asked for. If there is no room, the registry evicts a
/// breaker that
/// - is closed, not ramping up, and at the lowest level of its back-off,
/// - has no failure and no slow call in its window, and no other call in a time window,
/// - has not failed at the last call that counted, however long ago, if a rule counts failures in a
///   row,
/// - is held by nobody: no handle outside the registry, no permit,
/// - and has not been asked for during [`idle_for`](RegistryBuilder::idle_for), or up to a 64th
///   longer if it is asked for often.
///
/// One search for room judges at most 128 idle breakers, and the next search goes on where it
/// stopped. So that a new key is refused without a long search, it may be refused although some
/// breaker could make room; the next new keys will find that one. After a round in which no breaker
/// could be evicted, the next search starts a hundredth of `idle_for` later. If one of them stayed
/// only because it was held, the next new key searches again.
///
/// A handle that is held only to look at a breaker prevents its eviction, too. To look at all
/// breakers without that, use [`for_each`](Self::for_each).
///
/// The counters of evicted breakers are not lost: see [`retired`](Self::retired).
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
    /// In nanoseconds.
    idle_for: u64,
    time: TimeSource,
    hooks: Vec<Hook<K>>,
    settings: Settings<K>,
    table: ShardedLock<Table<K>>,
    /// Held by the thread that changes the table, from before it decides what to change.
    makers: Mutex<Makers<K>>,
    /// Notified when a breaker was made, or will not be made.
    made: Condvar,
}

/// The error for a new key without room: every breaker that was looked at is in use, was asked for
/// lately, or holds something that must not be forgotten.
///
/// A breaker is in use while a handle or an owned permit of it is held anywhere, also in the
/// results of [`Registry::breakers`] and [`Registry::snapshot`]. As soon as those handles are
/// dropped, their breakers can be evicted again.
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

/// Everything about a registry at one instant; no breaker is missing or counted twice.
///
/// For counters that never go down, add what `breakers` have counted to `retired`. A breaker is in
/// exactly one of them.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct RegistrySnapshot {
    /// Every breaker, in no particular order. None is evicted while its handle is held, so drop the
    /// handles soon.
    pub breakers: Vec<Breaker>,
    /// How many breakers the registry may hold.
    pub capacity: usize,
    /// What all evicted and removed breakers have counted.
    pub retired: Totals,
    /// How many breakers were evicted to make room.
    pub evictions: u64,
    /// How many breakers were removed with [`Registry::remove`].
    pub removals: u64,
    /// How many times a new key was refused.
    pub refusals: u64,
}

impl<K> Registry<K> {
    /// Makes a registry on the system's clock whose breakers all get `config`. For more choices,
    /// see [`builder`](Self::builder).
    pub fn new(capacity: NonZeroUsize, config: Config) -> Self {
        Self::builder(capacity).config(config).build()
    }

    /// Makes a registry whose breakers use the given clock.
    pub fn with_clock(capacity: NonZeroUsize, config: Config, clock: impl Clock + 'static) -> Self {
        Self::builder(capacity).config(config).clock(clock).build()
    }

    /// Returns a builder for a registry of at most `capacity` breakers: it takes settings by key,
    /// hooks for new breakers, and the clock.
    pub fn builder(capacity: NonZeroUsize) -> RegistryBuilder<K> {
        RegistryBuilder::new(capacity)
    }

    /// Returns how many breakers there are.
    pub fn len(&self) -> usize {
        self.shared.read().len()
    }

    /// Returns whether there is no breaker.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns whether both are the same registry: clones of one registry share their breakers.
    ///
    /// # Examples
    /// ```
    /// use fusebox::{Config, Registry};
    /// use std::num::NonZeroUsize;
    ///
    /// let new = || Registry::<String>::new(NonZeroUsize::MIN, Config::default());
    /// let hosts = new();
    /// assert!(hosts.is_same(&hosts.clone()));
    /// assert!(!hosts.is_same(&new()));
    /// ```
    pub fn is_same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.shared, &other.shared)
    }

    /// Returns how many breakers the registry may hold.
    pub fn capacity(&self) -> usize {
        self.shared.capacity.get()
    }

    /// Returns every breaker, in no particular order.
    ///
    /// None is evicted while its handle is held, so a full registry refuses new keys as long as
    /// this vector lives. To visit the breakers one by one, use [`for_each`](Self::for_each).
    pub fn breakers(&self) -> Vec<Breaker> {
        self.shared.read().breakers()
    }

    /// Returns everything about the registry at one instant. New keys wait meanwhile; known keys do
    /// not.
    ///
    /// No breaker is evicted while the snapshot holds its handle. Consume
    /// [`breakers`](RegistrySnapshot::breakers) rather than keeping them: meanwhile a full registry
    /// refuses new keys.
    ///
    /// # Examples
    /// ```
    /// use fusebox::{Config, Outcome, Registry};
    /// use std::num::NonZeroUsize;
    ///
    /// let capacity = NonZeroUsize::new(100).unwrap();
    /// let hosts: Registry<String> = Registry::new(capacity, Config::default());
    /// hosts.get("a")?.try_acquire()?.success();
    /// hosts.get("b")?.try_acquire()?.success();
    /// hosts.remove("a");
    ///
    /// let seen = hosts.snapshot();
    /// let mut total = seen.retired;
    /// for breaker in &seen.breakers {
    ///     total += &breaker.snapshot().totals;
    /// }
    /// assert_eq!(total.calls(Outcome::Success), 2);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn snapshot(&self) -> RegistrySnapshot {
        let now = self.shared.now();
        let mut makers = self.shared.makers();
        let (retired, settled) = makers.retired.totals(now);
        let snapshot = RegistrySnapshot {
            breakers: self.breakers(),
            capacity: self.capacity(),
            retired,
            evictions: makers.evictions,
            removals: makers.removals,
            refusals: makers.refusals,
        };
        drop(makers);
        drop(settled);
        snapshot
    }

    /// Returns what all evicted and removed breakers have counted, including removed ones that are
    /// still in use. To read it together with the breakers, use [`snapshot`](Self::snapshot).
    pub fn retired(&self) -> Totals {
        let now = self.shared.now();
        let (totals, settled) = self.shared.makers().retired.totals(now);
        drop(settled);
        totals
    }

    /// Returns how many breakers were evicted to make room.
    pub fn evictions(&self) -> u64 {
        self.shared.makers().evictions
    }

    /// Returns how many breakers were removed with [`remove`](Self::remove).
    pub fn removals(&self) -> u64 {
        self.shared.makers().removals
    }

    /// Returns how many times a new key was refused with [`RegistryFull`].
    pub fn refusals(&self) -> u64 {
        self.shared.makers().refusals
    }
}

impl<K: Hash + Eq> Registry<K> {
    /// Returns the breaker of `key`, and makes it if there is none. Its name is the key's text.
    ///
    /// Use host and port as a key, never a URL's authority, which may contain credentials: the
    /// key's text becomes the breaker's name and a metric label.
    ///
    /// If another thread is just making the breaker of this key, this call waits for it.
    ///
    /// # Errors
    /// [`RegistryFull`] if the key is new and no breaker may be evicted for it. The caller decides
    /// whether to make such a call without a breaker or not at all.
    ///
    /// # Panics
    /// If a hook for [new breakers](RegistryBuilder::on_create) asks for the very key whose breaker
    /// it is given.
    pub fn get<Q>(&self, key: &Q) -> Result<Breaker, RegistryFull>
    where
        Q: Hash + Eq + ToOwned<Owned = K> + fmt::Display + ?Sized,
        K: Borrow<Q> + Clone,
    {
        let now = self.shared.now();
        match self.shared.find(key, now) {
            Some(breaker) => Ok(breaker),
            None => self.shared.make(key, now),
        }
    }

    /// Returns the breaker of `key` if there is one. This does not count as use.
    pub fn peek<Q>(&self, key: &Q) -> Option<Breaker>
    where
        Q: Hash + Eq + ?Sized,
        K: Borrow<Q>,
    {
        self.shared.read().peek(key)
    }

    /// Removes the breaker of `key`, whatever it knows, and returns it. The next caller that asks
    /// for the key gets a new breaker; the removed one goes on working for those who hold it. What
    /// it has counted, and still counts, is in [`retired`](Self::retired).
    ///
    /// # Examples
    /// ```
    /// use fusebox::{Config, Registry, State};
    /// use std::num::NonZeroUsize;
    ///
    /// let hosts: Registry<String> = Registry::new(NonZeroUsize::MIN, Config::default());
    /// hosts.get("gone.example")?.open();
    /// assert_eq!(hosts.remove("gone.example").map(|it| it.state()), Some(State::Open));
    /// assert!(hosts.get("new.example").is_ok()); // there is room again
    /// # Ok::<(), fusebox::RegistryFull>(())
    /// ```
    pub fn remove<Q>(&self, key: &Q) -> Option<Breaker>
    where
        Q: Hash + Eq + ?Sized,
        K: Borrow<Q>,
    {
        self.shared.remove(key)
    }
}

impl<K> Shared<K> {
    fn now(&self) -> u64 {
        self.time.now_nanos()
    }

    fn read(&self) -> ShardedLockReadGuard<'_, Table<K>> {
        self.table.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Only for the holder of the makers.
    fn write(&self) -> ShardedLockWriteGuard<'_, Table<K>> {
        self.table.write().unwrap_or_else(PoisonError::into_inner)
    }

    fn makers(&self) -> MutexGuard<'_, Makers<K>> {
        self.makers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<K> Clone for Registry<K> {
    fn clone(&self) -> Self {
        Self {
            shared: Arc::clone(&self.shared),
        }
    }
}

// Foreign code runs with no lock held. Exceptions are a key's hash and comparison, and its clone in
// `reconfigure_with`, which run under a lock for reading and before anything is changed. So a panic
// leaves nothing half-changed, and poisoned locks are taken all the same.
impl<K> UnwindSafe for Registry<K> {}
impl<K> RefUnwindSafe for Registry<K> {}

impl<K> fmt::Debug for Registry<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Registry")
            .field("breakers", &self.len())
            .field("capacity", &self.capacity())
            .finish_non_exhaustive()
    }
}
