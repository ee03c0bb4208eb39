//! The service's value behind one mutex, with its clock, its timers, and those who wait for a change.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Mutex, MutexGuard, OnceLock};
use std::time::Duration;

use experiment::downstream::{Conflict, Downstream, Held, Lookout, Settled};
use experiment::overload::WorkId;
use fusebox::Clock;
use tokio::sync::{oneshot, watch};
use tokio::time::Instant;

use super::truth_board::lock;
use crate::journal::Journal;
use crate::timer::Sleeper;

/// The live value, which notifies those who wait for a change. Its clock starts at any time.
pub(super) struct Live {
    clock: Box<dyn Clock>,
    /// Made at its first use, which is within the runtime.
    sleeper: OnceLock<Sleeper>,
    /// How the plan was changed, for whoever shows it.
    plan_changes: Journal<PlanChange>,
    /// The plan's revision, for those who wait for its end.
    revisions: watch::Sender<u64>,
    /// The version of the truth, for those who follow it.
    truth_versions: watch::Sender<u64>,
    state: Mutex<Service>,
}

/// Why another plan is in force than before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PlanChange {
    /// An order replaced it.
    Ordered,
    /// The plan's time was over, and the plan before it is back.
    Ended,
}

/// Everything that changes while the service runs.
#[derive(Debug)]
pub(super) struct Service {
    pub(super) downstream: Downstream,
    /// The calls that wait for their work.
    pub(super) waiting: BTreeMap<WorkId, oneshot::Sender<()>>,
    /// For each piece of work that is being done, a sender that ends its timer when it is dropped.
    pub(super) timers: BTreeMap<WorkId, oneshot::Sender<()>>,
    /// The version of the truth that was last published.
    told: u64,
}

/// What is known now of the changes of the truth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Outlook {
    pub(super) revision: u64,
    pub(super) version: u64,
    /// The next change with time alone.
    pub(super) next_change: Option<Duration>,
}

impl Live {
    /// The value that `start` makes of what the clock shows.
    pub(super) fn new(clock: Box<dyn Clock>, start: impl FnOnce(Duration) -> Downstream) -> Self {
        let downstream = start(clock.now());
        Self {
            clock,
            sleeper: OnceLock::new(),
            plan_changes: Journal::default(),
            revisions: watch::Sender::new(downstream.revision()),
            truth_versions: watch::Sender::new(downstream.truth_version()),
            state: Mutex::new(Service {
                told: downstream.truth_version(),
                downstream,
                waiting: BTreeMap::new(),
                timers: BTreeMap::new(),
            }),
        }
    }

    /// The state after a plan whose time is over has ended, and the reading of the clock.
    pub(super) fn settled(&self) -> (MutexGuard<'_, Service>, Duration) {
        let mut state = self.lock();
        // Within the lock, so that no two see time go back.
        let now = self.now();
        if state.downstream.settle(now) == Settled::GaveWay {
            self.plan_changes.note(Instant::now(), PlanChange::Ended);
            self.tell_revision(&mut state);
        }
        (state, now)
    }

    /// The state as it was at the last call or change.
    pub(super) fn lock(&self) -> MutexGuard<'_, Service> {
        lock(&self.state)
    }

    /// Changes the plan, and notifies those who wait.
    pub(super) fn change(
        &self,
        change: impl FnOnce(&mut Downstream, Duration) -> Result<u64, Conflict>,
    ) -> Result<u64, Conflict> {
        let (mut state, now) = self.settled();
        let revision = change(&mut state.downstream, now)?;
        self.plan_changes.note(Instant::now(), PlanChange::Ordered);
        self.tell_revision(&mut state);
        Ok(revision)
    }

    /// Notifies followers of the truth if it may have changed.
    pub(super) fn tell_truth(&self, state: &mut Service) {
        let version = state.downstream.truth_version();
        if state.told != version {
            state.told = version;
            self.truth_versions.send_replace(version);
        }
    }

    /// Whether a call no longer has to wait, by the plan.
    pub(super) fn lets_go(&self, held: &Held) -> bool {
        let (state, _) = self.settled();
        state.downstream.lets_go(held)
    }

    /// What is known now of the changes of the truth after `at`, for callers that have come or that the lookout was
    /// asked for. It is computed while calls go on.
    pub(super) fn outlook(&self, at: Duration, lookout: &Mutex<Lookout>) -> Outlook {
        let mut lookout = lock(lookout);
        let (mut state, _) = self.settled();
        let revision = state.downstream.revision();
        let version = state.downstream.truth_version();
        let mut sight = state.downstream.look(at, &mut lookout);
        drop(state);
        Outlook {
            revision,
            version,
            next_change: sight.next_change(),
        }
    }

    /// The changes of the plan.
    pub(super) fn plan_changes(&self) -> &Journal<PlanChange> {
        &self.plan_changes
    }

    /// A receiver of each revision of the plan from now on.
    pub(super) fn revisions(&self) -> watch::Receiver<u64> {
        self.revisions.subscribe()
    }

    /// A receiver of each version of the truth from now on.
    pub(super) fn truth_versions(&self) -> watch::Receiver<u64> {
        self.truth_versions.subscribe()
    }

    /// What the service's clock shows.
    pub(super) fn now(&self) -> Duration {
        self.clock.now()
    }

    /// The runtime's instant at which the service's clock shows `at`.
    pub(super) fn instant(&self, at: Duration) -> Instant {
        Instant::now() + at.saturating_sub(self.now())
    }

    /// Returns at `at` on the service's clock, precisely; never if there is no such instant.
    pub(super) async fn at(&self, at: Option<Duration>) {
        match at {
            Some(at) => self.sleeper().sleep_until(self.instant(at)).await,
            None => std::future::pending().await,
        }
    }

    /// The sleeper by which tasks wait precisely. Call it within a runtime.
    pub(super) fn sleeper(&self) -> &Sleeper {
        self.sleeper.get_or_init(Sleeper::new)
    }

    /// The same by the runtime's timer, whose time a test can move.
    #[cfg(test)]
    pub(super) fn sleep_on_runtime(&self) {
        self.sleeper.set(Sleeper::of_runtime()).unwrap();
    }

    /// Notifies those who wait that another plan is in force. Work of a plan that is gone no longer exists: its
    /// timers end, and calls stop waiting for it.
    fn tell_revision(&self, state: &mut Service) {
        let Service {
            downstream,
            waiting,
            timers,
            ..
        } = state;
        waiting.retain(|id, _| downstream.has_work(*id));
        timers.retain(|id, _| downstream.has_work(*id));
        self.revisions.send_replace(downstream.revision());
        self.tell_truth(state);
    }
}

impl fmt::Debug for Live {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Live").finish_non_exhaustive()
    }
}
