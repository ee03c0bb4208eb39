//! What the unreliable service is doing: the plan in force, and what it has done so far.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock};
use std::time::Duration;

use experiment::faults::{Call, Ending, Fate, Hit, Plan, Standing};
use experiment::overload::Crowd;
use fusebox::Clock;
use tokio::sync::watch;
use tokio::time::Instant;

use super::Refusal;
use super::active::{ActiveFault, ActiveFaults};
use super::counts::{Counts, Ledger};
use super::held::Held;
use super::in_force::{Conflict, InForce, State};
use super::lookout::{Board, Lookout, lock};
use super::office::{Office, Turn};
use crate::timer::Sleeper;

/// The plan in force.
pub(crate) struct Running {
    clock: Box<dyn Clock>,
    /// Made at the first use, which is within the runtime.
    sleeper: OnceLock<Sleeper>,
    active: ActiveFaults,
    /// How long callers wait, where that is known.
    patience: BTreeMap<String, Duration>,
    /// The plan's revision, for those who wait for its end.
    changes: watch::Sender<u64>,
    state: Mutex<State>,
    /// For whoever scrapes or watches.
    board: Board,
    /// For whoever measures, who must not wait for those.
    own: Mutex<Lookout>,
}

/// What the service is doing.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Health {
    pub(crate) phase: String,
    pub(crate) remaining: Option<Duration>,
    pub(crate) failing_share: f64,
    pub(crate) counts: Counts,
}

/// What a call meets, and what it holds meanwhile.
#[derive(Debug)]
pub(super) struct Meeting {
    pub(super) fate: Fate,
    /// The work to wait for.
    pub(super) turn: Option<Turn>,
    /// The place among the calls that suffer.
    pub(super) suffering: Option<ActiveFault>,
    /// What keeps it waiting.
    pub(super) held: Held,
}

/// The truth at an instant.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Truth {
    pub(crate) elapsed: Duration,
    pub(crate) revision: u64,
    pub(crate) phase: String,
    /// Each caller with the probability that its call fails, and what processes are doing for it.
    ///
    /// The one with the empty name stands for all beyond those that are told apart.
    pub(crate) callers: Vec<(String, f64, Vec<Standing>)>,
    /// The same for somebody who has not called and whom the plan does not name.
    pub(crate) stranger: f64,
    /// How full the overload model is, if there is one.
    pub(crate) crowd: Option<Crowd>,
}

impl Truth {
    /// The truth of all callers together.
    pub(crate) fn failing_share(&self) -> f64 {
        if self.callers.is_empty() {
            return self.stranger;
        }
        let all = self.callers.iter().map(|(_, truth, _)| truth);
        #[expect(clippy::cast_precision_loss, reason = "callers are few")]
        let mean = all.sum::<f64>() / self.callers.len() as f64;
        mean
    }
}

impl Running {
    pub(super) fn new(
        mut plan: Plan,
        patience: BTreeMap<String, Duration>,
        clock: Box<dyn Clock>,
    ) -> Self {
        let began = clock.now();
        learn(&mut plan, &patience);
        Self {
            clock,
            sleeper: OnceLock::new(),
            active: ActiveFaults::default(),
            patience,
            changes: watch::Sender::new(1),
            state: Mutex::new(State::new(plan, began)),
            board: Board::default(),
            own: Mutex::default(),
        }
    }

    /// What the service is doing now.
    pub(crate) fn health(&self) -> Health {
        let failing_share = self.truths().failing_share();
        let (state, elapsed) = self.settled();
        let moment = state.force.player.plan().at(elapsed);
        Health {
            phase: moment.phase.name.clone(),
            remaining: moment.remaining,
            failing_share,
            counts: state.ledger.counts,
        }
    }

    /// The probabilities that calls of these callers made now would fail, in their order.
    pub(crate) fn truth_of_each<C: AsRef<str>>(&self, callers: &[C]) -> Vec<f64> {
        let mut lookout = lock(&self.own);
        let (state, elapsed) = self.settled();
        let mut sight = lookout.sight(&state, elapsed);
        drop(state);
        sight.truth_of_each(callers)
    }

    /// The same for one of them.
    #[cfg(test)]
    pub(crate) fn truth(&self, caller: &str) -> f64 {
        self.truth_of_each(&[caller])[0]
    }

    /// Whether the truth of `plan` can be known at every scrape, with what is known of how long callers wait.
    pub(super) fn check(&self, plan: &Plan) -> Result<(), String> {
        plan.check_for_waits(waits(&self.patience))
    }

    /// The truth for every caller; that of a moment ago when it takes long to compute, or when somebody else
    /// is computing it.
    pub(crate) fn truths(&self) -> Arc<Truth> {
        let revision = self.settled().0.revision;
        if let Some(last) = self.board.last(revision) {
            return last;
        }
        let mut lookout = match self.board.lookout() {
            Ok(lookout) => lookout,
            Err(last) => return last,
        };
        let began = Instant::now();
        let (state, elapsed) = self.settled();
        let sight = lookout.sight(&state, elapsed);
        drop(state);
        self.board.post(sight.truth(), began)
    }

    /// The phase that the plan is in.
    pub(crate) fn phase(&self) -> String {
        let (state, elapsed) = self.settled();
        state.force.player.plan().at(elapsed).phase.name.clone()
    }

    /// The time since the plan in force started: the clock of its phases.
    #[cfg(test)]
    pub(crate) fn elapsed(&self) -> Duration {
        self.settled().1
    }

    /// How many calls of `caller` have come.
    pub(crate) fn received_by(&self, caller: &str) -> u64 {
        self.lock().ledger.received_by(caller)
    }

    /// The plan in force and its revision.
    pub(super) fn plan(&self) -> (Plan, u64) {
        let (state, _) = self.settled();
        (state.force.player.plan().clone(), state.revision)
    }

    /// Puts `plan` in force from now on; counters go on. `expected` is the revision that it replaces.
    pub(super) fn replace(&self, mut plan: Plan, expected: Option<u64>) -> Result<u64, Conflict> {
        learn(&mut plan, &self.patience);
        let (mut state, _) = self.settled();
        state.expect(expected)?;
        let now = self.clock.now();
        state.replace(plan, now);
        self.changes.send_replace(state.revision);
        Ok(state.revision)
    }

    /// Goes on with `plan` on the same clock and with the same counts.
    pub(super) fn patch(&self, mut plan: Plan, expected: Option<u64>) -> Result<u64, Conflict> {
        learn(&mut plan, &self.patience);
        let (mut state, elapsed) = self.settled();
        state.expect(expected)?;
        state.patch(plan, elapsed);
        self.changes.send_replace(state.revision);
        Ok(state.revision)
    }

    /// What the next call meets. Counts the call. One that comes again, with the same `id`, meets the same.
    pub(super) fn meet(&self, call: &Call<'_>, id: Option<u64>) -> Meeting {
        let (mut state, elapsed) = self.settled();
        let mut fate = state.fate(elapsed, call, id);
        let mut turn = None;
        if let Some(office) = self.office(&mut state.force, elapsed) {
            let moment = state.force.player.plan().at(elapsed);
            match office.enter(moment.service_factor()) {
                Ok(waiting) => turn = Some(waiting),
                Err(_full) => fate = turned_away(),
            }
        }
        let suffers =
            !fate.hits.is_empty() && (fate.delay > fate.healthy || fate.slow_body.is_some());
        let limit = state.force.player.plan().limits.max_active_faults;
        let suffering = suffers.then(|| self.active.begin(limit)).flatten();
        if suffers && suffering.is_none() {
            fate.delay = fate.healthy;
            fate.slow_body = None;
            fate.ending = Ending::Success;
            let hits = std::mem::take(&mut fate.hits);
            fate.spared_by.extend(hits.into_iter().map(|hit| hit.rule));
        }
        state.ledger.enter(call.caller, &fate);
        let parts = Held::parts(&fate, turn.is_some());
        let end = state.force.player.end_of(&parts);
        let held = Held {
            revision: state.revision,
            ends: end.map(|end| Instant::now() + end.saturating_sub(elapsed)),
            parts,
            changes: self.changes.subscribe(),
        };
        Meeting {
            fate,
            turn,
            suffering,
            held,
        }
    }

    /// Whether the plan wants a call no longer to wait.
    pub(super) fn lets_go(&self, held: &Held) -> bool {
        let (state, _) = self.settled();
        state.lets_go(held.revision, &held.parts)
    }

    /// Returns at `deadline`, precisely.
    pub(super) async fn sleep_until(&self, deadline: Instant) {
        self.sleeper().sleep_until(deadline).await;
    }

    /// Returns after `span`, precisely.
    pub(super) async fn sleep(&self, span: Duration) {
        self.sleeper().sleep(span).await;
    }

    /// Whether nobody listens.
    pub(super) fn refusal(&self) -> Refusal {
        let (mut state, elapsed) = self.settled();
        let player = &mut state.force.player;
        if player.refuses(elapsed) {
            Refusal::Now
        } else if player.can_refuse() {
            Refusal::Later
        } else {
            Refusal::Never
        }
    }

    /// What has been done, for those who count: the ledger, and the time wasted on abandoned work.
    pub(super) fn ledger(&self) -> (Ledger, Duration) {
        let (state, _) = self.settled();
        let wasted = state.wasted();
        (state.ledger.clone(), wasted)
    }

    fn sleeper(&self) -> &Sleeper {
        self.sleeper.get_or_init(Sleeper::new)
    }

    /// The overload model at work, if the plan has one.
    fn office(&self, force: &mut InForce, elapsed: Duration) -> Option<Office> {
        let plan = force.player.plan();
        let settings = plan.overload.as_ref()?;
        if force.player.ended(elapsed) {
            return None;
        }
        let open = || Office::new(settings.clone(), plan.seed, elapsed, self.sleeper().clone());
        Some(force.office.get_or_insert_with(open).clone())
    }

    /// The state after a plan whose time is over has given way, and the plan's clock.
    fn settled(&self) -> (MutexGuard<'_, State>, Duration) {
        let now = self.clock.now();
        let mut state = self.lock();
        let mut elapsed = now.saturating_sub(state.force.began);
        if state.force.player.ended(elapsed) {
            state.revert(now, elapsed);
            self.changes.send_replace(state.revision);
            elapsed = now.saturating_sub(state.force.began);
        }
        (state, elapsed)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }
}

/// Tells a plan how long callers wait, as far as it does not say so itself.
fn learn(plan: &mut Plan, patience: &BTreeMap<String, Duration>) {
    plan.learn_patience(waits(patience));
}

fn waits(patience: &BTreeMap<String, Duration>) -> impl Iterator<Item = (&str, Duration)> {
    patience
        .iter()
        .map(|(caller, wait)| (caller.as_str(), *wait))
}

/// What a call meets that finds the queue full.
fn turned_away() -> Fate {
    Fate {
        delay: Duration::ZERO,
        healthy: Duration::ZERO,
        ending: Ending::Status {
            code: 503,
            retry_after_s: None,
            body: None,
            headers: Vec::new(),
        },
        slow_body: None,
        hits: vec![Hit {
            rule: "overload".into(),
            effect: "full",
        }],
        spared_by: Vec::new(),
        endangered: true,
    }
}

impl fmt::Debug for Running {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Running")
            .field("health", &self.health())
            .finish()
    }
}

#[cfg(test)]
mod tests;
