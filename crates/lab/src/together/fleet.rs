//! The states of all breakers on one clock, followed by their transitions: whether the instances agree.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use fusebox::{Event, Listener, State, Transition};

/// Transitions that are remembered for the display.
const RECENT: usize = 64;
/// Transitions that are remembered for a result: breakers that flap every 10 ms for an hour.
const HISTORY: usize = 400_000;

/// Follows the breakers of all instances. Times count from the start of the run.
#[derive(Debug)]
pub(crate) struct Fleet {
    began: Duration,
    /// The states at the start.
    first: Vec<State>,
    state: Mutex<FleetState>,
}

#[derive(Debug)]
struct FleetState {
    states: Vec<State>,
    /// Up to when time has been shared out.
    until: Duration,
    disagreed: Duration,
    first_disagreement: Option<(Duration, Vec<State>)>,
    recent: VecDeque<Noted>,
    /// How many of the last transitions are remembered.
    kept: usize,
    /// How many transitions there have been.
    noted: u64,
}

/// Which transitions are remembered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Keeping {
    /// As many as are shown.
    Recent,
    /// All of a run that has an end.
    All,
}

/// A transition of one instance.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Noted {
    pub(crate) instance: usize,
    pub(crate) at: Duration,
    pub(crate) transition: Transition,
}

/// How far the instances disagreed up to an instant.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Disagreement {
    /// The time since the start.
    pub(super) of: Duration,
    /// The part of it in which not all were in the same state.
    pub(super) lasted: Duration,
    /// When it first came to that, and the states then.
    pub(super) first: Option<(Duration, Vec<State>)>,
}

impl Disagreement {
    /// The share of time, from 0 to 1.
    pub(super) fn share(&self) -> f64 {
        if self.of.is_zero() {
            0.0
        } else {
            self.lasted.as_secs_f64() / self.of.as_secs_f64()
        }
    }
}

impl Fleet {
    /// A fleet of breakers in these states at `began` on their clock.
    pub(super) fn new(states: Vec<State>, began: Duration, keeping: Keeping) -> Self {
        let kept = match keeping {
            Keeping::Recent => RECENT,
            Keeping::All => HISTORY,
        };
        let disagree = states.windows(2).any(|pair| pair[0] != pair[1]);
        Self {
            began,
            first: states.clone(),
            state: Mutex::new(FleetState {
                first_disagreement: disagree.then(|| (Duration::ZERO, states.clone())),
                states,
                until: Duration::ZERO,
                disagreed: Duration::ZERO,
                recent: VecDeque::new(),
                kept,
                noted: 0,
            }),
        }
    }

    /// A listener for the breaker of one instance.
    pub(super) fn listener(self: &Arc<Self>, instance: usize) -> impl Listener + 'static {
        let fleet = Arc::clone(self);
        move |_breaker: &str, event: &Event| {
            if let Event::Transition(transition) = event {
                fleet.note(instance, *transition);
            }
        }
    }

    fn note(&self, instance: usize, transition: Transition) {
        let at = transition.at.saturating_sub(self.began);
        let mut state = self.lock();
        state.pass_time(at);
        state.states[instance] = transition.to;
        if state.disagree() && state.first_disagreement.is_none() {
            state.first_disagreement = Some((at, state.states.clone()));
        }
        if state.recent.len() == state.kept {
            state.recent.pop_front();
        }
        state.recent.push_back(Noted {
            instance,
            at,
            transition,
        });
        state.noted += 1;
    }

    /// The last transitions, oldest first, and how many there have been in all.
    pub(super) fn recent(&self) -> (Vec<Noted>, u64) {
        let state = self.lock();
        let older = state.recent.len().saturating_sub(RECENT);
        (state.recent.range(older..).copied().collect(), state.noted)
    }

    /// The state of one instance's breaker at the start.
    pub(crate) fn first(&self, instance: usize) -> State {
        self.first[instance]
    }

    /// All transitions that are remembered, oldest first.
    pub(crate) fn history(&self) -> Vec<Noted> {
        self.lock().recent.iter().copied().collect()
    }

    /// The time from the start to `now` on the breakers' clock.
    pub(crate) fn elapsed(&self, now: Duration) -> Duration {
        now.saturating_sub(self.began)
    }

    /// How far the instances have disagreed up to `now` on the breakers' clock.
    pub(super) fn disagreement(&self, now: Duration) -> Disagreement {
        let of = self.elapsed(now);
        let mut state = self.lock();
        state.pass_time(of);
        Disagreement {
            of,
            lasted: state.disagreed,
            first: state.first_disagreement.clone(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, FleetState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl FleetState {
    fn disagree(&self) -> bool {
        self.states.windows(2).any(|pair| pair[0] != pair[1])
    }

    /// Two breakers may report in another order than they changed; the difference is microseconds,
    /// and time never runs backwards here.
    fn pass_time(&mut self, to: Duration) {
        if self.disagree() {
            self.disagreed += to.saturating_sub(self.until);
        }
        self.until = self.until.max(to);
    }
}

#[cfg(test)]
mod tests {
    use fusebox::{Breaker, Clock, Config, ManualClock};

    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn the_time_of_disagreement_is_exact() {
        let clock = ManualClock::new();
        clock.set(SECOND);
        let fleet = Arc::new(Fleet::new(
            vec![State::Closed; 2],
            clock.now(),
            Keeping::Recent,
        ));
        let breakers = [0, 1].map(|instance| {
            let breaker = Breaker::with_clock("d", Config::default(), clock.clone());
            breaker.add_listener(fleet.listener(instance));
            breaker
        });

        clock.advance(2 * SECOND);
        breakers[0].force_open();
        clock.advance(3 * SECOND);
        breakers[1].force_open();
        clock.advance(SECOND);
        breakers[0].reset();
        clock.advance(SECOND);
        let disagreement = fleet.disagreement(clock.now());

        assert_eq!(disagreement.of, 7 * SECOND);
        assert_eq!(disagreement.lasted, 4 * SECOND);
        let first = (2 * SECOND, vec![State::ForcedOpen, State::Closed]);
        assert_eq!(disagreement.first, Some(first));
        assert_eq!(fleet.recent().1, 3);
    }
}
