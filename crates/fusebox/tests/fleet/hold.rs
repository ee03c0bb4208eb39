//! The hold of a breaker on the fleet's verdict.

use std::sync::{Arc, Mutex};

use fusebox::{Event, Outcome, RejectReason, Window};

use super::*;

#[test]
fn a_verdict_opens_a_closed_breaker_by_one_transition_with_a_cause_of_its_own() {
    let (breaker, clock) = breaker(settings());
    clock.advance(SECOND);

    assert!(breaker.fleet().hold(7));

    let snapshot = breaker.snapshot();
    let way = (State::Closed, State::Open, Cause::Fleet);
    assert_eq!(super::way(&breaker), way);
    assert_eq!(
        (snapshot.state, snapshot.generation.get()),
        (State::Open, 1)
    );
    assert_eq!((snapshot.deadline, snapshot.open_until()), (None, None));
    assert_eq!(last(&breaker).open_for, None);
    assert_eq!((last(&breaker).at, snapshot.since), (SECOND, SECOND));
    let hold = snapshot.hold.unwrap();
    assert_eq!(
        (hold.epoch, hold.stage, hold.retry_after),
        (7, HoldStage::Held, None)
    );
    assert_eq!(snapshot.totals.trips(Cause::Fleet), 1);
    assert_eq!(snapshot.totals.transitions(State::Closed, State::Open), 1);
}

#[test]
fn time_does_not_lead_out_of_a_hold() {
    let (breaker, clock) = staged(settings(), HoldStage::Held);

    clock.advance(SECOND * 3600 * 24 * 365);

    assert_eq!(breaker.poll_transitions(), State::Open);
    assert_eq!(rejected(&breaker).reason, RejectReason::Fleet);
    assert_eq!(breaker.generation().get(), 1);
}

#[test]
fn a_rejection_says_fleet_and_what_is_left_of_the_last_hint() {
    let (breaker, clock) = staged(settings(), HoldStage::Held);
    let says = |left| {
        let rejected = rejected(&breaker);
        assert_eq!(
            (rejected.reason, rejected.retry_after),
            (RejectReason::Fleet, left)
        );
        assert_eq!(rejected.generation, breaker.generation());
        assert_eq!(breaker.would_reject(), Some(rejected));
        let hold = breaker.snapshot().hold.unwrap();
        assert_eq!(hold.retry_after, left);
        assert_eq!(breaker.snapshot().retry_after(), left.unwrap_or_default());
    };
    says(None);

    assert!(breaker.fleet().hint(SECOND * 2));

    says(Some(SECOND * 2));
    clock.advance(SECOND * 2 - NANO);
    says(Some(NANO));
    clock.advance(NANO);
    says(None);
    clock.advance(SECOND);
    says(None);
    breaker.fleet().hint(SECOND);
    breaker.fleet().hint(SECOND * 9);
    says(Some(SECOND * 9));
    breaker.fleet().hint(Duration::ZERO);
    says(None);
    breaker.fleet().hint(Duration::MAX);
    says(None);
    assert_eq!(breaker.generation().get(), 1, "a hint is no transition");
    let totals = breaker.snapshot().totals;
    assert_eq!(totals.rejections(RejectReason::Fleet), 8);
    assert_eq!(totals.rejections(RejectReason::Open), 0);
}

#[test]
fn a_verdict_leaves_alone_what_is_not_closed() {
    type Lead = fn(&Breaker);
    let leads: [Lead; 6] = [
        |it| {
            for _ in 0..3 {
                it.try_acquire().unwrap().failure();
            }
        },
        Breaker::open,
        Breaker::half_open,
        Breaker::force_open,
        Breaker::disable,
        Breaker::metrics_only,
    ];
    for lead in leads {
        let (breaker, _clock) = breaker(settings());
        lead(&breaker);
        let before = known(&breaker);

        assert!(!breaker.fleet().hold(7));
        assert!(!breaker.fleet().hint(SECOND));
        assert_eq!(breaker.fleet().grant_probe(SECOND), None);
        assert!(!breaker.fleet().release(SECOND, AS_CONFIGURED));
        assert!(!breaker.fleet().release(Duration::ZERO, AS_CONFIGURED));
        assert!(!breaker.fleet().lose_engine(SECOND));

        assert_eq!(known(&breaker), before);
        assert_eq!(before.hold, None);
    }
}

#[test]
fn of_two_verdicts_that_hold_a_breaker_the_newer_one_counts() {
    let (breaker, _clock) = staged(settings(), HoldStage::Held);
    breaker.fleet().hint(SECOND);
    let before = known(&breaker);

    assert!(!breaker.fleet().hold(7));
    assert!(!breaker.fleet().hold(3));
    assert_eq!(known(&breaker), before);
    assert!(breaker.fleet().hold(9));

    assert_eq!(epoch(&breaker), Some(9));
    assert_eq!(breaker.generation().get(), 1, "it goes on, as it was");
    assert_eq!(rejected(&breaker).retry_after, Some(SECOND));
}

#[test]
fn a_breaker_that_closed_again_is_held_by_any_verdict() {
    let (breaker, _clock) = staged(settings(), HoldStage::Held);
    breaker.fleet().release(Duration::ZERO, AS_CONFIGURED);

    assert!(
        breaker.fleet().hold(1),
        "an engine that was emptied counts anew"
    );

    assert_eq!(breaker.snapshot().totals.trips(Cause::Fleet), 2);
}

#[test]
fn a_call_under_way_when_the_verdict_comes_is_late() {
    let window = settings().failure_rate_threshold(0.9);
    let (breaker, _clock) = breaker(window.window(Window::count(9)).minimum_calls(9));
    breaker.try_acquire().unwrap().failure();
    let under_way = breaker.try_acquire().unwrap();

    breaker.fleet().hold(7);

    assert_eq!(under_way.failure(), Outcome::Late);
    let last = last(&breaker);
    assert_eq!((last.consecutive_failures, last.window.calls), (1, 1));
    assert_eq!(breaker.snapshot().window.calls, 0);
}

#[test]
fn what_may_be_asked_without_a_call_is_true_of_every_stage() {
    for stage in HoldStage::ALL.iter().copied() {
        let (breaker, _clock) = staged(settings(), stage);

        assert!(!breaker.admits_all());
        assert_eq!(breaker.is_rejecting(), stage != HoldStage::Probing);
        let would = breaker.would_reject().map(|rejected| rejected.reason);
        let expected = match stage {
            HoldStage::Held => Some(RejectReason::Fleet),
            HoldStage::Turn => Some(RejectReason::Turn),
            _ => None,
        };
        assert_eq!(would, expected);
        assert_eq!(breaker.snapshot().consecutive_failures, 0);
    }
}

#[test]
fn every_move_is_told_once_and_in_order() {
    let (breaker, clock) = breaker(settings());
    let told = Arc::new(Mutex::new(Vec::new()));
    let sink = Arc::clone(&told);
    breaker.add_listener(move |_: &str, event: &Event| {
        if let Event::Transition(it) = event {
            sink.lock()
                .unwrap()
                .push((it.generation.get(), it.to, it.cause));
        }
    });

    breaker.fleet().hold(1);
    breaker.fleet().hint(SECOND);
    let generation = breaker.fleet().grant_probe(SECOND).unwrap();
    breaker.try_acquire().unwrap().success();
    breaker.fleet().release(SECOND, AS_CONFIGURED);
    clock.advance(SECOND);
    breaker.poll_transitions();

    assert_eq!(generation.get(), 2);
    assert_eq!(
        *told.lock().unwrap(),
        [
            (1, State::Open, Cause::Fleet),
            (2, State::HalfOpen, Cause::FleetProbe),
            (3, State::Open, Cause::FleetProbeSucceeded),
            (4, State::Open, Cause::Fleet),
            (5, State::Closed, Cause::Fleet),
        ]
    );
    let totals = breaker.snapshot().totals;
    assert_eq!(totals.trips(Cause::Fleet), 1, "it opened once");
    assert_eq!(totals.time_in(State::Open), SECOND);
}

#[test]
fn rejections_of_a_held_breaker_are_told_to_who_wants_everything() {
    let (breaker, _clock) = staged(settings(), HoldStage::Held);
    let events = breaker.events(fusebox::Interest::Everything, 9);

    let rejected = rejected(&breaker);

    assert_eq!(events.try_next(), Some(Event::Rejected(rejected)));
}
