//! The report of a run: belief beside truth, each expectation with its figure, and the spread of all.

use experiment::comparison::{Spread, USUAL};
use experiment::expectation::{Figure, Unit};
use experiment::fleet::Belief;
use experiment::result::{Repetition, RunResult};

use crate::print;
use crate::words::number;

/// Prints what came of one run: all of it when it is the only one, else one line.
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
            print::line(&format!(
                "  [failed] {}: {}",
                verdict.expectation, verdict.shown
            ));
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
        print::line(&format!(
            "{word} {}: {}",
            verdict.expectation, verdict.shown
        ));
    }
    if run.verdicts.is_empty() {
        print::line("nothing: the scenario has no expectations");
    }
}

/// What each breaker believed, beside what was true.
fn beliefs(run: &Repetition) -> Vec<String> {
    let row = |cells: [&str; 8]| {
        let [name, rest @ ..] = cells;
        let widths = [10, 11, 10, 11, 10, 8, 10];
        let cells = rest.iter().zip(widths);
        let cells = cells.map(|(cell, width)| format!("{cell:>width$}"));
        format!("{name:<10}{}", cells.collect::<Vec<_>>().concat())
    };
    let mut lines = vec![
        String::new(),
        "Belief beside truth".to_owned(),
        row([
            "",
            "downstream",
            "noticed",
            "wrongly",
            "closed",
            "wrongly",
            "wasted",
            "wrongly",
        ]),
        row([
            "instance",
            "unhealthy",
            "after",
            "closed",
            "after",
            "open",
            "calls",
            "rejected",
        ]),
    ];
    for (name, belief) in run.fleet.beliefs() {
        lines.push(row([
            name,
            &Unit::Seconds.show(belief.unhealthy_s),
            &delay(belief.worst_detection_s()),
            &share(belief.wrongly_closed_s, &belief),
            &delay(belief.worst_recovery_s()),
            &share(belief.wrongly_open_s, &belief),
            &number(belief.wasted_calls),
            &number(belief.wrongly_rejected_calls),
        ]));
    }
    lines
}

fn delay(seconds: Option<f64>) -> String {
    match seconds {
        None => "-".to_owned(),
        Some(seconds) if seconds.is_infinite() => "never".to_owned(),
        Some(seconds) => Unit::Seconds.show(seconds),
    }
}

fn share(seconds: f64, belief: &Belief) -> String {
    Unit::Share.show(seconds / belief.watched_s.max(f64::MIN_POSITIVE))
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
