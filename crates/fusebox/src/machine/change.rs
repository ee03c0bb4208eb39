//! The changes of state, which all go through [`Machine::change`].

use std::time::Duration;

use super::Machine;
use super::calm::Calm;
use super::phase::{Phase, Trial};
use crate::backoff::{highest_level, level, open_period};
use crate::event::Event;
use crate::opener::Opener;
use crate::ramp::Ramp;
use crate::snapshot::Snapshot;
use crate::state::State;
use crate::transition::{Cause, Transition};

impl Machine {
    pub(super) fn open(&mut self, cause: Cause, hint: Option<Duration>) {
        self.count_opening();
        let chance = self.chance.f64();
        let wait = open_period(&self.config.wait, self.openings, hint, chance);
        self.stay_open(wait, cause);
    }

    /// Opens for exactly this long.
    pub(super) fn open_for(&mut self, wait: Duration) {
        self.count_opening();
        self.stay_open(wait, Cause::Manual);
    }

    /// Raises the level by one, up to the highest level. Without a decay the level is a plain count
    /// of openings, which closing resets.
    fn count_opening(&mut self) {
        self.openings = self.bounded(self.level().saturating_add(1));
    }

    /// The highest level that calm can undo. Levels above the one at which the open period is
    /// longest would each take a decay to come off and change nothing until then.
    pub(super) fn bounded(&self, level: u32) -> u32 {
        match self.config.wait.decay {
            Some(_) => level.min(highest_level(&self.config.wait)),
            None => level,
        }
    }

    fn stay_open(&mut self, wait: Duration, cause: Cause) {
        let until = self.now.saturating_add(wait);
        let opener = match cause {
            Cause::Manual => Opener::Operator,
            _ => Opener::Breaker,
        };
        self.change(Phase::Open { until, opener }, cause, Some(wait));
    }

    pub(super) fn half_open(&mut self, cause: Cause) {
        let trial = Trial {
            deadline: self
                .config
                .half_open
                .deadline
                .map(|wait| self.now.saturating_add(wait)),
            in_flight: 0,
            good: 0,
            bad: 0,
        };
        self.change(Phase::HalfOpen(trial), cause, None);
    }

    /// Closes. An operator's command resets the back-off at once; after a recovery, calm has to
    /// last first.
    pub(super) fn close(&mut self, cause: Cause) {
        let ramp = match cause {
            Cause::Manual => None,
            _ => self
                .config
                .ramp_up_for
                .map(|period| Ramp::new(self.now, period)),
        };
        self.close_with(ramp, cause);
        if cause == Cause::Manual {
            self.openings = 0;
        }
    }

    /// Closes; calm begins when all calls pass.
    pub(super) fn close_with(&mut self, ramp: Option<Ramp>, cause: Cause) {
        let calm = Calm::beginning(ramp.map_or(self.now, |ramp| ramp.end()));
        self.change(Phase::Closed { ramp, calm }, cause, None);
    }

    /// The level of the back-off at this moment.
    pub(super) fn level(&self) -> u32 {
        match self.phase {
            Phase::Closed { calm, .. } => {
                level(self.openings, calm.lasted(self.now), self.config.wait.decay)
            }
            Phase::Open { .. }
            | Phase::HalfOpen(_)
            | Phase::Held(_)
            | Phase::Leased(_)
            | Phase::Turn(_)
            | Phase::ForcedOpen
            | Phase::Disabled
            | Phase::MetricsOnly { .. } => self.openings,
        }
    }

    /// The one way from state to state.
    pub(super) fn change(&mut self, phase: Phase, cause: Cause, open_for: Option<Duration>) {
        // The level is what it was in the state that is left. Opening has already added its own.
        if !matches!(phase, Phase::Open { .. }) {
            self.openings = self.level();
        }
        let transition = Transition {
            from: self.phase.state(),
            to: phase.state(),
            cause,
            at: self.now,
            generation: self.generation.next(),
            consecutive_failures: self.consecutive_failures,
            window: self.figures(),
            open_for,
        };
        let (from, to) = (transition.from, transition.to);
        self.totals.time[from.index()] += self.now.saturating_sub(self.since);
        self.totals.transitions[from.index()][to.index()] += 1;
        // A verdict that finds the breaker open, or lets it wait for its turn, opens nothing.
        let opens = cause != Cause::Fleet || from == State::Closed;
        if opens
            && matches!(to, State::Open | State::ForcedOpen)
            && let Some(trips) = self.totals.trips.get_mut(cause.index())
        {
            *trips += 1;
        }
        if self.recent.len() == Snapshot::RECENT {
            self.recent.pop_front();
        }
        self.recent.push_back(transition);
        self.events.push(Event::Transition(transition));
        self.phase = phase;
        self.generation = transition.generation;
        self.since = self.now;
        self.forget();
    }

    /// Forgets the evidence.
    pub(super) fn forget(&mut self) {
        self.consecutive_failures = 0;
        self.evidence.clear();
        self.in_flight.clear();
    }
}
