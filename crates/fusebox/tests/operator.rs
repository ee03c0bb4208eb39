//! An operator's commands, to one breaker and to many.

#![expect(
    clippy::unwrap_used,
    clippy::unchecked_time_subtraction,
    reason = "a test fails by panicking"
)]

use std::time::Duration;

use fusebox::{
    Breaker, Cause, Clock, ClockSteps, Config, ConfigBuilder, ManualClock, ManualControl, Outcome,
    RejectReason, State, Window,
};

fn settings() -> ConfigBuilder {
    Config::builder().consecutive_failures(3).jitter(0.0)
}

fn breaker(settings: ConfigBuilder) -> (Breaker, ManualClock) {
    let clock = ManualClock::new();
    let config = settings.build().unwrap();
    (Breaker::with_clock("db", config, clock.clone()), clock)
}

#[test]
fn opening_for_a_given_time_lasts_exactly_so_long_whatever_the_settings_say() {
    let long = Duration::from_secs(3600);
    let (breaker, clock) = breaker(settings().max_open_for(Duration::from_secs(60)));

    breaker.open_for(long);

    assert_eq!(breaker.try_acquire().unwrap_err().retry_after, Some(long));
    clock.advance(long - Duration::from_nanos(1));
    assert_eq!(breaker.poll_transitions(), State::Open);
    clock.advance(Duration::from_nanos(1));
    assert_eq!(breaker.poll_transitions(), State::HalfOpen);
}

#[test]
fn an_open_period_beyond_the_end_of_time_still_says_how_long_it_is() {
    let (breaker, clock) = breaker(settings());

    breaker.open_for(Duration::MAX);

    for _ in 0..2 {
        let rejected = breaker.try_acquire().unwrap_err();
        assert_eq!(rejected.retry_after, Some(Duration::MAX));
    }
    clock.advance(Duration::from_secs(1));
    let left = breaker.try_acquire().unwrap_err().retry_after;
    assert_eq!(left, Some(Duration::MAX - Duration::from_secs(1)));
    assert_eq!(breaker.snapshot().totals.rejections(RejectReason::Open), 3);
}

#[test]
fn opening_an_open_breaker_for_a_given_time_moves_only_its_end() {
    let (breaker, clock) = breaker(settings());
    breaker.open_for(Duration::from_secs(10));
    clock.advance(Duration::from_secs(4));

    breaker.open_for(Duration::from_secs(1));

    let snapshot = breaker.snapshot();
    assert_eq!(snapshot.retry_after(), Duration::from_secs(1));
    assert_eq!((snapshot.generation.get(), snapshot.openings), (1, 1));
    let rejected = breaker.try_acquire().unwrap_err();
    assert_eq!(rejected.retry_after, Some(Duration::from_secs(1)));
}

#[test]
fn one_handle_isolates_and_resumes_all_members_present_and_to_come() {
    let control = ManualControl::new();
    let (one, _) = breaker(settings());
    let (other, _) = breaker(settings());
    control.add(&one);
    control.add(&one);
    assert_eq!(control.members(), 1);

    control.isolate();
    control.clone().add(&other);

    for breaker in [&one, &other] {
        let rejected = breaker.try_acquire().unwrap_err();
        assert_eq!(rejected.reason, RejectReason::ForcedOpen);
        assert_eq!(rejected.retry_after, None);
    }
    control.resume();
    assert_eq!((one.state(), other.state()), (State::Closed, State::Closed));
    let (late, _) = breaker(settings());
    control.add(&late);
    assert_eq!(late.state(), State::Closed);
}

#[test]
fn one_handle_does_to_all_what_an_operator_does_to_one() {
    let control = ManualControl::new();
    let (one, _) = breaker(settings());
    let (other, _) = breaker(settings());
    control.add(&one);
    control.add(&other);
    let states = || [one.state(), other.state()];

    control.disable();
    assert_eq!(states(), [State::Disabled; 2]);
    control.metrics_only();
    assert_eq!(states(), [State::MetricsOnly; 2]);
    control.open_for(Duration::from_secs(7));
    assert_eq!(states(), [State::Open; 2]);
    assert_eq!(other.snapshot().retry_after(), Duration::from_secs(7));
    control.reset();
    assert_eq!(states(), [State::Closed; 2]);
    let (late, _) = breaker(settings());
    control.add(&late);
    assert_eq!(
        late.state(),
        State::Closed,
        "a reset ends the standing order"
    );
}

#[test]
fn adding_a_member_again_changes_nothing() {
    let control = ManualControl::new();
    let (one, _) = breaker(settings());
    control.isolate();
    control.add(&one);
    one.resume();

    control.add(&one);

    assert_eq!(one.state(), State::Closed);
    control.disable();
    assert_eq!(one.state(), State::Disabled, "it is still a member");
}

#[test]
fn a_handle_keeps_no_member_alive() {
    let control = ManualControl::new();
    let (one, _) = breaker(settings());
    control.add(&one);

    drop(one);

    assert_eq!(control.members(), 0);
    control.isolate();
}

#[test]
fn disabled_counts_calls_and_judges_none() {
    let (breaker, _clock) = breaker(settings());
    breaker.disable();

    for _ in 0..10 {
        breaker.try_acquire().unwrap().failure();
        breaker.try_acquire().unwrap().success();
    }

    let snapshot = breaker.snapshot();
    assert_eq!(snapshot.state, State::Disabled);
    assert_eq!(snapshot.totals.calls(Outcome::Success), 10);
    assert_eq!(snapshot.totals.calls(Outcome::Failure), 10);
    assert_eq!(
        (snapshot.window.calls, snapshot.consecutive_failures),
        (0, 0)
    );
}

#[test]
fn new_rules_judge_the_old_evidence() {
    let ratio = |limit| {
        let settings = Config::builder().failure_rate_threshold(limit);
        settings.window(Window::count(10)).minimum_calls(4)
    };
    let (breaker, _clock) = breaker(ratio(0.9));
    breaker.try_acquire().unwrap().success();
    breaker.try_acquire().unwrap().failure();
    let in_flight = breaker.try_acquire().unwrap();

    breaker.reconfigure(ratio(0.5).build().unwrap());

    assert_eq!(in_flight.success(), Outcome::Success);
    assert_eq!(breaker.state(), State::Closed);
    breaker.try_acquire().unwrap().failure();
    assert_eq!(breaker.state(), State::Open);
    let trip = breaker.snapshot().transitions[0];
    assert_eq!(trip.cause, Cause::FailureRatio);
    assert_eq!((trip.window.failures, trip.window.calls), (2, 4));
}

#[test]
fn a_count_window_of_another_size_keeps_the_last_outcomes() {
    let window = |calls| {
        let settings = Config::builder().failure_rate_threshold(1.0);
        settings.window(Window::count(calls)).build().unwrap()
    };
    let clock = ManualClock::new();
    let breaker = Breaker::with_clock("db", window(4), clock);
    for failed in [true, false, false, true] {
        let permit = breaker.try_acquire().unwrap();
        if failed {
            permit.failure();
        } else {
            permit.success();
        }
    }
    let figures = || {
        let window = breaker.snapshot().window;
        (window.calls, window.failures)
    };

    breaker.reconfigure(window(3));
    assert_eq!(figures(), (3, 1));
    breaker.reconfigure(window(8));
    assert_eq!(figures(), (3, 1));
    breaker.try_acquire().unwrap().success();
    assert_eq!(figures(), (4, 1));
}

#[test]
fn a_time_window_of_another_size_keeps_the_buckets_that_fit() {
    let window = |seconds, buckets| {
        let window = Window::time(Duration::from_secs(seconds), buckets);
        let settings = Config::builder().failure_rate_threshold(1.0);
        settings.window(window).build().unwrap()
    };
    let clock = ManualClock::new();
    let breaker = Breaker::with_clock("db", window(10, 10), clock.clone());
    for _ in 0..10 {
        breaker.try_acquire().unwrap().success();
        clock.advance(Duration::from_secs(1));
    }
    let calls = || breaker.snapshot().window.calls;
    assert_eq!(calls(), 9);

    breaker.reconfigure(window(5, 5));
    assert_eq!(calls(), 4);
    breaker.reconfigure(window(20, 10));
    assert_eq!(calls(), 4);
    clock.advance(Duration::from_secs(20));
    assert_eq!(calls(), 0);
}

#[test]
fn another_kind_of_window_begins_empty_and_the_run_of_failures_goes_on() {
    let rules = |window| {
        let settings = settings().failure_rate_threshold(1.0).minimum_calls(9);
        settings.window(window)
    };
    let (breaker, _clock) = breaker(rules(Window::count(10)));
    breaker.try_acquire().unwrap().failure();
    breaker.try_acquire().unwrap().failure();

    let time = Window::time(Duration::from_secs(1), 1);
    breaker.reconfigure(rules(time).build().unwrap());

    let snapshot = breaker.snapshot();
    assert_eq!(
        (snapshot.window.calls, snapshot.consecutive_failures),
        (0, 2)
    );
    breaker.try_acquire().unwrap().failure();
    assert_eq!(breaker.state(), State::Open);
}

#[test]
fn a_shorter_longest_open_period_ends_the_present_one_sooner() {
    let minute = Duration::from_secs(60);
    let (breaker, clock) = breaker(settings().open_for(minute));
    breaker.open();
    clock.advance(Duration::from_secs(20));

    let shorter = settings().open_for(Duration::from_secs(1));
    let shorter = shorter.max_open_for(Duration::from_secs(30));
    breaker.reconfigure(shorter.build().unwrap());

    assert_eq!(breaker.snapshot().retry_after(), Duration::from_secs(10));
    clock.advance(Duration::from_secs(10));
    assert!(breaker.try_acquire().is_ok());
}

#[test]
fn new_settings_judge_the_probes_at_once() {
    let (breaker, _clock) = breaker(settings().probe_count(3, 1).half_open_for(None));
    breaker.half_open();
    breaker.try_acquire().unwrap().success();
    breaker.try_acquire().unwrap().success();
    assert_eq!(breaker.state(), State::HalfOpen);

    breaker.reconfigure(settings().probe_count(2, 1).build().unwrap());

    assert_eq!(breaker.state(), State::Closed);
    assert_eq!(
        breaker.snapshot().transitions[1].cause,
        Cause::ProbesSucceeded
    );
}

/// A clock that promises to go only forward, so that it is read only when there is need.
#[derive(Clone)]
struct Forward(ManualClock);

impl Clock for Forward {
    fn now(&self) -> Duration {
        self.0.now()
    }

    fn steps(&self) -> ClockSteps {
        ClockSteps::OnlyForward
    }
}

#[test]
fn a_call_that_nobody_timed_is_not_slow_when_a_slow_limit_comes() {
    let clock = ManualClock::new();
    let config = settings().build().unwrap();
    let breaker = Breaker::with_clock("db", config, Forward(clock.clone()));
    let untimed = breaker.try_acquire().unwrap();
    clock.advance(Duration::from_secs(100));

    let slow = settings().slow_call_duration(Duration::from_secs(1));
    breaker.reconfigure(slow.build().unwrap());

    assert_eq!(untimed.success(), Outcome::Success);
    assert_eq!(breaker.snapshot().totals.slow_calls(), 0);
    let timed = breaker.try_acquire().unwrap();
    clock.advance(Duration::from_secs(2));
    timed.success();
    assert_eq!(breaker.snapshot().totals.slow_calls(), 1);
}
