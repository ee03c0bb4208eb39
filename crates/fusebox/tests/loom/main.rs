//! Models of the lock-free part for the model checker `loom`, which tries every interleaving.
//!
//! Run with `RUSTFLAGS="--cfg loom" cargo test -p fusebox --release --test loom`. Each model is the
//! breaker itself, on loom's atomics and locks. `LOOM_MAX_PREEMPTIONS` bounds the search; without
//! it the search is exhaustive.

#![cfg(loom)]
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::num::NonZeroUsize;
mod failures;
mod fleet;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use fusebox::{
    Breaker, Clock, ClockSteps, Config, ConfigBuilder, Outcome, Permit, Registry, RejectReason,
    Snapshot, State, Window,
};
use loom::thread;

/// A clock that a model sets; it only goes forward. Not loom's: time is an input.
#[derive(Clone, Default)]
struct ModelClock(Arc<AtomicU64>);

impl ModelClock {
    fn set(&self, nanos: u64) {
        self.0.fetch_max(nanos, Ordering::SeqCst);
    }
}

impl Clock for ModelClock {
    fn now(&self) -> Duration {
        Duration::from_nanos(self.0.load(Ordering::SeqCst))
    }

    fn steps(&self) -> ClockSteps {
        ClockSteps::OnlyForward
    }
}

fn settings() -> ConfigBuilder {
    Config::builder()
        .consecutive_failures(1)
        .open_for(Duration::from_nanos(100))
        .jitter(0.0)
        .jitter_seed(1)
}

fn tolerant() -> ConfigBuilder {
    Config::builder()
        .failure_rate_threshold(1.0)
        .minimum_calls(100)
        .jitter_seed(1)
}

fn breaker(settings: ConfigBuilder) -> (Breaker, ModelClock) {
    let clock = ModelClock::default();
    let breaker = Breaker::with_clock("model", settings.build().unwrap(), clock.clone());
    (breaker, clock)
}

fn calls(snapshot: &Snapshot, outcome: Outcome) -> u64 {
    snapshot.totals.calls(outcome)
}

/// Runs both at once. Each on a thread of its own: the checker does not explore what the model's
/// main thread does beside another.
fn race<A: 'static, B: 'static>(
    one: impl FnOnce() -> A + 'static,
    other: impl FnOnce() -> B + 'static,
) -> (A, B) {
    let (one, other) = (thread::spawn(one), thread::spawn(other));
    (one.join().unwrap(), other.join().unwrap())
}

/// Every kind of window: each has its own way to note a success.
fn every_window(model: impl Fn(Window) + Sync + Send + 'static) {
    let model = Arc::new(model);
    for window in [Window::count(9), Window::time(Duration::from_millis(3), 3)] {
        let model = Arc::clone(&model);
        loom::model(move || model(window));
    }
}

#[test]
fn a_call_that_asks_while_the_breaker_trips_passes_before_or_is_rejected_after() {
    loom::model(|| {
        let (breaker, _clock) = breaker(settings());
        let failing = breaker.try_acquire().unwrap().into_owned();
        let twin = breaker.clone();

        let (outcome, tripping) = race(
            move || {
                twin.try_acquire().map(|permit| {
                    assert_eq!(permit.generation().get(), 0);
                    permit.success()
                })
            },
            move || failing.failure(),
        );

        assert_eq!(tripping, Outcome::Failure);
        let snapshot = breaker.snapshot();
        assert_eq!(snapshot.state, State::Open);
        match outcome {
            Ok(Outcome::Success) => assert_eq!(calls(&snapshot, Outcome::Success), 1),
            Ok(outcome) => assert_eq!(
                (outcome, calls(&snapshot, Outcome::Late)),
                (Outcome::Late, 1)
            ),
            Err(rejected) => {
                assert_eq!(rejected.reason, RejectReason::Open);
                assert_eq!(rejected.retry_after, Some(Duration::from_nanos(100)));
                assert_eq!(rejected.generation.get(), 1);
                assert_eq!(snapshot.totals.rejections(RejectReason::Open), 1);
            }
        }
    });
}

#[test]
fn of_two_failures_that_would_trip_at_once_one_does() {
    loom::model(|| {
        let (breaker, _clock) = breaker(settings());
        let one = breaker.try_acquire().unwrap().into_owned();
        let other = breaker.try_acquire().unwrap().into_owned();

        let (one, other) = race(move || one.failure(), move || other.failure());

        let mut outcomes = [one, other];
        outcomes.sort();
        assert_eq!(outcomes, [Outcome::Failure, Outcome::Late]);
        let snapshot = breaker.snapshot();
        assert_eq!(snapshot.generation.get(), 1);
        assert_eq!(snapshot.openings, 1);
        assert_eq!(snapshot.totals.transitions(State::Closed, State::Open), 1);
    });
}

#[test]
fn the_last_probe_is_permitted_once() {
    loom::model(|| {
        let (breaker, _clock) = breaker(settings());
        breaker.half_open();
        let asking = || {
            let twin = breaker.clone();
            move || twin.try_acquire().map(Permit::into_owned)
        };

        let (one, other) = race(asking(), asking());

        assert!(one.is_ok() != other.is_ok());
        let snapshot = breaker.snapshot();
        assert_eq!((snapshot.probes_in_flight, snapshot.probes_free), (1, 0));
        assert_eq!(snapshot.totals.rejections(RejectReason::HalfOpen), 1);
    });
}

#[test]
fn a_probe_given_back_while_another_asks_is_never_lost() {
    loom::model(|| {
        let (breaker, _clock) = breaker(settings());
        breaker.half_open();
        let probe = breaker.try_acquire().unwrap().into_owned();
        let twin = breaker.clone();

        race(move || drop(probe), move || drop(twin.try_acquire()));

        let snapshot = breaker.snapshot();
        assert_eq!((snapshot.probes_in_flight, snapshot.probes_free), (0, 1));
        assert!(breaker.try_acquire().is_ok());
    });
}

#[test]
fn a_success_counts_before_a_reset_or_is_late_and_never_enters_the_next_generation() {
    every_window(|window| {
        let (breaker, _clock) = breaker(tolerant().window(window));
        let permit = breaker.try_acquire().unwrap().into_owned();
        let twin = breaker.clone();

        let (outcome, ()) = race(move || permit.success(), move || twin.reset());

        let snapshot = breaker.snapshot();
        assert_eq!(snapshot.window.calls, 0);
        assert_eq!(calls(&snapshot, outcome), 1);
        let ended = calls(&snapshot, Outcome::Success) + calls(&snapshot, Outcome::Late);
        assert_eq!(ended, 1);
    });
}

#[test]
fn a_success_while_the_breaker_trips_is_in_the_figures_of_the_trip_or_late() {
    every_window(|window| {
        let ratio = settings().failure_rate_threshold(1.0).minimum_calls(9);
        let (breaker, _clock) = breaker(ratio.window(window));
        let permit = breaker.try_acquire().unwrap().into_owned();
        let failing = breaker.try_acquire().unwrap().into_owned();

        let (outcome, _) = race(move || permit.success(), move || failing.failure());

        let snapshot = breaker.snapshot();
        assert_eq!(snapshot.state, State::Open);
        assert_eq!(calls(&snapshot, outcome), 1);
        let trip = snapshot.transitions[0];
        assert_eq!((trip.consecutive_failures, trip.window.failures), (1, 1));
        let before = u64::from(outcome == Outcome::Success);
        assert_eq!(trip.window.calls, 1 + before);
    });
}

#[test]
fn no_outcome_is_lost_while_the_window_moves_on() {
    loom::model(|| {
        let window = Window::time(Duration::from_millis(3), 3);
        let (breaker, clock) = breaker(tolerant().window(window));
        breaker.try_acquire().unwrap().success();
        let permit = breaker.try_acquire().unwrap().into_owned();
        let (twin, ahead) = (breaker.clone(), clock.clone());

        let (outcome, ()) = race(
            move || permit.success(),
            move || {
                ahead.set(1_500_000);
                twin.try_acquire().unwrap().success();
            },
        );

        assert_eq!(outcome, Outcome::Success);
        let snapshot = breaker.snapshot();
        assert_eq!(snapshot.window.calls, 3);
        assert_eq!(calls(&snapshot, Outcome::Success), 3);
        clock.set(3_500_000);
        let left = breaker.snapshot().window.calls;
        assert!((1..=2).contains(&left), "{left} in the second bucket");
    });
}

#[test]
fn no_outcome_is_lost_while_the_settings_change() {
    every_window(|window| {
        let (breaker, _clock) = breaker(tolerant().window(window));
        let permit = breaker.try_acquire().unwrap().into_owned();
        let twin = breaker.clone();
        let wider = match window {
            Window::Count { .. } => Window::count(99),
            _ => Window::time(Duration::from_millis(9), 9),
        };

        let (outcome, ()) = race(
            move || permit.success(),
            move || twin.reconfigure(tolerant().window(wider).build().unwrap()),
        );

        assert_eq!(outcome, Outcome::Success);
        assert_eq!(breaker.snapshot().window.calls, 1);
    });
}

#[test]
fn a_slow_limit_that_is_set_meanwhile_is_applied_wholly_or_not_at_all() {
    loom::model(|| {
        let slow = |limit| tolerant().slow_call_duration(Duration::from_secs(limit));
        let (breaker, _clock) = breaker(slow(99));
        let permit = breaker.try_acquire().unwrap().into_owned();
        let twin = breaker.clone();

        let took = Duration::from_secs(9);
        race(
            move || permit.took(took).success(),
            move || {
                twin.reconfigure(slow(1).build().unwrap());
                twin.reset();
                // Of a later generation than the permit, and slow by the new limit.
                twin.try_acquire().unwrap().took(took).success();
            },
        );

        let snapshot = breaker.snapshot();
        assert_eq!((snapshot.window.calls, snapshot.window.slow), (1, 1));
        assert!((1..=2).contains(&snapshot.totals.slow_calls()));
    });
}

#[test]
fn a_thread_that_sees_the_new_settings_judges_by_them() {
    loom::model(|| {
        let slow = |limit| tolerant().slow_call_duration(Duration::from_secs(limit));
        let (breaker, _clock) = breaker(slow(99));
        let (operator, caller) = (breaker.clone(), breaker.clone());

        let (_, outcome) = race(
            move || {
                operator.reconfigure(slow(1).build().unwrap());
                operator.reset();
            },
            move || {
                let permit = caller.try_acquire().ok()?;
                let generation = permit.generation().get();
                let outcome = permit.took(Duration::from_secs(9)).success();
                Some((generation, outcome))
            },
        );

        if let Some((1, Outcome::Success)) = outcome {
            assert_eq!(breaker.snapshot().window.slow, 1);
        }
    });
}

#[test]
fn a_rejection_names_the_deadline_of_its_own_open_period() {
    loom::model(|| {
        let (breaker, _clock) = breaker(settings());
        breaker.open_for(Duration::from_nanos(70));
        let twin = breaker.clone();

        let ((), asked) = race(
            move || {
                twin.half_open();
                twin.open_for(Duration::from_nanos(30));
            },
            move || breaker.try_acquire().map(Permit::into_owned),
        );

        if let Err(rejected) = asked {
            let left = match rejected.generation.get() {
                1 => 70,
                3 => 30,
                other => panic!("nothing is rejected in generation {other}"),
            };
            assert_eq!(rejected.retry_after, Some(Duration::from_nanos(left)));
        }
    });
}

#[test]
fn readers_see_every_outcome_once() {
    every_window(|window| {
        let (breaker, _clock) = breaker(tolerant().window(window));
        let permit = breaker.try_acquire().unwrap().into_owned();
        let twin = breaker.clone();

        let (_, seen) = race(move || permit.success(), move || twin.snapshot());

        assert_eq!(seen.window.calls, calls(&seen, Outcome::Success));
        let snapshot = breaker.snapshot();
        assert_eq!(snapshot.window.calls, 1);
        assert_eq!(calls(&snapshot, Outcome::Success), 1);
    });
}

#[test]
fn successes_that_meet_and_are_spread_are_all_counted() {
    loom::model(|| {
        let clock = ModelClock::default();
        let config = tolerant().window(Window::time(Duration::from_millis(3), 3));
        let hosts: Registry<String> =
            Registry::with_clock(NonZeroUsize::MIN, config.build().unwrap(), clock);
        let breaker = hosts.get("model").unwrap();
        let permit = || breaker.try_acquire().unwrap().into_owned();
        let (one, two, three) = (permit(), permit(), permit());

        // Who is overtaken twice spreads the threads; who comes later counts in another stripe.
        let (twin, collecting) = (breaker.clone(), breaker.clone());
        race(
            move || (one.success(), twin.try_acquire().unwrap().success()),
            move || (two.success(), three.success(), collecting.snapshot()),
        );

        assert_eq!(calls(&breaker.snapshot(), Outcome::Success), 4);
    });
}
