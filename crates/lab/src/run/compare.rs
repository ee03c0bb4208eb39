//! The comparison of results: figures of several run folders side by side.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use experiment::comparison::{Row, USUAL, compare as rows};
use experiment::expectation::Figure;
use experiment::result::{Repetition, RunResult};

use crate::cli::CompareArgs;
use crate::failure::Failure;
use crate::file;
use crate::print;

/// What follows from a figure that has no mark: nothing.
const UNMARKED: &str =
    "where there is no mark, these runs show no difference: that does not mean that they are equal";

/// The least width of a column.
const COLUMN: usize = 14;

/// Prints the figures of all results that were asked for.
pub(crate) fn compare(args: &CompareArgs) -> Result<(), Failure> {
    let results = args.results.iter().map(|path| read(path));
    let results = results.collect::<Result<Vec<_>, _>>()?;
    let figures = figures(&args.figure)?;
    let names = names(&args.results);
    let rows = rows(&results, &figures);
    if !args.figure.is_empty() {
        all_measured(&figures, &rows)?;
    }
    for (name, result) in names.iter().zip(&results) {
        print::line(&format!(
            "{name}: {}; {} run{}, {} s each, {}",
            result.title,
            result.repetitions.len(),
            if result.repetitions.len() == 1 {
                ""
            } else {
                "s"
            },
            result
                .repetitions
                .first()
                .map_or(0.0, |run| run.fleet.duration_s.round()),
            result
                .machine
                .cpu
                .as_deref()
                .unwrap_or(&result.machine.arch),
        ));
    }
    print::line("");
    for line in table(&names, &rows) {
        print::line(line.trim_end());
    }
    trusted(&names, &results)
}

/// Whether the runs behind the figures may be believed, and lasted as long as they were meant to.
fn trusted(names: &[String], results: &[RunResult]) -> Result<(), Failure> {
    let all = names.iter().zip(results);
    let runs: Vec<(String, &Repetition)> = all
        .flat_map(|(name, result)| {
            let numbered = (1..).zip(&result.repetitions);
            numbered.map(move |(number, run): (u32, _)| (format!("{name}, run {number}"), run))
        })
        .collect();
    for (name, run) in &runs {
        if let Some(why) = &run.invalid {
            let what = format!("{name} is not valid: {why}");
            return Err(Failure::NotKept(what));
        }
    }
    match runs.iter().find(|(_, run)| run.cut_short) {
        None => Ok(()),
        Some((name, run)) => Err(Failure::Assertion(format!(
            "{name} was stopped after {:.1} s, before its time: its figures are not those of a whole run",
            run.load.duration_s
        ))),
    }
}

fn read(path: &Path) -> Result<RunResult, Failure> {
    let path = if path.is_dir() {
        path.join("result.json")
    } else {
        path.to_owned()
    };
    let shown = path.display();
    let bytes = file::read(&path, file::RESULT).map_err(|error| {
        Failure::usage(format!(
            "cannot read {shown}: {error}; write a folder that `run` has left, such as runs/flapping-1"
        ))
    })?;
    RunResult::parse(&bytes).map_err(|what| Failure::usage(format!("{shown}: {what}")))
}

fn figures(asked: &[String]) -> Result<Vec<Figure>, Failure> {
    let usual = USUAL.iter().map(|name| (*name).to_owned());
    let names = if asked.is_empty() {
        usual.collect()
    } else {
        asked.to_vec()
    };
    let figures = names.iter().map(|name| name.parse());
    figures
        .collect::<Result<_, String>>()
        .map_err(|what| Failure::usage(format!("--figure: {what}")))
}

/// Refuses a figure that was asked for and that none of the results has: its target or phase is misspelt.
fn all_measured(figures: &[Figure], rows: &[Row]) -> Result<(), Failure> {
    let measured = |figure: &&Figure| {
        let name = figure.to_string();
        let mut of_it = rows.iter().filter(|row| row.figure.to_string() == name);
        of_it.any(|row| row.spreads.iter().any(Option::is_some))
    };
    match figures.iter().find(|figure| !measured(figure)) {
        None => Ok(()),
        Some(figure) => Err(Failure::usage(format!(
            "--figure: `{figure}` was measured in none of the results: write a target and a phase that they \
             have, such as p99(A) or ok_ratio(phase=outage)"
        ))),
    }
}

/// The folders' names, or their whole paths where two have the same.
fn names(paths: &[PathBuf]) -> Vec<String> {
    let short: Vec<String> = paths.iter().map(|path| name_of(path)).collect();
    let distinct: BTreeSet<&String> = short.iter().collect();
    if distinct.len() == short.len() {
        return short;
    }
    paths
        .iter()
        .map(|path| path.display().to_string())
        .collect()
}

fn name_of(path: &Path) -> String {
    let named = match path.file_name() {
        Some(name) if name == "result.json" => path.parent().and_then(Path::file_name),
        name => name,
    };
    named.map_or_else(
        || path.display().to_string(),
        |name| name.to_string_lossy().into_owned(),
    )
}

fn table(names: &[String], rows: &[Row]) -> Vec<String> {
    let mut cells: Vec<Vec<String>> = vec![names.to_vec()];
    for row in rows {
        let shown = row.spreads.iter().zip(&row.apart).map(|(spread, apart)| {
            let mark = if *apart { " *" } else { "" };
            spread.map_or("-".to_owned(), |spread| {
                format!("{}{mark}", spread.show(row.figure.definition.unit))
            })
        });
        cells.push(shown.collect());
    }
    let heads = rows.iter().map(|row| row.figure.to_string());
    let heads: Vec<String> = std::iter::once("figure".to_owned()).chain(heads).collect();
    let length = |text: &String| text.chars().count();
    let first = heads.iter().map(length).max().unwrap_or(0) + 2;
    let widths: Vec<usize> = (0..names.len())
        .map(|place| {
            let column = cells.iter().map(|line| length(&line[place]));
            column.max().unwrap_or(0).max(COLUMN) + 2
        })
        .collect();
    let mut lines: Vec<String> = heads
        .iter()
        .zip(&cells)
        .map(|(head, line)| {
            let columns = line.iter().zip(&widths);
            let columns = columns.map(|(cell, width)| format!("{cell:<width$}"));
            format!("{head:<first$}{}", columns.collect::<Vec<_>>().concat())
        })
        .collect();
    if names.len() > 1 {
        lines.push(String::new());
        if rows.iter().any(|row| row.apart.contains(&true)) {
            lines.push("* no run lies among those of the first column".to_owned());
        }
        lines.push(UNMARKED.to_owned());
    }
    lines
}

#[cfg(test)]
mod tests {
    use experiment::comparison::Spread;

    use super::*;

    fn last_line(values: [&[f64]; 2]) -> String {
        let spreads: Vec<_> = values.iter().map(|values| Spread::of(values)).collect();
        let apart = spreads[0].unwrap().is_apart(&spreads[1].unwrap());
        let row = Row {
            figure: "flaps".parse().unwrap(),
            spreads,
            apart: vec![false, apart],
        };
        let lines = table(&["one".to_owned(), "two".to_owned()], &[row]);
        let marked = lines.iter().any(|line| line.starts_with("* "));
        assert_eq!(marked, apart, "{lines:#?}");
        lines.last().cloned().unwrap_or_default()
    }

    #[test]
    fn a_figure_without_a_mark_is_not_called_equal() {
        let (low, high) = ([1.0, 2.0, 3.0, 4.0, 5.0], [6.0, 7.0, 8.0, 9.0, 10.0]);
        for values in [[&low[..], &low[..]], [&low, &high], [&low[..1], &high[..1]]] {
            assert_eq!(last_line(values), UNMARKED);
        }
        assert!(UNMARKED.contains("does not mean that they are equal"));
    }
}
