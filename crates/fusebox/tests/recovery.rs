//! The recovery of a breaker: back-off that decays, a ramp, overdue calls, and drops judged by age.

#![expect(
    clippy::unwrap_used,
    clippy::unchecked_time_subtraction,
    reason = "a test fails by panicking"
)]

use std::time::Duration;

use fusebox::{
    Breaker, Cause, Clock, Config, ConfigBuilder, DroppedPermit, InFlightCalls, ManualClock,
    Outcome, Permit, RejectReason, State,
};

const SECOND: Duration = Duration::from_secs(1);

fn settings() -> ConfigBuilder {
    Config::builder()
        .consecutive_failures(1)
        .open_for(SECOND)
        .backoff_factor(2.0)
        .max_open_for(SECOND * 64)
        .jitter(0.0)
}

fn breaker(settings: ConfigBuilder) -> (Breaker, ManualClock) {
    let clock = ManualClock::new();
    let config = settings.build().unwrap();
    (Breaker::with_clock("db", config, clock.clone()), clock)
}

/// Trips, waits and closes again; returns how long the breaker was open.
fn flap(breaker: &Breaker, clock: &ManualClock) -> Duration {
    breaker.try_acquire().unwrap().failure();
    let wait = breaker.snapshot().retry_after();
    clock.advance(wait);
    breaker.try_acquire().unwrap().success();
    assert_eq!(breaker.state(), State::Closed);
    wait
}

// pitfall 32
#[test]
fn a_downstream_that_dies_again_and_again_gets_longer_pauses() {
    let (breaker, clock) = breaker(settings().backoff_decay(SECOND * 10));

    let pauses = [(); 4].map(|()| flap(&breaker, &clock).as_secs());
    assert_eq!(pauses, [1, 2, 4, 8]);

    clock.advance(SECOND * 20);
    assert_eq!(breaker.snapshot().openings, 2);
    assert_eq!(flap(&breaker, &clock), SECOND * 4);
    clock.advance(SECOND * 1000);
    assert_eq!(breaker.snapshot().openings, 0);
    assert_eq!(flap(&breaker, &clock), SECOND);
}

#[test]
fn without_decay_closing_forgets_the_level_at_once() {
    let (breaker, clock) = breaker(settings().backoff_decay(None));

    let pauses = [(); 3].map(|()| flap(&breaker, &clock).as_secs());

    assert_eq!(pauses, [1, 1, 1]);
}

#[test]
fn a_reset_by_an_operator_forgets_the_level() {
    let (breaker, clock) = breaker(settings());
    flap(&breaker, &clock);
    flap(&breaker, &clock);

    breaker.reset();

    assert_eq!(breaker.snapshot().openings, 0);
    assert_eq!(flap(&breaker, &clock), SECOND);
}

// pitfall 31
#[test]
fn after_closing_a_growing_share_is_admitted() {
    let (breaker, clock) = breaker(settings().ramp_up_for(SECOND * 10));
    flap(&breaker, &clock);
    let admitted = |breaker: &Breaker| {
        let passes = |_: &i32| breaker.try_acquire().map(Permit::success).is_ok();
        (0..100).filter(passes).count()
    };

    assert_eq!(admitted(&breaker), 10);
    clock.advance(SECOND * 5);
    assert_eq!(admitted(&breaker), 50);
    let snapshot = breaker.snapshot();
    assert_eq!(snapshot.state, State::Closed);
    assert_eq!(snapshot.totals.rejections(RejectReason::RampUp), 140);
    clock.advance(SECOND * 5);
    assert_eq!(admitted(&breaker), 100);
}

#[test]
fn a_rejection_by_the_ramp_says_when_all_calls_pass() {
    let (breaker, clock) = breaker(settings().ramp_up_for(SECOND * 10));
    flap(&breaker, &clock);
    breaker.try_acquire().unwrap().success();
    clock.advance(SECOND / 10);

    let rejected = breaker.try_acquire().unwrap_err();

    assert_eq!(rejected.reason, RejectReason::RampUp);
    assert_eq!(rejected.reason.state(), State::Closed);
    assert_eq!(rejected.retry_after, Some(SECOND * 10 - SECOND / 10));
    assert_eq!(
        rejected.to_string(),
        "circuit breaker is ramping up, retry after 9.9s"
    );
}

#[test]
fn a_trip_inside_the_ramp_keeps_the_level_even_without_decay() {
    let ramping = settings().backoff_decay(None).ramp_up_for(SECOND * 10);
    let (breaker, clock) = breaker(ramping);
    flap(&breaker, &clock);

    clock.advance(SECOND * 9);
    assert_eq!(flap(&breaker, &clock), SECOND * 2);
    clock.advance(SECOND * 10);
    assert_eq!(flap(&breaker, &clock), SECOND);
}

#[test]
fn what_an_operator_closes_does_not_ramp() {
    let (breaker, _clock) = breaker(settings().ramp_up_for(SECOND));
    breaker.open();
    breaker.reset();

    for _ in 0..10 {
        assert!(breaker.try_acquire().is_ok());
    }
}

#[test]
fn a_ramp_of_another_length_begins_where_the_breaker_closed() {
    let (breaker, clock) = breaker(settings().ramp_up_for(SECOND * 10));
    flap(&breaker, &clock);
    clock.advance(SECOND * 2);

    breaker.reconfigure(settings().ramp_up_for(SECOND * 4).build().unwrap());

    let share = |breaker: &Breaker| (0..100).filter(|_| breaker.try_acquire().is_ok()).count();
    assert_eq!(share(&breaker), 50, "half of the new ramp is over");
    clock.advance(SECOND * 2);
    assert_eq!(share(&breaker), 100);
}

#[test]
fn without_a_ramp_all_calls_pass_at_once() {
    let (breaker, clock) = breaker(settings().ramp_up_for(SECOND * 10));
    flap(&breaker, &clock);

    breaker.reconfigure(settings().build().unwrap());

    assert!((0..10).all(|_| breaker.try_acquire().is_ok()));
}

fn watching() -> ConfigBuilder {
    Config::builder()
        .slow_call_rate_threshold(0.5)
        .slow_call_duration(SECOND)
        .minimum_calls(4)
        .jitter(0.0)
        .in_flight_calls(InFlightCalls::CountWhenOverdue)
}

// pitfall 35
#[test]
fn calls_that_hang_trip_the_breaker_before_they_end() {
    let (breaker, clock) = breaker(watching());
    let hanging: Vec<_> = (0..4).map(|_| breaker.try_acquire().unwrap()).collect();

    clock.advance(SECOND);
    assert_eq!(breaker.poll_transitions(), State::Closed);
    clock.advance(Duration::from_nanos(1));
    let rejected = breaker.try_acquire().unwrap_err();

    assert_eq!(rejected.reason, RejectReason::Open);
    let trip = breaker.snapshot().transitions[0];
    assert_eq!(trip.cause, Cause::SlowRatio);
    assert_eq!((trip.window.calls, trip.window.overdue), (0, 4));
    for call in hanging {
        assert_eq!(call.success(), Outcome::Late);
    }
}

#[test]
fn overdue_calls_and_slow_outcomes_add_up_and_a_call_counts_once() {
    let (breaker, clock) = breaker(watching());
    let overdue = breaker.try_acquire().unwrap();
    clock.advance(SECOND * 2);
    for _ in 0..3 {
        breaker.try_acquire().unwrap().success();
    }
    let snapshot = breaker.snapshot();
    assert_eq!((snapshot.window.calls, snapshot.window.overdue), (3, 1));
    assert_eq!(snapshot.slow_ratio, Some(0.25));

    overdue.success();

    let window = breaker.snapshot().window;
    assert_eq!((window.calls, window.slow, window.overdue), (4, 1, 0));
    breaker.try_acquire().unwrap().took(SECOND * 2).success();
    assert_eq!(breaker.state(), State::Closed, "two of five are slow");
    breaker.try_acquire().unwrap().took(SECOND * 2).success();
    assert_eq!(breaker.state(), State::Open, "three of six are slow");
}

#[test]
fn without_the_option_calls_in_flight_count_for_nothing() {
    let (breaker, clock) = breaker(watching().in_flight_calls(InFlightCalls::CountWhenEnded));
    let _hanging: Vec<_> = (0..9).map(|_| breaker.try_acquire().unwrap()).collect();

    clock.advance(SECOND * 99);

    assert_eq!(breaker.poll_transitions(), State::Closed);
    assert_eq!(breaker.snapshot().window.overdue, 0);
}

#[test]
fn calls_that_were_not_watched_all_the_time_are_not_overdue() {
    let (breaker, clock) = breaker(watching());
    let _hanging: Vec<_> = (0..9).map(|_| breaker.try_acquire().unwrap()).collect();

    let unwatched = watching().in_flight_calls(InFlightCalls::CountWhenEnded);
    breaker.reconfigure(unwatched.build().unwrap());
    breaker.reconfigure(watching().build().unwrap());
    clock.advance(SECOND * 9);

    assert_eq!(breaker.poll_transitions(), State::Closed);
    assert_eq!(breaker.snapshot().window.overdue, 0);
}

// pitfall 34
#[test]
fn who_leaves_at_once_says_nothing_and_who_leaves_late_had_reason_to() {
    let age = DroppedPermit::SlowFailureAfter(SECOND * 2);
    let slow = settings()
        .consecutive_failures(2)
        .slow_call_duration(SECOND * 9);
    let (breaker, clock) = breaker(slow.dropped_permit(age));

    let early = breaker.try_acquire().unwrap();
    clock.advance(SECOND * 2 - Duration::from_nanos(1));
    drop(early);
    assert_eq!(breaker.snapshot().consecutive_failures, 0);

    let late = breaker.try_acquire().unwrap();
    clock.advance(SECOND * 2);
    drop(late);

    let snapshot = breaker.snapshot();
    assert_eq!(snapshot.consecutive_failures, 1);
    assert_eq!(snapshot.totals.slow_calls(), 1);
    assert_eq!(snapshot.totals.calls(Outcome::Cancelled), 2);
}

#[test]
fn a_day_of_outage_is_undone_by_minutes_of_calm() {
    let clock = ManualClock::new();
    let defaults = Config::builder().consecutive_failures(1).jitter(0.0);
    let breaker = Breaker::with_clock("db", defaults.build().unwrap(), clock.clone());
    breaker.try_acquire().unwrap().failure();
    let mut openings = 1;
    while clock.now() < SECOND * 86_400 {
        clock.set(breaker.snapshot().deadline.unwrap());
        breaker.try_acquire().unwrap().failure();
        openings += 1;
    }
    assert!(openings > 1400);
    // 5, 10, 20, 40, 60 s: no level above the fifth changes anything.
    assert_eq!(breaker.snapshot().openings, 5);
    assert_eq!(breaker.snapshot().retry_after(), SECOND * 60);

    clock.set(breaker.snapshot().deadline.unwrap());
    breaker.try_acquire().unwrap().success();
    clock.advance(SECOND * 60 * 5);

    assert_eq!(breaker.snapshot().openings, 0);
    breaker.try_acquire().unwrap().failure();
    assert_eq!(breaker.snapshot().retry_after(), SECOND * 5);
}

#[test]
fn without_decay_the_level_is_the_number_of_openings_since_the_last_close() {
    let (breaker, clock) = breaker(settings().backoff_decay(None).max_open_for(SECOND * 2));
    breaker.try_acquire().unwrap().failure();
    for _ in 0..6 {
        clock.set(breaker.snapshot().deadline.unwrap());
        breaker.try_acquire().unwrap().failure();
    }

    assert_eq!(breaker.snapshot().openings, 7);

    clock.set(breaker.snapshot().deadline.unwrap());
    breaker.try_acquire().unwrap().success();
    assert_eq!(breaker.snapshot().openings, 0);
}

#[test]
fn a_verdict_that_says_trip_opens_at_once_in_closed_and_half_open() {
    let (breaker, clock) = breaker(settings().consecutive_failures(100).probe_count(9, 9));

    let permit = breaker.try_acquire().unwrap();
    assert_eq!(permit.retry_after(SECOND * 7).trip(), Outcome::Failure);
    let opened = breaker.snapshot();
    assert_eq!(opened.state, State::Open);
    assert_eq!(opened.transitions[0].cause, Cause::Verdict);
    assert_eq!(opened.transitions[0].consecutive_failures, 1);
    assert_eq!(opened.retry_after(), SECOND * 7);
    assert_eq!(opened.totals.trips(Cause::Verdict), 1);

    clock.advance(SECOND * 7);
    let verdict = fusebox::Verdict::Trip { retry_after: None };
    breaker.try_acquire().unwrap().end(verdict);
    let reopened = breaker.snapshot();
    assert_eq!(reopened.transitions.last().unwrap().cause, Cause::Verdict);
    assert_eq!(reopened.retry_after(), SECOND * 2, "the second level");

    let far = Duration::from_secs(u64::MAX);
    clock.advance(SECOND * 2);
    breaker.try_acquire().unwrap().retry_after(far).trip();
    assert_eq!(
        breaker.snapshot().retry_after(),
        SECOND * 64,
        "the longest there is"
    );
}

#[test]
fn a_verdict_that_says_trip_is_reported_or_counted_where_nothing_may_open() {
    let (breaker, _clock) = breaker(settings().consecutive_failures(100));
    let late = breaker.try_acquire().unwrap();
    breaker.metrics_only();
    breaker.try_acquire().unwrap().trip();
    assert_eq!(breaker.state(), State::MetricsOnly);
    assert_eq!(breaker.snapshot().totals.would_trip(), 1);

    breaker.disable();
    breaker.try_acquire().unwrap().trip();
    assert_eq!(breaker.state(), State::Disabled);
    assert_eq!(breaker.snapshot().totals.calls(Outcome::Failure), 2);

    breaker.resume();
    assert_eq!(late.trip(), Outcome::Late);
    assert_eq!(breaker.state(), State::Closed);
}
