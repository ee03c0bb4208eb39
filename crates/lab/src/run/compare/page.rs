//! The page of a comparison: the table, the tests that were used, and the commands that reproduce it.

use std::path::{Path, PathBuf};

use experiment::comparison::Comparison;
use experiment::result::{Performer, RunResult};

use super::table::{Cells, UNMARKED, about, notes, pairing};
use crate::cli::CompareArgs;
use crate::failure::Failure;
use crate::report::{Document, Mark, Table, command};

/// Refuses a file that its own Markdown would overwrite, before anything is compared.
pub(super) fn check(html: &Path) -> Result<(), Failure> {
    if html.extension().is_some_and(|it| it == "md") {
        return Err(Failure::usage(format!(
            "--html {}: the name ends with .md, like the Markdown file that is written beside the page: \
             write a name such as {}",
            html.display(),
            html.with_extension("html").display()
        )));
    }
    Ok(())
}

/// The page.
pub(super) fn document(
    names: &[String],
    comparison: &Comparison<'_>,
    commands: &[String],
) -> Document {
    let mut document = Document::new(format!("Comparison of {}", names.join(" and ")));
    document.verdict(Mark::None, verdict(comparison));
    let mut sides = Table::new(3, ["", "result", "what it is"]);
    for (number, (name, side)) in (1..).zip(names.iter().zip(&comparison.sides)) {
        sides.row(
            Mark::None,
            [format!("[{number}]"), name.clone(), about(side)],
        );
    }
    document.table(sides);
    for caution in comparison.cautions() {
        document.text(format!("Caution: {caution}"));
    }
    if comparison.sides.len() == 1 {
        document.heading("Figures");
        document.table(alone(comparison));
    }
    for further in 0..comparison.pairings.len() {
        document.heading(format!("[{}] beside [1]", further + 2));
        document.text(pairing(comparison, further).join(" "));
        document.table(beside(comparison, further));
    }
    if comparison.sides.len() > 1 {
        for note in notes(comparison) {
            // The table says in a word what the terminal says with a mark.
            document.text(note.trim_start_matches("* "));
        }
    }
    document.heading("Again");
    document.code(commands.join("\n"));
    document
}

/// Which figures differ by more than chance.
fn verdict(comparison: &Comparison<'_>) -> String {
    if comparison.sides.len() == 1 {
        return "One result: its figures, and nothing to compare them with.".to_owned();
    }
    let mut differ = Vec::new();
    for further in 0..comparison.pairings.len() {
        for row in &comparison.rows {
            let cells = Cells::of(comparison, further, row);
            if cells.is_marked {
                let of = if comparison.pairings.len() > 1 {
                    format!(" of [{}]", further + 2)
                } else {
                    String::new()
                };
                differ.push(format!("{}{of} {}", cells.name, cells.apart));
            }
        }
    }
    match differ.len() {
        0 => UNMARKED.to_owned(),
        1 => format!(
            "One figure differs by more than chance: {}.",
            differ.concat()
        ),
        many => format!(
            "{many} figures differ by more than chance: {}.",
            differ.join("; ")
        ),
    }
}

fn beside(comparison: &Comparison<'_>, further: usize) -> Table {
    let number = further + 2;
    let mut table = Table::new(
        1,
        [
            "figure, mean".to_owned(),
            "[1]".to_owned(),
            format!("[{number}]"),
            format!("[{number}] - [1], 95 % interval"),
            "differs".to_owned(),
            "p".to_owned(),
        ],
    );
    for row in &comparison.rows {
        let Cells {
            name,
            values: [first, second],
            apart,
            is_marked,
            p,
        } = Cells::of(comparison, further, row);
        let (mark, word) = if is_marked {
            (Mark::Marked, "yes")
        } else {
            (Mark::None, "")
        };
        table.row(mark, [name, first, second, apart, word.to_owned(), p]);
    }
    table
}

fn alone(comparison: &Comparison<'_>) -> Table {
    let mut table = Table::new(1, ["figure", "mean", "runs"]);
    for row in &comparison.rows {
        let Some(estimate) = row.estimates[0] else {
            continue;
        };
        let unit = row.figure.definition.unit;
        let value = match estimate.mean {
            Some(mean) => unit.show(mean),
            None => format!("~{}", unit.show(estimate.median)),
        };
        table.row(Mark::None, [row.name(), value, estimate.count.to_string()]);
    }
    table
}

/// The commands that made the results, and the one that compares them.
pub(super) fn commands(args: &CompareArgs, results: &[&RunResult]) -> Vec<String> {
    let made = args
        .results
        .iter()
        .zip(results)
        .map(|(path, result)| again(path, result));
    let mut words = vec!["breaker-lab".to_owned(), "compare".to_owned()];
    words.extend(args.results.iter().map(|path| path.display().to_string()));
    for figure in &args.figure {
        words.extend(["--figure".to_owned(), figure.clone()]);
    }
    if let Some(html) = &args.html {
        words.extend(["--html".to_owned(), html.display().to_string()]);
    }
    made.chain([command(words.iter().map(|word| &**word))])
        .collect()
}

/// The command that makes a result again, from the scenario that its folder keeps.
fn again(path: &Path, result: &RunResult) -> String {
    let folder: PathBuf = match path.file_name() {
        Some(name) if name == "result.json" => path.with_file_name(""),
        _ => path.to_owned(),
    };
    let runs = &result.repetitions;
    let performer = runs.first().map(|run| run.performer);
    let verb = match performer {
        Some(Performer::Live) => "run",
        _ => "simulate",
    };
    let scenario = folder.join("scenario.toml").display().to_string();
    let seed = runs.first().map_or(1, |run| run.seed).to_string();
    let repeat = runs.len().to_string();
    command([
        "breaker-lab",
        verb,
        &scenario,
        "--seed",
        &seed,
        "--repeat",
        &repeat,
    ])
}
