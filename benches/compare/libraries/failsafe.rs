//! `failsafe`, used through its futures; its state can be read from its `Debug` text.

use std::hint::black_box;
use std::iter;
use std::panic::catch_unwind;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use benches::Worker;
use failsafe::failure_policy::{
    ConsecutiveFailures, FailurePolicy, consecutive_failures, success_rate_over_time_window,
};
use failsafe::{Config, Error, Instrument, StateMachine, backoff};

use super::{LONG, SHORT, spread_of, wait_in_real_time};
use crate::downstream::{Answer, Answering, Downstream, Fault};
use crate::library::{Extension, Library, Nonsense, Period, Rule, State, Subject, Whose};

pub(crate) struct Failsafe;

/// Told without any argument that it opened.
#[derive(Clone, Default)]
struct Opened(Arc<AtomicBool>);

struct Guarded {
    breaker: StateMachine<ConsecutiveFailures<backoff::Constant>, Opened>,
    opened: Opened,
}

impl Library for Failsafe {
    fn whose(&self) -> Whose {
        Whose::Failsafe
    }

    fn breaker(&self, rule: Rule, open: Period) -> Option<Box<dyn Subject>> {
        let (Rule::Few | Rule::FewOrGivenUp) = rule else {
            return None;
        };
        let wait = match open {
            Period::Short => SHORT,
            Period::Long => LONG,
        };
        let opened = Opened::default();
        let breaker = Config::new()
            .failure_policy(consecutive_failures(3, backoff::constant(wait)))
            .instrument(opened.clone())
            .build();
        Some(Box::new(Guarded { breaker, opened }))
    }

    fn refuses(&self, setting: Nonsense) -> Option<bool> {
        let wait = backoff::constant(LONG);
        match setting {
            Nonsense::NoProbes => None,
            // It refuses by panicking where it does.
            Nonsense::EmptyWindow => Some(
                catch_unwind(|| success_rate_over_time_window(0.5, 1, Duration::ZERO, wait))
                    .is_err(),
            ),
            Nonsense::NoFailures => Some(catch_unwind(|| consecutive_failures(0, wait)).is_err()),
        }
    }

    fn takes(&self, extension: Extension) -> Option<bool> {
        let opens = match extension {
            Extension::TripRule => {
                let breaker = Config::new().failure_policy(AtOnce).build();
                breaker.on_error();
                !breaker.is_call_permitted()
            }
            Extension::OpenPeriod => {
                let asked = Opened::default();
                let ask = asked.clone();
                let periods = iter::from_fn(move || {
                    ask.on_open();
                    Some(LONG)
                });
                let policy = consecutive_failures(1, periods);
                let breaker = Config::new().failure_policy(policy).build();
                breaker.on_error();
                asked.0.load(Ordering::Relaxed)
            }
        };
        Some(opens)
    }

    fn succeeding(&self) -> Worker {
        worker(Config::new().build())
    }

    fn rejected(&self) -> Worker {
        let policy = consecutive_failures(1, backoff::constant(LONG));
        let breaker = Config::new().failure_policy(policy).build();
        breaker.on_error();
        Box::new(move |times| {
            for _ in 0..times {
                let answer = failsafe::CircuitBreaker::call(&breaker, || Ok::<(), ()>(()));
                assert!(matches!(black_box(answer), Err(Error::Rejected)), "open");
            }
        })
    }

    fn within_minutes(&self) -> Option<Worker> {
        let wait = backoff::constant(LONG);
        let policy = success_rate_over_time_window(0.5, 20, Duration::from_secs(600), wait);
        Some(worker(Config::new().failure_policy(policy).build()))
    }

    fn spread_of_open_periods(&self) -> f64 {
        // Of its default back-off itself, which begins at ten seconds: too long to wait for.
        let first = || {
            let (start, most) = (Duration::from_secs(10), Duration::from_secs(300));
            backoff::equal_jittered(start, most).next()
        };
        let periods: Vec<_> = iter::repeat_with(first).take(20).flatten().collect();
        spread_of(&periods)
    }
}

/// A rule of the user's.
struct AtOnce;

impl FailurePolicy for AtOnce {
    fn record_success(&mut self) {}

    fn mark_dead_on_failure(&mut self) -> Option<Duration> {
        Some(LONG)
    }

    fn revived(&mut self) {}
}

fn worker<P: FailurePolicy + 'static>(breaker: StateMachine<P, ()>) -> Worker {
    Box::new(move |times| {
        for _ in 0..times {
            let answer = failsafe::CircuitBreaker::call(&breaker, || Ok::<(), ()>(()));
            black_box(answer).expect("closed");
        }
    })
}

impl Subject for Guarded {
    fn call(&self, downstream: Downstream) -> Answering {
        let is_failure = |fault: &Fault| *fault == Fault::Failure;
        let call =
            failsafe::futures::CircuitBreaker::call_with(&self.breaker, is_failure, downstream);
        Box::pin(async move {
            match call.await {
                Err(Error::Rejected) => Answer::Rejected { retry_after: None },
                Ok(()) | Err(Error::Inner(_)) => Answer::Ended,
            }
        })
    }

    fn wait(&self) {
        wait_in_real_time();
    }

    fn state(&self) -> State {
        let text = format!("{:?}", self.breaker);
        if text.contains("half_open") {
            State::HalfOpen
        } else if text.contains("open") {
            State::Open
        } else {
            State::Closed
        }
    }

    fn shown_state(&self) -> Option<State> {
        Some(self.state())
    }

    fn told(&self) -> Option<&'static str> {
        let opened = self.opened.0.load(Ordering::Relaxed);
        opened.then_some("that it opened")
    }
}

impl Instrument for Opened {
    fn on_call_rejected(&self) {}

    fn on_open(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    fn on_half_open(&self) {}

    fn on_closed(&self) {}
}
