//! The close on the fleet's verdict: at once, in turn, with a ramp.

use fusebox::{Outcome, RejectReason, Window};

use super::*;

#[test]
fn without_a_turn_a_held_breaker_closes_at_once_with_an_empty_window() {
    for stage in [HoldStage::Held, HoldStage::Probing] {
        let ratio = settings().failure_rate_threshold(0.9).minimum_calls(9);
        let (breaker, _clock) = staged(ratio.window(Window::count(9)), stage);
        let from = breaker.state();

        assert!(breaker.fleet().release(Duration::ZERO, AS_CONFIGURED));

        assert_eq!(way(&breaker), (from, State::Closed, Cause::Fleet));
        let snapshot = breaker.snapshot();
        assert_eq!((snapshot.hold, snapshot.window.calls), (None, 0));
        assert_eq!(snapshot.consecutive_failures, 0);
        assert!(breaker.admits_all());
        assert_eq!(breaker.try_acquire().unwrap().success(), Outcome::Success);
        assert_eq!(breaker.snapshot().window.calls, 1);
    }
}

#[test]
fn a_breaker_rejects_until_its_turn_and_closes_exactly_then() {
    for stage in [HoldStage::Held, HoldStage::Probing] {
        let (breaker, clock) = staged(settings(), stage);
        let from = breaker.state();

        assert!(breaker.fleet().release(SECOND * 2, AS_CONFIGURED));

        assert_eq!(way(&breaker), (from, State::Open, Cause::Fleet));
        assert_eq!(last(&breaker).open_for, Some(SECOND * 2));
        assert_eq!(breaker.snapshot().open_until(), Some(SECOND * 2));
        clock.advance(SECOND * 2 - NANO);
        let said = rejected(&breaker);
        assert_eq!(
            (said.reason, said.retry_after),
            (RejectReason::Turn, Some(NANO))
        );
        let hold = breaker.snapshot().hold.unwrap();
        assert_eq!(
            (hold.epoch, hold.stage, hold.retry_after),
            (7, HoldStage::Turn, Some(NANO))
        );
        clock.advance(NANO);
        assert!(breaker.try_acquire().is_ok());
        assert_eq!(way(&breaker), (State::Open, State::Closed, Cause::Fleet));
        let totals = breaker.snapshot().totals;
        assert_eq!(totals.rejections(RejectReason::Turn), 1);
        assert_eq!(totals.trips(Cause::Fleet), 1);
    }
}

#[test]
fn without_traffic_a_timer_ends_the_turn() {
    let (breaker, clock) = staged(settings(), HoldStage::Turn);

    clock.advance(SECOND * 4);

    assert_eq!(breaker.state(), State::Open, "reading changes nothing");
    assert_eq!(breaker.poll_transitions(), State::Closed);
    assert_eq!(breaker.snapshot().hold, None);
}

#[test]
fn a_turn_beyond_the_end_of_time_still_says_how_long_it_is() {
    let (breaker, _clock) = staged(settings(), HoldStage::Held);
    breaker.fleet().release(Duration::MAX, AS_CONFIGURED);

    assert_eq!(rejected(&breaker).retry_after, Some(Duration::MAX));
}

#[test]
fn a_release_that_comes_twice_draws_no_second_turn() {
    let (breaker, _clock) = staged(settings(), HoldStage::Turn);
    let before = known(&breaker);

    assert!(!breaker.fleet().release(SECOND * 9, AS_CONFIGURED));
    assert!(!breaker.fleet().release(Duration::ZERO, AS_CONFIGURED));
    assert!(!breaker.fleet().hint(SECOND));

    assert_eq!(known(&breaker), before);
}

#[test]
fn a_probe_under_way_at_the_release_is_late() {
    let (breaker, _clock) = staged(settings(), HoldStage::Probing);
    let probe = breaker.try_acquire().unwrap();

    breaker.fleet().release(Duration::ZERO, AS_CONFIGURED);

    assert_eq!(probe.failure(), Outcome::Late);
    assert_eq!(
        (breaker.state(), breaker.snapshot().consecutive_failures),
        (State::Closed, 0)
    );
}

#[test]
fn a_newer_verdict_holds_again_during_the_turn_and_an_older_one_does_not() {
    let (breaker, clock) = staged(settings(), HoldStage::Turn);
    assert!(!breaker.fleet().hold(7));
    assert!(!breaker.fleet().hold(6));

    assert!(breaker.fleet().hold(8));

    assert_eq!(way(&breaker), (State::Open, State::Open, Cause::Fleet));
    clock.advance(SECOND * 9);
    assert_eq!(breaker.poll_transitions(), State::Open);
    assert_eq!(
        (stage(&breaker), epoch(&breaker)),
        (Some(HoldStage::Held), Some(8))
    );
    assert_eq!(
        breaker.snapshot().totals.trips(Cause::Fleet),
        1,
        "it has been open all the time"
    );
}

#[test]
fn the_load_comes_back_as_configured_or_over_the_time_that_the_fleet_gives() {
    let ramped = || settings().ramp_up_for(Some(SECOND * 10));
    let over = CloseRamp::Over;
    for (settings, ramp, length) in [
        (settings(), AS_CONFIGURED, Duration::ZERO),
        (ramped(), AS_CONFIGURED, SECOND * 10),
        (settings(), over(SECOND * 3), SECOND * 3),
        (ramped(), over(SECOND * 3), SECOND * 3),
        (ramped(), over(Duration::ZERO), Duration::ZERO),
    ] {
        for after in [Duration::ZERO, SECOND] {
            let (breaker, clock) = staged(settings.clone(), HoldStage::Held);

            assert!(breaker.fleet().release(after, ramp));
            clock.advance(after);
            assert_eq!(breaker.poll_transitions(), State::Closed);

            assert!(breaker.try_acquire().is_ok(), "the first passes");
            match breaker.try_acquire() {
                Ok(_) => assert_eq!(length, Duration::ZERO),
                Err(rejected) => {
                    assert_eq!(rejected.reason, RejectReason::RampUp);
                    assert_eq!(rejected.retry_after, Some(length));
                }
            }
            clock.advance(length);
            assert!(breaker.admits_all());
        }
    }
}
