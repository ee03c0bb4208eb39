//! The saving and restoring of a breaker during a hold.

use fusebox::RejectReason;

use super::*;

/// Another process, whose clock has just begun.
fn restarted(saved: &fusebox::Saved) -> (Breaker, ManualClock) {
    let (after, clock) = breaker(settings());
    after.restore(saved);
    (after, clock)
}

#[test]
fn who_was_held_is_open_by_itself_in_the_next_process_and_never_stuck() {
    for stage in [HoldStage::Held, HoldStage::Probing] {
        let (before, _clock) = staged(settings(), stage);
        let seen = known(&before);

        let saved = before.save();

        assert_eq!(known(&before), seen, "saving changes nothing");
        assert_eq!(saved.state(), State::Open);
        let (after, clock) = restarted(&saved);
        assert_eq!(after.snapshot().hold, None);
        let rejected = rejected(&after);
        let said = (rejected.reason, rejected.retry_after);
        assert_eq!(said, (RejectReason::Open, Some(SECOND * 5)));
        clock.advance(SECOND * 5);
        after.try_acquire().unwrap().success();
        assert_eq!(last(&after).cause, Cause::ProbesSucceeded);
    }
}

#[test]
fn the_rest_of_a_turn_is_the_rest_of_an_open_period_in_the_next_process() {
    let (before, clock) = staged(settings(), HoldStage::Turn);
    clock.advance(SECOND);

    let (after, later) = restarted(&before.save().aged(SECOND));

    assert_eq!(after.snapshot().retry_after(), SECOND * 2);
    later.advance(SECOND * 2);
    assert_eq!(after.try_acquire().unwrap().state(), State::HalfOpen);
}

#[test]
fn the_level_of_the_back_off_outlives_a_hold_and_a_restart() {
    let decay = || settings().backoff_decay(Some(SECOND * 100));
    let (before, clock) = breaker(decay());
    before.open();
    clock.advance(SECOND * 5);
    before.try_acquire().unwrap().success();
    before.fleet().hold(1);

    let (after, _clock) = breaker(decay());
    after.restore(&before.save());

    let snapshot = after.snapshot();
    assert_eq!((snapshot.openings, snapshot.retry_after()), (1, SECOND * 5));
}

#[test]
fn restoring_ends_a_hold() {
    for stage in HoldStage::ALL.iter().copied() {
        let (held, clock) = staged(settings(), stage);
        let (fresh, _clock) = breaker(settings());

        held.restore(&fresh.save());

        assert_eq!((held.state(), held.snapshot().hold), (State::Closed, None));
        clock.advance(SECOND * 4);
        assert_eq!(held.poll_transitions(), State::Closed);
    }
}

#[test]
fn an_operators_open_period_is_the_operators_in_the_next_process_too() {
    let (before, _clock) = breaker(settings());
    before.open_for(SECOND * 60);
    let (own, _clock) = breaker(settings());
    for _ in 0..3 {
        own.try_acquire().unwrap().failure();
    }

    let (ordered, _clock) = restarted(&before.save());
    let (tripped, _clock) = restarted(&own.save());

    assert!(!ordered.fleet().hasten(SECOND));
    assert!(tripped.fleet().hasten(SECOND));
}
