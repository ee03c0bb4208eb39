//! Tests of leases, probes and closing.

use super::*;

#[test]
fn a_refused_request_for_the_lease_writes_nothing() {
    let mut fleet = Fleet::open();
    let before = fleet.ledger.clone();
    assert!(matches!(fleet.ask(0), Err(AcquireRefused::Early { .. })));
    let stale = Acquire::new(
        sender(0),
        Era::new(Incarnation::new(7), Epoch::new(0)),
        500 * MS,
    );
    assert_eq!(
        fleet.ledger.acquire(fleet.now, &stale),
        Err(AcquireRefused::Stale)
    );
    assert_eq!(fleet.ledger, before);

    fleet.wait();
    fleet.ask(0).unwrap();
    let before = fleet.ledger.clone();
    for _ in 0..100 {
        fleet.now += MS;
        assert!(matches!(fleet.ask(1), Err(AcquireRefused::Busy { .. })));
    }
    assert_eq!(fleet.ledger, before);
    assert_eq!(
        fleet.ask(1),
        Err(AcquireRefused::Busy {
            remaining: 400 * MS
        })
    );
}

#[test]
fn a_dead_probers_lease_ends_on_time_and_its_late_result_is_fenced() {
    let mut fleet = Fleet::open();
    fleet.wait();
    let first = fleet.ask(0).unwrap();
    fleet.now += 500 * MS;

    assert_eq!(fleet.settle(0, first, ProbeResult::Succeeded), Err(Fenced));
    let second = fleet.ask(1).unwrap();
    assert!(second.token > first.token);
    assert_eq!(fleet.settle(0, first, ProbeResult::Succeeded), Err(Fenced));
    assert_eq!(fleet.settle(0, second, ProbeResult::Succeeded), Err(Fenced));
    assert!(
        !fleet
            .settle(1, second, ProbeResult::Succeeded)
            .unwrap()
            .verdict
            .is_open()
    );
}

#[test]
fn closing_deletes_the_suspects_and_keeps_the_voters() {
    let mut fleet = Fleet::open();
    fleet.wait();
    fleet.all_say(0..2, Suspect);
    let lease = fleet.ask(0).unwrap();

    let view = fleet.settle(0, lease, ProbeResult::Succeeded).unwrap();

    assert_eq!(view.votes, Votes::new(2, 0, 2));
    assert_eq!(view.era.epoch, Epoch::new(2));
}

#[test]
fn a_suspicion_from_before_the_closing_does_not_reopen() {
    let mut fleet = Fleet::open();
    fleet.wait();
    let late: Vec<_> = (0..2)
        .map(|number| fleet.report_of(number, Suspect))
        .collect();
    let lease = fleet.ask(0).unwrap();
    fleet.settle(0, lease, ProbeResult::Succeeded).unwrap();

    for report in &late {
        let view = fleet.ledger.report(fleet.now, report).unwrap();
        assert_eq!((view.votes.suspects, view.verdict), (0, Verdict::Closed));
    }
    // What is formed after it does.
    assert!(fleet.all_say(0..2, Suspect).verdict.is_open());
}

#[test]
fn a_failed_probe_makes_the_wait_longer_by_the_back_off_and_another_instance_goes_first() {
    let mut fleet = Fleet::open();
    fleet.wait();
    let lease = fleet.ask(0).unwrap();

    let view = fleet.settle(0, lease, ProbeResult::Failed).unwrap();

    let wait = 1000 * MS; // a second for two voters, twice
    assert_eq!(
        view.verdict,
        Verdict::Open {
            next_probe_in: wait
        }
    );
    fleet.now += wait;
    fleet.all_say(0..2, Suspect);
    assert_eq!(fleet.ask(0), Err(AcquireRefused::Early { wait }));
    assert!(fleet.ask(1).is_ok());
}

#[test]
fn without_a_back_off_the_wait_stays_an_nth_of_the_open_period() {
    let mut fleet = Fleet::new(Mode::Quorum, |settings| settings.backoff_factor(1.0));
    fleet.all_say(0..2, Suspect);

    for number in [0, 1, 0, 1] {
        fleet.wait();
        fleet.all_say(0..2, Suspect);
        let lease = fleet.ask(number).unwrap();
        let view = fleet.settle(number, lease, ProbeResult::Failed).unwrap();
        let next_probe_in = 500 * MS;
        assert_eq!(view.verdict, Verdict::Open { next_probe_in });
    }
}

#[test]
fn a_failed_prober_goes_again_when_nobody_else_suspects() {
    let mut fleet = Fleet::open();
    fleet.wait();
    let lease = fleet.ask(0).unwrap();
    fleet.settle(0, lease, ProbeResult::Failed).unwrap();
    fleet.wait();
    fleet.say(1, Fine);

    assert!(fleet.ask(0).is_ok());
}

#[test]
fn the_fleet_closes_after_as_many_good_probes_as_are_set() {
    let mut fleet = Fleet::new(Mode::Quorum, |settings| settings.probes_to_close(2));
    fleet.all_say(0..2, Suspect);
    fleet.wait();

    let first = fleet.ask(0).unwrap();
    assert!(
        fleet
            .settle(0, first, ProbeResult::Succeeded)
            .unwrap()
            .verdict
            .is_open()
    );
    let second = fleet.ask(0).unwrap();
    assert!(
        !fleet
            .settle(0, second, ProbeResult::Succeeded)
            .unwrap()
            .verdict
            .is_open()
    );
}

#[test]
fn a_void_probe_settles_nothing() {
    let mut fleet = Fleet::open();
    fleet.wait();
    let lease = fleet.ask(0).unwrap();
    let before = fleet.ledger.clone();

    assert!(fleet.settle(0, lease, ProbeResult::Void).is_ok());

    assert_eq!(fleet.ledger, before);
}

#[test]
fn the_lease_of_an_instance_that_leaves_is_free() {
    let mut fleet = Fleet::open();
    fleet.wait();
    fleet.ask(0).unwrap();

    fleet.ledger.leave(fleet.now, &sender(0));

    assert!(fleet.ask(1).is_ok());
}

#[test]
fn one_trip_opens_the_contrast_and_any_good_probe_closes_it() {
    let mut fleet = Fleet::new(Mode::AnyOpen, |settings| settings);
    fleet.all_say(0..9, Fine);
    let view = fleet.say(9, Suspect);
    assert_eq!(
        view.verdict,
        Verdict::Open {
            next_probe_in: 1000 * MS
        }
    );

    fleet.wait();
    let lease = fleet.ask(3).unwrap();
    let other = fleet.ask(9).unwrap();
    assert!(
        fleet
            .settle(9, other, ProbeResult::Failed)
            .unwrap()
            .verdict
            .is_open()
    );
    assert!(
        !fleet
            .settle(3, lease, ProbeResult::Succeeded)
            .unwrap()
            .verdict
            .is_open()
    );
}
