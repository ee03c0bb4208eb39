//! What the table shows, and that it fits.

use experiment::comparison::Comparison;
use experiment::result::RunResult;

use super::*;
use crate::run::{begun, read};

/// A simulated result of a shipped scenario.
fn simulated(name: &str, first_seed: u64, runs: u64) -> RunResult {
    let source = read(name, &[], None).unwrap();
    let mut result = begun(&source);
    result.versions.build = "release".to_owned();
    let seeds = first_seed..first_seed + runs;
    let options = simulator::Options::default();
    result.repetitions = seeds
        .map(|seed| simulator::run(&source.scenario, seed, &options))
        .collect();
    result
}

fn shown(results: &[&RunResult]) -> Vec<String> {
    let names: Vec<String> = (1..=results.len())
        .map(|number| format!("runs/number-{number}"))
        .collect();
    let usual = experiment::comparison::USUAL
        .iter()
        .map(|name| name.parse().unwrap());
    let lines = lines(&names, &Comparison::of(results, &usual.collect::<Vec<_>>()));
    for line in &lines {
        assert!(line.chars().count() <= WIDTH, "{line}");
    }
    lines
}

#[test]
fn a_table_fits_a_terminal_says_how_it_was_made_and_marks_what_differs() {
    let (shared, independent) = (
        simulated("shared-bursts", 1, 12),
        simulated("independent-bursts", 1, 12),
    );

    let lines = shown(&[&shared, &independent]);

    let all = lines.join("\n");
    for words in [
        "12 pairs of one seed each",
        "signed-rank test",
        "(Holm)",
        "95 % interval",
        "* differs",
    ] {
        assert!(all.contains(words), "{words}: {all}");
    }
    let row = lines
        .iter()
        .find(|line| line.starts_with("divergence_share"))
        .unwrap();
    assert!(row.contains(" * ") && row.contains(" pp ("), "{row}");
    assert_eq!(lines.last().map(String::as_str), Some(UNMARKED));
}

#[test]
fn a_scenario_beside_itself_has_no_mark_and_is_not_called_equal() {
    let first = simulated("flapping", 1, 4);

    let lines = shown(&[&first, &first]);

    assert!(
        !lines
            .iter()
            .any(|line| line.contains(" * ") || line.starts_with('*')),
        "{lines:#?}"
    );
    assert!(UNMARKED.contains("does not mean that there is none"));
    assert!(
        lines.iter().any(|line| line.contains("the same in all")),
        "{lines:#?}"
    );
}

#[test]
fn three_results_and_one_alone_are_shown_too() {
    let results = [1, 10, 20].map(|seed| simulated("fast-fail", seed, 3));
    let all: Vec<&RunResult> = results.iter().collect();

    let three = shown(&all).join("\n");
    let alone = shown(&all[..1]).join("\n");

    assert!(
        three.contains("[2] - [1]") && three.contains("[3] - [1]"),
        "{three}"
    );
    assert!(
        three.contains("Too few runs: nothing can be marked"),
        "{three}"
    );
    assert!(
        alone.contains("95 % interval") && !alone.contains(" p\n"),
        "{alone}"
    );
}
