//! The last computed truth, for all scrapes and watchers.
//!
//! For a plan at its limits, computing how likely each caller's call fails takes up to a tenth of a second. So it is
//! computed while calls go on, by one task at a time. A plan whose truth is costly is asked less often: computing
//! takes at most a tenth of one core, however many ask.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError};
use std::time::Duration;

use experiment::downstream::{Lookout, Truths};
use tokio::time::Instant;

/// A truth that took less than this is computed anew each time.
const CHEAP: Duration = Duration::from_millis(1);
/// A truth that took longer is valid for this many times the time that it took.
const REST: u32 = 10;

/// The truth as it was computed last, for all who ask.
#[derive(Debug, Default)]
pub(super) struct Board {
    lookout: Mutex<Lookout>,
    last: Mutex<Option<Posted>>,
}

#[derive(Clone, Debug)]
struct Posted {
    truth: Arc<Truths>,
    at: Instant,
    took: Duration,
}

impl Board {
    /// The last truth of this revision of the plan, if it is still valid.
    pub(super) fn last(&self, revision: u64) -> Option<Arc<Truths>> {
        let last = lock(&self.last).clone()?;
        let good = last.took >= CHEAP && last.at.elapsed() < REST * last.took;
        (good && last.truth.revision == revision).then_some(last.truth)
    }

    /// The lookout, unless another task is computing; then the last computed truth, if there is one.
    pub(super) fn lookout(&self) -> Result<MutexGuard<'_, Lookout>, Arc<Truths>> {
        match self.lookout.try_lock() {
            Ok(lookout) => Ok(lookout),
            Err(TryLockError::Poisoned(poisoned)) => Ok(poisoned.into_inner()),
            Err(TryLockError::WouldBlock) => match lock(&self.last).clone() {
                Some(last) => Err(last.truth),
                None => Ok(lock(&self.lookout)),
            },
        }
    }

    #[cfg(test)]
    pub(super) fn work(&self) -> experiment::faults::Work {
        lock(&self.lookout).work()
    }

    /// Publishes a truth that was computed since `began`.
    pub(super) fn post(&self, truth: Truths, began: Instant) -> Arc<Truths> {
        let truth = Arc::new(truth);
        let at = Instant::now();
        *lock(&self.last) = Some(Posted {
            truth: Arc::clone(&truth),
            at,
            took: at.saturating_duration_since(began),
        });
        truth
    }
}

pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
