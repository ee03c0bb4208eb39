//! Tests of belief: it is held against the truth as an eye on the timeline would.

use crate::expectation::{Expectation, Figures};
use crate::fleet::{Change, FleetRecord, InstanceRecord, Interval, Phase};
use fusebox::State::{self, Closed, HalfOpen, Open};

fn changes(changes: &[(f64, State)]) -> Vec<Change> {
    let change = |&(at_s, to)| Change {
        at_s,
        to,
        cause: "manual".to_owned(),
    };
    changes.iter().map(change).collect()
}

fn truth(spans: &[(f64, f64)]) -> Vec<Interval> {
    let interval = |&(until_s, p_fail)| Interval {
        until_s,
        p_fail,
        permitted: 3,
        rejected: 2,
    };
    spans.iter().map(interval).collect()
}

/// Ten seconds; bad from 2 to 6. A noticed after 1 s, flapped once and closed 1.5 s after the end of it.
fn fleet() -> FleetRecord {
    let phase = |name: &str, from_s, until_s| Phase {
        name: name.to_owned(),
        from_s,
        until_s,
    };
    let one = |name: &str, transitions, intervals| InstanceRecord {
        name: name.to_owned(),
        transitions,
        intervals,
        ..InstanceRecord::default()
    };
    let bad = truth(&[(2.0, 0.1), (4.0, 0.9), (6.0, 0.5), (10.0, 0.49)]);
    let followed = changes(&[
        (3.0, Open),
        (5.0, HalfOpen),
        (5.5, Open),
        (7.0, HalfOpen),
        (7.5, Closed),
    ]);
    FleetRecord {
        duration_s: 10.0,
        unhealthy_at: 0.5,
        mixed_seconds: 4,
        phases: vec![
            phase("calm", 0.0, 2.0),
            phase("bad", 2.0, 6.0),
            phase("calm", 6.0, 10.0),
        ],
        instances: vec![
            one("A", followed, bad.clone()),
            one("B", changes(&[]), bad),
            one("C", changes(&[(1.0, Open)]), truth(&[(10.0, 0.0)])),
        ],
    }
}

fn value(text: &str) -> Option<f64> {
    let expectation: Expectation = text.parse().unwrap();
    fleet().value(expectation.figure())
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
fn calls_are_judged_by_the_truth_at_their_time() {
    let a = fleet().belief("A", None).unwrap();

    assert_eq!(a.asked_calls, 20);
    assert_eq!((a.wasted_calls, a.wrongly_rejected_calls), (6, 4));
}

#[test]
fn turns_of_the_truth_are_followed_after_a_while_or_never() {
    let (a, b) = (
        fleet().belief("A", None).unwrap(),
        fleet().belief("B", None).unwrap(),
    );

    assert_eq!(
        (a.detection_delays_s, a.recovery_delays_s),
        (vec![1.0], vec![1.5])
    );
    assert_eq!((b.undetected, b.recovery_delays_s), (1, vec![0.0]));
    // It was bad for four seconds, and B never noticed.
    assert_eq!(value("detection_delay(B) < 1s"), Some(4.0));
    assert_eq!(value("detection_delay(C) < 1s"), None);
}

#[test]
fn a_breaker_that_is_still_open_at_the_end_has_not_recovered() {
    let mut fleet = fleet();
    fleet.instances[0].transitions.pop();

    let a = fleet.belief("A", None).unwrap();

    assert_eq!(
        (a.unrecovered, a.worst_recovery_s()),
        (1, Some(f64::INFINITY))
    );
}

#[test]
fn an_outage_that_nobody_noticed_until_the_end_was_never_noticed() {
    let mut fleet = fleet();
    fleet.instances[1].intervals.pop();
    fleet.duration_s = 6.0;

    let b = fleet.belief("B", None).unwrap();

    assert_eq!(
        (b.unnoticed, b.worst_detection_s()),
        (1, Some(f64::INFINITY))
    );
}

#[test]
fn a_recovery_that_the_next_outage_cuts_off_counts_as_long_as_it_got() {
    let mut fleet = fleet();
    fleet.instances[0].intervals = truth(&[(2.0, 0.0), (6.0, 1.0), (7.0, 0.0), (10.0, 1.0)]);

    let a = fleet.belief("A", None).unwrap();

    assert_eq!(a.recovery_delays_s, [1.0]);
    assert_eq!(a.detection_delays_s, [1.0, 0.0]);
}

#[test]
fn phases_that_come_again_are_taken_together() {
    let calm = fleet().belief("A", Some("calm")).unwrap();
    let bad = fleet().belief("A", Some("bad")).unwrap();

    assert_eq!(
        (calm.watched_s, calm.closed_s, calm.wrongly_open_s),
        (6.0, 4.5, 1.5)
    );
    assert_eq!((bad.watched_s, bad.openings, bad.wasted_calls), (4.0, 2, 6));
    assert!(fleet().belief("A", Some("none")).is_none());
}

#[test]
fn figures_of_all_instances_are_sums_means_or_the_worst() {
    assert_eq!(value("openings > 0"), Some(3.0));
    assert_eq!(value("wrongly_open_share > 0"), Some(0.9));
    assert_eq!(value("wrongly_open_share(A) > 0"), Some(0.15));
    // C differs from B from second 1 on.
    assert_eq!(value("divergence_share > 0"), Some(0.9));
    assert_eq!(value("divergence_share(phase=bad) > 0"), Some(1.0));
    assert_eq!(value("mixed_seconds_share > 0"), Some(0.4));
    assert_eq!(value("recovery_delay(A) < 2s"), Some(1.5));
    assert_eq!(value("p99 < 2s"), None);
}
