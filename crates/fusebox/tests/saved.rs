//! Does a breaker that was saved go on where it was?

#![cfg(feature = "serde")]
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::time::Duration;

use fusebox::{
    Breaker, Cause, Config, ConfigBuilder, ManualClock, Outcome, Saved, Snapshot, State, Window,
};

const SECOND: Duration = Duration::from_secs(1);

fn settings(window: Window) -> ConfigBuilder {
    Config::builder()
        .consecutive_failures(10)
        .failure_rate_threshold(0.5)
        .slow_call_duration(SECOND)
        .minimum_calls(8)
        .window(window)
        .jitter(0.0)
}

fn breaker(window: Window) -> (Breaker, ManualClock) {
    let clock = ManualClock::new();
    let config = settings(window).build().unwrap();
    (Breaker::with_clock("db", config, clock.clone()), clock)
}

/// Through text, as through a file, into a breaker of another process.
fn restarted(before: &Breaker, window: Window) -> (Breaker, ManualClock) {
    let text = serde_json::to_string(&before.save()).unwrap();
    let saved: Saved = serde_json::from_str(&text).unwrap();
    assert_eq!(saved, before.save());
    let (after, clock) = breaker(window);
    clock.advance(SECOND * 1_000_000);
    after.restore(&saved);
    (after, clock)
}

fn known(snapshot: &Snapshot) -> (State, u64, u64, u64, u32, u32) {
    let window = snapshot.window;
    (
        snapshot.state,
        window.calls,
        window.failures,
        window.slow,
        snapshot.consecutive_failures,
        snapshot.openings,
    )
}

#[test]
fn evidence_and_state_go_on_in_either_kind_of_window() {
    for window in [Window::count(10), Window::time(SECOND * 10, 10)] {
        let (before, clock) = breaker(window);
        for call in 0..6_u32 {
            let permit = before.try_acquire().unwrap();
            // Equal neighbours are kept as one run.
            match call / 2 {
                0 => permit.success(),
                1 => permit.took(SECOND * 2).success(),
                _ => permit.failure(),
            };
            clock.advance(SECOND);
        }

        let (after, later) = restarted(&before, window);

        assert_eq!(known(&after.snapshot()), known(&before.snapshot()));
        for (breaker, clock) in [(&before, &clock), (&after, &later)] {
            clock.advance(SECOND);
            breaker.try_acquire().unwrap().failure();
            assert_eq!(breaker.state(), State::Closed);
            breaker.try_acquire().unwrap().failure();
            assert_eq!(breaker.state(), State::Open, "four of eight");
        }
    }
}

#[test]
fn outcomes_leave_a_restored_time_window_when_they_would_have_left_the_old_one() {
    let window = Window::time(SECOND * 10, 10);
    let (before, clock) = breaker(window);
    for _ in 0..10 {
        before.try_acquire().unwrap().success();
        clock.advance(SECOND);
    }

    let (after, later) = restarted(&before, window);

    for _ in 0..12 {
        assert_eq!(after.snapshot().window, before.snapshot().window);
        clock.advance(SECOND);
        later.advance(SECOND);
    }
}

#[test]
fn an_open_period_lasts_as_long_as_it_would_have() {
    let window = Window::count(10);
    let (before, clock) = breaker(window);
    before.open_for(SECOND * 30);
    clock.advance(SECOND * 10);

    let (after, later) = restarted(&before, window);

    let rejected = after.try_acquire().unwrap_err();
    assert_eq!(rejected.retry_after, Some(SECOND * 20));
    assert_eq!(after.snapshot().openings, 1);
    let restored = after.snapshot().transitions[0];
    assert_eq!(restored.cause, Cause::Restored);
    assert_eq!(restored.open_for, Some(SECOND * 20));
    later.advance(SECOND * 20);
    assert_eq!(after.poll_transitions(), State::HalfOpen);
}

#[test]
fn time_between_the_processes_counts_when_it_is_known() {
    let window = Window::time(SECOND * 10, 10);
    let (before, _clock) = breaker(window);
    before.try_acquire().unwrap().failure();
    let closed = before.save();
    before.open_for(SECOND * 30);
    let open = before.save();

    let (after, _) = breaker(window);
    after.restore(&closed.clone().aged(SECOND * 5));
    assert_eq!(
        after.snapshot().window.calls,
        0,
        "the clock is younger than that"
    );
    let (after, clock) = breaker(window);
    clock.advance(SECOND * 100);
    after.restore(&closed.clone().aged(SECOND * 9));
    assert_eq!(after.snapshot().window.failures, 1);
    after.restore(&closed.aged(SECOND * 10));
    assert_eq!(after.snapshot().window.failures, 0);
    after.restore(&open.aged(SECOND * 29));
    assert_eq!(after.snapshot().retry_after(), SECOND);
}

type Operate = fn(&Breaker);

#[test]
fn every_state_is_restored_and_calls_in_flight_are_void() {
    let window = Window::count(10);
    let ways: [(State, Operate); 6] = [
        (State::Closed, Breaker::reset),
        (State::Open, Breaker::open),
        (State::HalfOpen, Breaker::half_open),
        (State::ForcedOpen, Breaker::force_open),
        (State::Disabled, Breaker::disable),
        (State::MetricsOnly, Breaker::metrics_only),
    ];
    for (state, operate) in ways {
        let (before, _clock) = breaker(window);
        operate(&before);
        let (after, _clock) = breaker(window);
        let in_flight = after.try_acquire().unwrap();

        after.restore(&before.save());

        assert_eq!(after.state(), state);
        assert_eq!(before.save().state(), state);
        assert_eq!(in_flight.failure(), Outcome::Late);
    }
}

#[test]
fn a_restored_half_open_breaker_is_not_stuck() {
    let window = Window::count(10);
    let (before, clock) = breaker(window);
    before.half_open();
    let _hung = before.try_acquire().unwrap();
    clock.advance(SECOND * 4);

    let (after, later) = restarted(&before, window);

    let snapshot = after.snapshot();
    assert_eq!((snapshot.probes_in_flight, snapshot.probes_free), (0, 1));
    later.advance(SECOND * 6);
    assert_eq!(after.poll_transitions(), State::Open);
}

#[test]
fn evidence_that_no_window_could_hold_does_no_harm() {
    let text = r#"{"state":"closed","left":null,"openings":4294967295,
        "consecutive_failures":4294967295,
        "evidence":{"time":[{"age":{"secs":0,"nanos":0},"calls":1,"failures":9,"slow":9}]}}"#;
    let saved: Saved = serde_json::from_str(text).unwrap();
    let (after, _clock) = breaker(Window::time(SECOND, 1));

    after.restore(&saved);

    let window = after.snapshot().window;
    assert_eq!((window.calls, window.failures, window.slow), (1, 1, 1));
    after.try_acquire().unwrap().failure();
    assert_eq!(after.state(), State::Open);
    let (other_kind, _clock) = breaker(Window::count(5));
    other_kind.restore(&saved);
    assert_eq!(other_kind.snapshot().window.calls, 0);
}
