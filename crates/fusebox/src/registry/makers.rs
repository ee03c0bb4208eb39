//! The makers of breakers: threads that ask for a new key, one of which makes its breaker.
//!
//! The caller's own code (the key's text, settings by key, hooks for new breakers) runs with no
//! lock held. So a thread first claims the key, and others that ask for the same key wait until the
//! breaker is in the table.

use std::borrow::Borrow;
use std::fmt;
use std::hash::Hash;
use std::sync::{Arc, PoisonError};
use std::thread::{self, ThreadId};

use super::retired::{Evicted, Retired};
use super::search::Hand;
use super::table::Entry;
use super::{RegistryFull, Shared};
use crate::breaker::Breaker;
use crate::circuit::Circuit;
use crate::handle::Handle;

/// What only the threads that may change the table can see.
pub(super) struct Makers<K> {
    making: Vec<Making<K>>,
    claims: u64,
    hand: Hand,
    pub(super) retired: Retired,
    pub(super) evictions: u64,
    pub(super) removals: u64,
    pub(super) refusals: u64,
}

/// A key whose breaker is being made.
struct Making<K> {
    claim: u64,
    key: K,
    maker: ThreadId,
}

/// The right to make the breaker of a key; given back when dropped.
struct Claim<'a, K> {
    shared: &'a Shared<K>,
    /// `None`: the claim was given back.
    number: Option<u64>,
    /// The entry that made room, to be dropped with no lock held.
    _evicted: Option<Evicted<K>>,
}

impl<K> Claim<'_, K> {
    /// Gives the claim back in the critical section in which `last` is done. If a key were claimed
    /// and in the table at once, other makers would count it twice.
    fn give_back(&mut self, last: impl FnOnce(&Shared<K>)) {
        let Some(number) = self.number else {
            return;
        };
        let mut makers = self.shared.makers();
        // May panic in the key's hash; then the claim is given back when it is dropped.
        last(self.shared);
        self.number = None;
        let mine = |making: &Making<K>| making.claim == number;
        let done = makers.making.iter().position(mine);
        let done = done.map(|place| makers.making.swap_remove(place));
        drop(makers);
        self.shared.made.notify_all();
        drop(done);
    }
}

impl<K> Drop for Claim<'_, K> {
    fn drop(&mut self) {
        self.give_back(|_| ());
    }
}

/// The answer to a thread that wants to make a breaker.
enum Turn<'a, K> {
    Mine(Claim<'a, K>),
    /// Another thread has made it.
    Made(Breaker),
}

impl<K> Makers<K> {
    pub(super) fn new() -> Self {
        Self {
            making: Vec::new(),
            claims: 0,
            hand: Hand::default(),
            retired: Retired::default(),
            evictions: 0,
            removals: 0,
            refusals: 0,
        }
    }

    /// Makes room for one more breaker by an eviction, if any breaker may be evicted.
    fn make_room(&mut self, shared: &Shared<K>, now: u64) -> Option<Evicted<K>> {
        let (key, entry) = self.hand.take_one(shared, now)?;
        self.evictions += 1;
        let circuits = self.retired.take_over(entry, now);
        Some(Evicted { key, circuits })
    }
}

impl<K: Hash + Eq> Shared<K> {
    #[inline]
    pub(super) fn find<Q>(&self, key: &Q, now: u64) -> Option<Breaker>
    where
        Q: Hash + Eq + ?Sized,
        K: Borrow<Q>,
    {
        self.read().find(key, now, self.idle_for)
    }

    /// Makes the breaker of a key that was not found.
    #[cold]
    pub(super) fn make<Q>(&self, key: &Q, now: u64) -> Result<Breaker, RegistryFull>
    where
        Q: ToOwned<Owned = K> + fmt::Display + ?Sized,
        K: Clone,
    {
        let name: Arc<str> = key.to_string().into();
        let key = key.to_owned();
        let mut claim = match self.turn(&key, now)? {
            Turn::Made(breaker) => return Ok(breaker),
            Turn::Mine(claim) => claim,
        };
        let settings = self.settings.in_force();
        let circuit = Circuit::one_of_many(name, settings.of(&key), self.time.clone());
        let circuit = Arc::new(circuit);
        let breaker = Breaker::of(Handle::Own(Arc::clone(&circuit)));
        for hook in &self.hooks {
            hook(&key, &breaker);
        }
        let (kept, entry) = (key.clone(), Entry::new(circuit, now));
        claim.give_back(|shared| shared.write().insert(kept, entry));
        drop(claim);
        self.catch_up(settings, &key, breaker.circuit());
        Ok(breaker)
    }

    /// Waits until no other thread makes the breaker of `key`, then looks for it once more: two
    /// threads that found none must not make two. If there is none, claims the key and a place for
    /// it.
    fn turn(&self, key: &K, now: u64) -> Result<Turn<'_, K>, RegistryFull>
    where
        K: Clone,
    {
        let claimed = key.clone();
        let mut makers = self.makers();
        loop {
            if let Some(breaker) = self.find(key, now) {
                return Ok(Turn::Made(breaker));
            }
            let Some(making) = makers.making.iter().find(|making| making.key == *key) else {
                break;
            };
            let maker = making.maker;
            if maker == thread::current().id() {
                drop(makers);
                panic!("what is done with a new breaker must not ask the registry for its key");
            }
            makers = self
                .made
                .wait(makers)
                .unwrap_or_else(PoisonError::into_inner);
        }
        let mut evicted = None;
        if self.read().len() + makers.making.len() >= self.capacity.get() {
            evicted = makers.make_room(self, now);
            if evicted.is_none() {
                makers.refusals += 1;
                let capacity = self.capacity.get();
                return Err(RegistryFull { capacity });
            }
        }
        makers.claims += 1;
        let number = makers.claims;
        makers.making.push(Making {
            claim: number,
            key: claimed,
            maker: thread::current().id(),
        });
        drop(makers);
        Ok(Turn::Mine(Claim {
            shared: self,
            number: Some(number),
            _evicted: evicted,
        }))
    }

    pub(super) fn remove<Q>(&self, key: &Q) -> Option<Breaker>
    where
        Q: Hash + Eq + ?Sized,
        K: Borrow<Q>,
    {
        let now = self.now();
        let mut makers = self.makers();
        let (key, entry) = self.write().take(key)?;
        let breaker = entry.breaker();
        makers.removals += 1;
        let settled = makers.retired.take_over(entry, now);
        drop(makers);
        // Keys and listeners are foreign: dropped with no lock held.
        drop((key, settled));
        Some(breaker)
    }
}
