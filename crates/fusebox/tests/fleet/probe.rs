//! The one probe that the fleet leases to a breaker.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use fusebox::{DroppedPermit, Outcome, Permit, RejectReason};

use super::*;

fn probing(settings: ConfigBuilder) -> (Breaker, ManualClock) {
    staged(settings, HoldStage::Probing)
}

#[test]
fn exactly_the_next_call_is_the_probe() {
    let (breaker, clock) = staged(settings(), HoldStage::Held);

    let generation = breaker.fleet().grant_probe(SECOND * 4);

    assert_eq!(generation, Some(breaker.generation()));
    assert_eq!(
        way(&breaker),
        (State::Open, State::HalfOpen, Cause::FleetProbe)
    );
    let snapshot = breaker.snapshot();
    assert_eq!((snapshot.probes_in_flight, snapshot.probes_free), (0, 1));
    assert_eq!(snapshot.deadline, Some(SECOND * 4));
    let probe = breaker.try_acquire().unwrap();
    assert_eq!(probe.state(), State::HalfOpen);
    clock.advance(SECOND);
    for _ in 0..3 {
        let rejected = rejected(&breaker);
        let said = (rejected.reason, rejected.retry_after);
        assert_eq!(said, (RejectReason::ProbeBusy, Some(SECOND * 3)));
        assert_eq!(breaker.would_reject(), Some(rejected));
    }
    let snapshot = breaker.snapshot();
    assert_eq!((snapshot.probes_in_flight, snapshot.probes_free), (1, 0));
    assert_eq!(snapshot.totals.rejections(RejectReason::ProbeBusy), 3);
    assert_eq!(probe.success(), Outcome::Success);
}

type End = fn(Permit<'_>) -> Option<Outcome>;

fn panicked(permit: Permit<'_>) -> Option<Outcome> {
    let unwound = catch_unwind(AssertUnwindSafe(move || {
        let _held = permit;
        resume_unwind(Box::new("probe"))
    }));
    drop(unwound);
    None
}

fn dropped(permit: Permit<'_>) -> Option<Outcome> {
    drop(permit);
    None
}

#[test]
fn whatever_comes_of_the_probe_the_breaker_is_held_again_and_says_what() {
    let slow = settings().slow_call_duration(SECOND);
    let strict = settings().dropped_permit(DroppedPermit::Failure);
    let many = settings().probe_count(5, 3).half_open_for(None);
    let ends: [(ConfigBuilder, End, Cause); 9] = [
        (
            settings(),
            |it| Some(it.success()),
            Cause::FleetProbeSucceeded,
        ),
        (many, |it| Some(it.success()), Cause::FleetProbeSucceeded),
        (settings(), |it| Some(it.failure()), Cause::FleetProbeFailed),
        (settings(), |it| Some(it.trip()), Cause::FleetProbeFailed),
        (settings(), panicked, Cause::FleetProbeFailed),
        (
            slow,
            |it| Some(it.took(SECOND * 2).success()),
            Cause::FleetProbeFailed,
        ),
        (
            settings(),
            |it| Some(it.ignore()),
            Cause::FleetProbeCancelled,
        ),
        (settings(), dropped, Cause::FleetProbeCancelled),
        (strict, dropped, Cause::FleetProbeFailed),
    ];
    for (settings, end, cause) in ends {
        let (breaker, clock) = probing(settings);
        breaker.fleet().hint(SECOND * 3);
        clock.advance(SECOND);

        let outcome = end(breaker.try_acquire().unwrap());

        assert_ne!(outcome, Some(Outcome::Late));

        assert_eq!(way(&breaker), (State::HalfOpen, State::Open, cause));
        assert_eq!(
            (stage(&breaker), epoch(&breaker)),
            (Some(HoldStage::Held), Some(7))
        );
        assert_eq!(
            last(&breaker).generation.get(),
            3,
            "the one after the probe's"
        );
        let rejected = rejected(&breaker);
        let said = (rejected.reason, rejected.retry_after);
        assert_eq!(said, (RejectReason::Fleet, Some(SECOND * 2)));
        let snapshot = breaker.snapshot();
        assert_eq!((snapshot.openings, snapshot.window.calls), (0, 0));
        assert_eq!(snapshot.totals.trips(Cause::ProbeFailed), 0);
        assert_eq!(snapshot.totals.trips(Cause::Fleet), 1);
        assert!(breaker.fleet().grant_probe(SECOND).is_some());
        assert!(breaker.try_acquire().is_ok(), "no permit is lost");
    }
}

#[test]
fn a_probe_that_hangs_is_void_when_its_lease_ends_and_its_outcome_is_late() {
    let (breaker, clock) = probing(settings());
    let hung = breaker.try_acquire().unwrap();

    clock.advance(SECOND * 4 - NANO);
    assert_eq!(breaker.poll_transitions(), State::HalfOpen);
    clock.advance(NANO);
    assert_eq!(rejected(&breaker).reason, RejectReason::Fleet);

    assert_eq!(
        way(&breaker),
        (State::HalfOpen, State::Open, Cause::FleetProbeExpired)
    );
    breaker.fleet().grant_probe(SECOND).unwrap();
    assert_eq!(hung.success(), Outcome::Late);
    assert_eq!(stage(&breaker), Some(HoldStage::Probing));
    let snapshot = breaker.snapshot();
    assert_eq!((snapshot.probes_in_flight, snapshot.probes_free), (0, 1));
    assert!(breaker.try_acquire().is_ok());
}

#[test]
fn an_outcome_at_the_very_end_of_the_lease_is_late() {
    let (breaker, clock) = probing(settings());
    let probe = breaker.try_acquire().unwrap();

    clock.advance(SECOND * 4);

    assert_eq!(probe.success(), Outcome::Late);
    assert_eq!(last(&breaker).cause, Cause::FleetProbeExpired);
}

#[test]
fn a_lease_that_no_call_used_ends_too() {
    for lease in [Duration::ZERO, NANO, SECOND] {
        let (breaker, clock) = staged(settings(), HoldStage::Held);
        breaker.fleet().grant_probe(lease).unwrap();

        clock.advance(lease);
        breaker.poll_transitions();

        assert_eq!(last(&breaker).cause, Cause::FleetProbeExpired);
        assert_eq!(stage(&breaker), Some(HoldStage::Held));
    }
}

#[test]
fn a_lease_beyond_the_end_of_time_still_says_how_long_it_is() {
    let (breaker, _clock) = staged(settings(), HoldStage::Held);
    breaker.fleet().grant_probe(Duration::MAX).unwrap();
    let _probe = breaker.try_acquire().unwrap();

    assert_eq!(rejected(&breaker).retry_after, Some(Duration::MAX));
}

#[test]
fn there_is_one_probe_at_a_time_and_only_while_the_breaker_is_held() {
    let (busy, _clock) = probing(settings());
    let probe = busy.try_acquire().unwrap();
    assert_eq!(busy.fleet().grant_probe(SECOND * 9), None);
    assert_eq!(busy.snapshot().deadline, Some(SECOND * 4));
    drop(probe);
    let (turn, _clock) = staged(settings(), HoldStage::Turn);
    assert_eq!(turn.fleet().grant_probe(SECOND), None);
    let (closed, _clock) = breaker(settings());
    assert_eq!(closed.fleet().grant_probe(SECOND), None);
    assert_eq!(closed.state(), State::Closed);
}

#[test]
fn a_newer_verdict_voids_a_probe_of_the_older_one() {
    let (breaker, _clock) = probing(settings());
    let probe = breaker.try_acquire().unwrap();
    assert!(!breaker.fleet().hold(7), "that is the one it probes for");

    assert!(breaker.fleet().hold(8));

    assert_eq!(way(&breaker), (State::HalfOpen, State::Open, Cause::Fleet));
    assert_eq!(
        (stage(&breaker), epoch(&breaker)),
        (Some(HoldStage::Held), Some(8))
    );
    assert_eq!(probe.success(), Outcome::Late);
    assert_eq!(breaker.snapshot().totals.trips(Cause::Fleet), 1);
}

#[test]
fn a_clock_that_steps_back_neither_ends_nor_lengthens_a_lease() {
    let (breaker, clock) = probing(settings());
    clock.advance(SECOND * 3);
    breaker.poll_transitions();

    clock.set(SECOND);
    assert_eq!(breaker.poll_transitions(), State::HalfOpen);
    clock.set(SECOND * 4);

    assert_eq!(breaker.poll_transitions(), State::Open);
}
