//! The agreement of breakers: how many are in each state, and for how long they differed.

use std::time::Duration;

use fusebox::State;

use super::trusts;

/// How many breakers are in each state.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Agreement {
    in_state: Vec<(State, usize)>,
}

/// In what breakers differ at one moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Difference {
    /// One lets calls pass while another does not.
    pub(super) opens: bool,
    /// Not all are in the same state.
    pub(super) states: bool,
}

impl Agreement {
    pub(super) fn of(states: impl IntoIterator<Item = State>) -> Self {
        let in_state = State::ALL.iter().map(|&state| (state, 0)).collect();
        let mut agreement = Self { in_state };
        for state in states {
            *agreement.number(state) += 1;
        }
        agreement
    }

    /// One of the breakers goes from one state to another.
    pub(super) fn change(&mut self, from: State, to: State) {
        *self.number(from) -= 1;
        *self.number(to) += 1;
    }

    /// One of the breakers in this state does not count any more.
    pub(super) fn leave(&mut self, state: State) {
        *self.number(state) -= 1;
    }

    /// One more in this state counts.
    pub(super) fn join(&mut self, state: State) {
        *self.number(state) += 1;
    }

    pub(super) fn difference(&self) -> Difference {
        let there = || self.in_state.iter().filter(|(_, number)| *number > 0);
        let trusting = there().filter(|(state, _)| trusts(*state)).count();
        let states = there().count();
        Difference {
            opens: 0 < trusting && trusting < states,
            states: states > 1,
        }
    }

    fn number(&mut self, state: State) -> &mut usize {
        let mut all = self.in_state.iter_mut();
        let found = all.find(|(known, _)| *known == state);
        &mut found.expect("all states are there").1
    }
}

/// How far the breakers of a fleet have differed up to an instant.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Divergence {
    /// The time since the start of the run.
    pub of: Duration,
    /// The part of it in which one breaker let calls pass while another did not (open or half-open).
    pub opens: Duration,
    /// The part of it in which not all breakers were in the same state.
    pub states: Duration,
    /// When breakers first let calls pass here and not there, and all states then.
    pub first: Option<(Duration, Vec<State>)>,
}

impl Divergence {
    /// The share of the time in which one breaker let calls pass while another did not, from 0 to 1.
    pub fn opens_share(&self) -> f64 {
        self.opens.as_secs_f64() / self.of.as_secs_f64().max(f64::MIN_POSITIVE)
    }

    /// The share of the time in which not all breakers were in the same state, from 0 to 1.
    pub fn states_share(&self) -> f64 {
        self.states.as_secs_f64() / self.of.as_secs_f64().max(f64::MIN_POSITIVE)
    }

    /// Lets time pass in which breakers differ like this. Two breakers may report in another order than they
    /// changed; the difference is microseconds, and time never runs backwards here.
    pub(super) fn pass(&mut self, to: Duration, difference: Difference) {
        let passed = to.saturating_sub(self.of);
        if difference.opens {
            self.opens += passed;
        }
        if difference.states {
            self.states += passed;
        }
        self.of = self.of.max(to);
    }
}
