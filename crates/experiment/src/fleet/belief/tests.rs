//! Tests of belief, compared with the truth as a reader of the timeline would compare them.

use std::time::Duration;

use fusebox::Cause;
use fusebox::State::{self, Closed, HalfOpen, Open};

use crate::expectation::{Expectation, Figures};
use crate::fleet::{Calls, Change, Evidence, FaultPhase, FleetRecord, InstanceRecord, Timeline};
use crate::load::MixedSeconds;

fn changes(changes: &[(f64, State)]) -> Vec<Change> {
    let mut from = Closed;
    let mut change = |&(at_s, to)| Change {
        at_s,
        from: std::mem::replace(&mut from, to),
        to,
        cause: Cause::Manual,
        number: 0,
        window: Evidence::default(),
        open_for_s: None,
    };
    changes.iter().map(&mut change).collect()
}

fn calls(permitted: u64, rejected: u64, wasted: f64, wrongly_rejected: f64) -> Calls {
    Calls {
        permitted,
        rejected,
        wasted,
        wrongly_rejected,
    }
}

/// Ten seconds; bad from 2 to 6. A noticed after 1 s, flapped once and closed 1.5 s after the end of it. B never
/// noticed. C opened at 1 although nothing was wrong for it.
fn fleet() -> FleetRecord {
    let phase = |name: &str, from_s, until_s| FaultPhase {
        name: name.to_owned(),
        from_s,
        until_s,
    };
    let one = |name: &str, truth, transitions: &[(f64, State)]| InstanceRecord {
        name: name.to_owned(),
        truth,
        transitions: changes(transitions),
        // In calm, and in bad.
        calls: vec![calls(6, 4, 1.5, 3.0), calls(2, 8, 1.5, 2.0)],
        ..InstanceRecord::default()
    };
    let followed = [
        (3.0, Open),
        (5.0, HalfOpen),
        (5.5, Open),
        (7.0, HalfOpen),
        (7.5, Closed),
    ];
    FleetRecord {
        duration_s: 10.0,
        unhealthy_at: 0.5,
        mixed_seconds: MixedSeconds {
            count: 4,
            first: None,
        },
        phases: vec![
            phase("calm", 0.0, 2.0),
            phase("bad", 2.0, 6.0),
            phase("calm", 6.0, 10.0),
        ],
        truths: vec![
            Timeline::from([(0.0, 0.1), (2.0, 0.9), (4.0, 0.5), (6.0, 0.49)]),
            Timeline::from([(0.0, 0.0)]),
        ],
        instances: vec![
            one("A", 0, &followed),
            one("B", 0, &[]),
            one("C", 1, &[(1.0, Open)]),
        ],
        ..FleetRecord::default()
    }
}

fn value_in(fleet: &FleetRecord, figure: &str) -> Option<f64> {
    fleet.value(&figure.parse().unwrap())
}

fn value(figure: &str) -> Option<f64> {
    value_in(&fleet(), figure)
}

#[test]
fn wrong_times_are_those_in_which_belief_and_truth_differ() {
    let a = fleet().belief("A", None).unwrap();

    assert_eq!((a.closed_s, a.open_s, a.half_open_s), (5.5, 3.5, 1.0));
    assert_eq!(
        (a.unhealthy_s, a.wrongly_closed_s, a.wrongly_open_s),
        (4.0, 1.0, 1.5)
    );
    assert_eq!((a.openings, a.flaps), (2, 1));
}

#[test]
fn turns_of_the_truth_are_followed_after_a_while_or_cut_off() {
    let belief = |name| fleet().belief(name, None).unwrap();
    let (a, b, c) = (belief("A"), belief("B"), belief("C"));

    assert_eq!(
        (a.detections.seen_s, a.recoveries.seen_s),
        (vec![1.0], vec![1.5])
    );
    // It was bad for four seconds, and B never noticed: its delay is longer, nobody knows how long.
    assert_eq!(
        (b.detections.seen_s, b.detections.cut_off_s),
        (vec![], vec![4.0])
    );
    // B was closed when it was over: nothing was to recover.
    assert_eq!((b.recoveries.count(), b.closed_already), (0, 1));
    assert_eq!((c.detections.count(), c.recoveries.count()), (0, 0));
    assert_eq!(value("detection_delay_p50(B)"), Some(f64::INFINITY));
    assert_eq!(value("detection_delay_p50(C)"), None);
}

#[test]
fn a_breaker_that_had_opened_before_the_truth_turned_had_nothing_to_notice() {
    let mut fleet = fleet();
    fleet.instances[0].transitions = changes(&[(1.0, Open), (9.0, Closed)]);

    let a = fleet.belief("A", None).unwrap();

    assert_eq!(a.detections.count(), 0);
    // Wrongly open for the second before the turn, and for the three until it closed.
    assert_eq!((a.recoveries.seen_s, a.wrongly_open_s), (vec![3.0], 4.0));
}

#[test]
fn a_breaker_that_is_still_open_at_the_end_has_not_recovered() {
    let mut fleet = fleet();
    fleet.instances[0].transitions.pop();

    let a = fleet.belief("A", None).unwrap();

    assert_eq!(
        (a.unrecovered, a.recoveries.cut_off_s.clone()),
        (1, vec![4.0])
    );
    assert_eq!(a.longest_recovery_s(), Some(f64::INFINITY));
    let sentence: Expectation = "every instance closed within 60 s of recovery"
        .parse()
        .unwrap();
    assert!(!sentence.judge(&fleet).held);
}

#[test]
fn a_recovery_that_the_next_outage_cuts_off_is_a_bound_and_no_value() {
    let mut fleet = fleet();
    fleet.truths[0] = Timeline::from([(0.0, 0.0), (2.0, 1.0), (6.0, 0.0), (7.0, 1.0)]);

    let a = fleet.belief("A", None).unwrap();

    assert_eq!(
        (a.recoveries.seen_s, a.recoveries.cut_off_s),
        (vec![], vec![1.0])
    );
    assert_eq!(a.detections.seen_s, [1.0]);
    assert_eq!(
        value_in(&fleet, "recovery_delay_p50(A)"),
        Some(f64::INFINITY)
    );
    assert_eq!(value_in(&fleet, "recovery_delay_max(A)"), Some(1.0));
}

#[test]
fn phases_that_come_again_are_taken_together() {
    let calm = fleet().belief("A", Some("calm")).unwrap();
    let bad = fleet().belief("A", Some("bad")).unwrap();

    assert_eq!(
        (calm.watched_s, calm.closed_s, calm.wrongly_open_s),
        (6.0, 4.5, 1.5)
    );
    assert_eq!(
        (bad.watched_s, bad.openings, bad.wasted_calls),
        (4.0, 2, 1.5)
    );
    assert_eq!((calm.asked_calls, calm.wrongly_rejected_calls), (10, 3.0));
    assert!(fleet().belief("A", Some("none")).is_none());
}

#[test]
fn figures_of_all_instances_are_sums_and_means() {
    assert_eq!(value("openings"), Some(3.0));
    // A 1.5 s, B none, C 9 s of ten seconds each.
    assert_eq!(value("wrongly_open_share"), Some(0.35));
    assert_eq!(value("wrongly_open_share(A)"), Some(0.15));
    assert_eq!(value("unhealthy_share"), Some(8.0 / 30.0));
    assert_eq!(value("wasted_calls"), Some(9.0));
    assert_eq!(value("wasted_ratio"), Some(9.0 / 60.0));
    assert_eq!(value("wrongly_rejected_ratio(A, phase=bad)"), Some(0.2));
    assert_eq!(value("detections"), Some(2.0));
    assert_eq!(value("detections_cut_off"), Some(1.0));
    // A came after 1 s, B was cut off after 4: half of the two had come after 1 s.
    assert_eq!(value("detection_delay_p50"), Some(1.0));
    assert_eq!(value("detection_delay_p90"), Some(f64::INFINITY));
    assert_eq!(value("recovery_delay_p50(A)"), Some(1.5));
    assert_eq!(value("recovery_delay_max"), Some(1.5));
    assert_eq!(value("p99"), None);
    assert_eq!(value("openings(Z)"), None);
}

#[test]
fn open_against_half_open_is_another_state_but_no_divergence() {
    // C differs from B from second 1 on, in whether calls pass.
    assert_eq!(value("divergence_share"), Some(0.9));
    assert_eq!(value("divergence_share(phase=bad)"), Some(1.0));
    let mut two = fleet();
    two.instances.remove(1);
    // C is open from 1 on. A passes calls until 3 and from 7.5 on, and is half-open from 5 to 5.5 and from 7 to 7.5.
    assert_eq!(value_in(&two, "divergence_share"), Some(0.45));
    assert_eq!(value_in(&two, "state_divergence_share"), Some(0.55));
}

#[test]
fn mixed_seconds_are_a_share_of_the_seconds_that_were_whole() {
    assert_eq!(value("mixed_seconds_share"), Some(0.4));
    let mut longer = fleet();
    // The last answers came 30 ms after the end.
    longer.duration_s = 10.03;
    assert_eq!(value_in(&longer, "mixed_seconds_share"), Some(0.4));
}

#[test]
fn what_happens_after_the_watch_counts_in_no_share_of_the_time() {
    let watched = fleet().watched_for(5.2);

    let a = watched.belief("A", None).unwrap();
    assert_eq!((a.watched_s, a.openings, a.flaps), (5.2, 1, 0));
    assert_eq!((a.closed_s, a.open_s), (3.0, 2.0));
    // C differs from A until 3 and from 5 on, from B all the time, once it has opened at 1.
    assert_eq!(value_in(&watched, "divergence_share"), Some(4.2 / 5.2));
    assert_eq!(watched.divergence().opens, Duration::from_millis(4200));
    let phases = watched.phases.iter().map(|it| (&*it.name, it.until_s));
    assert!(phases.eq([("calm", 2.0), ("bad", 5.2)]));
    // Calls count whenever they were.
    assert_eq!(value_in(&watched, "wasted_calls"), value("wasted_calls"));
    assert_eq!(fleet().watched_for(11.0), fleet());
}

#[test]
fn another_threshold_moves_detection_and_not_the_expected_calls() {
    let strict = fleet().with_threshold(0.6);

    // Bad from 2 to 4 only.
    let a = strict.belief("A", None).unwrap();
    assert_eq!((a.unhealthy_s, a.wrongly_open_s), (2.0, 3.5));
    assert_eq!(value_in(&strict, "wasted_calls"), value("wasted_calls"));
    let never = fleet().with_threshold(0.95);
    assert_eq!(value_in(&never, "detections"), Some(0.0));
    assert_eq!(value_in(&never, "detection_delay_p50"), None);
}

#[test]
fn under_overload_wrongly_open_is_said_beside_a_run_without_breakers_or_not_at_all() {
    let mut fleet = fleet();
    fleet.truth_follows_load = true;
    let expectation: Expectation = "wrongly_open_share < 50 %".parse().unwrap();

    let verdict = expectation.judge(&fleet);

    assert!(!verdict.held);
    assert!(verdict.shown.contains("under overload"), "{verdict:?}");
    // Without breakers it would have been unhealthy from 2 to the end, for all.
    let mut without = fleet.clone();
    without.truths = vec![Timeline::from([(0.0, 0.0), (2.0, 1.0)])];
    without.instances.iter_mut().for_each(|one| one.truth = 0);
    let beside = fleet.beside(&without.truth());
    // Only C, which opened at 1, was wrongly open then: for one second of thirty.
    assert_eq!(value_in(&beside, "wrongly_open_share"), Some(1.0 / 30.0));
    assert_eq!(
        value_in(&fleet, "wrongly_closed_share"),
        value("wrongly_closed_share")
    );
}

#[test]
fn a_breaker_that_a_fleet_holds_is_open_all_along_whatever_it_does_meanwhile() {
    let steps = [
        (1.0, Closed, Open, Cause::Fleet),
        (2.0, Open, HalfOpen, Cause::FleetProbe),
        (2.5, HalfOpen, Open, Cause::FleetProbeFailed),
        (3.0, Open, HalfOpen, Cause::FleetProbe),
        (3.5, HalfOpen, Open, Cause::FleetProbeSucceeded),
        (4.0, Open, Open, Cause::Fleet), // it waits for its turn
        (5.0, Open, Closed, Cause::Fleet),
    ];
    let transitions = steps.map(|(at_s, from, to, cause)| Change {
        at_s,
        from,
        to,
        cause,
        number: 0,
        window: Evidence::default(),
        open_for_s: None,
    });
    let mut fleet = fleet();
    fleet.instances[0].transitions = transitions.into();

    let a = fleet.belief("A", None).unwrap();

    // The probe that failed is a flap, as one of its own would be.
    assert_eq!((a.openings, a.flaps), (1, 1));
}
