//! Tests of rules of the engine that are taken away: each makes a scenario worse in a named way.

use experiment::expectation::Figures;
use experiment::result::Repetition;
use experiment::scenario::Scenario;

use super::*;
use crate::clock::VirtualClock;
use crate::fleet::knock_out::KnockedOut;
use crate::instances::{Instances, members};
use crate::options::Cancel;

fn performed(scenario: &Scenario, seed: u64, rules: KnockedOut) -> Repetition {
    let scenario = scenario.clone().with_seed(seed);
    let clock = VirtualClock::default();
    let (members, noted) = members(&scenario, &clock);
    let instances = Instances::new(&scenario, &members, noted);
    let mut performance = Performance::new(&scenario, clock, instances);
    performance.fleet = Fleet::of(&scenario, &members);
    performance.fleet.as_mut().unwrap().knocked_out = rules;
    let ending = performance.play(&Cancel::default());
    performance.finish(&scenario, ending).repetition
}

fn sum(scenario: &Scenario, figure: &str, seeds: u64, rules: fn() -> KnockedOut) -> f64 {
    let runs = (1..=seeds).map(|seed| performed(scenario, seed, rules()));
    runs.map(|run| run.value(&figure.parse().unwrap()).unwrap())
        .sum()
}

/// The holder dies with a lease that does not end: no other instance may probe, and the scenario fails one of its own
/// expectations.
#[test]
fn without_an_end_of_leases_a_dead_prober_keeps_the_fleet_open() {
    let text = include_str!("../../../../../scenarios/coordination/prober-crash.toml");
    let scenario = Scenario::parse(text).unwrap();
    let failing = |rules: fn() -> KnockedOut| {
        let runs = (1..=20).map(|seed| performed(&scenario, seed, rules()));
        runs.filter(|run| scenario.expectations().iter().any(|it| !it.judge(run).held))
            .count()
    };

    assert_eq!(failing(KnockedOut::default), 0);
    let without = failing(|| KnockedOut {
        lease_time: true,
        ..KnockedOut::default()
    });
    assert!(without >= 3, "{without} of 20");
}

/// Slow probes, and messages that are held up: a good result of the last good phase would close the fleet in a bad one.
#[test]
fn without_fencing_a_late_result_closes_the_fleet_on_a_downstream_that_fails() {
    let text = include_str!("../../../../../scenarios/coordination/flapping-downstream.toml")
        .replace(
            "delay = \"2500us\"",
            "delay = \"2500us\"\nreordering = 0.4\nheld_up = \"2200ms\"",
        )
        .replace("fixed = \"50ms\"", "fixed = \"400ms\"")
        .replace("rate = 200", "rate = 30")
        .replace(
            "suspicion_run = 4",
            "suspicion_run = 2\nstagger = \"0s\"\nlongest_gap = \"5s\"",
        );
    let scenario = Scenario::parse(&text).unwrap();
    let wasted = |rules| sum(&scenario, "wasted_calls", 30, rules);

    let with = wasted(KnockedOut::default);
    let without = wasted(|| KnockedOut {
        fencing: true,
        ..KnockedOut::default()
    });

    assert!(without > with, "{without} against {with}");
}
