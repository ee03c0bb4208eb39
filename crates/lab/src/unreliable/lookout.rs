//! The lookout: computes the truth beside the calls.
//!
//! How likely each caller's call fails takes up to a tenth of a second for a plan at its limits. A lookout
//! has a player of its own, so that calls wait only while it copies their counts. A plan whose truth takes
//! long is asked less often: computing takes no more than a tenth of one core, however many ask.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError};
use std::time::Duration;

use experiment::faults::Player;
use experiment::overload::Crowd;
use tokio::time::Instant;

use super::in_force::State;
use super::office::Office;
use super::running::Truth;

/// A truth that took less is computed anew each time.
const CHEAP: Duration = Duration::from_millis(1);
/// A truth that took longer is good for so many times as long.
const REST: u32 = 10;

/// A player that follows the one that carries out the plan.
#[derive(Debug, Default)]
pub(super) struct Lookout {
    follower: Option<(u64, Player)>,
}

/// What is looked at: the plan in force at an instant. It is taken while nobody calls.
pub(super) struct Sight<'a> {
    player: &'a mut Player,
    elapsed: Duration,
    crowd: Option<Crowd>,
    revision: u64,
}

impl Lookout {
    /// What the truths of this plan have cost so far.
    #[cfg(test)]
    pub(super) fn work(&self) -> experiment::faults::Work {
        let follower = self.follower.as_ref();
        follower
            .map(|(_, player)| player.work())
            .unwrap_or_default()
    }

    /// Copies what is needed of `state`, which can be let go then.
    pub(super) fn sight(&mut self, state: &State, elapsed: Duration) -> Sight<'_> {
        let live = &state.force.player;
        let revision = state.revision;
        if self.follower.as_ref().is_none_or(|(of, _)| *of != revision) {
            self.follower = None;
        }
        let (_, player) = self
            .follower
            .get_or_insert_with(|| (revision, live.clone()));
        player.follow(live);
        Sight {
            player,
            elapsed,
            crowd: state.force.office.as_ref().map(Office::crowd),
            revision,
        }
    }
}

impl Sight<'_> {
    /// The probabilities that calls of these callers fail, in their order.
    pub(super) fn truth_of_each<C: AsRef<str>>(&mut self, callers: &[C]) -> Vec<f64> {
        self.player.truth_of_each(self.elapsed, callers, self.crowd)
    }

    /// The truth for every caller.
    pub(super) fn truth(mut self) -> Truth {
        let mut names = self.player.callers();
        // Somebody who has not called.
        names.push(String::new());
        let truths = self.truth_of_each(&names);
        let stranger = truths.last().copied().unwrap_or_default();
        names.pop();
        let callers = names.into_iter().zip(truths).map(|(caller, truth)| {
            let standings = self.player.standings(self.elapsed, &caller);
            (caller, truth, standings)
        });
        Truth {
            callers: callers.collect(),
            stranger,
            elapsed: self.elapsed,
            revision: self.revision,
            phase: self.player.plan().at(self.elapsed).phase.name.clone(),
            crowd: self.crowd,
        }
    }
}

/// The truth as it was computed last, for all who ask.
#[derive(Debug, Default)]
pub(super) struct Board {
    lookout: Mutex<Lookout>,
    last: Mutex<Option<Posted>>,
}

#[derive(Clone, Debug)]
struct Posted {
    truth: Arc<Truth>,
    at: Instant,
    took: Duration,
}

impl Board {
    /// The last truth of this revision of the plan, if it is still good.
    pub(super) fn last(&self, revision: u64) -> Option<Arc<Truth>> {
        let last = lock(&self.last).clone()?;
        let good = last.took >= CHEAP && last.at.elapsed() < REST * last.took;
        (good && last.truth.revision == revision).then_some(last.truth)
    }

    /// The lookout, unless somebody computes right now: then what was computed before, if there is that.
    pub(super) fn lookout(&self) -> Result<MutexGuard<'_, Lookout>, Arc<Truth>> {
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

    /// Posts a truth that was computed since `began`.
    pub(super) fn post(&self, truth: Truth, began: Instant) -> Arc<Truth> {
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
