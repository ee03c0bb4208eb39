//! The settings in force: one for all keys, or by key, until they are replaced.
//!
//! Breakers get new settings one after the other, with no lock of the registry held, because a
//! breaker tells its listeners. So settings have a number, and a breaker takes only those in force.
//! It checks the number within its own critical section, where later settings cannot have reached
//! it before.

use std::sync::{Arc, PoisonError, RwLock};

use super::{Registry, Shared};
use crate::circuit::Circuit;
use crate::config::Config;

impl<K> Registry<K> {
    /// Replaces the settings of all breakers, present and future, and ends settings by key. Of
    /// several such changes at once, the last one holds for all breakers. See
    /// [`Breaker::reconfigure`](crate::Breaker::reconfigure).
    pub fn reconfigure(&self, config: impl Into<Arc<Config>>) {
        let config = config.into();
        let in_force = self
            .shared
            .settings
            .replace(InForce::same(Arc::clone(&config)));
        self.shared.visit(
            |_, breaker| breaker,
            |breaker| {
                let config = Arc::clone(&config);
                self.shared.apply(&in_force, config, breaker.circuit());
            },
        );
    }

    /// Gives each breaker, present and future, the settings of its key. Otherwise like
    /// [`reconfigure`](Self::reconfigure).
    ///
    /// `config` runs with no lock held, and may be called more than once for a key. Keys are cloned
    /// under a lock that new keys wait for, so a key's `clone` must not use the registry.
    pub fn reconfigure_with<C: Into<Arc<Config>>>(
        &self,
        config: impl Fn(&K) -> C + Send + Sync + 'static,
    ) where
        K: Clone,
    {
        let in_force = self.shared.settings.replace(InForce::by_key(config));
        self.shared.visit(
            |key, breaker| (key.clone(), breaker),
            |(key, breaker)| {
                self.shared
                    .apply(&in_force, in_force.of(&key), breaker.circuit());
            },
        );
    }
}

pub(super) struct Settings<K> {
    in_force: RwLock<InForce<K>>,
}

type ByKey<K> = Arc<dyn Fn(&K) -> Arc<Config> + Send + Sync>;

/// The settings that one of the calls above put in force.
pub(super) struct InForce<K> {
    number: u64,
    config: ByKey<K>,
}

impl<K> Settings<K> {
    pub(super) fn new(first: InForce<K>) -> Self {
        Self {
            in_force: RwLock::new(first),
        }
    }

    /// Puts other settings in force, and returns them.
    pub(super) fn replace(&self, next: InForce<K>) -> InForce<K> {
        let mut next = next;
        let mut in_force = self
            .in_force
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        next.number = in_force.number + 1;
        let replaced = std::mem::replace(&mut *in_force, next.clone());
        drop(in_force);
        // Foreign code, to be dropped with no lock held.
        drop(replaced);
        next
    }

    pub(super) fn in_force(&self) -> InForce<K> {
        self.look(InForce::clone)
    }

    fn are(&self, settings: &InForce<K>) -> bool {
        self.look(|in_force| in_force.number == settings.number)
    }

    fn look<R>(&self, look: impl FnOnce(&InForce<K>) -> R) -> R {
        look(&self.in_force.read().unwrap_or_else(PoisonError::into_inner))
    }
}

impl<K> InForce<K> {
    pub(super) fn same(config: Arc<Config>) -> Self {
        Self {
            number: 0,
            config: Arc::new(move |_| Arc::clone(&config)),
        }
    }

    pub(super) fn by_key<C: Into<Arc<Config>>>(
        config: impl Fn(&K) -> C + Send + Sync + 'static,
    ) -> Self {
        Self {
            number: 0,
            config: Arc::new(move |key| config(key).into()),
        }
    }

    pub(super) fn of(&self, key: &K) -> Arc<Config> {
        (self.config)(key)
    }
}

impl<K> Clone for InForce<K> {
    fn clone(&self) -> Self {
        Self {
            number: self.number,
            config: Arc::clone(&self.config),
        }
    }
}

impl<K> Shared<K> {
    /// Gives the circuit `config`, which comes from `settings`, unless those are no longer in
    /// force.
    pub(super) fn apply(&self, settings: &InForce<K>, config: Arc<Config>, circuit: &Circuit) {
        circuit.change(|machine, now| {
            if self.settings.are(settings) {
                machine.reconfigure(config, now);
            }
        });
    }

    /// Gives the settings in force to a circuit that was made with `settings` and has just entered
    /// the table. A thread that replaced the settings before that did not find the circuit there.
    pub(super) fn catch_up(&self, mut settings: InForce<K>, key: &K, circuit: &Circuit) {
        while !self.settings.are(&settings) {
            settings = self.settings.in_force();
            self.apply(&settings, settings.of(key), circuit);
        }
    }
}
