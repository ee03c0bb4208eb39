//! The unreliable service at work: its value behind a mutex, its clock, and those who wait for a change.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock};
use std::time::Duration;

use experiment::downstream::{
    CallerId, Conflict, Counts, Downstream, Held, Ledger, Lookout, Request, Settled, Suffering,
    Truths,
};
use experiment::faults::{Fate, Plan};
use fusebox::Clock;
use tokio::sync::watch;
use tokio::time::Instant;

use super::Refusal;
use super::board::{Board, lock};
use super::holding::Holding;
use super::turns::{Turn, Turns};
use crate::timer::Sleeper;

/// Callers that are told apart, whoever calls; those whom the plan names come on top.
const MAX_CALLERS: usize = 256;

/// The service at work. Its clock starts anywhere.
pub(crate) struct Running {
    clock: Box<dyn Clock>,
    /// Made at the first use, which is within the runtime.
    sleeper: OnceLock<Sleeper>,
    /// The plan's revision, for those who wait for its end.
    revisions: watch::Sender<u64>,
    /// The version of the truth, for those who follow it.
    truth_versions: watch::Sender<u64>,
    state: Mutex<State>,
    /// For whoever scrapes or watches.
    board: Board,
    /// For whoever measures, who must not wait for those.
    own: Mutex<Lookout>,
}

/// All that changes while the service runs.
pub(super) struct State {
    pub(super) downstream: Downstream,
    pub(super) turns: Turns,
    /// The version of the truth that others were told of last.
    told: u64,
}

/// What the service is doing.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Health {
    pub(crate) phase: String,
    pub(crate) remaining: Option<Duration>,
    pub(crate) failing_share: f64,
    pub(crate) counts: Counts,
}

/// A call as it comes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asked<'a> {
    pub(super) caller: &'a str,
    /// What it is about; decides the shard.
    pub(super) key: Option<&'a str>,
    pub(super) path: &'a str,
    /// The same for a call that is sent once more.
    pub(super) id: Option<u64>,
}

/// What a call meets, and what it holds meanwhile.
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

/// A call that suffers, until this is dropped.
#[derive(Debug)]
pub(super) struct SufferingCall {
    running: Arc<Running>,
    place: Option<Suffering>,
}

/// What is known now of the changes of the truth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Outlook {
    pub(super) revision: u64,
    pub(super) version: u64,
    /// The next change that comes with time alone.
    pub(super) next_change: Option<Duration>,
}

impl Running {
    pub(super) fn new(
        plan: Plan,
        patience: BTreeMap<String, Duration>,
        clock: Box<dyn Clock>,
    ) -> Arc<Self> {
        let downstream = Downstream::new(plan, patience, clock.now());
        Arc::new(Self {
            clock,
            sleeper: OnceLock::new(),
            revisions: watch::Sender::new(downstream.revision()),
            truth_versions: watch::Sender::new(downstream.truth_version()),
            state: Mutex::new(State {
                told: downstream.truth_version(),
                downstream,
                turns: Turns::default(),
            }),
            board: Board::default(),
            own: Mutex::default(),
        })
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

    /// The probabilities that calls of these callers made now would fail, in their order.
    pub(crate) fn truth_of_each<C: AsRef<str>>(&self, callers: &[C]) -> Vec<f64> {
        self.truth_of_each_at(self.now(), callers)
    }

    /// The same for calls made at `at` on the service's clock, which is now or a little while ago.
    pub(crate) fn truth_of_each_at<C: AsRef<str>>(&self, at: Duration, callers: &[C]) -> Vec<f64> {
        let mut lookout = lock(&self.own);
        let (mut state, now) = self.settled();
        let mut sight = state.downstream.look(at.min(now), &mut lookout);
        drop(state);
        sight.truth_of_each(callers)
    }

    /// The same for one of them now.
    #[cfg(test)]
    pub(crate) fn truth(&self, caller: &str) -> f64 {
        self.truth_of_each(&[caller])[0]
    }

    /// Whether the truth of `plan` can be known at every scrape, with what is known of how long callers wait.
    pub(super) fn check(&self, plan: &Plan) -> Result<(), String> {
        self.lock().downstream.check(plan)
    }

    /// The truth for every caller; that of a moment ago when it takes long to compute, or when somebody else
    /// is computing it.
    pub(crate) fn truths(&self) -> Arc<Truths> {
        let revision = self.settled().0.downstream.revision();
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

    /// The phase that the plan is in.
    pub(crate) fn phase(&self) -> String {
        self.phase_at(self.now())
    }

    /// The phase that the plan in force was in at `at` on the service's clock, a little while ago.
    pub(crate) fn phase_at(&self, at: Duration) -> String {
        let (state, now) = self.settled();
        state.downstream.moment(at.min(now)).phase.name.clone()
    }

    /// How many calls of `caller` have come.
    pub(crate) fn received_by(&self, caller: &str) -> u64 {
        let state = self.lock();
        let known = state.downstream.known(caller);
        known.map_or(0, |id| state.downstream.ledger().received_by(id))
    }

    /// The plan in force and its revision.
    pub(super) fn plan(&self) -> (Plan, u64) {
        let (state, _) = self.settled();
        let (plan, revision) = state.downstream.plan();
        (plan.clone(), revision)
    }

    /// Puts `plan` in force from now on; counters go on. `expected` is the revision that it replaces.
    pub(super) fn replace(&self, plan: Plan, expected: Option<u64>) -> Result<u64, Conflict> {
        self.change(|downstream, now| downstream.replace(now, plan, expected))
    }

    /// Goes on with `plan` on the same clock and with the same counts.
    pub(super) fn patch(&self, plan: Plan, expected: Option<u64>) -> Result<u64, Conflict> {
        self.change(|downstream, now| downstream.patch(now, plan, expected))
    }

    /// What the next call meets. Counts the call. One that comes again, with the same id, meets the same.
    /// Call it within a runtime.
    pub(super) fn meet(self: &Arc<Self>, asked: &Asked<'_>) -> Meeting {
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
        self.tell_truth(&mut state);
        let held = Holding {
            held: met.held(),
            ends: met.ends.map(|end| self.instant(end)),
            revisions: self.revisions.subscribe(),
        };
        Meeting {
            turn: met.work.map(|work| Turn::of(self, &mut state, work)),
            suffering: met.suffering.map(|place| SufferingCall {
                running: Arc::clone(self),
                place: Some(place),
            }),
            fate: met.fate,
            held,
        }
    }

    /// Whether the plan wants a call no longer to wait.
    pub(super) fn lets_go(&self, held: &Held) -> bool {
        let (state, _) = self.settled();
        state.downstream.lets_go(held)
    }

    /// Returns at `deadline`, precisely.
    pub(super) async fn sleep_until(&self, deadline: Instant) {
        self.sleeper().sleep_until(deadline).await;
    }

    /// Returns after `span`, precisely.
    pub(super) async fn sleep(&self, span: Duration) {
        self.sleeper().sleep(span).await;
    }

    /// Returns at `at` on the service's clock, precisely; never if there is no such instant.
    pub(super) async fn at(&self, at: Option<Duration>) {
        match at {
            Some(at) => self.sleep_until(self.instant(at)).await,
            None => std::future::pending().await,
        }
    }

    /// Whether nobody listens.
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

    /// What has been done, for those who count: the ledger, and the time wasted on abandoned work.
    pub(super) fn ledger(&self) -> (Ledger, Duration) {
        let (state, _) = self.settled();
        let downstream = &state.downstream;
        (downstream.ledger().clone(), downstream.wasted())
    }

    /// What is known now of the changes of the truth after `at`.
    pub(super) fn outlook(&self, at: Duration) -> Outlook {
        let (mut state, _) = self.settled();
        Outlook {
            next_change: state.downstream.next_change(at),
            revision: state.downstream.revision(),
            version: state.downstream.truth_version(),
        }
    }

    /// Told of each version of the truth from now on.
    pub(super) fn truth_versions(&self) -> watch::Receiver<u64> {
        self.truth_versions.subscribe()
    }

    /// What the service's clock shows.
    pub(crate) fn now(&self) -> Duration {
        self.clock.now()
    }

    /// The runtime's instant at which the service's clock shows `at`.
    pub(super) fn instant(&self, at: Duration) -> Instant {
        Instant::now() + at.saturating_sub(self.now())
    }

    /// The state as it was at the last call or change.
    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }

    /// Tells those who follow the truth that it may be another, if it may.
    pub(super) fn tell_truth(&self, state: &mut State) {
        let version = state.downstream.truth_version();
        if state.told != version {
            state.told = version;
            self.truth_versions.send_replace(version);
        }
    }

    fn sleeper(&self) -> &Sleeper {
        self.sleeper.get_or_init(Sleeper::new)
    }

    /// The state after a plan whose time is over has given way, and what the clock shows.
    fn settled(&self) -> (MutexGuard<'_, State>, Duration) {
        let mut state = self.lock();
        // Within the lock, so that no two see time go back.
        let now = self.now();
        if state.downstream.settle(now) == Settled::GaveWay {
            self.tell_revision(&mut state);
        }
        (state, now)
    }

    fn change(
        &self,
        change: impl FnOnce(&mut Downstream, Duration) -> Result<u64, Conflict>,
    ) -> Result<u64, Conflict> {
        let (mut state, now) = self.settled();
        let changed = change(&mut state.downstream, now)?;
        self.tell_revision(&mut state);
        Ok(changed)
    }

    /// Tells those who wait that another plan is in force.
    fn tell_revision(&self, state: &mut State) {
        state.turns.follow(&state.downstream);
        self.revisions.send_replace(state.downstream.revision());
        self.tell_truth(state);
    }
}

/// The caller with this name: its own handle, unless there are too many of whom the plan does not speak.
fn caller(downstream: &mut Downstream, name: &str) -> CallerId {
    if let Some(known) = downstream.known(name) {
        return known;
    }
    if downstream.ledger().callers() > MAX_CALLERS && !downstream.names(name) {
        return CallerId::OTHERS;
    }
    downstream.caller(name)
}

impl Drop for SufferingCall {
    fn drop(&mut self) {
        if let Some(place) = self.place.take() {
            self.running.lock().downstream.relieve(place);
        }
    }
}

impl fmt::Debug for Running {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Running").finish_non_exhaustive()
    }
}

#[cfg(test)]
pub(super) mod tests;
