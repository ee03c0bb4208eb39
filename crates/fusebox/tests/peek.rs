//! Looks ahead: they tell what a call would meet and leave no trace.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::time::Duration;

use fusebox::{Breaker, Config, ManualClock, State};

const OPEN_FOR: Duration = Duration::from_secs(1);

fn breaker() -> (Breaker, ManualClock) {
    let config = Config::builder()
        .consecutive_failures(1)
        .open_for(OPEN_FOR)
        .jitter(0.0)
        .ramp_up_for(Duration::from_secs(10));
    let clock = ManualClock::new();
    let breaker = Breaker::with_clock("db", config.build().unwrap(), clock.clone());
    (breaker, clock)
}

#[test]
fn what_would_be_rejected_is_rejected_and_nothing_is_counted_before() {
    let (breaker, clock) = breaker();
    assert_eq!(breaker.would_reject(), None);
    for (state, prepare) in [
        (State::Open, Breaker::open as fn(&Breaker)),
        (State::ForcedOpen, Breaker::force_open),
    ] {
        prepare(&breaker);
        let before = breaker.snapshot().totals;

        let foreseen = breaker.would_reject();

        let after = breaker.snapshot().totals;
        assert_eq!(before, after);
        assert_eq!(foreseen, breaker.try_acquire().err(), "{state}");
        assert_eq!(foreseen.unwrap().reason.state(), state);
    }
    breaker.resume();
    breaker.open();
    clock.advance(OPEN_FOR);

    assert_eq!(breaker.would_reject(), None);
    assert_eq!(breaker.state(), State::Open, "looking changes nothing");
    let probe = breaker.try_acquire().unwrap();
    assert_eq!(breaker.would_reject(), breaker.try_acquire().err());
    drop(probe);
    assert_eq!(breaker.would_reject(), None);
}

#[test]
fn all_calls_pass_when_closed_and_not_while_ramping_up() {
    let (breaker, clock) = breaker();
    assert!(breaker.admits_all());

    breaker.open();
    assert!(!breaker.admits_all());
    clock.advance(OPEN_FOR);
    assert!(!breaker.admits_all());
    breaker.try_acquire().unwrap().success();
    assert_eq!(breaker.state(), State::Closed);
    assert!(!breaker.admits_all());
    clock.advance(Duration::from_secs(10));
    assert!(breaker.admits_all());

    breaker.disable();
    assert!(breaker.admits_all());
    breaker.metrics_only();
    assert!(breaker.admits_all());
}
