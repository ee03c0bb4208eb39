//! The state that the participants of one host share.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::fleet_engine::FleetEngine;
use super::fleet_event::FleetListener;
use super::rhythm::Rhythm;
use crate::message::Sender;
use crate::name::BreakerKey;

/// One instance.
pub(super) struct Shared {
    pub(super) engine: Arc<dyn FleetEngine>,
    pub(super) sender: Sender,
    pub(super) listener: Option<Arc<dyn FleetListener>>,
    pub(super) listen_every: Duration,
    pub(super) random: Mutex<fastrand::Rng>,
    pub(super) rhythm: Rhythm,
    /// The keys that take part.
    pub(super) keys: Mutex<BTreeSet<BreakerKey>>,
}

impl Shared {
    pub(super) fn random(&self) -> fastrand::Rng {
        self.random
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .fork()
    }

    pub(super) fn has_left(&self, key: &BreakerKey) {
        self.keys().remove(key);
    }

    pub(super) fn keys(&self) -> MutexGuard<'_, BTreeSet<BreakerKey>> {
        self.keys.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
