//! Operators, other settings and registries during a hold.

use std::num::NonZeroUsize;

use fusebox::{ManualControl, Outcome, Registry, RejectReason};

use super::*;

#[test]
fn every_command_of_an_operator_wins_in_every_stage() {
    type Order = fn(&Breaker);
    let orders: [(Order, State); 7] = [
        (Breaker::reset, State::Closed),
        (Breaker::open, State::Open),
        (|it| it.open_for(SECOND * 60), State::Open),
        (Breaker::half_open, State::HalfOpen),
        (Breaker::force_open, State::ForcedOpen),
        (Breaker::disable, State::Disabled),
        (Breaker::metrics_only, State::MetricsOnly),
    ];
    for stage in HoldStage::ALL.iter().copied() {
        for (order, to) in orders {
            let (breaker, clock) = staged(settings(), stage);
            let from = breaker.state();
            let probe = breaker.try_acquire().ok();

            order(&breaker);

            assert_eq!(way(&breaker), (from, to, Cause::Manual), "{stage:?}");
            assert_eq!(breaker.snapshot().hold, None);
            if let Some(probe) = probe {
                assert_eq!(probe.success(), Outcome::Late);
            }
            clock.advance(SECOND * 4);
            assert_eq!(
                breaker.poll_transitions(),
                to,
                "no lease and no turn is left"
            );
            let before = known(&breaker);
            assert!(!breaker.fleet().release(Duration::ZERO, AS_CONFIGURED));
            assert!(!breaker.fleet().lose_engine(Duration::ZERO));
            assert!(!breaker.fleet().hasten(Duration::ZERO));
            assert_eq!(known(&breaker), before);
        }
    }
}

#[test]
fn who_was_opened_by_an_operator_during_a_hold_recovers_by_itself() {
    let (breaker, clock) = staged(settings(), HoldStage::Held);

    breaker.open();

    assert_eq!(breaker.snapshot().retry_after(), SECOND * 5);
    clock.advance(SECOND * 5);
    breaker.try_acquire().unwrap().success();
    assert_eq!(last(&breaker).cause, Cause::ProbesSucceeded);
}

#[test]
fn half_open_by_an_operator_during_a_lease_is_half_open_by_the_breakers_rules() {
    let (breaker, _clock) = staged(settings().probe_count(2, 1), HoldStage::Probing);
    let old = breaker.try_acquire().unwrap();

    breaker.half_open();

    let snapshot = breaker.snapshot();
    assert_eq!((snapshot.probes_in_flight, snapshot.probes_free), (0, 2));
    assert_eq!(old.failure(), Outcome::Late);
    for _ in 0..2 {
        breaker.try_acquire().unwrap().success();
    }
    assert_eq!(last(&breaker).cause, Cause::ProbesSucceeded);
}

#[test]
fn a_handle_for_many_breakers_reaches_one_that_is_held() {
    let (breaker, _clock) = staged(settings(), HoldStage::Held);
    let control = ManualControl::new();
    control.add(&breaker);

    control.isolate();
    assert_eq!(rejected(&breaker).reason, RejectReason::ForcedOpen);
    control.resume();

    assert_eq!(breaker.state(), State::Closed);
}

#[test]
fn resuming_leads_out_of_an_operators_state_and_not_out_of_a_hold() {
    let (breaker, _clock) = staged(settings(), HoldStage::Held);

    breaker.resume();

    assert_eq!(stage(&breaker), Some(HoldStage::Held));
}

#[test]
fn other_settings_move_neither_a_hold_nor_a_lease_nor_a_turn() {
    let other = settings()
        .open_for(SECOND)
        .max_open_for(SECOND)
        .half_open_for(Some(SECOND))
        .probe_count(3, 3)
        .slow_call_duration(SECOND);
    for stage in HoldStage::ALL.iter().copied() {
        let (breaker, clock) = staged(settings(), stage);
        let before = known(&breaker);

        breaker.reconfigure(other.clone().build().unwrap());

        assert_eq!(known(&breaker), before);
        clock.advance(SECOND * 4 - NANO);
        breaker.poll_transitions();
        assert_eq!(super::stage(&breaker), Some(stage));
        clock.advance(NANO);
        breaker.poll_transitions();
        let after = [Some(HoldStage::Held), None][usize::from(stage == HoldStage::Turn)];
        assert_eq!(super::stage(&breaker), after);
    }
}

#[test]
fn a_probe_is_judged_by_the_settings_in_force_when_it_ends() {
    let (breaker, _clock) = staged(settings(), HoldStage::Probing);
    let probe = breaker.try_acquire().unwrap().took(SECOND * 2);

    let slow = settings().slow_call_duration(SECOND);
    breaker.reconfigure(slow.build().unwrap());
    probe.success();

    assert_eq!(last(&breaker).cause, Cause::FleetProbeFailed);
}

#[test]
fn a_turn_ends_with_the_ramp_of_the_settings_in_force_then() {
    let (breaker, clock) = staged(settings(), HoldStage::Turn);

    let ramped = settings().ramp_up_for(Some(SECOND));
    breaker.reconfigure(ramped.build().unwrap());
    clock.advance(SECOND * 4);

    assert_eq!(breaker.poll_transitions(), State::Closed);
    assert!(!breaker.admits_all());
}

#[test]
fn a_registry_does_not_forget_a_breaker_that_is_held() {
    let one = NonZeroUsize::MIN;
    let hosts: Registry<String> =
        Registry::with_clock(one, settings().build().unwrap(), ManualClock::new());
    hosts.get("a").unwrap().fleet().hold(1);

    assert!(hosts.get("b").is_err(), "there is no room");

    assert_eq!(stage(&hosts.get("a").unwrap()), Some(HoldStage::Held));
}

#[test]
fn an_order_to_the_fleet_is_obeyed_unless_an_operator_of_this_breaker_has_it() {
    type Order = fn(&Breaker);
    let orders: [Order; 3] = [Breaker::force_open, Breaker::disable, Breaker::metrics_only];
    for own in orders {
        let (breaker, _clock) = breaker(settings());
        own(&breaker);
        let before = known(&breaker);

        assert_eq!(breaker.fleet().force_open(None), None);
        assert_eq!(breaker.fleet().disable(None), None);

        assert_eq!(known(&breaker), before);
    }
    for stage in HoldStage::ALL.iter().copied() {
        let (breaker, _clock) = staged(settings(), stage);

        let first = breaker.fleet().force_open(None);
        assert_eq!(first, Some(breaker.generation()));
        assert_eq!(breaker.fleet().force_open(first), first, "given again");
        let second = breaker.fleet().disable(first);
        assert_eq!(breaker.state(), State::Disabled);

        assert!(
            !breaker.fleet().end_order(first.unwrap()),
            "it was replaced"
        );
        assert!(breaker.fleet().end_order(second.unwrap()));
        assert_eq!(
            way(&breaker),
            (State::Disabled, State::Closed, Cause::Manual)
        );
        assert!(!breaker.fleet().end_order(second.unwrap()), "once");
    }
}
