//! The change of a setting, which changes nothing else.

#![expect(
    clippy::unwrap_used,
    clippy::unchecked_time_subtraction,
    reason = "a test fails by panicking"
)]

use std::time::Duration;

use fusebox::{Breaker, Cause, Config, ConfigBuilder, InFlightCalls, ManualClock, State, Window};

const SECOND: Duration = Duration::from_secs(1);

fn settings() -> ConfigBuilder {
    Config::builder()
        .consecutive_failures(1)
        .open_for(SECOND)
        .max_open_for(SECOND * 64)
        .jitter(0.0)
}

fn breaker(settings: ConfigBuilder) -> (Breaker, ManualClock) {
    let clock = ManualClock::new();
    let config = settings.build().unwrap();
    (Breaker::with_clock("db", config, clock.clone()), clock)
}

fn reconfigure(breaker: &Breaker, change: impl FnOnce(ConfigBuilder) -> ConfigBuilder) {
    let config = change(breaker.config().to_builder()).build().unwrap();
    breaker.reconfigure(config);
}

fn level(breaker: &Breaker) -> u32 {
    breaker.snapshot().openings
}

/// Opens and closes so often that the back-off has this level, at the end of the last closing.
fn at_level(breaker: &Breaker, clock: &ManualClock, level: u32) {
    for _ in 0..level {
        breaker.try_acquire().unwrap().failure();
        clock.set(breaker.snapshot().deadline.unwrap());
        breaker.try_acquire().unwrap().success();
        assert_eq!(breaker.state(), State::Closed);
    }
}

#[test]
fn a_level_that_has_decayed_does_not_come_back_under_another_decay_or_a_ramp() {
    let changes: [fn(ConfigBuilder) -> ConfigBuilder; 3] = [
        |it| it.backoff_decay(SECOND * 600),
        |it| it.ramp_up_for(SECOND * 600),
        |it| it.backoff_decay(SECOND * 600).ramp_up_for(SECOND * 600),
    ];
    for change in changes {
        let (breaker, clock) = breaker(settings().backoff_decay(SECOND * 10));
        at_level(&breaker, &clock, 3);
        assert_eq!(level(&breaker), 3);
        clock.advance(SECOND * 20);
        assert_eq!(level(&breaker), 1);

        reconfigure(&breaker, change);

        assert_eq!(level(&breaker), 1);
        clock.advance(SECOND * 9);
        assert_eq!(level(&breaker), 1);
        breaker.try_acquire().unwrap().failure();
        assert_eq!(breaker.snapshot().retry_after(), SECOND * 2, "level 2");
    }
}

#[test]
fn calm_counts_on_under_a_changed_decay_but_only_towards_the_next_step() {
    let (breaker, clock) = breaker(settings().backoff_decay(SECOND * 100));
    at_level(&breaker, &clock, 4);
    clock.advance(SECOND * 160);
    assert_eq!(level(&breaker), 3);

    reconfigure(&breaker, |it| it.backoff_decay(SECOND * 70));
    clock.advance(SECOND * 9);
    assert_eq!(level(&breaker), 3, "69 of 70 s of calm");
    clock.advance(SECOND);
    assert_eq!(level(&breaker), 2);

    clock.advance(SECOND * 60);
    reconfigure(&breaker, |it| it.backoff_decay(SECOND));
    assert_eq!(
        level(&breaker),
        1,
        "60 s of calm are one step and not sixty"
    );
}

#[test]
fn a_lower_maximum_takes_no_level_off() {
    let (breaker, clock) = breaker(settings().backoff_decay(SECOND * 10));
    at_level(&breaker, &clock, 6);
    clock.advance(SECOND * 30);
    assert_eq!(level(&breaker), 3);

    reconfigure(&breaker, |it| it.max_open_for(SECOND));
    assert_eq!(level(&breaker), 3);
    reconfigure(&breaker, |it| it.max_open_for(SECOND * 64));

    assert_eq!(level(&breaker), 3);
    breaker.try_acquire().unwrap().failure();
    assert_eq!(
        breaker.snapshot().retry_after(),
        SECOND * 8,
        "the fourth level"
    );
}

#[test]
fn the_next_opening_bounds_the_level_where_the_new_periods_are_longest() {
    let (breaker, clock) = breaker(settings().backoff_decay(SECOND * 10));
    at_level(&breaker, &clock, 6);
    reconfigure(&breaker, |it| it.max_open_for(SECOND * 4));

    breaker.try_acquire().unwrap().failure();

    // 1, 2, 4 s: the third level is the highest.
    assert_eq!(level(&breaker), 3);
    assert_eq!(breaker.snapshot().retry_after(), SECOND * 4);
}

#[test]
fn calm_goes_on_when_anything_else_changes() {
    let (breaker, clock) = breaker(settings().backoff_decay(SECOND * 10));
    at_level(&breaker, &clock, 1);
    clock.advance(SECOND * 9);

    reconfigure(&breaker, |it| it.consecutive_failures(7));

    clock.advance(SECOND);
    assert_eq!(level(&breaker), 0);
}

#[test]
fn a_ramp_that_is_set_while_closed_begins_with_the_next_closing() {
    let (breaker, clock) = breaker(settings().backoff_decay(SECOND * 10));
    at_level(&breaker, &clock, 1);

    reconfigure(&breaker, |it| it.ramp_up_for(SECOND * 30));

    for _ in 0..10 {
        breaker.try_acquire().unwrap().success();
    }
    clock.advance(SECOND * 10);
    assert_eq!(level(&breaker), 0, "calm since it closed");
}

#[test]
fn a_ramp_under_way_takes_the_new_length_and_calm_begins_after_it() {
    let (breaker, clock) = breaker(
        settings()
            .backoff_decay(SECOND * 10)
            .ramp_up_for(SECOND * 30),
    );
    at_level(&breaker, &clock, 1);
    clock.advance(SECOND * 5);

    reconfigure(&breaker, |it| it.ramp_up_for(None));

    for _ in 0..10 {
        breaker.try_acquire().unwrap().success();
    }
    clock.advance(SECOND * 10 - Duration::from_nanos(1));
    assert_eq!(level(&breaker), 1);
    clock.advance(Duration::from_nanos(1));
    assert_eq!(level(&breaker), 0);
}

#[test]
fn calls_are_overdue_by_the_limit_in_force() {
    let (breaker, clock) = breaker(
        Config::builder()
            .slow_call_rate_threshold(1.0)
            .slow_call_duration(SECOND)
            .in_flight_calls(InFlightCalls::CountWhenOverdue)
            .minimum_calls(4),
    );
    let hung: Vec<_> = (0..3).map(|_| breaker.try_acquire().unwrap()).collect();
    clock.advance(SECOND * 2);
    breaker.poll_transitions();
    assert_eq!(breaker.snapshot().window.overdue, 3);

    reconfigure(&breaker, |it| it.slow_call_duration(SECOND * 60));

    assert_eq!(breaker.snapshot().window.overdue, 0);
    let _one_more = breaker.try_acquire().unwrap();
    clock.advance(SECOND * 2);
    assert_eq!(breaker.poll_transitions(), State::Closed);
    clock.advance(SECOND * 58);
    assert_eq!(breaker.snapshot().window.overdue, 3);
    drop(hung);
    assert_eq!(breaker.snapshot().window.overdue, 0);
}

#[test]
fn deadlines_set_by_hand_or_restored_stay_when_anything_else_changes() {
    let (breaker, clock) = breaker(settings().half_open_for(SECOND * 10));
    breaker.open_for(SECOND * 3600);
    reconfigure(&breaker, |it| it.consecutive_failures(9));
    assert_eq!(breaker.snapshot().retry_after(), SECOND * 3600);

    reconfigure(&breaker, |it| it.max_open_for(SECOND * 128));
    assert_eq!(
        breaker.snapshot().retry_after(),
        SECOND * 3600,
        "longer takes nothing"
    );
    reconfigure(&breaker, |it| it.max_open_for(SECOND * 32));
    assert_eq!(breaker.snapshot().retry_after(), SECOND * 32);

    breaker.half_open();
    clock.advance(SECOND * 4);
    let saved = breaker.save();
    let later = ManualClock::new();
    let after = Breaker::with_clock("db", breaker.config(), later.clone());
    after.restore(&saved);
    reconfigure(&after, |it| it.consecutive_failures(3));
    assert_eq!(after.snapshot().deadline, Some(SECOND * 6));
    reconfigure(&after, |it| it.half_open_for(SECOND * 3));
    assert_eq!(after.snapshot().deadline, Some(SECOND * 3));
}

#[test]
fn a_maximum_that_was_left_to_its_default_moves_no_open_period() {
    let long = Config::builder()
        .consecutive_failures(1)
        .open_for(SECOND * 600)
        .jitter(0.0);
    let (breaker, _) = breaker(long);
    breaker.open();

    reconfigure(&breaker, |it| it.open_for(SECOND * 300));

    assert_eq!(breaker.snapshot().retry_after(), SECOND * 600);
}

#[test]
fn a_full_count_window_above_a_lowered_limit_trips_at_the_next_success() {
    let (breaker, _) = breaker(
        Config::builder()
            .failure_rate_threshold(0.9)
            .window(Window::count(10)),
    );
    for call in 0..10 {
        let permit = breaker.try_acquire().unwrap();
        // The failures are the newest, so that successes push out successes first.
        if call < 4 {
            permit.success()
        } else {
            permit.failure()
        };
    }
    reconfigure(&breaker, |it| it.failure_rate_threshold(0.5));
    assert_eq!(
        breaker.state(),
        State::Closed,
        "rules are asked at outcomes"
    );

    breaker.try_acquire().unwrap().success();

    assert_eq!(breaker.state(), State::Open);
    let transition = breaker.snapshot().transitions[0];
    assert_eq!(transition.cause, Cause::FailureRatio);
    assert_eq!(
        (transition.window.failures, transition.window.calls),
        (6, 10)
    );
}

#[test]
fn a_full_count_window_of_slow_calls_trips_at_the_next_success() {
    let (breaker, _) = breaker(
        Config::builder()
            .slow_call_rate_threshold(0.9)
            .slow_call_duration(SECOND)
            .window(Window::count(10)),
    );
    for call in 0..10_u32 {
        let permit = breaker.try_acquire().unwrap();
        permit
            .took(if call < 4 { SECOND } else { SECOND * 2 })
            .success();
    }
    reconfigure(&breaker, |it| it.slow_call_rate_threshold(0.5));

    breaker.try_acquire().unwrap().success();

    assert_eq!(breaker.state(), State::Open);
}

#[test]
fn another_jitter_seed_counts_from_now_on_and_the_same_seed_does_not_begin_anew() {
    let waits = |breaker: &Breaker| {
        breaker.open();
        let wait = breaker.snapshot().retry_after();
        breaker.reset();
        wait
    };
    let seeded = |seed| breaker(settings().jitter(0.5).jitter_seed(seed)).0;
    let (one, same, other) = (seeded(1), seeded(1), seeded(2));
    assert_eq!(waits(&one), waits(&same));

    reconfigure(&one, |it| it.jitter_seed(2));
    reconfigure(&same, |it| it.consecutive_failures(2));

    let first_of_two = waits(&other);
    assert_eq!(waits(&one), first_of_two);
    let fresh = seeded(1);
    let first_of_one = waits(&fresh);
    let second_of_one = waits(&fresh);
    assert_ne!(first_of_one, second_of_one);
    assert_eq!(waits(&same), second_of_one);
}

#[test]
fn evidence_of_metrics_only_mode_stays_and_goes_on_being_judged() {
    let (breaker, _) = breaker(
        Config::builder()
            .failure_rate_threshold(1.0)
            .minimum_calls(4)
            .window(Window::count(8)),
    );
    breaker.metrics_only();
    for _ in 0..3 {
        breaker.try_acquire().unwrap().failure();
    }

    reconfigure(&breaker, |it| it.window(Window::count(6)));

    let snapshot = breaker.snapshot();
    assert_eq!((snapshot.window.calls, snapshot.window.failures), (3, 3));
    assert_eq!(snapshot.totals.would_trip(), 0);
    breaker.try_acquire().unwrap().failure();
    assert_eq!(breaker.snapshot().totals.would_trip(), 1);
    assert_eq!(breaker.state(), State::MetricsOnly);
}
