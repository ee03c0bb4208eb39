//! A comparison of simulated runs, which marks real differences and hardly ever anything else.

#![expect(clippy::print_stdout, reason = "the figures of a test that takes long")]

use experiment::comparison::{Comparison, Contrast, USUAL};
use experiment::expectation::Figure;
use experiment::result::{Machine, RunResult, SCHEMA, Versions};
use experiment::scenario::Scenario;
use simulator::{Options, run};

const SCENARIO: &str = r#"
title = "half of the calls fail for a while"
duration = "12s"

[load]
rate = 24

[breaker]
consecutive_failures = "off"
failure_rate_threshold = 0.5
window_calls = 10
minimum_calls = 5
open_for = "OPEN_FOR"

[faults]
phases = [
  { name = "healthy", for = "3s" },
  { name = "bad", for = "6s", failure_ratio = 0.5 },
  { name = "healthy again" },
]
"#;

fn figures() -> Vec<Figure> {
    let figures = USUAL.iter().map(|name| name.parse());
    figures
        .collect::<Result<_, String>>()
        .expect("the usual figures are known")
}

fn simulated(open_for: &str, first_seed: u64, runs: u64) -> RunResult {
    let scenario = Scenario::parse(&SCENARIO.replace("OPEN_FOR", open_for)).expect("it is valid");
    let seeds = first_seed..first_seed + runs;
    RunResult {
        schema: SCHEMA.to_owned(),
        scenario: "half".to_owned(),
        title: scenario.title().to_owned(),
        started_unix_s: 0.0,
        versions: Versions {
            breaker_lab: String::new(),
            build: "release".to_owned(),
            commit: None,
        },
        machine: Machine {
            os: String::new(),
            arch: String::new(),
            cpu: None,
            cores: 1,
            load: None,
        },
        repetitions: seeds
            .map(|seed| run(&scenario, seed, &Options::default()))
            .collect(),
    }
}

fn marks(comparison: &Comparison<'_>) -> usize {
    let contrasts = comparison
        .rows
        .iter()
        .flat_map(|row| row.contrasts.iter().flatten());
    contrasts.filter(|it| it.is_marked()).count()
}

#[test]
fn a_scenario_beside_itself_is_marked_in_at_most_one_of_twenty_figures_over_200_pairs() {
    let figures = figures();
    let (mut marked, mut pairs_with_a_mark, mut tested) = (0, 0, 0);
    for pair in 0..200 {
        let results = [2 * pair, 2 * pair + 1].map(|number| simulated("1s", 1 + 6 * number, 6));

        let comparison = Comparison::of(&[&results[0], &results[1]], &figures);

        tested += comparison.tests;
        marked += marks(&comparison);
        pairs_with_a_mark += usize::from(marks(&comparison) > 0);
    }
    println!("{marked} of {tested} figures, in {pairs_with_a_mark} of 200 pairs");
    assert!(tested >= 200 * 13, "{tested}");
    assert!(marked * 20 <= tested, "{marked} of {tested}");
    // The correction promises more: at most 5 % of the pairs have any mark; 19 is that with three standard errors.
    assert!(pairs_with_a_mark <= 19, "{pairs_with_a_mark}");
}

#[test]
fn another_setting_is_marked_with_the_same_seeds() {
    let (short, long) = (simulated("1s", 1, 20), simulated("4s", 1, 20));

    let comparison = Comparison::of(&[&short, &long], &figures());

    let of = |name: &str| {
        let row = comparison
            .rows
            .iter()
            .find(|row| row.name() == name)
            .expect("it was measured");
        row.contrasts[0].expect("both have runs")
    };
    let less = |contrast: Contrast| {
        let interval = contrast.difference.and_then(|it| it.interval);
        contrast.is_marked() && interval.is_some_and(|it| it.high < 0.0)
    };
    assert!(
        less(of("openings")) && less(of("ok_ratio")),
        "{:#?}",
        comparison.rows
    );
    // Nothing before the first opening depends on how long it lasts.
    assert!(!of("detection_delay_p50").varies && !of("detection_delay_p50").is_marked());
}
