//! The breaker's own open period and back-off beside the fleet.

use super::*;

fn fails(breaker: &Breaker) {
    breaker.try_acquire().unwrap().failure();
}

#[test]
fn a_hold_neither_raises_nor_forgets_the_back_off() {
    let (breaker, clock) = breaker(settings().backoff_decay(Some(SECOND * 100)));
    for _ in 0..3 {
        fails(&breaker);
    }
    clock.advance(SECOND * 5);
    fails(&breaker);
    clock.advance(SECOND * 10);
    breaker.try_acquire().unwrap().success();
    let level = || breaker.snapshot().openings;
    assert_eq!((breaker.state(), level()), (State::Closed, 2));

    breaker.fleet().hold(1);
    assert_eq!(level(), 2);
    clock.advance(SECOND * 1000);
    breaker.fleet().grant_probe(SECOND).unwrap();
    fails(&breaker);
    assert_eq!(level(), 2);
    breaker.fleet().release(SECOND, AS_CONFIGURED);
    assert_eq!(level(), 2);
    clock.advance(SECOND);
    breaker.poll_transitions();

    assert_eq!((breaker.state(), level()), (State::Closed, 2));
    for _ in 0..3 {
        fails(&breaker);
    }
    assert_eq!(
        breaker.snapshot().retry_after(),
        SECOND * 20,
        "the third period"
    );
    assert_eq!(level(), 3);
}

#[test]
fn hastening_ends_the_own_open_period_sooner_and_never_later() {
    let (breaker, clock) = breaker(settings());
    for _ in 0..3 {
        fails(&breaker);
    }
    let before = known(&breaker);
    assert!(!breaker.fleet().hasten(SECOND * 5));
    assert!(!breaker.fleet().hasten(SECOND * 6));
    assert_eq!(known(&breaker), before);

    assert!(breaker.fleet().hasten(SECOND * 2));

    let snapshot = breaker.snapshot();
    assert_eq!(snapshot.retry_after(), SECOND * 2);
    assert_eq!((snapshot.generation.get(), snapshot.openings), (1, 1));
    assert_eq!(rejected(&breaker).retry_after, Some(SECOND * 2));
    clock.advance(SECOND * 2);
    fails(&breaker);
    assert_eq!(
        last(&breaker).cause,
        Cause::ProbeFailed,
        "its own probe decides"
    );
    assert_eq!(
        breaker.snapshot().retry_after(),
        SECOND * 10,
        "the back-off goes on"
    );
}

#[test]
fn what_is_not_the_breakers_own_open_period_is_not_hastened() {
    type Lead = fn(&Breaker);
    let leads: [Lead; 8] = [
        |_| {},
        Breaker::half_open,
        Breaker::force_open,
        Breaker::open,
        |it| it.open_for(SECOND * 3600),
        |it| {
            for _ in 0..3 {
                it.try_acquire().unwrap().failure();
            }
            it.open_for(SECOND * 3600);
        },
        |it| assert!(it.fleet().hold(1)),
        |it| {
            it.fleet().hold(1);
            it.fleet().release(SECOND * 3600, AS_CONFIGURED);
        },
    ];
    for lead in leads {
        let (breaker, _clock) = breaker(settings());
        lead(&breaker);
        let before = known(&breaker);

        assert!(!breaker.fleet().hasten(SECOND));

        assert_eq!(known(&breaker), before);
    }
}

#[test]
fn who_loses_the_engine_goes_on_by_itself_from_every_stage() {
    for stage in HoldStage::ALL.iter().copied() {
        for healthy in [true, false] {
            let (breaker, clock) = staged(settings(), stage);
            let from = breaker.state();

            assert!(breaker.fleet().lose_engine(SECOND * 3));

            assert_eq!(way(&breaker), (from, State::Open, Cause::EngineLost));
            assert_eq!(last(&breaker).open_for, Some(SECOND * 3));
            let snapshot = breaker.snapshot();
            assert_eq!((snapshot.hold, snapshot.openings), (None, 0));
            assert_eq!(snapshot.totals.trips(Cause::EngineLost), 1);
            assert_eq!(rejected(&breaker).reason, fusebox::RejectReason::Open);
            assert!(!breaker.fleet().hold(9), "it is open by itself");
            clock.advance(SECOND * 3);
            let probe = breaker.try_acquire().unwrap();
            assert_eq!(last(&breaker).cause, Cause::WaitElapsed);
            if healthy {
                probe.success();
                assert_eq!(last(&breaker).cause, Cause::ProbesSucceeded);
            } else {
                probe.failure();
                assert_eq!(last(&breaker).cause, Cause::ProbeFailed);
                assert_eq!(breaker.snapshot().retry_after(), SECOND * 5, "the first");
            }
        }
    }
}

#[test]
fn an_open_period_after_a_lost_engine_can_be_hastened() {
    let (breaker, _clock) = staged(settings(), HoldStage::Held);
    breaker.fleet().lose_engine(SECOND * 3);

    assert!(breaker.fleet().hasten(SECOND));

    assert_eq!(breaker.snapshot().retry_after(), SECOND);
}

#[test]
fn a_breaker_open_by_itself_lends_its_next_probe_and_keeps_its_back_off() {
    let (breaker, clock) = breaker(settings());
    for _ in 0..3 {
        fails(&breaker);
    }
    clock.advance(SECOND);

    let lent = breaker.fleet().probe_now().unwrap();

    let snapshot = breaker.snapshot();
    assert_eq!((snapshot.state, snapshot.openings), (State::Open, 1));
    assert_eq!(snapshot.retry_after(), Duration::ZERO);
    let probe = breaker.try_acquire().unwrap();
    assert_eq!((probe.state(), probe.generation()), (State::HalfOpen, lent));
    assert_eq!(last(&breaker).cause, Cause::WaitElapsed);
    assert_eq!(
        breaker.fleet().probe_now(),
        Some(lent),
        "it goes on as it is"
    );
    assert!(
        breaker.try_acquire().is_err(),
        "as many probes as it permits"
    );
    probe.failure();
    assert_eq!(last(&breaker).generation.get(), lent.get() + 1);
    assert_eq!(last(&breaker).cause, Cause::ProbeFailed);
    assert_eq!(breaker.snapshot().retry_after(), SECOND * 10, "the second");
}

#[test]
fn only_a_breaker_that_is_open_by_itself_lends_its_probes() {
    type Lead = fn(&Breaker);
    let leads: [Lead; 7] = [
        |_| {},
        Breaker::force_open,
        Breaker::open,
        |it| it.open_for(SECOND * 3600),
        |it| {
            for _ in 0..3 {
                it.try_acquire().unwrap().failure();
            }
            it.open_for(SECOND * 3600);
        },
        |it| assert!(it.fleet().hold(1)),
        |it| {
            it.fleet().hold(1);
            it.fleet().grant_probe(SECOND);
        },
    ];
    for lead in leads {
        let (breaker, _clock) = breaker(settings());
        lead(&breaker);
        let before = known(&breaker);

        assert_eq!(breaker.fleet().probe_now(), None);

        assert_eq!(known(&breaker), before);
    }
}
