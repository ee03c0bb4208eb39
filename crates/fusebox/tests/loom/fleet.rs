//! Models of the fleet's commands beside calls, outcomes and each other.

use fusebox::{Cause, CloseRamp, HoldStage};

use super::*;

const LEASE: Duration = Duration::from_nanos(50);

fn held() -> (Breaker, ModelClock) {
    let (breaker, clock) = breaker(settings());
    assert!(breaker.fleet().hold(1));
    (breaker, clock)
}

fn probing() -> (Breaker, ModelClock) {
    let (breaker, clock) = held();
    breaker.fleet().grant_probe(LEASE).unwrap();
    (breaker, clock)
}

fn stage(breaker: &Breaker) -> Option<HoldStage> {
    breaker.snapshot().hold.map(|hold| hold.stage)
}

fn last(breaker: &Breaker) -> Cause {
    breaker.snapshot().transitions.last().unwrap().cause
}

#[test]
fn of_a_verdict_and_a_failure_that_trips_one_opens_the_breaker() {
    loom::model(|| {
        let (breaker, _clock) = breaker(settings());
        let failing = breaker.try_acquire().unwrap().into_owned();
        let twin = breaker.clone();

        let (outcome, applied) = race(move || failing.failure(), move || twin.fleet().hold(1));

        let snapshot = breaker.snapshot();
        assert_eq!(
            (snapshot.state, snapshot.generation.get()),
            (State::Open, 1)
        );
        assert_eq!(applied, outcome == Outcome::Late);
        assert_eq!(snapshot.hold.is_some(), applied);
        assert_eq!(snapshot.openings, u32::from(!applied));
        assert_eq!(calls(&snapshot, outcome), 1);
    });
}

#[test]
fn a_success_beside_a_verdict_counts_before_it_or_is_late() {
    every_window(|window| {
        let (breaker, _clock) = breaker(tolerant().window(window));
        let permit = breaker.try_acquire().unwrap().into_owned();
        let twin = breaker.clone();

        let (outcome, applied) = race(move || permit.success(), move || twin.fleet().hold(1));

        assert!(applied);
        let snapshot = breaker.snapshot();
        assert_eq!(calls(&snapshot, outcome), 1);
        let before = u64::from(outcome == Outcome::Success);
        assert_eq!(snapshot.transitions[0].window.calls, before);
        breaker
            .fleet()
            .release(Duration::ZERO, CloseRamp::AsConfigured);
        assert_eq!(breaker.snapshot().window.calls, 0);
    });
}

#[test]
fn the_leased_probe_is_permitted_once() {
    loom::model(|| {
        let (breaker, _clock) = probing();
        let asking = || {
            let twin = breaker.clone();
            move || twin.try_acquire().map(Permit::into_owned)
        };

        let (one, other) = race(asking(), asking());

        assert!(one.is_ok() != other.is_ok());
        let snapshot = breaker.snapshot();
        assert_eq!((snapshot.probes_in_flight, snapshot.probes_free), (1, 0));
        assert_eq!(snapshot.totals.rejections(RejectReason::ProbeBusy), 1);
    });
}

#[test]
fn a_grant_beside_a_caller_lets_at_most_one_call_through_and_no_call_else_passes() {
    loom::model(|| {
        let (breaker, _clock) = held();
        let (twin, caller) = (breaker.clone(), breaker.clone());

        let (granted, asked) = race(
            move || twin.fleet().grant_probe(LEASE),
            move || caller.try_acquire().map(Permit::into_owned),
        );

        assert_eq!(granted.unwrap().get(), 2);
        match asked {
            Ok(permit) => {
                assert_eq!(permit.generation().get(), 2);
                assert_eq!(breaker.snapshot().probes_free, 0);
            }
            Err(rejected) => {
                assert_eq!(rejected.reason, RejectReason::Fleet);
                assert_eq!(breaker.snapshot().probes_free, 1);
            }
        }
    });
}

#[test]
fn of_the_end_of_a_lease_and_the_outcome_of_its_probe_one_counts_and_nothing_is_lost() {
    loom::model(|| {
        let (breaker, clock) = probing();
        let probe = breaker.try_acquire().unwrap().into_owned();
        let (twin, ahead) = (breaker.clone(), clock.clone());

        let (outcome, _) = race(
            move || probe.success(),
            move || {
                ahead.set(50);
                twin.poll_transitions()
            },
        );

        let cause = match outcome {
            Outcome::Success => Cause::FleetProbeSucceeded,
            _ => Cause::FleetProbeExpired,
        };
        assert_eq!(last(&breaker), cause);
        assert_eq!(breaker.generation().get(), 3);
        assert_eq!(stage(&breaker), Some(HoldStage::Held));
        breaker.fleet().grant_probe(LEASE).unwrap();
        assert!(breaker.try_acquire().is_ok());
    });
}

#[test]
fn a_probe_that_is_dropped_beside_a_newer_verdict_or_a_release_leaves_no_permit_behind() {
    loom::model(|| {
        let (breaker, _clock) = probing();
        let probe = breaker.try_acquire().unwrap().into_owned();
        let twin = breaker.clone();

        let ((), applied) = race(move || drop(probe), move || twin.fleet().hold(2));

        assert!(applied);
        let snapshot = breaker.snapshot();
        assert_eq!(snapshot.hold.unwrap().epoch, 2);
        assert_eq!((snapshot.probes_in_flight, snapshot.probes_free), (0, 0));
        breaker.fleet().grant_probe(LEASE).unwrap();
        let probe = breaker.try_acquire().unwrap().into_owned();
        let twin = breaker.clone();
        let release = move || {
            twin.fleet()
                .release(Duration::ZERO, CloseRamp::AsConfigured)
        };
        let ((), applied) = race(move || drop(probe), release);
        assert!(applied);
        assert!(breaker.admits_all());
    });
}

#[test]
fn of_an_operator_and_the_fleet_the_operator_wins() {
    loom::model(|| {
        let (breaker, _clock) = held();
        let (twin, operator) = (breaker.clone(), breaker.clone());

        race(
            move || {
                twin.fleet().grant_probe(LEASE);
                twin.fleet().release(LEASE, CloseRamp::AsConfigured);
            },
            move || operator.force_open(),
        );

        let snapshot = breaker.snapshot();
        assert_eq!((snapshot.state, snapshot.hold), (State::ForcedOpen, None));
    });
}

#[test]
fn a_rejection_names_the_reason_and_the_time_of_its_own_generation() {
    loom::model(|| {
        let (breaker, _clock) = held();
        breaker.fleet().hint(Duration::from_nanos(70));
        let twin = breaker.clone();

        let (_, asked) = race(
            move || {
                twin.fleet()
                    .release(Duration::from_nanos(30), CloseRamp::AsConfigured)
            },
            move || breaker.try_acquire().map(Permit::into_owned),
        );

        let rejected = asked.unwrap_err();
        let (reason, left) = match rejected.generation.get() {
            1 => (RejectReason::Fleet, 70),
            _ => (RejectReason::Turn, 30),
        };
        assert_eq!(rejected.reason, reason);
        assert_eq!(rejected.retry_after, Some(Duration::from_nanos(left)));
    });
}

/// A breaker that has tripped by itself, for 100 ns.
fn tripped() -> (Breaker, ModelClock) {
    let (breaker, clock) = breaker(settings());
    breaker.try_acquire().unwrap().into_owned().failure();
    (breaker, clock)
}

#[test]
fn a_lent_probe_beside_callers_lets_one_call_through() {
    loom::model(|| {
        let (breaker, _clock) = tripped();
        let (twin, caller) = (breaker.clone(), breaker.clone());

        let (lent, asked) = race(
            move || {
                let lent = twin.fleet().probe_now();
                (lent, twin.try_acquire().map(Permit::into_owned))
            },
            move || caller.try_acquire().map(Permit::into_owned),
        );

        let (lent, own) = lent;
        assert_eq!(lent.unwrap().get(), 2);
        assert!(own.is_ok() != asked.is_ok(), "one of them is the probe");
        for permit in [own, asked].into_iter().flatten() {
            assert_eq!(permit.generation().get(), 2);
            assert_eq!(permit.success(), Outcome::Success);
        }
        assert_eq!(last(&breaker), Cause::ProbesSucceeded);
        assert_eq!(breaker.snapshot().generation.get(), 3);
    });
}

#[test]
fn of_a_lent_probe_and_the_end_of_the_own_period_one_half_open_period_comes() {
    loom::model(|| {
        let (breaker, clock) = tripped();
        let (twin, other) = (breaker.clone(), breaker.clone());

        let (lent, _) = race(
            move || twin.fleet().probe_now(),
            move || {
                clock.set(100);
                other.poll_transitions()
            },
        );

        assert_eq!(lent.unwrap().get(), 2);
        assert_eq!(breaker.poll_transitions(), State::HalfOpen);
        assert_eq!(breaker.snapshot().generation.get(), 2);
    });
}

#[test]
fn an_operator_wins_over_a_lent_probe() {
    loom::model(|| {
        let (breaker, _clock) = tripped();
        let (twin, operator) = (breaker.clone(), breaker.clone());

        race(
            move || twin.fleet().probe_now(),
            move || operator.force_open(),
        );

        assert_eq!(breaker.snapshot().state, State::ForcedOpen);
        assert_eq!(breaker.fleet().probe_now(), None);
    });
}

#[test]
fn an_operator_of_this_breaker_beside_an_order_to_the_fleet_and_its_end_wins() {
    loom::model(|| {
        let (breaker, _clock) = tripped();
        let (twin, operator) = (breaker.clone(), breaker.clone());

        let (ended, ()) = race(
            move || {
                let ours = twin.fleet().force_open(None)?;
                Some(twin.fleet().end_order(ours))
            },
            move || operator.disable(),
        );

        // Before the order it keeps the order out, beside it the end of the order finds it, and after both it is the last.
        assert_eq!(breaker.snapshot().state, State::Disabled, "{ended:?}");
    });
}
