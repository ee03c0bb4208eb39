//! The report of a sweep: its Pareto front, who is best by each figure, and every combination.

use std::path::Path;

use experiment::expectation::Unit;
use experiment::reading::parse_json;
use experiment::sweep::table::{FRONT, Row as SweepRow};
use experiment::sweep::{Axis, Sweep, Table as SweepTable, Trial, chart};

use super::command::command;
use super::document::{Document, Mark, Table};
use super::files;
use super::names::counted;
use crate::failure::Failure;

/// The figures of which more is better; of all others less is.
const MORE_IS_BETTER: &[&str] = &["ok_ratio", "goodput", "ok", "closed_share"];
/// Combinations that are listed; sweep.csv has all.
const LISTED: usize = 400;
/// Conditions of which the best are told.
const CONDITIONS: usize = 8;

/// What a report of a sweep is made of.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Swept<'a> {
    /// What is swept.
    pub(crate) sweep: &'a Sweep,
    /// The figures of all combinations.
    pub(crate) table: &'a SweepTable,
    /// The scenario's file.
    pub(crate) scenario: &'a str,
    /// The table as text, with its remarks.
    pub(crate) text: &'a str,
}

/// Makes the report of a folder anew, from its plan and its trials, as a page and beside it as Markdown.
///
/// # Errors
///
/// A file that is not there or not valid, and a folder that cannot be written to.
pub(super) fn write(folder: &Path, html: &Path) -> Result<(), Failure> {
    let read = |name: &str| files::read(folder, name);
    let sweep: Sweep =
        parse_json(&read("sweep.json")?).map_err(|what| files::not(folder, "sweep.json", &what))?;
    let trials = Trial::parse_lines(&read("trials.jsonl")?);
    let trials = trials.map_err(|what| files::not(folder, "trials.jsonl", &what))?;
    let table = SweepTable::of(&sweep, &trials).map_err(Failure::usage)?;
    let text = read("table.txt").map(|text| String::from_utf8_lossy(&text).into_owned());
    let scenario = read("scenario.toml")?;
    let swept = Swept {
        sweep: &sweep,
        table: &table,
        scenario: &String::from_utf8_lossy(&scenario),
        text: &text.unwrap_or_else(|_| table.lines().join("\n")),
    };
    files::write_pair(html, &document(swept))
}

/// The report of a sweep.
pub(crate) fn document(swept: Swept<'_>) -> Document {
    let Swept { sweep, table, .. } = swept;
    let mut document = Document::new(format!("Sweep of {}", table.title));
    let front = table.rows.iter().filter(|row| row.on_front).count();
    let combinations = counted(whole(table.rows.len()), "combination");
    let head = if table.has_choices() {
        format!("{combinations}, of which {front} on the Pareto front.")
    } else {
        format!("{combinations} of conditions, which are not compared with each other.")
    };
    document.verdict(Mark::None, head);
    document.text(made(swept));
    document.picture(
        "pareto.svg",
        chart::svg(table),
        "Wrongly rejected and wasted calls over the detection delay of each choice",
    );
    fronts(&mut document, table);
    best(&mut document, table);
    document.heading("All combinations");
    if table.rows.len() > LISTED {
        document.text(format!(
            "The first {LISTED} of {combinations}; sweep.csv has all."
        ));
    }
    document.table(all(table));
    document.folded_code("The table as text, with its notes", swept.text);
    document.heading("Again");
    document.code(again(sweep));
    document.folded_code("Scenario", swept.scenario);
    document
}

fn made(swept: Swept<'_>) -> String {
    let sweep = swept.sweep;
    let last = sweep.first_seed.wrapping_add(u64::from(sweep.repeat) - 1);
    let trials: usize = swept.table.rows.iter().map(|row| row.trials).sum();
    let void: usize = swept.table.rows.iter().map(|row| row.void).sum();
    let void = if void == 0 {
        String::new()
    } else {
        format!(
            " {} are void and count in no figure.",
            counted(whole(void), "trial")
        )
    };
    let intervals = if sweep.repeat > 1 {
        " ± is half of the 95 % interval of a mean; ~ marks medians, where a value never came in some trials."
    } else {
        " With one seed there are no intervals: any difference may be due to chance."
    };
    let seeds = if sweep.repeat == 1 {
        format!("seed {last}")
    } else {
        format!(
            "{} each ({} to {last})",
            counted(sweep.repeat, "seed"),
            sweep.first_seed
        )
    };
    format!(
        "{}, {seeds}, simulated by breaker-lab {}, commit {}.{void}{intervals}",
        counted(whole(trials), "trial"),
        sweep.version,
        sweep.commit.as_deref().unwrap_or("unknown"),
    )
}

/// The choices of the front under each condition.
fn fronts(document: &mut Document, table: &SweepTable) {
    if !table.has_choices() {
        return;
    }
    document.heading("Pareto front");
    document.text(
        "No other choice under the same condition is surely better in one of these figures and surely worse in none. \
         Which of them is the best depends on what a late, a rejected and a wasted call cost you.",
    );
    let groups = table.groups();
    let several = groups.len() > 1;
    let heads = [
        "number",
        "condition",
        "choice",
        "detection delay",
        "wrongly rejected",
        "wasted",
    ];
    let heads = heads
        .into_iter()
        .filter(|head| several || *head != "condition");
    let mut rows = Table::new(if several { 3 } else { 2 }, heads);
    for group in &groups {
        for place in group.iter().filter(|place| table.rows[**place].on_front) {
            let row = &table.rows[*place];
            let mut cells = vec![(place + 1).to_string()];
            if several {
                cells.push(table.condition_of(group).unwrap_or_default());
            }
            cells.push(row.cell.choice().to_string());
            cells.extend(FRONT.iter().map(|name| {
                let place = table.place(name);
                place.map_or_else(|| "-".to_owned(), |place| value(table, row, place))
            }));
            rows.row(Mark::None, cells);
        }
    }
    document.table(rows);
}

/// Who is best by each figure, under each condition.
fn best(document: &mut Document, table: &SweepTable) {
    if !table.has_choices() || table.rows.len() < 2 {
        return;
    }
    document.heading("Best by each figure");
    document.text(
        "The best mean, whether or not chance explains that it is the best: look at ±, and compare two choices pair by \
         pair before preferring one.",
    );
    let groups = table.groups();
    let several = groups.len() > 1;
    let heads = ["figure", "condition", "best choice", "value"];
    let heads = heads
        .into_iter()
        .filter(|head| several || *head != "condition");
    let mut rows = Table::new(if several { 3 } else { 2 }, heads);
    for (place, figure) in table.figures.iter().enumerate() {
        for group in groups.iter().take(CONDITIONS) {
            let valued = group
                .iter()
                .filter_map(|row| Some((row, table.central(&table.rows[*row], place)?)));
            let more = MORE_IS_BETTER.contains(&figure.definition.name);
            let sign = if more { -1.0 } else { 1.0 };
            let valued: Vec<(&usize, f64)> = valued.collect();
            let best = valued
                .iter()
                .min_by(|a, b| (sign * a.1).total_cmp(&(sign * b.1)));
            let Some((row, best)) = best else {
                continue;
            };
            let is_same = valued
                .iter()
                .all(|(_, value)| value.total_cmp(best).is_eq());
            let row = &table.rows[**row];
            let mut cells = vec![figure.to_string()];
            if several {
                cells.push(table.condition_of(group).unwrap_or_default());
            }
            cells.push(if is_same {
                "the same in all".to_owned()
            } else {
                row.cell.choice().to_string()
            });
            cells.push(value(table, row, place));
            rows.row(Mark::None, cells);
        }
    }
    document.table(rows);
    if groups.len() > CONDITIONS {
        document.text(format!(
            "Only the first {CONDITIONS} of {} conditions are shown.",
            groups.len()
        ));
    }
}

/// Every combination with its figures.
fn all(table: &SweepTable) -> Table {
    let figures = table.figures.iter().map(ToString::to_string);
    let heads = ["number", "combination", "front"].map(str::to_owned);
    let counts = ["trials", "failed"].map(str::to_owned);
    let mut rows = Table::new(3, heads.into_iter().chain(counts).chain(figures));
    for (number, row) in (1_usize..).zip(&table.rows).take(LISTED) {
        let front = if row.on_front { "yes" } else { "" };
        let cells = [
            number.to_string(),
            row.cell.to_string(),
            front.to_owned(),
            row.trials.to_string(),
            row.failed.to_string(),
        ];
        let values = (0..table.figures.len()).map(|place| value(table, row, place));
        let mark = if row.on_front {
            Mark::Marked
        } else {
            Mark::None
        };
        rows.row(mark, cells.into_iter().chain(values));
    }
    rows
}

/// A figure with half of its interval, or its median.
fn value(table: &SweepTable, row: &SweepRow, place: usize) -> String {
    let (Some(central), Some(Some(estimate))) =
        (table.central(row, place), row.estimates.get(place))
    else {
        return "-".to_owned();
    };
    let unit = table.figures[place].definition.unit;
    if table.is_by_median(place) {
        return format!("~{}", unit.show(central));
    }
    match (estimate.interval, unit) {
        (Some(interval), Unit::Count) => {
            format!(
                "{} ± {}",
                Unit::Expected.show(central),
                Unit::Expected.show(interval.half_width())
            )
        }
        (Some(interval), _) => format!(
            "{} ± {}",
            unit.show(central),
            unit.show(interval.half_width())
        ),
        (None, _) => unit.show(central),
    }
}

/// The command that does the same again.
fn again(sweep: &Sweep) -> String {
    let axes: Vec<String> = Vec::<Axis>::from(sweep.grid.clone())
        .iter()
        .map(ToString::to_string)
        .collect();
    let repeat = sweep.repeat.to_string();
    let seed = sweep.first_seed.to_string();
    let mut words = vec![
        "breaker-lab",
        "sweep",
        "scenario.toml",
        "--seed",
        &seed,
        "--repeat",
        &repeat,
    ];
    for axis in &axes {
        words.extend(["--vary", axis]);
    }
    if sweep.figures != experiment::sweep::USUAL {
        for figure in &sweep.figures {
            words.extend(["--figure", figure]);
        }
    }
    command(words)
}

fn whole(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests;
