//! The unreliable service at work: the requests of callers, readers of the truth and operators.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use experiment::downstream::{
    CallerId, Conflict, Counts, Downstream, Ledger, Lookout, Request, Truths,
};
use experiment::faults::{Fate, Plan};
use fusebox::Clock;
use tokio::time::Instant;

use super::held_call::Holding;
use super::live::{Live, PlanChange, Service};
use super::suffering_call::SufferingCall;
use super::truth_board::{Board, lock};
use super::truth_changes::TruthChanges;
use super::waiting_calls::Turn;

/// How many callers are told apart, whoever calls; those that the plan names come on top.
const MAX_CALLERS: usize = 256;

/// The service at work.
#[derive(Debug)]
pub(crate) struct Running {
    live: Arc<Live>,
    /// For scrapes and watchers.
    board: Board,
    /// For measurements, which must not wait for those.
    own: Arc<Mutex<Lookout>>,
}

/// What the service is doing.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Health {
    pub(crate) phase: String,
    pub(crate) remaining: Option<Duration>,
    pub(crate) failing_share: f64,
    pub(crate) counts: Counts,
}

/// Whether the port is closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// The plan has no such fault.
    Never,
    /// The port is open, for now.
    Later,
    /// The port is closed.
    Now,
}

/// A call as it comes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asked<'a> {
    pub(super) caller: &'a str,
    /// The key that it asks for, which decides the shard.
    pub(super) key: Option<&'a str>,
    pub(super) path: &'a str,
    /// The id that a call which is sent again has in common with its first attempt.
    pub(super) id: Option<u64>,
}

/// What a call meets, and the places that it holds meanwhile.
#[derive(Debug)]
pub(super) struct Meeting {
    pub(super) fate: Fate,
    /// The work to wait for.
    pub(super) turn: Option<Turn>,
    /// The place among the calls that suffer.
    pub(super) suffering: Option<SufferingCall>,
    /// What keeps it waiting.
    pub(super) held: Holding,
}

impl Running {
    pub(super) fn new(
        plan: Plan,
        patience: BTreeMap<String, Duration>,
        clock: Box<dyn Clock>,
    ) -> Self {
        let start = |began| Downstream::new(plan, patience, began);
        Self {
            live: Arc::new(Live::new(clock, start)),
            board: Board::default(),
            own: Arc::default(),
        }
    }

    /// What the service is doing now.
    pub(crate) fn health(&self) -> Health {
        let failing_share = self.truths().failing_share();
        let (state, now) = self.settled();
        let moment = state.downstream.moment(now);
        Health {
            phase: moment.phase.name.clone(),
            remaining: moment.remaining,
            failing_share,
            counts: state.downstream.ledger().counts(),
        }
    }

    /// The probabilities that calls of these callers would fail, in order, if they were made at `at` on the service's
    /// clock, which is now or a little while ago.
    pub(crate) fn truth_of_each_at<C: AsRef<str>>(&self, at: Duration, callers: &[C]) -> Vec<f64> {
        let mut lookout = lock(&self.own);
        let (mut state, now) = self.settled();
        let mut sight = state.downstream.look(at.min(now), &mut lookout);
        drop(state);
        sight.truth_of_each(callers)
    }

    /// The same for one caller now.
    #[cfg(test)]
    pub(crate) fn truth(&self, caller: &str) -> f64 {
        self.truth_of_each_at(self.live.now(), &[caller])[0]
    }

    /// Checks that the truth of `plan` can be computed at every scrape, given the known timeouts.
    pub(crate) fn check(&self, plan: &Plan) -> Result<(), String> {
        self.live.lock().downstream.check(plan)
    }

    /// The truth for every caller; a slightly older one if it takes long to compute, or if another task is computing
    /// it.
    pub(crate) fn truths(&self) -> Arc<Truths> {
        let revision = self.revision();
        if let Some(last) = self.board.last(revision) {
            return last;
        }
        let mut lookout = match self.board.lookout() {
            Ok(lookout) => lookout,
            Err(last) => return last,
        };
        let began = Instant::now();
        let (mut state, now) = self.settled();
        let sight = state.downstream.look(now, &mut lookout);
        drop(state);
        self.board.post(sight.truths(), began)
    }

    /// The phase that the plan in force was in at `at` on the service's clock, a little while ago.
    pub(crate) fn phase_at(&self, at: Duration) -> String {
        let (state, now) = self.settled();
        state.downstream.moment(at.min(now)).phase.name.clone()
    }

    /// How many calls of `caller` have come.
    pub(crate) fn received_by(&self, caller: &str) -> u64 {
        let state = self.live.lock();
        let known = state.downstream.known(caller);
        known.map_or(0, |id| state.downstream.ledger().received_by(id))
    }

    /// The plan in force and its revision.
    pub(super) fn plan(&self) -> (Plan, u64) {
        let (state, _) = self.settled();
        let (plan, revision) = state.downstream.plan();
        (plan.clone(), revision)
    }

    /// The revision of the plan in force: a number that grows with each change.
    fn revision(&self) -> u64 {
        self.settled().0.downstream.revision()
    }

    /// Whether the health of the service follows its load, as the plan in force has it.
    pub(crate) fn follows_load(&self) -> bool {
        let (state, _) = self.settled();
        state.downstream.plan().0.overload().is_some()
    }

    /// Takes the changes of the plan since the last call, each with its instant.
    pub(crate) fn take_plan_changes(&self) -> VecDeque<(Instant, PlanChange)> {
        // A plan whose time is over gives way first.
        drop(self.settled());
        self.live.plan_changes().take()
    }

    /// Puts `plan` in force from now on; counters run on. `expected` is the revision that it replaces.
    pub(crate) fn replace(&self, plan: Plan, expected: Option<u64>) -> Result<u64, Conflict> {
        self.live
            .change(|downstream, now| downstream.replace(now, plan, expected))
    }

    /// Goes on with `plan` on the same clock and with the same counters.
    pub(super) fn patch(&self, plan: Plan, expected: Option<u64>) -> Result<u64, Conflict> {
        self.live
            .change(|downstream, now| downstream.patch(now, plan, expected))
    }

    /// What the next call meets. Counts the call. A call that comes again, with the same id, meets the same. Call it
    /// within a runtime.
    pub(super) fn meet(&self, asked: &Asked<'_>) -> Meeting {
        let (mut state, now) = self.settled();
        let caller = caller(&mut state.downstream, asked.caller);
        let request = Request {
            caller,
            key: asked.key,
            path: asked.path,
        };
        // Callers that are not told apart could have the same ids.
        let repeat = asked.id.filter(|_| caller != CallerId::OTHERS);
        let met = state.downstream.meet(now, &request, repeat);
        self.live.tell_truth(&mut state);
        let held = Holding {
            live: Arc::clone(&self.live),
            held: met.held(),
            ends: met.ends.map(|end| self.live.instant(end)),
            revisions: self.live.revisions(),
        };
        Meeting {
            turn: met.work.map(|work| Turn::of(&self.live, &mut state, work)),
            suffering: met
                .suffering
                .map(|place| SufferingCall::new(&self.live, place)),
            fate: met.fate,
            held,
        }
    }

    /// Returns at `deadline`, precisely.
    pub(super) async fn sleep_until(&self, deadline: Instant) {
        self.live.sleeper().sleep_until(deadline).await;
    }

    /// Returns after `span`, precisely.
    pub(super) async fn sleep(&self, span: Duration) {
        self.live.sleeper().sleep(span).await;
    }

    /// Whether the port is closed.
    pub(super) fn refusal(&self) -> Refusal {
        let (mut state, now) = self.settled();
        if state.downstream.refuses(now) {
            Refusal::Now
        } else if state.downstream.can_refuse() {
            Refusal::Later
        } else {
            Refusal::Never
        }
    }

    /// The counters: the ledger, and the time wasted on abandoned work.
    pub(super) fn ledger(&self) -> (Ledger, Duration) {
        let (state, _) = self.settled();
        let downstream = &state.downstream;
        (downstream.ledger().clone(), downstream.wasted())
    }

    /// The changes of the truth from now on, for all callers that have called or whose truth was asked for by
    /// [`truth_of_each_at`](Self::truth_of_each_at).
    pub(crate) fn truth_changes(&self) -> TruthChanges {
        TruthChanges::new(&self.live, &self.own)
    }

    fn settled(&self) -> (MutexGuard<'_, Service>, Duration) {
        self.live.settled()
    }
}

/// The caller with this name: its own handle, unless there are too many callers that the plan does not name.
fn caller(downstream: &mut Downstream, name: &str) -> CallerId {
    if let Some(known) = downstream.known(name) {
        return known;
    }
    if downstream.ledger().callers() > MAX_CALLERS && !downstream.names(name) {
        return CallerId::OTHERS;
    }
    downstream.caller(name)
}

#[cfg(test)]
pub(super) mod tests;
