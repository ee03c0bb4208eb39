//! The end of every half-open period: no probe can hold a breaker half-open, whatever it does or
//! fails to do.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::future::{Future, pending};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use fusebox::{
    Breaker, CallError, Config, ConfigBuilder, DroppedPermit, ManualClock, Outcome, RejectReason,
    State,
};

const OPEN_FOR: Duration = Duration::from_secs(1);
const HALF_OPEN_FOR: Duration = Duration::from_secs(5);

fn settings() -> ConfigBuilder {
    Config::builder()
        .consecutive_failures(1)
        .open_for(OPEN_FOR)
        .backoff_factor(1.0)
        .jitter(0.0)
        .half_open_for(HALF_OPEN_FOR)
}

/// A breaker whose open period is just over.
fn recovering(settings: ConfigBuilder) -> (Breaker, ManualClock) {
    let clock = ManualClock::new();
    let breaker = Breaker::with_clock("downstream", settings.build().unwrap(), clock.clone());
    breaker.try_acquire().unwrap().failure();
    clock.advance(OPEN_FOR);
    assert_eq!(breaker.poll_transitions(), State::HalfOpen);
    (breaker, clock)
}

/// Unwinds like a panic but prints nothing.
fn panicked() -> ! {
    resume_unwind(Box::new("the call panicked"))
}

fn assert_recovers(breaker: &Breaker, clock: &ManualClock) {
    clock.advance(OPEN_FOR);
    assert_eq!(breaker.try_acquire().unwrap().success(), Outcome::Success);
    assert_eq!(breaker.state(), State::Closed);
}

// pitfall 1
#[test]
fn a_dropped_probe_gives_its_slot_back_and_decides_nothing() {
    let (breaker, _clock) = recovering(settings());

    drop(breaker.try_acquire().unwrap());

    let snapshot = breaker.snapshot();
    assert_eq!(snapshot.state, State::HalfOpen);
    assert_eq!((snapshot.probes_in_flight, snapshot.probes_free), (0, 1));
    assert_eq!(snapshot.totals.calls(Outcome::Cancelled), 1);
    assert_eq!(breaker.try_acquire().unwrap().success(), Outcome::Success);
    assert_eq!(breaker.state(), State::Closed);
}

// pitfall 34
#[test]
fn a_dropped_probe_reopens_where_dropping_means_failure() {
    let (breaker, clock) = recovering(settings().dropped_permit(DroppedPermit::Failure));

    drop(breaker.try_acquire().unwrap());

    assert_eq!(breaker.state(), State::Open);
    assert_eq!(breaker.snapshot().totals.calls(Outcome::Cancelled), 1);
    assert_recovers(&breaker, &clock);
}

// pitfall 2
#[test]
fn a_panicking_probe_reopens_and_holds_no_slot() {
    let (breaker, clock) = recovering(settings());

    let call = || -> Result<(), ()> { panicked() };
    let unwound = catch_unwind(AssertUnwindSafe(|| breaker.call(call)));

    assert!(unwound.is_err());
    assert_eq!(breaker.state(), State::Open);
    assert_eq!(breaker.snapshot().totals.calls(Outcome::Failure), 2);
    assert_recovers(&breaker, &clock);
}

// pitfall 3
#[test]
fn a_hung_probe_holds_the_breaker_no_longer_than_the_deadline() {
    let (breaker, clock) = recovering(settings());
    let hung = breaker.try_acquire().unwrap();

    clock.advance(HALF_OPEN_FOR.saturating_sub(Duration::from_nanos(1)));
    let rejected = breaker.try_acquire().unwrap_err();
    assert_eq!(rejected.reason, RejectReason::HalfOpen);
    assert_eq!(rejected.retry_after, Some(Duration::from_nanos(1)));

    clock.advance(Duration::from_nanos(1));
    let rejected = breaker.try_acquire().unwrap_err();
    assert_eq!(rejected.reason, RejectReason::Open);
    assert_eq!(rejected.retry_after, Some(OPEN_FOR));

    assert_recovers(&breaker, &clock);
    assert_eq!(hung.failure(), Outcome::Late);
    assert_eq!(breaker.state(), State::Closed);
}

// pitfalls 4 and 5
#[test]
fn probes_ignored_forever_neither_close_nor_hold_the_breaker() {
    let (breaker, clock) = recovering(settings());

    for _ in 0..1000 {
        assert_eq!(breaker.try_acquire().unwrap().ignore(), Outcome::Ignored);
        assert_eq!(breaker.state(), State::HalfOpen);
        clock.advance(Duration::from_millis(4));
    }
    clock.advance(Duration::from_secs(1));

    assert_eq!(breaker.poll_transitions(), State::Open);
    assert_recovers(&breaker, &clock);
}

// pitfall 8
#[test]
fn a_trial_with_a_lost_probe_is_judged_when_a_substitute_has_ended() {
    let (breaker, _clock) = recovering(settings().probe_trial(2, 1.0));

    let lost = breaker.try_acquire().unwrap();
    breaker.try_acquire().unwrap().failure();
    assert!(breaker.try_acquire().is_err());
    drop(lost);
    breaker.try_acquire().unwrap().success();

    assert_eq!(breaker.state(), State::Closed);
}

// pitfall 27
#[test]
fn the_deadline_of_one_half_open_period_does_not_end_the_next() {
    let (breaker, clock) = recovering(settings());
    clock.advance(Duration::from_secs(4));
    breaker.try_acquire().unwrap().failure();
    clock.advance(OPEN_FOR);

    assert_eq!(breaker.poll_transitions(), State::HalfOpen);
    clock.advance(HALF_OPEN_FOR.saturating_sub(Duration::from_nanos(1)));

    assert_eq!(breaker.poll_transitions(), State::HalfOpen);
}

fn poll_once<F: Future>(future: F) -> Poll<F::Output> {
    pin!(future).poll(&mut Context::from_waker(Waker::noop()))
}

#[test]
fn an_asynchronous_call_reports_its_result() {
    let (breaker, _clock) = recovering(settings());

    let done = poll_once(breaker.call_async(async || Ok::<_, ()>(7)));
    assert_eq!(done, Poll::Ready(Ok(7)));
    assert_eq!(breaker.state(), State::Closed);

    let failed = poll_once(breaker.call_async(async || Err::<(), _>("bad")));
    assert_eq!(failed, Poll::Ready(Err(CallError::Failed("bad"))));
    assert_eq!(breaker.state(), State::Open);

    let rejected = poll_once(
        breaker.call_async(|| -> std::future::Ready<Result<(), ()>> {
            panic!("a rejected call is never made")
        }),
    );
    assert!(matches!(rejected, Poll::Ready(Err(CallError::Rejected(_)))));
}

// pitfall 1
#[test]
fn a_dropped_asynchronous_probe_gives_its_slot_back() {
    let (breaker, _clock) = recovering(settings());

    let polled = {
        let mut probe = pin!(breaker.call_async(pending::<Result<(), ()>>));
        let polled = probe.as_mut().poll(&mut Context::from_waker(Waker::noop()));
        assert_eq!(breaker.snapshot().probes_in_flight, 1);
        polled
    };

    assert!(polled.is_pending());
    let snapshot = breaker.snapshot();
    assert_eq!((snapshot.probes_in_flight, snapshot.probes_free), (0, 1));
    assert_eq!(snapshot.totals.calls(Outcome::Cancelled), 1);
}

#[test]
fn an_asynchronous_call_that_is_never_polled_takes_no_slot() {
    let (breaker, _clock) = recovering(settings());

    drop(breaker.call_async(async || Ok::<(), ()>(())));

    assert_eq!(breaker.snapshot().totals.calls(Outcome::Cancelled), 0);
    assert_eq!(breaker.snapshot().probes_free, 1);
}

// pitfall 2
#[test]
fn a_panicking_asynchronous_probe_reopens() {
    let (breaker, clock) = recovering(settings());

    let probe = breaker.call_async(async || -> Result<(), ()> { panicked() });
    let unwound = catch_unwind(AssertUnwindSafe(|| poll_once(probe)));

    assert!(unwound.is_err());
    assert_eq!(breaker.state(), State::Open);
    assert_eq!(breaker.snapshot().totals.calls(Outcome::Failure), 2);
    assert_recovers(&breaker, &clock);
}
