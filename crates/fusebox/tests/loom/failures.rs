//! Models of failures that are noted without the lock.

use super::*;

/// A time window in which the first failure is harmless and the second trips.
fn second_failure_trips() -> ConfigBuilder {
    Config::builder()
        .failure_rate_threshold(0.5)
        .minimum_calls(4)
        .window(Window::time(Duration::from_millis(3), 3))
        .open_for(Duration::from_nanos(100))
        .stripes(std::num::NonZeroUsize::MIN)
        .jitter(0.0)
        .jitter_seed(1)
}

#[test]
fn of_two_failures_one_is_noted_and_the_other_judged_with_both() {
    loom::model(|| {
        let (breaker, _clock) = breaker(second_failure_trips());
        for _ in 0..2 {
            breaker.try_acquire().unwrap().success();
        }
        let one = breaker.try_acquire().unwrap().into_owned();
        let other = breaker.try_acquire().unwrap().into_owned();

        let outcomes = race(move || one.failure(), move || other.failure());

        assert_eq!(outcomes, (Outcome::Failure, Outcome::Failure));
        let snapshot = breaker.snapshot();
        assert_eq!(snapshot.state, State::Open);
        let window = snapshot.transitions[0].window;
        assert_eq!((window.calls, window.failures), (4, 2));
        assert_eq!(calls(&snapshot, Outcome::Failure), 2);
    });
}

#[test]
fn a_failure_counts_before_a_reset_or_is_late_and_never_enters_the_next_generation() {
    loom::model(|| {
        let (breaker, _clock) = breaker(second_failure_trips());
        let permit = breaker.try_acquire().unwrap().into_owned();
        let twin = breaker.clone();

        let (outcome, ()) = race(move || permit.failure(), move || twin.reset());

        let snapshot = breaker.snapshot();
        assert_eq!(snapshot.window.failures, 0);
        assert_eq!(snapshot.consecutive_failures, 0);
        assert_eq!(calls(&snapshot, outcome), 1);
        let ended = calls(&snapshot, Outcome::Failure) + calls(&snapshot, Outcome::Late);
        assert_eq!(ended, 1);
    });
}

#[test]
fn a_noted_failure_and_a_noted_success_are_both_in_the_figures_that_follow() {
    loom::model(|| {
        let (breaker, _clock) = breaker(second_failure_trips());
        let failing = breaker.try_acquire().unwrap().into_owned();
        let permit = breaker.try_acquire().unwrap().into_owned();

        race(move || failing.failure(), move || permit.success());

        let window = breaker.snapshot().window;
        assert_eq!((window.calls, window.failures), (2, 1));
        breaker.try_acquire().unwrap().success();
        assert_eq!(breaker.state(), State::Closed);
        breaker.try_acquire().unwrap().failure();
        assert_eq!(breaker.state(), State::Open, "two of four");
    });
}
