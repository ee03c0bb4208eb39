//! What the collector reads of a registry, whatever the type of its keys.

use fusebox::{Breaker, Registry};

use super::counts::Counts;

pub(super) trait Source: Send + Sync {
    /// Every breaker there is.
    fn breakers(&self) -> Vec<Breaker>;

    /// How many breakers there may be.
    fn capacity(&self) -> usize;

    /// What the breakers that are no longer there had counted.
    fn retired(&self) -> Counts;
}

impl<K: Send + Sync> Source for Registry<K> {
    fn breakers(&self) -> Vec<Breaker> {
        self.breakers()
    }

    fn capacity(&self) -> usize {
        self.capacity()
    }

    fn retired(&self) -> Counts {
        Counts::zero()
    }
}
