//! What is the unreliable service doing right now? The plan in force and what it has done so far.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use breaker::Clock;

use crate::plan::{Effect, Fate, Plan};

/// Callers that are told apart; further ones share one sequence of luck.
const MAX_CALLERS: usize = 256;

/// The plan in force.
pub(crate) struct Running {
    clock: Box<dyn Clock>,
    state: Mutex<State>,
}

struct State {
    plan: Plan,
    began: Duration,
    calls: BTreeMap<String, u64>,
    counts: Counts,
}

/// What the service has done since it was started.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) success: u64,
    pub(crate) failure: u64,
    pub(crate) hang: u64,
    /// Calls that arrived while the active phase could fail them.
    pub(crate) while_failing: u64,
}

/// What the service is doing.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Health {
    pub(crate) phase: String,
    pub(crate) remaining: Option<Duration>,
    pub(crate) failing_share: f64,
    pub(crate) counts: Counts,
}

impl Counts {
    pub(crate) fn received(&self) -> u64 {
        self.success + self.failure + self.hang
    }
}

impl Running {
    pub(super) fn new(plan: Plan, clock: Box<dyn Clock>) -> Self {
        let began = clock.now();
        Self {
            clock,
            state: Mutex::new(State {
                plan,
                began,
                calls: BTreeMap::new(),
                counts: Counts::default(),
            }),
        }
    }

    /// What the service is doing now.
    pub(crate) fn health(&self) -> Health {
        let now = self.clock.now();
        let state = self.lock();
        let moment = state.plan.at(now.saturating_sub(state.began));
        Health {
            phase: moment.phase.name().to_owned(),
            remaining: moment.remaining,
            failing_share: moment.phase.failing_share(),
            counts: state.counts,
        }
    }

    pub(super) fn plan(&self) -> Plan {
        self.lock().plan.clone()
    }

    /// Puts `plan` in force from now on; counters go on.
    pub(super) fn replace(&self, plan: Plan) {
        let now = self.clock.now();
        let mut state = self.lock();
        state.plan = plan;
        state.began = now;
        state.calls.clear();
    }

    /// What the next call of `caller` meets. Counts the call.
    pub(super) fn next_fate(&self, caller: &str) -> Fate {
        let now = self.clock.now();
        let mut state = self.lock();
        let call = state.next_call(caller);
        let moment = state.plan.at(now.saturating_sub(state.began));
        let fate = state.plan.fate(moment.phase, caller, call);
        let failing = moment.phase.failing_share() > 0.0;
        let counts = &mut state.counts;
        match fate.effect {
            Effect::Success => counts.success += 1,
            Effect::Failure { .. } => counts.failure += 1,
            Effect::Hang => counts.hang += 1,
        }
        counts.while_failing += u64::from(failing);
        fate
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn next_call(&mut self, caller: &str) -> u64 {
        let full = self.calls.len() >= MAX_CALLERS && !self.calls.contains_key(caller);
        let name = if full { "" } else { caller };
        let calls = self.calls.entry(name.to_owned()).or_default();
        *calls += 1;
        *calls
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
mod tests {
    use breaker::ManualClock;

    use super::*;

    #[test]
    fn calls_are_counted_by_what_met_them() {
        let clock = ManualClock::new();
        let running = Running::new(Plan::schedule(1), Box::new(clock.clone()));

        for _ in 0..5 {
            running.next_fate("A");
        }
        clock.set(Duration::from_secs(21));
        for _ in 0..50 {
            running.next_fate("A");
        }

        let health = running.health();
        assert_eq!(health.phase, "outage");
        assert_eq!(health.counts.received(), 55);
        assert_eq!(health.counts.success, 5);
        assert_eq!(health.counts.while_failing, 50);
    }

    #[test]
    fn a_new_plan_starts_its_own_time_and_luck_but_keeps_the_counters() {
        let clock = ManualClock::new();
        let running = Running::new(Plan::schedule(1), Box::new(clock.clone()));
        let first = running.next_fate("A");
        clock.set(Duration::from_secs(30));

        running.replace(Plan::schedule(1));

        assert_eq!(running.health().phase, "healthy");
        assert_eq!(running.next_fate("A"), first);
        assert_eq!(running.health().counts.received(), 2);
    }

    #[test]
    fn callers_beyond_the_limit_cost_no_memory() {
        let running = Running::new(Plan::healthy(), Box::new(ManualClock::new()));

        for caller in 0..10 * MAX_CALLERS {
            running.next_fate(&caller.to_string());
        }

        assert!(running.lock().calls.len() <= MAX_CALLERS + 1);
    }
}
