//! Fleets that can decide nothing together: they behave as if each instance were alone, to the last event.

use fusebox::Cause;

use crate::fleet::{OUTAGE, cut_off, performed};

/// Runs with these keys are the same as local ones, but for the record of coordination.
fn is_local(text: &str, alike: &[&str], sets: &[&str]) {
    for seed in 1..=3 {
        let local = performed(text, alike, seed);
        let together: Vec<&str> = alike.iter().chain(sets).copied().collect();
        let mut other = performed(text, &together, seed);
        let record = other.coordination.take();
        let messages = record.map(|it| it.instances.iter().map(|one| one.sent).sum::<u64>());
        assert!(messages.is_none_or(|sent| sent > 0), "nobody said anything");

        assert_eq!(local.digest, other.digest, "{sets:?}, seed {seed}");
        assert_eq!(local, other, "{sets:?}, seed {seed}");
        assert!(
            local
                .fleet
                .instances
                .iter()
                .any(|it| !it.transitions.is_empty())
        );
    }
}

const MODES: [&str; 3] = [
    "coordination.mode=quorum",
    "coordination.mode=advisory",
    "coordination.mode=pooled",
];

#[test]
fn the_mode_local_has_no_coordination_at_all() {
    let sets = ["coordination.mode=local", "network.loss=0.5"];
    is_local(OUTAGE, &[], &sets);
    assert_eq!(performed(OUTAGE, &sets, 1).coordination, None);
}

/// That of merged counts and the contrast, too: their verdict on one is its own trip, which it is never held by.
#[test]
fn a_fleet_of_one_is_local() {
    for mode in MODES.into_iter().chain(["coordination.mode=any-open"]) {
        is_local(OUTAGE, &["fleet.size=1", "load.rate=20"], &[mode]);
    }
}

/// Breakers that are open by their own rules are suspects, so the fleet opens, but no breaker is held that has not
/// tripped. Where nothing is leased, everything else is local, too; in a quorum one instance at a time probes for
/// all.
#[test]
fn a_fleet_whose_instances_never_become_suspicious_opens_as_local_breakers_do() {
    let never = "coordination.suspicion_run=1000000";
    is_local(OUTAGE, &[], &["coordination.mode=advisory", never]);
    let openings = |sets: &[&str], seed| -> Vec<_> {
        let run = performed(OUTAGE, sets, seed);
        let all = run.fleet.instances.iter();
        assert!(
            !all.clone()
                .flat_map(|one| &one.transitions)
                .any(|it| it.cause == Cause::Fleet)
        );
        all.map(|one| one.transitions[0].clone()).collect()
    };
    for seed in 1..=3 {
        let together = openings(&["coordination.mode=quorum", never], seed);
        assert_eq!(together, openings(&[], seed), "seed {seed}");
    }
}

/// Nine of ten are cut off, and the tenth, whose calls succeed, would have to vote with them.
#[test]
fn a_fleet_that_needs_a_vote_which_it_cannot_get_is_local() {
    let nine = cut_off(r#""A", "B", "C", "i4", "i5", "i6", "i7", "i8", "i9""#);
    for mode in &MODES[..2] {
        is_local(&nine, &[], &[mode, "coordination.minimum_votes=10"]);
        is_local(&nine, &[], &[mode, "coordination.quorum_share=1.0"]);
    }
}

#[test]
fn a_fleet_whose_engine_is_down_from_the_start_is_local() {
    let down = r#"engine.faults=[{ kind = "crash", from = "0s" }]"#;
    for mode in MODES {
        is_local(OUTAGE, &[], &[mode, down]);
    }
    is_local(OUTAGE, &[], &["coordination.mode=any-open", down]);
}

#[test]
fn a_fleet_that_is_cut_off_from_the_start_is_local() {
    let cut = r#"network.faults=[{ partition = "both" }]"#;
    for mode in MODES {
        is_local(OUTAGE, &[], &[mode, cut]);
    }
}

#[test]
fn below_the_quorum_nothing_is_different() {
    let four = cut_off(r#""A", "B", "C", "i4""#);
    is_local(&four, &[], &["coordination.mode=quorum"]);
}
