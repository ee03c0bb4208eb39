//! Nested calls: a rejection is no evidence, and one breaker around itself makes one call.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::time::Duration;

use fusebox::{Breaker, CallError, Config, ManualClock, Outcome, State, Verdict};

const OPEN_FOR: Duration = Duration::from_secs(1);

fn brittle(name: &str) -> (Breaker, ManualClock) {
    let config = Config::builder()
        .consecutive_failures(1)
        .open_for(OPEN_FOR)
        .jitter(0.0);
    let clock = ManualClock::new();
    let breaker = Breaker::with_clock(name, config.build().unwrap(), clock.clone());
    (breaker, clock)
}

fn counted(breaker: &Breaker, outcome: Outcome) -> u64 {
    breaker.snapshot().totals.calls(outcome)
}

fn ready<F: Future>(future: F) -> F::Output {
    let mut future = std::pin::pin!(future);
    let mut cx = std::task::Context::from_waker(std::task::Waker::noop());
    match future.as_mut().poll(&mut cx) {
        std::task::Poll::Ready(output) => output,
        std::task::Poll::Pending => panic!("it answers at once"),
    }
}

#[test]
fn a_rejection_by_an_inner_breaker_is_no_evidence_for_the_outer_one() {
    let ((outer, _), (inner, _)) = (brittle("outer"), brittle("inner"));
    inner.force_open();

    let result = outer.call(|| inner.call(|| Ok::<_, &str>(())));

    assert!(matches!(
        result,
        Err(CallError::Failed(CallError::Rejected(_)))
    ));
    assert_eq!(outer.state(), State::Closed);
    assert_eq!(counted(&outer, Outcome::Ignored), 1);
}

#[test]
fn an_asynchronous_rejection_is_no_evidence_either() {
    let ((outer, _), (inner, _)) = (brittle("outer"), brittle("inner"));
    inner.force_open();

    let result =
        ready(outer.call_async(async || inner.call_async(async || Ok::<_, &str>(())).await));

    assert!(result.is_err());
    assert_eq!(outer.state(), State::Closed);
    assert_eq!(counted(&outer, Outcome::Ignored), 1);
}

#[test]
fn a_rejection_that_reaches_the_outer_breaker_in_other_words_is_none_either() {
    let ((outer, _), (inner, _)) = (brittle("outer"), brittle("inner"));
    inner.force_open();

    let by_hand = outer.call(|| inner.try_acquire().map(|_| ()).map_err(|_| "busy"));

    assert!(by_hand.is_err());
    assert_eq!(outer.state(), State::Closed);
}

#[test]
fn a_rejection_is_none_through_any_number_of_breakers() {
    let breakers = ["first", "second", "third"].map(|name| brittle(name).0);
    let (inner, _) = brittle("inner");
    inner.force_open();
    let [first, second, third] = &breakers;

    let result = first.call(|| second.call(|| third.call(|| inner.call(|| Ok::<_, &str>(())))));

    assert!(result.is_err());
    for breaker in &breakers {
        assert_eq!(breaker.state(), State::Closed, "{breaker:?}");
        assert_eq!(counted(breaker, Outcome::Ignored), 1, "{breaker:?}");
    }
}

#[test]
fn a_failure_behind_an_inner_breaker_is_evidence_for_both() {
    let ((outer, _), (inner, _)) = (brittle("outer"), brittle("inner"));

    let result = outer.call(|| inner.call(|| Err::<(), _>("broken")));

    assert!(result.is_err());
    assert_eq!((outer.state(), inner.state()), (State::Open, State::Open));
}

#[test]
fn the_last_word_of_a_call_decides_whether_it_was_a_rejection() {
    let ((outer, _), (inner, _), (other, _)) = (brittle("a"), brittle("b"), brittle("c"));
    inner.force_open();

    let retried_elsewhere = outer.call(|| {
        let _ = inner.call(|| Ok::<_, &str>(()));
        other.call(|| Err::<(), _>("broken"))
    });

    assert!(retried_elsewhere.is_err());
    assert_eq!(outer.state(), State::Open);
}

#[test]
fn a_good_answer_in_spite_of_a_rejection_is_a_success() {
    let ((outer, clock), (inner, _)) = (brittle("outer"), brittle("inner"));
    inner.force_open();
    outer.open();
    clock.advance(OPEN_FOR);

    let fallback = outer.call(|| inner.call(|| Ok::<_, &str>(1)).or(Ok::<_, &str>(0)));

    assert_eq!(fallback, Ok(0));
    assert_eq!(outer.state(), State::Closed);
}

#[test]
fn a_retry_that_the_same_breaker_answers_takes_its_rejection_back() {
    let ((outer, _), (inner, _)) = (brittle("outer"), brittle("inner"));
    inner.force_open();

    let result = outer.call(|| {
        let _ = inner.call(|| Ok::<_, &str>(()));
        inner.resume();
        inner.call(|| Ok::<_, &str>(())).unwrap();
        Err::<(), _>("a failure of its own")
    });

    assert!(result.is_err());
    assert_eq!(outer.state(), State::Open);
}

#[test]
fn an_answer_of_another_breaker_takes_no_rejection_back() {
    let ((outer, _), (one, _), (other, _)) = (brittle("outer"), brittle("a"), brittle("b"));
    one.force_open();

    let both_are_needed = outer.call(|| {
        let rejected = one.call(|| Ok::<_, &str>(()));
        let answered = other.call(|| Ok::<_, &str>(()));
        rejected.and(answered)
    });

    assert!(both_are_needed.is_err());
    assert_eq!(outer.state(), State::Closed);
    assert_eq!(counted(&outer, Outcome::Ignored), 1);
}

#[test]
fn of_two_rejections_one_answer_takes_back_its_own() {
    let ((outer, _), (one, _), (other, _)) = (brittle("outer"), brittle("a"), brittle("b"));
    for retried in [&one, &other] {
        one.force_open();
        other.force_open();

        let both_are_needed = outer.call(|| {
            let _ = one.call(|| Ok::<_, &str>(()));
            let _ = other.call(|| Ok::<_, &str>(()));
            retried.resume();
            retried.call(|| Ok::<_, &str>(())).unwrap();
            Err::<(), _>("the other one is missing")
        });

        assert!(both_are_needed.is_err());
        assert_eq!(outer.state(), State::Closed);
    }
    assert_eq!(counted(&outer, Outcome::Ignored), 2);
}

#[test]
fn a_fallback_inside_another_call_takes_back_only_what_it_stood_in_for() {
    let ((outer, _), (inner, _), (middle, _)) = (brittle("a"), brittle("b"), brittle("c"));
    inner.force_open();
    let with_fallback = || middle.call(|| inner.call(|| Ok::<_, &str>(1)).or(Ok::<_, &str>(0)));

    let own_failure = outer.call(|| {
        with_fallback().unwrap();
        Err::<(), _>("a failure of its own")
    });

    assert!(own_failure.is_err());
    assert_eq!(outer.state(), State::Open);
}

#[test]
fn a_breaker_around_itself_is_one_call_and_closes() {
    let (breaker, clock) = brittle("twice");
    breaker.open();
    clock.advance(OPEN_FOR);

    let result = breaker.call(|| breaker.clone().call(|| Ok::<_, &str>(7)));

    assert_eq!(result, Ok(7));
    assert_eq!(breaker.state(), State::Closed);
    assert_eq!(counted(&breaker, Outcome::Success), 1);
}

#[test]
fn a_breaker_around_itself_with_another_in_between_is_one_call_too() {
    let ((breaker, clock), (between, _)) = (brittle("twice"), brittle("between"));
    breaker.open();
    clock.advance(OPEN_FOR);

    let inside = || between.call(|| breaker.call(|| Ok::<_, &str>(7)));
    let result = breaker.call(inside);

    assert_eq!(result, Ok(7));
    assert_eq!(breaker.state(), State::Closed);
    assert_eq!(counted(&breaker, Outcome::Success), 1);
    assert_eq!(counted(&between, Outcome::Success), 1);
}

#[test]
fn a_panic_inside_leaves_no_call_behind() {
    let ((outer, _), (inner, _)) = (brittle("outer"), brittle("inner"));
    let panics = std::panic::AssertUnwindSafe(|| {
        let _ = outer.call_with(Verdict::of, || -> Result<(), ()> { panic!("in the call") });
    });
    assert!(std::panic::catch_unwind(panics).is_err());
    outer.reset();

    // The breaker that panicked is not taken for one under way.
    outer.call(|| Ok::<_, ()>(())).unwrap();
    assert_eq!(counted(&outer, Outcome::Success), 1);
    inner.force_open();
    assert!(inner.call(|| Ok::<_, ()>(())).is_err());
}
