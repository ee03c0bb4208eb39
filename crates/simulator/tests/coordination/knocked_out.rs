//! Rules that are taken away: each time a shipped scenario fails one of its own expectations.
//!
//! The rules of the engine, that leases end and that they are fenced, are taken away inside the simulator: see the
//! tests of `performance::coordinating`.

use experiment::result::Repetition;
use simulator::{Options, run};

use crate::fleet::{OUTAGE, mean, scenario};

const SEEDS: u64 = 10;

/// In how many of the runs an expectation that begins so does not hold.
fn failing(text: &str, sets: &[&str], expectation: &str) -> u64 {
    let scenario = scenario(text, sets);
    let fails = |run: &Repetition| {
        let verdicts = run.verdicts.iter();
        let asked: Vec<_> = verdicts
            .filter(|it| it.expectation.starts_with(expectation))
            .collect();
        assert!(!asked.is_empty(), "{:?}", run.verdicts);
        asked.iter().any(|it| !it.held)
    };
    let runs = (1..=SEEDS).map(|seed| run(&scenario, seed, &Options::default()));
    runs.filter(fails).count().try_into().unwrap()
}

/// Six of ten are cut off. With the veto the healthy four serve; `any-open` with a quorum is the same without it.
#[test]
fn without_the_veto_a_quorum_closes_off_those_that_are_well() {
    let six = include_str!("../../../../scenarios/coordination/six-bad.toml");
    let without = ["coordination.mode=any-open", "coordination.minimum_votes=5"];

    assert_eq!(failing(six, &[], "closed_share(i7) == 1"), 0);
    assert_eq!(failing(six, &without, "closed_share(i7) == 1"), SEEDS);
}

/// With twenty calls a second of each all open within a moment. Without jitter they then probe within one tenth of a
/// second, unless one probes for all.
#[test]
fn without_the_lease_and_without_jitter_a_herd_probes_at_once() {
    let herd = include_str!("../../../../scenarios/coordination/herd.toml");
    let often = "load.rate=2000";
    let each = [often, "coordination.mode=advisory", "breaker.jitter=0.2"];

    assert_eq!(failing(herd, &[often], "probes_in_100ms"), 0);
    assert_eq!(failing(herd, &each, "probes_in_100ms"), 0);
    assert_eq!(failing(herd, &each[..2], "probes_in_100ms"), SEEDS);
}

/// A view that never becomes stale freezes every held instance when the engine dies.
#[test]
fn without_an_end_of_views_a_dead_engine_keeps_the_fleet_open() {
    let lost = include_str!("../../../../scenarios/coordination/engine-lost-while-open.toml");
    let without = ["coordination.stale_after=1h", "coordination.member_for=1h"];

    assert_eq!(failing(lost, &[], "every instance closed"), 0);
    assert_eq!(failing(lost, &without, "every instance closed"), SEEDS);
}

/// Without turns a fleet meets a cold downstream with all its load in one step.
#[test]
fn without_turns_a_fleet_closes_in_one_step() {
    let sets = ["coordination.mode=quorum"];
    let at_once = [sets[0], "coordination.stagger=0s"];

    let by_turns = mean(OUTAGE, &sets, "closing_spread", 3);
    let at_once = mean(OUTAGE, &at_once, "closing_spread", 3);

    assert!(at_once < 0.5 * by_turns, "{at_once} s against {by_turns} s");
}
