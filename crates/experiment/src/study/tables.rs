//! The tables of a study: one per figure as Markdown, all of them as CSV and as JSON.
//!
//! A table has a row for each scenario and a column for each policy. Beside each mean stands the mean difference from
//! `local`, over pairs with the same seed.

mod csv;
mod engine_loss;
mod questions;

pub use csv::{csv, summary};

use super::written::{shown, with_interval};
use super::{LOCAL, MATRIX, Results, cell, frontier, gedcb, of_cell};
use crate::count::{counted, counted_of};
use crate::expectation::{Unit, definition};
use crate::sweep::Cell;
use questions::QUESTIONS;

/// Returns all tables as one page.
pub fn markdown(results: &Results) -> String {
    let plan = results.plan();
    let mut page = vec![
        format!("# Study: {}", plan.study),
        String::new(),
        head(results),
        String::new(),
        notes(plan.repeat),
        String::new(),
    ];
    if !results.scenarios(MATRIX).is_empty() {
        for question in QUESTIONS {
            page.push(format!("## {}\n\n{}\n", question.title, question.about));
            for figure in question.figures {
                page.extend(table(results, figure));
            }
        }
        page.extend(engine_loss::section(results));
        page.push(questions::best(results));
    }
    page.extend(frontier::section(results));
    page.extend(gedcb::section(results));
    page.join("\n") + "\n"
}

fn head(results: &Results) -> String {
    let plan = results.plan();
    let all = plan.cells.len() * plan.repeat as usize;
    let last = plan.first_seed.wrapping_add(u64::from(plan.repeat) - 1);
    let done = match all - results.count() {
        0 => String::new(),
        left => format!(
            " {} missing: not done yet, or void.",
            counted_of(left, all, "run")
        ),
    };
    let commit = plan.commit.as_deref().unwrap_or("unknown");
    format!(
        "{}, {}, {} in virtual time; breaker-lab {}, commit {commit}.{done}",
        counted(plan.cells.len(), "cell"),
        seeds(plan.repeat, plan.first_seed, last),
        counted(results.count(), "run"),
        plan.version,
    )
}

/// `1 seed each (5)`, `30 seeds each (1 to 30)`
fn seeds(repeat: u32, first: u64, last: u64) -> String {
    let each = counted(repeat, "seed");
    match repeat {
        1 => format!("{each} each ({first})"),
        _ => format!("{each} each ({first} to {last})"),
    }
}

fn notes(repeat: u32) -> String {
    let single = if repeat == 1 {
        " With one seed there are no intervals: any difference may be due to chance."
    } else {
        ""
    };
    format!(
        "Each number is a mean over seeds. `±` is half of its 95 % interval. In brackets stands the difference from \
         `local` in pairs of one seed each, with its own interval; in bold where that interval excludes 0. \
         Intervals are not corrected for their number: one in twenty differences is bold by chance alone. \
         `never in a of b`: it did not come in a of b runs, so there is no mean. `–`: not measured.{single}"
    )
}

/// The table of one figure; `None` if it was never measured.
fn table(results: &Results, figure: &str) -> Option<String> {
    let about = definition(figure)?;
    let policies: Vec<&str> = results.policies(MATRIX);
    let is_measured = |policy: &&str| {
        let mut scenarios = results.scenarios(MATRIX).into_iter();
        scenarios.any(|it| {
            results
                .estimate(&cell(MATRIX, it, policy), figure)
                .is_some()
        })
    };
    let policies: Vec<&str> = policies.into_iter().filter(is_measured).collect();
    if policies.is_empty() {
        return None;
    }
    let mut lines = vec![
        format!(
            "**`{figure}`** ({}): {}",
            unit_name(about.unit),
            about.about
        ),
        String::new(),
        format!("| scenario | {} |", policies.join(" | ")),
        format!("|---|{}", "---:|".repeat(policies.len())),
    ];
    for scenario in results.scenarios(MATRIX) {
        let columns = policies.iter().map(|policy| {
            let own = cell(MATRIX, scenario, policy);
            beside_local(results, &own, figure)
        });
        lines.push(format!(
            "| {scenario} | {} |",
            columns.collect::<Vec<_>>().join(" | ")
        ));
    }
    lines.push(String::new());
    Some(lines.join("\n"))
}

/// The content of one field of a table.
fn beside_local(results: &Results, own: &Cell, figure: &str) -> String {
    let unit = definition(figure).map_or(Unit::Count, |it| it.unit);
    let Some(estimate) = results.estimate(own, figure) else {
        return "–".to_owned();
    };
    let base = cell(of_cell(own, "part"), of_cell(own, "scenario"), LOCAL);
    if *own == base {
        return with_interval(estimate, unit);
    }
    let difference = results.difference(own, &base, figure);
    match (estimate.mean, difference) {
        (Some(mean), Some(difference)) => {
            format!("{} ({})", unit.show(mean), shown(&difference, unit))
        }
        _ => with_interval(estimate, unit),
    }
}

fn unit_name(unit: Unit) -> &'static str {
    match unit {
        Unit::Seconds | Unit::Delay => "time",
        Unit::Share => "share",
        Unit::Count => "count",
        Unit::Expected => "expected count",
        Unit::Factor => "factor",
        Unit::PerSecond => "per second",
    }
}
