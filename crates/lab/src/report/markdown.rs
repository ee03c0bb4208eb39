//! `report.md`: what came of a scenario's runs, for a pull request.
//!
//! It has at most as many characters as GitHub takes for a comment. What would not fit is left out by whole parts, and
//! the text says so.

use std::path::PathBuf;

use experiment::result::{Performer, Repetition, RunResult};

use super::document::{Document, MOST, Mark};
use super::reading;
use super::strip::strip;
use super::tables;
use super::verdict::Verdict;
use crate::words::number;

/// What is known of a report beside the result.
#[derive(Clone, Debug, Default)]
pub(crate) struct Context {
    /// The folder of the result.
    pub(crate) folder: PathBuf,
    /// The command that gives the same again.
    pub(crate) command: String,
    /// The scenario's file.
    pub(crate) scenario: Option<String>,
}

/// The report of a result.
pub(crate) fn write(result: &RunResult, context: &Context) -> String {
    let mut document = Document::new(format!("{}: {}", result.scenario, result.title));
    let verdict = Verdict::of(&result.repetitions);
    let mark = match verdict {
        Verdict::Held { .. } => Mark::Good,
        Verdict::Nothing => Mark::None,
        _ => Mark::Bad,
    };
    document.verdict(mark, capitalised(&verdict));
    document.text(made(result));
    let runs = &result.repetitions;
    if let Some(table) = tables::expectations(runs) {
        document.heading("Expectations");
        document.table(table);
    }
    if runs.len() > 1 {
        document.heading("Runs");
        document.table(tables::runs(runs));
        document.folded_table(
            format!(
                "Figures over {} runs",
                number(u64::try_from(runs.len()).unwrap_or(u64::MAX))
            ),
            tables::spreads(result),
        );
    }
    if let Some((place, run)) = shown(runs) {
        one(&mut document, run, (runs.len() > 1).then_some(place));
    }
    document.heading("Again");
    document.code(&*context.command);
    if let Some(scenario) = &context.scenario {
        document.folded_code("Scenario", &**scenario);
    }
    document.markdown(MOST)
}

/// `Held. All 4 expectations held.`
fn capitalised(verdict: &Verdict) -> String {
    let word = verdict.word();
    let first = word.chars().take(1).flat_map(char::to_uppercase);
    let rest = word.chars().skip(1);
    let word: String = first.chain(rest).collect();
    format!("{word}. {}", verdict.sentence())
}

/// What is said of one run; its number where there are several.
fn one(document: &mut Document, run: &Repetition, place: Option<usize>) {
    let of = place.map_or_else(String::new, |place| {
        format!(" (run {}, seed {})", place + 1, run.seed)
    });
    document.heading(format!("What happened{of}"));
    let clauses = reading(run);
    let texts: Vec<&str> = clauses.iter().map(|clause| &*clause.text).collect();
    document.text(texts.join(" "));
    document.heading(format!("Timeline{of}"));
    document.code(strip(&run.fleet));
    document.picture("timeline.svg", String::new(), "The same as a picture");
    document.heading(format!("Belief beside truth{of}"));
    document.table(tables::fleet(run));
    document.text(tables::FLEET_NOTE);
    document.heading(format!("What clients saw{of}"));
    document.table(tables::clients(run));
    if let Some(record) = &run.coordination {
        document.heading(format!("Coordination{of}"));
        document.text(tables::coordination_line(record));
        document.table(tables::coordination(record));
        if let Some(course) = record.course.as_ref().filter(|it| !it.events.is_empty()) {
            let (table, rest) = tables::happened(run, course);
            document.folded_table("What happened in the fleet", table);
            if let Some(rest) = rest {
                document.text(rest);
            }
        }
    }
    if let Some(table) = tables::orders(run) {
        document.heading(format!("What operators did{of}"));
        document.table(table);
    }
}

/// The run that is told: the first whole one in which an expectation failed, else the first.
pub(super) fn shown(runs: &[Repetition]) -> Option<(usize, &Repetition)> {
    let fails = |run: &Repetition| !run.cut_short && run.verdicts.iter().any(|it| !it.held);
    let mut numbered = runs.iter().enumerate();
    let failed = numbered.clone().find(|(_, run)| fails(run));
    failed.or_else(|| numbered.next())
}

/// How it was made: `5 runs, simulated, seeds 1 to 5, breaker-lab 0.1.0 (release, 1a2b3c4) on linux x86_64`
fn made(result: &RunResult) -> String {
    let runs = &result.repetitions;
    let how = match runs.first().map(|run| run.performer) {
        Some(Performer::Simulated) => "simulated",
        Some(Performer::Live) => "live",
        None => "not run",
    };
    let seeds = match (runs.first(), runs.last()) {
        (Some(first), Some(last)) if first.seed != last.seed => {
            format!(", seeds {} to {}", first.seed, last.seed)
        }
        (Some(first), _) => format!(", seed {}", first.seed),
        _ => String::new(),
    };
    let versions = &result.versions;
    let commit = versions
        .commit
        .as_deref()
        .map_or_else(String::new, |commit| format!(", commit {commit}"));
    let machine = &result.machine;
    let cpu = machine
        .cpu
        .as_deref()
        .map_or_else(String::new, |cpu| format!(", {cpu}"));
    let load = machine.load.map_or_else(String::new, |load| {
        format!(", load {:.1} when it began", load[0])
    });
    format!(
        "{}, {how}{seeds}. breaker-lab {} ({}{commit}) on {} {}{cpu}, {}{load}.",
        super::names::counted(u64::try_from(runs.len()).unwrap_or(u64::MAX), "run"),
        versions.breaker_lab,
        versions.build,
        machine.os,
        machine.arch,
        super::names::counted(u64::try_from(machine.cores).unwrap_or(u64::MAX), "core"),
    )
}

#[cfg(test)]
mod tests;
