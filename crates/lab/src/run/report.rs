//! The report of a run: belief compared with the truth, each expectation with its figure, and the spread of all
//! figures.

use experiment::comparison::{Spread, USUAL};
use experiment::expectation::{Figure, Figures, Unit};
use experiment::fleet::FleetRecord;
use experiment::result::{Repetition, RunResult};

use crate::print;
use crate::words::{WIDTH, wrapped};

/// Prints the result of one run: all of it if it is the only one, otherwise one line.
pub(crate) fn one(run: &Repetition, place: u32, of: u32) {
    let held = run.verdicts.iter().filter(|verdict| verdict.held).count();
    let cut = if run.cut_short { ", cut short" } else { "" };
    if of > 1 {
        print::line(&format!(
            "run {} of {of}, seed {}{cut}: {held} of {} expectations held",
            place + 1,
            run.seed,
            run.verdicts.len(),
        ));
        for verdict in run.verdicts.iter().filter(|verdict| !verdict.held) {
            let failed = format!("  [failed] {}: {}", verdict.expectation, verdict.shown);
            print::sentence(&failed, 4);
        }
        return;
    }
    for line in beliefs(run) {
        print::line(&line);
    }
    print::line("");
    print::line(&format!("What was expected{cut}"));
    for verdict in &run.verdicts {
        let word = if verdict.held { "[held]  " } else { "[failed]" };
        let verdict = format!("{word} {}: {}", verdict.expectation, verdict.shown);
        print::sentence(&verdict, 9);
    }
    if run.verdicts.is_empty() {
        print::line("nothing: the scenario has no expectations");
    }
}

/// Instances whose rows are shown; of a larger fleet the result has all.
const ROWS: usize = 20;

/// Room for the name of an instance.
const NAME: usize = 10;

/// What each breaker believed, beside what was true.
fn beliefs(run: &Repetition) -> Vec<String> {
    let mut lines = vec![
        String::new(),
        "Belief beside truth (delays are medians; wasted and wrongly rejected calls are expected numbers)".to_owned(),
    ];
    lines.extend(row([
        "",
        "downstream",
        "noticed",
        "wrongly",
        "closed",
        "wrongly",
        "wasted",
        "wrongly",
    ]));
    lines.extend(row([
        "instance",
        "unhealthy",
        "after",
        "closed",
        "after",
        "open",
        "calls",
        "rejected",
    ]));
    let names = run.fleet.instances.iter().map(|one| &*one.name);
    for name in names.clone().take(ROWS) {
        lines.extend(figures_row(run, name, Some(name)));
    }
    let of = names.count();
    let more = of.saturating_sub(ROWS);
    if more > 0 {
        lines.push(format!(
            "… and {more} more instances, which result.json has"
        ));
    }
    if of > 1 {
        lines.extend(figures_row(run, "fleet", None));
    }
    lines.push(String::new());
    lines.extend(delays(run));
    lines.extend(counterfactual(run));
    lines.extend(thresholds(run));
    lines
        .iter()
        .flat_map(|line| wrapped(line, WIDTH, 2))
        .collect()
}

/// The row of one instance, or of all.
fn figures_row(run: &Repetition, name: &str, target: Option<&str>) -> Vec<String> {
    let shown = |figure: &str| shown(run, figure, target);
    row([
        name,
        &shown("unhealthy_share"),
        &shown("detection_delay_p50"),
        &shown("wrongly_closed_share"),
        &shown("recovery_delay_p50"),
        &shown("wrongly_open_share"),
        &shown("wasted_calls"),
        &shown("wrongly_rejected_calls"),
    ])
}

/// One row of the table; a long name has a line of its own.
fn row(cells: [&str; 8]) -> Vec<String> {
    let [name, rest @ ..] = cells;
    let widths = [12, 10, 9, 9, 9, 10, 10];
    let cells = rest.iter().zip(widths);
    let cells = cells.map(|(cell, width)| format!("{cell:>width$}"));
    let cells = cells.collect::<Vec<_>>().concat();
    if name.chars().count() < NAME {
        vec![format!("{name:<NAME$}{cells}")]
    } else {
        vec![name.to_owned(), format!("{:NAME$}{cells}", "")]
    }
}

/// One figure as people read it, or `-`.
fn shown(run: &impl Figures, figure: &str, target: Option<&str>) -> String {
    let mut figure: Figure = figure.parse().expect("the figures of the report are known");
    figure.target = target.map(str::to_owned);
    let value = run.value(&figure);
    value.map_or("-".to_owned(), |value| figure.definition.unit.show(value))
}

/// How many turns of the truth there were, and how they were followed.
fn delays(run: &Repetition) -> [String; 2] {
    let line = |what: &str, delay: &str, count: &str| {
        let shown = |figure: &str| shown(run, figure, None);
        format!(
            "{what}: {} turns, median {}, 90 % within {}, {} cut off before",
            shown(count),
            shown(&format!("{delay}_p50")),
            shown(&format!("{delay}_p90")),
            shown(&format!("{count}_cut_off")),
        )
    };
    [
        line("noticed", "detection_delay", "detections"),
        line("closed again", "recovery_delay", "recoveries"),
    ]
}

/// What the downstream would have been without breakers, where their load made its health.
fn counterfactual(run: &Repetition) -> Option<String> {
    if !run.fleet.truth_follows_load {
        return None;
    }
    let Some(without) = &run.counterfactual else {
        return Some(
            "overload: the breakers influence the health that they are judged by, so \"wrongly open\" is \
             not measured; `simulate` performs the run without breakers as well"
                .to_owned(),
        );
    };
    let figure = |name: &str| {
        let value = without.figures.get(name);
        value.map_or("-".to_owned(), |value| Unit::Share.show(*value))
    };
    Some(format!(
        "overload: without breakers the downstream is unhealthy {} of the time and {} of the requests succeed; \
         \"wrongly open\" is measured against that",
        figure("unhealthy_share"),
        figure("ok_ratio"),
    ))
}

/// How what depends on the threshold moves with it.
fn thresholds(run: &Repetition) -> Vec<String> {
    let at = run.fleet.unhealthy_at;
    let mut lines = vec![
        String::new(),
        "How it moves with the probability from which the downstream is unhealthy".to_owned(),
        format!(
            "{:<12}{:>12}{:>8}{:>14}{:>15}{:>13}",
            "threshold", "unhealthy", "turns", "noticed", "wrongly closed", "wrongly open"
        ),
    ];
    for threshold in [at / 2.0, at, f64::midpoint(at, 1.0)] {
        let moved = run.fleet.with_threshold(threshold);
        let shown_of = |fleet: &FleetRecord, figure: &str| shown(fleet, figure, None);
        let shown = |figure: &str| shown_of(&moved, figure);
        // Only "wrongly open" is compared with the truth without breakers; the rest is what this run met.
        let wrongly_open = match &run.counterfactual {
            Some(without) if run.fleet.truth_follows_load => {
                shown_of(&moved.beside(&without.truth), "wrongly_open_share")
            }
            _ => shown("wrongly_open_share"),
        };
        lines.push(format!(
            "{:<12}{:>12}{:>8}{:>14}{:>15}{:>13}",
            Unit::Share.show(threshold),
            shown("unhealthy_share"),
            shown("detections"),
            shown("detection_delay_p50"),
            shown("wrongly_closed_share"),
            wrongly_open,
        ));
    }
    lines
}

/// Prints the spread over all runs, when there are several.
pub(crate) fn all(result: &RunResult) {
    let runs = &result.repetitions;
    print::line("");
    if runs.len() < 2 {
        return;
    }
    print::line(&format!(
        "{:<26}median of {} runs (smallest … largest)",
        "figure",
        runs.len()
    ));
    for name in USUAL {
        let figure: Figure = name.parse().expect("the usual figures are known");
        if let Some(spread) = Spread::of(&result.values(&figure)) {
            let shown = spread.show(figure.definition.unit);
            print::line(&format!("{name:<26}{shown}"));
        }
    }
    print::line("");
}

#[cfg(test)]
mod tests {
    use experiment::scenario::Scenario;

    use super::*;

    #[test]
    fn belief_beside_truth_fits_a_terminal() {
        let text = "title = \"t\"\nduration = \"2s\"\n[fleet]\ninstances = [\"A\", \"checkout-eu-central-1\"]\n\
                    [load]\nrate = 200\n[faults.overload]\nworkers = 1\nservice = { fixed = \"50ms\" }\n";
        let scenario = Scenario::parse(text).unwrap();
        let simulated = simulator::run(&scenario, 1, &simulator::Options::default());
        let mut live = simulated.clone();
        live.counterfactual = None;

        for run in [&simulated, &live] {
            let lines = beliefs(run);

            for line in &lines {
                assert!(line.chars().count() <= WIDTH, "{line}");
            }
            assert!(
                lines.contains(&"checkout-eu-central-1".to_owned()),
                "{lines:#?}"
            );
            assert!(
                lines.iter().any(|line| line.starts_with("overload: ")),
                "{lines:#?}"
            );
        }
    }
}
