//! The saved state of a breaker, from which a new one continues.

#![cfg(feature = "serde")]
#![expect(
    clippy::unwrap_used,
    clippy::unchecked_time_subtraction,
    reason = "a test fails by panicking"
)]

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
fn restarted_at(now: Duration, before: &Breaker, window: Window) -> (Breaker, ManualClock) {
    let text = serde_json::to_string(&before.save()).unwrap();
    let saved: Saved = serde_json::from_str(&text).unwrap();
    assert_eq!(saved, before.save());
    let (after, clock) = breaker(window);
    clock.advance(now);
    after.restore(&saved);
    (after, clock)
}

/// In a process whose clock has just begun, as that of every process has.
fn restarted(before: &Breaker, window: Window) -> (Breaker, ManualClock) {
    restarted_at(Duration::ZERO, before, window)
}

/// Times that a clock may show when a breaker is restored: at its origin, within the first bucket,
/// at a border of buckets, long after.
const STARTS: [Duration; 4] = [
    Duration::ZERO,
    Duration::from_millis(1_234),
    Duration::from_secs(7),
    Duration::from_millis(1_000_000_400),
];

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
    for start in STARTS {
        let (before, clock) = breaker(window);
        clock.advance(Duration::from_millis(321));
        for call in 0..8 {
            let permit = before.try_acquire().unwrap();
            // At most half of them, and never ten in a row.
            if call % 2 == 0 {
                permit.success()
            } else {
                permit.failure()
            };
            clock.advance(Duration::from_millis(900));
        }
        before.metrics_only();
        for _ in 0..8 {
            before.try_acquire().unwrap().failure();
            clock.advance(Duration::from_millis(1_100));
        }

        let (after, later) = restarted_at(start, &before, window);

        for _ in 0..130 {
            assert_eq!(
                after.snapshot().window,
                before.snapshot().window,
                "{start:?}"
            );
            clock.advance(Duration::from_millis(100));
            later.advance(Duration::from_millis(100));
        }
        assert_eq!(after.snapshot().window.calls, 0);
    }
}

#[test]
fn a_failure_of_two_seconds_ago_counts_in_a_process_that_has_just_begun() {
    let (before, clock) = breaker(Window::time(SECOND * 10, 10));
    before.try_acquire().unwrap().failure();
    clock.advance(SECOND * 2);
    let saved = before.save();

    // The system's clock begins with the process, or rather with the breaker.
    let after = Breaker::new("db", before.config());
    after.restore(&saved);

    let snapshot = after.snapshot();
    assert_eq!((snapshot.window.calls, snapshot.window.failures), (1, 1));
}

#[test]
fn with_the_defaults_no_failure_is_lost_at_a_restart() {
    let clock = ManualClock::new();
    let before = Breaker::with_clock("db", Config::default(), clock.clone());
    for _ in 0..9 {
        before.try_acquire().unwrap().failure();
        clock.advance(SECOND);
    }

    let after = Breaker::new("db", Config::default());
    after.restore(&before.save());

    assert_eq!(after.snapshot().window.failures, 9);
    for _ in 9..20 {
        after.try_acquire().unwrap().failure();
    }
    assert_eq!(after.state(), State::Open, "twenty of twenty");
}

#[test]
fn evidence_goes_into_a_window_of_other_buckets_and_does_not_leave_early() {
    let (before, clock) = breaker(Window::time(SECOND * 10, 10));
    clock.advance(Duration::from_millis(2_500));
    before.try_acquire().unwrap().failure();
    clock.advance(SECOND * 4);

    for (length, buckets) in [(SECOND * 6, 12), (SECOND * 20, 4), (SECOND * 7, 3)] {
        let (after, later) = restarted(&before, Window::time(length, buckets));

        assert_eq!(after.snapshot().window.failures, 1, "{length:?}");
        // The bucket of the failure ended 3.5 s ago. A window covers at least its length less one
        // bucket, and at most its length.
        let (bucket, moment) = (length / buckets, Duration::from_nanos(1));
        later.advance(length - Duration::from_millis(3_500) - bucket - moment);
        assert_eq!(after.snapshot().window.failures, 1, "{length:?}");
        later.advance(bucket + moment);
        assert_eq!(after.snapshot().window.failures, 0, "{length:?}");
    }
}

#[test]
fn a_restored_breaker_trips_at_the_next_outcome_when_a_rule_is_fulfilled_already() {
    // In a full count window the share stays what it is when a success pushes out a success.
    for (window, good) in [(Window::count(10), 5), (Window::time(SECOND * 10, 10), 2)] {
        let (before, _clock) = breaker(window);
        before.metrics_only();
        for call in 0..10 {
            let permit = before.try_acquire().unwrap();
            if call < good {
                permit.success()
            } else {
                permit.failure()
            };
        }
        let text = serde_json::to_string(&before.save()).unwrap();
        let text = text.replace(r#""state":"metrics_only""#, r#""state":"closed""#);
        let (after, _clock) = breaker(window);

        after.restore(&serde_json::from_str(&text).unwrap());
        assert_eq!(after.state(), State::Closed);
        after.try_acquire().unwrap().success();

        assert_eq!(after.state(), State::Open, "{window:?}");
    }
}

#[test]
fn waits_of_another_process_are_bounded_by_the_settings_of_this_one() {
    let window = Window::count(10);
    let (before, _clock) = breaker(window);
    before.open_for(SECOND * 86_400);
    let open = before.save();
    let patient = settings(window).half_open_for(SECOND * 86_400);
    let patient = Breaker::with_clock("db", patient.build().unwrap(), ManualClock::new());
    patient.half_open();
    let half_open = patient.save();

    let (after, clock) = breaker(window);
    after.restore(&open);
    assert_eq!(after.snapshot().retry_after(), SECOND * 60);
    assert_eq!(after.snapshot().transitions[0].open_for, Some(SECOND * 60));
    after.restore(&half_open);
    assert_eq!(after.snapshot().deadline, Some(SECOND * 10));
    clock.advance(SECOND * 10);
    assert_eq!(after.poll_transitions(), State::Open);
}

#[test]
fn a_half_open_breaker_that_was_saved_without_a_deadline_gets_one() {
    let window = Window::count(10);
    let endless = settings(window).half_open_for(None).build().unwrap();
    let before = Breaker::with_clock("db", endless, ManualClock::new());
    before.half_open();

    let (after, clock) = restarted_at(SECOND * 5, &before, window);

    assert_eq!(after.snapshot().deadline, Some(SECOND * 15));
    let _hung = after.try_acquire().unwrap();
    clock.advance(SECOND * 10);
    assert_eq!(after.poll_transitions(), State::Open);
}

#[test]
fn the_level_of_the_back_off_and_the_calm_towards_the_next_one_go_on() {
    let window = Window::count(10);
    let (before, clock) = breaker(window);
    for _ in 0..3 {
        before.open();
        clock.set(before.snapshot().deadline.unwrap());
        before.try_acquire().unwrap().success();
    }
    clock.advance(SECOND * 59);
    let saved = before.save();

    let (after, later) = breaker(window);
    after.restore(&saved);
    assert_eq!(after.snapshot().openings, 3);
    later.advance(SECOND);
    assert_eq!(after.snapshot().openings, 2);
    after.restore(&saved.clone().aged(SECOND * 61));
    assert_eq!(
        after.snapshot().openings,
        1,
        "time between the processes is calm, too"
    );
    after.open();
    assert_eq!(
        after.snapshot().retry_after(),
        SECOND * 10,
        "5 s, doubled once"
    );
}

#[test]
fn a_level_that_no_calm_would_undo_is_bounded_when_it_is_restored() {
    let text = r#"{"state":"closed","left":null,"openings":1444,"consecutive_failures":0,
        "evidence":"none"}"#;
    let (after, clock) = breaker(Window::count(10));

    after.restore(&serde_json::from_str(text).unwrap());

    // 5, 10, 20, 40, 60 s: the fifth period is the longest.
    assert_eq!(after.snapshot().openings, 5);
    clock.advance(SECOND * 300);
    assert_eq!(after.snapshot().openings, 0);
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
