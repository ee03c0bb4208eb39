//! The comparison of results: figures of several run folders side by side, and which of them differ by more than
//! chance.

mod page;
mod table;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use experiment::comparison::{Comparison, USUAL};
use experiment::expectation::Figure;
use experiment::result::{Repetition, RunResult};

use crate::cli::CompareArgs;
use crate::failure::Failure;
use crate::print;
use crate::report;
use crate::result_file::read_result;

/// Prints the figures of all requested results.
pub(crate) fn compare(args: &CompareArgs) -> Result<(), Failure> {
    if let Some(html) = &args.html {
        page::check(html)?;
    }
    let results = args.results.iter().map(|path| read_result(path));
    let results = results.collect::<Result<Vec<_>, _>>()?;
    let figures = figures(&args.figure)?;
    each_once(&figures)?;
    let names = names(&args.results);
    let results: Vec<&RunResult> = results.iter().collect();
    let comparison = Comparison::of(&results, &figures);
    if !args.figure.is_empty() {
        all_measured(&figures, &comparison)?;
    }
    for line in table::lines(&names, &comparison) {
        print::line(&line);
    }
    if let Some(html) = &args.html {
        let document = page::document(&names, &comparison, &page::commands(args, &results));
        report::write_pair(html, &document)?;
        print::sentence(&format!("report in {}", html.display()), 2);
    }
    trusted(&names, &results)
}

/// Prints the usual figures of results that have just been made.
pub(super) fn show(names: &[&str], results: &[&RunResult]) {
    let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    let figures = figures(&[]).expect("the usual figures are known");
    for line in table::lines(&names, &Comparison::of(results, &figures)) {
        print::line(&line);
    }
}

/// Writes the page of a comparison of results that have just been made into their folder, which holds a folder for each.
pub(super) fn write(folder: &Path, names: &[&str], results: &[&RunResult]) -> Result<(), Failure> {
    let html = folder.join("comparison.html");
    let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    let args = CompareArgs {
        results: names.iter().map(|name| folder.join(name)).collect(),
        figure: Vec::new(),
        html: Some(html.clone()),
    };
    let figures = figures(&[]).expect("the usual figures are known");
    let comparison = Comparison::of(results, &figures);
    let document = page::document(&names, &comparison, &page::commands(&args, results));
    report::write_pair(&html, &document)?;
    print::sentence(&format!("report in {}", html.display()), 2);
    Ok(())
}

/// Whether the runs behind the figures can be trusted, and were not cut short.
fn trusted(names: &[String], results: &[&RunResult]) -> Result<(), Failure> {
    let all = names.iter().zip(results);
    let runs: Vec<(String, &Repetition)> = all
        .flat_map(|(name, result)| {
            let numbered = (1..).zip(&result.repetitions);
            numbered.map(move |(number, run): (u32, _)| (format!("{name}, run {number}"), run))
        })
        .collect();
    for (name, run) in &runs {
        if let Some(why) = &run.invalid {
            let what = format!("{name} is void: {why}");
            return Err(Failure::NotKept(what));
        }
    }
    match runs.iter().find(|(_, run)| run.cut_short) {
        None => Ok(()),
        Some((name, run)) => Err(Failure::Assertion(format!(
            "{name} was stopped after {:.1} s, before its end: its figures are not those of a whole run",
            run.load.duration_s
        ))),
    }
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

/// Refuses a figure that was requested twice: it would have two columns, and count twice in a correction.
pub(crate) fn each_once(figures: &[Figure]) -> Result<(), Failure> {
    let mut placed = figures.iter().enumerate();
    match placed.find(|(place, figure)| figures[..*place].contains(figure)) {
        None => Ok(()),
        Some((_, figure)) => Err(Failure::usage(format!(
            "--figure: `{figure}` is given twice: write each figure once"
        ))),
    }
}

/// Refuses a requested figure that none of the results has: its target or phase is misspelt.
fn all_measured(figures: &[Figure], comparison: &Comparison<'_>) -> Result<(), Failure> {
    let measured = |figure: &&Figure| comparison.rows.iter().any(|row| row.figure == **figure);
    match figures.iter().find(|figure| !measured(figure)) {
        None => Ok(()),
        Some(figure) => Err(Failure::usage(format!(
            "--figure: `{figure}` was measured in no result: write a target and a phase that the results \
             have, such as p99(A) or ok_ratio(phase=outage)"
        ))),
    }
}

/// The folders' names, or their whole paths if two have the same name.
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
