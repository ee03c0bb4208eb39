//! A registry as the collector reads it, whatever the type of its keys.

use std::any::Any;

use fusebox::{Breaker, Registry};

use super::counts::Counts;

pub(super) trait Source: Any + Send + Sync {
    fn list(&self) -> Listing;

    /// Whether both have the same breakers, future ones included.
    fn is(&self, other: &dyn Source) -> bool;
}

/// A registry at one instant.
pub(super) struct Listing {
    /// Every breaker there is.
    pub(super) breakers: Vec<Breaker>,
    /// What the breakers that are gone have counted.
    pub(super) retired: Counts,
    pub(super) figures: Figures,
}

/// What a registry exports in addition to its breakers.
#[derive(Clone, Copy)]
pub(super) struct Figures {
    pub(super) breakers: usize,
    pub(super) capacity: usize,
    pub(super) evictions: u64,
    pub(super) removals: u64,
    pub(super) refusals: u64,
}

impl<K: Send + Sync + 'static> Source for Registry<K> {
    fn list(&self) -> Listing {
        let snapshot = self.snapshot();
        Listing {
            figures: Figures {
                breakers: snapshot.breakers.len(),
                capacity: snapshot.capacity,
                evictions: snapshot.evictions,
                removals: snapshot.removals,
                refusals: snapshot.refusals,
            },
            retired: Counts::of(&snapshot.retired),
            breakers: snapshot.breakers,
        }
    }

    fn is(&self, other: &dyn Source) -> bool {
        let other: &dyn Any = other;
        other
            .downcast_ref::<Self>()
            .is_some_and(|other| self.is_same(other))
    }
}
