//! Tests of the table of a comparison: its content and its width.

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

/// The row of a delay in the comparison of a scenario with itself, as it is and with a run in which it never came.
#[test]
fn the_median_is_explained_where_it_is_shown_and_nowhere_else() {
    let result = simulated("fast-fail", 1, 3);
    let figures = ["detection_delay_p50".parse().unwrap()];
    let never = |estimate: &mut Estimate| {
        estimate.mean = None;
        estimate.never = 1;
    };
    let explained = |comparison: &Comparison<'_>| {
        let lines = lines(&["one".to_owned(), "other".to_owned()], comparison);
        lines.iter().any(|line| line.starts_with("~ the median"))
    };

    // A run without a partner, in which it never came, is not among what is compared and shown.
    let mut unpaired = Comparison::of(&[&result, &result], &figures);
    never(unpaired.rows[0].estimates[0].as_mut().unwrap());
    let mut paired = Comparison::of(&[&result, &result], &figures);
    never(&mut paired.rows[0].contrasts[0].as_mut().unwrap().estimates[0]);
    let mut alone = Comparison::of(&[&result], &figures);
    assert!(!explained(&alone));
    never(alone.rows[0].estimates[0].as_mut().unwrap());

    assert!(!explained(&unpaired));
    assert!(explained(&paired));
    assert!(explained(&alone));
}

#[test]
fn percentage_points_are_explained_where_a_share_differs() {
    let result = simulated("fast-fail", 1, 2);
    let figures = ["ok_ratio".parse().unwrap()];

    let same = Comparison::of(&[&result, &result], &figures);
    let lines = lines(&["one".to_owned(), "other".to_owned()], &same);

    assert!(
        !lines.iter().any(|line| line.starts_with("pp:")),
        "{lines:#?}"
    );
}
