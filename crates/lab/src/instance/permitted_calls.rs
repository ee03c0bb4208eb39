//! The counter of the calls that an instance's breaker permits, with the times of its probes.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use fusebox::State;
use tokio::time::Instant;

/// How many probes are remembered until they are read; a service alone never reads them.
const MOST_PROBES: usize = 1024;

/// Counts the calls that an instance's breaker permits. Clones count together.
#[derive(Clone, Debug, Default)]
pub(crate) struct Permitted(Arc<Counted>);

#[derive(Debug, Default)]
struct Counted {
    calls: AtomicU64,
    /// The times of calls that half-open breakers permitted, since they were last read.
    probes: Mutex<Vec<Instant>>,
}

impl Permitted {
    /// Counts a call that is permitted in this state. Probes are rare, so only they cost a lock.
    pub(crate) fn note(&self, state: State) {
        self.0.calls.fetch_add(1, Ordering::Relaxed);
        if state == State::HalfOpen {
            let mut probes = self.0.probes.lock().unwrap_or_else(PoisonError::into_inner);
            if probes.len() < MOST_PROBES {
                probes.push(Instant::now());
            }
        }
    }

    /// How many there were so far.
    pub(crate) fn so_far(&self) -> u64 {
        self.0.calls.load(Ordering::Relaxed)
    }

    /// The times of the probes permitted since the last call of this.
    pub(crate) fn new_probes(&self) -> Vec<Instant> {
        let mut probes = self.0.probes.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut probes)
    }
}
