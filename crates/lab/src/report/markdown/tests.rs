//! Reports of runs whose figures are compared with those of the result.

use experiment::expectation::Figures;
use experiment::result::{Machine, SCHEMA, Versions};
use experiment::scenario::Scenario;

use super::*;

fn result(text: &str, seeds: std::ops::RangeInclusive<u64>) -> RunResult {
    let scenario = Scenario::parse(text).unwrap();
    let options = simulator::Options::default();
    RunResult {
        schema: SCHEMA.to_owned(),
        scenario: "tried".to_owned(),
        title: scenario.title().to_owned(),
        started_unix_s: 0.0,
        versions: Versions {
            breaker_lab: "0.1.0".to_owned(),
            build: "debug".to_owned(),
            commit: None,
        },
        machine: Machine {
            os: "linux".to_owned(),
            arch: "x86_64".to_owned(),
            cpu: None,
            cores: 2,
            load: None,
        },
        repetitions: seeds
            .map(|seed| simulator::run(&scenario, seed, &options))
            .collect(),
    }
}

const OUTAGE: &str = "title = \"down | up\"\nduration = \"12s\"\n\
    expectations = [\"divergence_share < 0.001\", \"ok_ratio > 0.1\"]\n\
    [faults]\nphases = [{ name = \"well\", for = \"3s\" }, { name = \"down\", for = \"4s\", failure_ratio = 1 },\n\
    { name = \"well again\" }]\n";

/// The value of a figure as people read it.
fn shown(run: &Repetition, figure: &str) -> String {
    let figure: experiment::expectation::Figure = figure.parse().unwrap();
    figure.definition.unit.show(run.value(&figure).unwrap())
}

#[test]
fn the_figures_of_the_report_are_those_of_the_result() {
    let result = result(OUTAGE, 1..=1);
    let run = &result.repetitions[0];

    let text = write(&result, &Context::default());

    let row = |name: &str| {
        let cells = [
            "unhealthy_share",
            "detection_delay_p50",
            "wrongly_closed_share",
            "recovery_delay_p50",
            "wrongly_open_share",
            "openings",
            "flaps",
            "wasted_calls",
            "wrongly_rejected_calls",
        ];
        let cells = cells.map(|figure| shown(run, &format!("{figure}({name})")));
        format!("| {name} | {} |", cells.join(" | "))
    };
    for name in ["A", "B", "C"] {
        assert!(text.contains(&row(name)), "{}: {text}", row(name));
    }
    let held = format!("| held | ok_ratio > 0.1 | {} |", shown(run, "ok_ratio"));
    let failed = format!(
        "| failed | divergence_share \\< 0.001 | {} |",
        shown(run, "divergence_share")
    );
    assert!(text.contains(&held) && text.contains(&failed), "{text}");
    assert!(
        text.starts_with("# tried: down \\| up\n\n**Failed. 1 of 2 expectations did not hold.**\n"),
        "{text}"
    );
    assert!(text.contains("truth ··················"), "{text}");
}

#[test]
fn several_runs_have_a_row_each_and_the_one_that_failed_is_told() {
    let mut result = result(OUTAGE, 4..=6);
    // The first has nothing that failed.
    for verdict in &mut result.repetitions[0].verdicts {
        verdict.held = true;
    }

    let text = write(&result, &Context::default());

    assert!(text.contains("3 runs, simulated, seeds 4 to 6."), "{text}");
    assert!(
        text.contains("| 1 | 4 | 2 of 2 |") && text.contains("| 2 | 5 | 1 of 2 |"),
        "{text}"
    );
    assert!(text.contains("## What happened (run 2, seed 5)"), "{text}");
    assert!(
        text.contains("| 2 of 3 |") || text.contains("| 1 of 3 |"),
        "{text}"
    );
}

#[test]
fn a_run_of_one_second_without_any_transition_is_told_whole() {
    let text = "title = \"short\"\nduration = \"1s\"\n[faults]\nphases = [{ name = \"well\" }]\n";
    let result = result(text, 1..=1);

    let text = write(&result, &Context::default());

    for part in [
        "**Nothing expected. The scenario has no expectations.**",
        "The downstream was healthy all the time.",
        "No breaker opened.",
        "A     ▁▁▁",
        "| **all 3** | **0.00 %** | **-** |",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
}

#[test]
fn a_thousand_instances_are_grouped_and_fit_a_comment() {
    let text = format!("{OUTAGE}[fleet]\nsize = 1000\n[load]\nrate = 2000\n");
    let result = result(&text, 1..=1);
    let context = Context {
        scenario: Some("x".repeat(80_000)),
        ..Context::default()
    };

    let text = write(&result, &context);

    assert!(text.chars().count() <= 65_000, "{}", text.len());
    assert!(text.contains("not closed ·"), "{text}");
    assert!(
        text.contains("| A – i125 |") && text.contains("| **all 1,000** |"),
        "{text}"
    );
    assert!(text.contains("1 part is left out"), "{text}");
}

/// The page about reports shows what `breaker-lab simulate flapping` gives.
#[test]
fn the_timeline_in_the_documentation_is_that_of_the_scenario() {
    let result = result(
        include_str!("../../../../../scenarios/flapping.toml"),
        1..=1,
    );
    let page = include_str!("../../../../../docs/reports.md");

    let strip = strip(&result.repetitions[0].fleet);

    assert!(page.contains(&strip), "{strip}");
}
