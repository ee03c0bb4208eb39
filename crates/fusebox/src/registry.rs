//! A registry holds one breaker for each key (host, tenant, shard) in bounded memory.
//!
//! What may be forgotten to make room decides whether a bound is harmless. A breaker that holds
//! failures must stay: if asking for other keys could push it out, who asks enough keys resets any
//! breaker. So only a breaker that knows nothing bad and that nobody uses is evicted, and when
//! there is none, a new key is refused.
//!
//! Who asks for a known key reads the table behind a lock of many shards, and meets no other reader.
//! All else (new keys, evictions, removals) is done by one thread at a time, which holds readers up
//! only while it puts something in or takes something out.

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

/// Breakers by key, at most `capacity` of them. Clones share the same breakers.
///
/// A breaker is made when its key is first asked for. When there is no room, one is evicted that
/// - is closed, not ramping up, and at the lowest level of its back-off,
/// - has no failure and no slow call in its window, and no other call in a time window,
/// - has not failed at the last call that counted, however long ago, where a rule counts failures in
///   a row,
/// - is held by nobody: no handle outside the registry, no permit,
/// - and has not been asked for during [`idle_for`](RegistryBuilder::idle_for), or a little longer if
///   it is asked for often: up to a 64th.
///
/// One search for room judges at most 128 breakers that are idle, and the next one goes on behind
/// them. So that a new key does not take long to be refused, it may be refused although there is a
/// breaker that could make room; the next new keys find it. When all were looked at in vain, the
/// next search happens a hundredth of `idle_for` later. If one of them stayed only because it was
/// held, the next new key searches again.
///
/// A handle that is held only to look at a breaker keeps that breaker, too. To look at all breakers
/// without keeping them, use [`for_each`](Self::for_each).
///
/// What evicted breakers counted is not lost: see [`retired`](Self::retired).
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
    /// Held by who changes the table, from before it decides what to change.
    makers: Mutex<Makers<K>>,
    /// Told when a breaker was made, or will not be.
    made: Condvar,
}

/// There is no room for another key: every breaker that was looked at is in use, was asked for
/// lately, or holds something that must not be forgotten.
///
/// A breaker is in use while a handle or an owned permit of it is held anywhere, also in what
/// [`Registry::breakers`] and [`Registry::snapshot`] returned. As soon as the handles are given back,
/// their breakers can make room again.
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

/// Everything about a registry at one instant: no breaker is missing or counted twice.
///
/// For counters that never go down: add what `breakers` have counted to `retired`. A breaker is in
/// exactly one of them.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct RegistrySnapshot {
    /// Every breaker, in no particular order. None is evicted while its handle is held: give the
    /// handles back soon.
    pub breakers: Vec<Breaker>,
    /// How many breakers there may be.
    pub capacity: usize,
    /// What all breakers that were evicted or removed have counted.
    pub retired: Totals,
    /// How many breakers were evicted to make room.
    pub evictions: u64,
    /// How many breakers were removed with [`Registry::remove`].
    pub removals: u64,
    /// How many times a new key was refused.
    pub refusals: u64,
}

impl<K> Registry<K> {
    /// A registry on the system's clock whose breakers all get `config`. For more, see
    /// [`builder`](Self::builder).
    pub fn new(capacity: NonZeroUsize, config: Config) -> Self {
        Self::builder(capacity).config(config).build()
    }

    /// A registry whose breakers use a clock of the caller's.
    pub fn with_clock(capacity: NonZeroUsize, config: Config, clock: impl Clock + 'static) -> Self {
        Self::builder(capacity).config(config).clock(clock).build()
    }

    /// A registry of at most `capacity` breakers, to be described further: settings by key, what
    /// to do with new breakers, the clock.
    pub fn builder(capacity: NonZeroUsize) -> RegistryBuilder<K> {
        RegistryBuilder::new(capacity)
    }

    /// How many breakers there are.
    pub fn len(&self) -> usize {
        self.shared.read().len()
    }

    /// Whether there is no breaker yet.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether both are the same registry: clones of one share their breakers.
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

    /// How many breakers there may be.
    pub fn capacity(&self) -> usize {
        self.shared.capacity.get()
    }

    /// Every breaker there is, in no particular order.
    ///
    /// None is evicted while its handle is held, so a full registry refuses new keys as long as this
    /// vector lives. To look at one after the other, use [`for_each`](Self::for_each).
    pub fn breakers(&self) -> Vec<Breaker> {
        self.shared.read().breakers()
    }

    /// Everything about the registry at one instant. New keys wait meanwhile, known keys do not.
    ///
    /// No breaker is evicted while the snapshot holds its handle. Consume
    /// [`breakers`](RegistrySnapshot::breakers) rather than keep them: a full registry refuses new
    /// keys meanwhile.
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

    /// What all breakers that were evicted or removed have counted, also what removed ones count
    /// that are still in use. To read it together with the breakers, use
    /// [`snapshot`](Self::snapshot).
    pub fn retired(&self) -> Totals {
        let now = self.shared.now();
        let (totals, settled) = self.shared.makers().retired.totals(now);
        drop(settled);
        totals
    }

    /// How many breakers were evicted to make room.
    pub fn evictions(&self) -> u64 {
        self.shared.makers().evictions
    }

    /// How many breakers were removed with [`remove`](Self::remove).
    pub fn removals(&self) -> u64 {
        self.shared.makers().removals
    }

    /// How many times a new key was refused with [`RegistryFull`].
    pub fn refusals(&self) -> u64 {
        self.shared.makers().refusals
    }
}

impl<K: Hash + Eq> Registry<K> {
    /// The breaker of `key`, made if there is none. Its name is the key's text.
    ///
    /// Use host and port as a key, never a URL's authority, which may carry credentials: the key's
    /// text becomes the breaker's name and a metric label.
    ///
    /// Waits for another thread that is just making the breaker of this key.
    ///
    /// # Errors
    /// [`RegistryFull`] when there is none and no breaker may be evicted for it. The caller decides
    /// whether such a call is made without a breaker or not at all.
    ///
    /// # Panics
    /// When what is [done with new breakers](RegistryBuilder::on_create) asks for the very key whose
    /// breaker it is given.
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

    /// The breaker of `key`, if there is one. Does not count as use.
    pub fn peek<Q>(&self, key: &Q) -> Option<Breaker>
    where
        Q: Hash + Eq + ?Sized,
        K: Borrow<Q>,
    {
        self.shared.read().peek(key)
    }

    /// Takes the breaker of `key` out, whatever it knows, and returns it. The next one who asks for
    /// the key gets a new breaker; the one that was removed goes on working for who holds it. What
    /// it counted, and still counts, is in [`retired`](Self::retired).
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

    /// Only for who holds the makers.
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

// Foreign code runs with no lock held, except a key's hash and comparison, and its clone in
// `reconfigure_with`, under a lock for reading. They are asked before anything is changed. So a panic
// leaves nothing half-way changed, and locks are taken with or without their poison.
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
