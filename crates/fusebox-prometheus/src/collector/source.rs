//! What the collector reads of a registry, whatever the type of its keys.

use fusebox::{Breaker, Registry};

use super::counts::Counts;

pub(super) trait Source: Send + Sync {
    fn read(&self) -> Reading;
}

/// A registry at one instant.
pub(super) struct Reading {
    /// Every breaker there is.
    pub(super) breakers: Vec<Breaker>,
    /// What the breakers that are no longer there have counted.
    pub(super) retired: Counts,
    pub(super) figures: Figures,
}

/// What a registry exports beside its breakers.
#[derive(Clone, Copy)]
pub(super) struct Figures {
    pub(super) breakers: usize,
    pub(super) capacity: usize,
    pub(super) evictions: u64,
    pub(super) refusals: u64,
}

impl<K: Send + Sync> Source for Registry<K> {
    fn read(&self) -> Reading {
        let snapshot = self.snapshot();
        Reading {
            figures: Figures {
                breakers: snapshot.breakers.len(),
                capacity: snapshot.capacity,
                evictions: snapshot.evictions,
                refusals: snapshot.refusals,
            },
            retired: Counts::of(&snapshot.retired),
            breakers: snapshot.breakers,
        }
    }
}
