//! The report of a study: who is best in each scenario, the frontier, and all tables.

use std::path::Path;

use experiment::reading::parse_json;
use experiment::study::{FRONTIER, GEDCB, MATRIX, Plan, Results, chart, of_cell, tables};
use experiment::sweep::Trial;

use super::command::command;
use super::document::{Document, Mark};
use super::files;
use super::names::{counted, counted_of};
use crate::failure::Failure;

/// The section that comes first: it answers the question of the study.
const ANSWER: &str = "The best policy of each scenario";

/// Makes the report of a folder anew, from its plan and its trials, as a page and beside it as Markdown.
///
/// # Errors
///
/// A file that is not there or not valid, and a folder that cannot be written to.
pub(super) fn write(folder: &Path, html: &Path) -> Result<(), Failure> {
    let plan: Plan = parse_json(&files::read(folder, "study.json")?)
        .map_err(|what| files::not(folder, "study.json", &what))?;
    let trials = Trial::parse_lines(&files::read(folder, "trials.jsonl")?);
    let trials = trials.map_err(|what| files::not(folder, "trials.jsonl", &what))?;
    files::write_pair(html, &document(&Results::of(&plan, &trials)))
}

/// The report of a study.
pub(crate) fn document(results: &Results<'_>) -> Document {
    let plan = results.plan();
    let text = tables::markdown(results);
    let mut sections = text.split("\n## ");
    let intro = sections.next().unwrap_or_default();
    let sections: Vec<&str> = sections.collect();
    let mut document = Document::new(format!("Study: {}", plan.study));
    document.verdict(
        if is_whole(results) {
            Mark::None
        } else {
            Mark::Bad
        },
        head(results),
    );
    // The title stands above.
    let intro = intro.lines().skip(1).collect::<Vec<_>>().join("\n");
    document.markdown_of_ours(intro.trim());
    let is_answer = |section: &&&str| section.starts_with(ANSWER);
    if let Some(answer) = sections.iter().find(is_answer) {
        document.markdown_of_ours(format!("## {}", answer.trim()));
    }
    pictures(&mut document, results);
    for section in sections.iter().filter(|section| !is_answer(section)) {
        document.markdown_of_ours(format!("## {}", section.trim()));
    }
    document.heading("Again");
    document.code(again(plan));
    document
}

fn is_whole(results: &Results<'_>) -> bool {
    let plan = results.plan();
    results.count() == plan.cells.len() * plan.repeat as usize
}

fn head(results: &Results<'_>) -> String {
    let plan = results.plan();
    let scenarios = results.scenarios(MATRIX).len();
    let policies = results.policies(MATRIX).len();
    let matrix = match (scenarios, policies) {
        (0, _) => counted(plan.cells.len(), "cell"),
        (scenarios, policies) => format!(
            "{} under {}",
            counted(scenarios, "scenario"),
            counted(policies, "policy")
        ),
    };
    let done = if is_whole(results) {
        String::new()
    } else {
        format!(
            "; {} there",
            counted_of(
                results.count(),
                plan.cells.len() * plan.repeat as usize,
                "run"
            )
        )
    };
    let seeds = counted(plan.repeat, "seed");
    format!("{matrix}, {seeds} each{done}.")
}

fn pictures(document: &mut Document, results: &Results<'_>) {
    let has = |part: &str| !results.scenarios(part).is_empty();
    if has(MATRIX) {
        document.picture(
            "goodput.svg",
            chart::goodput(results),
            "The goodput of each policy in each scenario, against breakers alone",
        );
    }
    if has(FRONTIER) {
        document.picture(
            "frontier.svg",
            chart::frontier(results),
            "Detection speed against false alarms against blast radius, with theory",
        );
    }
    if has(GEDCB) {
        document.picture(
            "gedcb.svg",
            chart::gedcb(results),
            "The published comparison, and ours beside it",
        );
    }
}

/// The command that does the same again. Which parts were asked for is told by the cells.
fn again(plan: &Plan) -> String {
    let (seeds, seed) = (plan.repeat.to_string(), plan.first_seed.to_string());
    let mut words = vec![
        "breaker-lab",
        "study",
        &plan.study,
        "--seeds",
        &seeds,
        "--seed",
        &seed,
    ];
    let mut only: Vec<&str> = Vec::new();
    for cell in &plan.cells {
        let part = of_cell(cell, "part");
        let name = if part == MATRIX {
            of_cell(cell, "scenario")
        } else {
            part
        };
        if !only.contains(&name) {
            only.push(name);
        }
    }
    // Where all parts are there, nothing was left out.
    let has_all = [FRONTIER, GEDCB].iter().all(|part| only.contains(part)) && only.len() > 3;
    if !has_all {
        for name in only {
            words.extend(["--only", name]);
        }
    }
    command(words)
}
