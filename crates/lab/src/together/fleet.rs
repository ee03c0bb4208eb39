//! The recorder of a running fleet: the breakers report each transition to it, and the observer reports the truth.
//!
//! The live picture, the summary and the result read the same recorder, so they cannot contradict each other.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use experiment::fleet::{Divergence, Recorder};
use fusebox::{Event, Listener, Transition};

/// How many transitions are remembered for the display.
const RECENT: usize = 64;

/// Follows the breakers of all instances. Times count from the start of the run.
#[derive(Debug)]
pub(crate) struct Fleet {
    began: Duration,
    state: Mutex<Followed>,
}

#[derive(Debug)]
struct Followed {
    recorder: Recorder,
    recent: VecDeque<Noted>,
    /// How many transitions there have been.
    noted: u64,
}

/// A transition of one instance.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Noted {
    pub(crate) instance: usize,
    pub(crate) at: Duration,
    pub(crate) transition: Transition,
}

impl Fleet {
    /// The fleet that `recorder` follows, in a run that begins at `began` on the clock of the breakers.
    pub(super) fn new(recorder: Recorder, began: Duration) -> Self {
        Self {
            began,
            state: Mutex::new(Followed {
                recorder,
                recent: VecDeque::new(),
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
        state.recorder.transition(instance, at, &transition);
        if state.recent.len() == RECENT {
            state.recent.pop_front();
        }
        state.recent.push_back(Noted {
            instance,
            at,
            transition,
        });
        state.noted += 1;
    }

    /// The last transitions, oldest first, and their total number.
    pub(super) fn recent(&self) -> (Vec<Noted>, u64) {
        let state = self.lock();
        (state.recent.iter().copied().collect(), state.noted)
    }

    /// Reports to the recorder, or asks it.
    pub(crate) fn recorder<T>(&self, with: impl FnOnce(&mut Recorder) -> T) -> T {
        with(&mut self.lock().recorder)
    }

    /// The time from the start to `now` on the breakers' clock.
    pub(crate) fn elapsed(&self, now: Duration) -> Duration {
        now.saturating_sub(self.began)
    }

    /// How much the instances have diverged up to `now` on the breakers' clock.
    pub(super) fn divergence(&self, now: Duration) -> Divergence {
        self.lock().recorder.divergence(self.elapsed(now))
    }

    /// The calls that breakers have permitted so far, and how many of those were expected to fail.
    pub(super) fn wasted(&self) -> (u64, f64) {
        self.lock().recorder.wasted()
    }

    fn lock(&self) -> MutexGuard<'_, Followed> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use fusebox::{Breaker, Clock, Config, ManualClock, State};

    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn breakers_tell_the_recorder_their_transitions_on_the_clock_of_the_run() {
        let clock = ManualClock::new();
        clock.set(SECOND);
        let closed = ["A", "B"].map(|name| (name.to_owned(), State::Closed));
        let fleet = Arc::new(Fleet::new(Recorder::new(closed, 0.5), clock.now()));
        let breakers = [0, 1].map(|instance| {
            let breaker = Breaker::with_clock("d", Config::default(), clock.clone());
            breaker.add_listener(fleet.listener(instance));
            breaker
        });

        clock.advance(2 * SECOND);
        breakers[0].force_open();
        clock.advance(3 * SECOND);
        breakers[1].force_open();
        clock.advance(2 * SECOND);
        let divergence = fleet.divergence(clock.now());

        assert_eq!((divergence.of, divergence.opens), (7 * SECOND, 3 * SECOND));
        let first = (2 * SECOND, vec![State::ForcedOpen, State::Closed]);
        assert_eq!(divergence.first, Some(first));
        assert_eq!(fleet.recent().1, 2);
    }
}
