//! The plain-language reading of a run: what happened, in order, in sentences that lead to their moments.
//!
//! Each sentence is a template over figures of the result, so that it says nothing that the result does not hold. What
//! did not happen is said only where somebody would look for it. Few instances are named, many are counted.

mod clients;
mod coordination;
mod fault;
mod mistakes;
mod opening;
mod story;

use experiment::result::Repetition;

use super::names::{self, counted};
use crate::words::number;
use story::Story;

/// A sentence of a reading. Sentences are joined by one space.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Clause {
    /// What it says, with its full stop.
    pub(crate) text: String,
    /// The moment that it leads to, in seconds since the start of the run, where there is one.
    pub(crate) at: Option<f64>,
}

impl Clause {
    fn at(at: f64, text: String) -> Self {
        Self { text, at: Some(at) }
    }

    fn of_all(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            at: None,
        }
    }
}

/// What happened in a run, in order.
pub(crate) fn reading(run: &Repetition) -> Vec<Clause> {
    let story = Story::of(run);
    let mut clauses = trust(run);
    clauses.extend(fault::began(&story));
    clauses.extend(opening::openings(&story));
    clauses.extend(opening::disagreement(&story));
    clauses.extend(opening::stopped(&story));
    clauses.extend(coordination::decided(&story));
    clauses.extend(clients::rejected(&story));
    clauses.extend(clients::mixed(&story));
    clauses.extend(opening::flaps(&story));
    clauses.extend(fault::recovered(&story));
    clauses.extend(mistakes::times(&story));
    clauses.extend(mistakes::calls(&story));
    clauses.extend(expected(run));
    clauses
}

/// Why the figures may mean nothing, or not all.
fn trust(run: &Repetition) -> Vec<Clause> {
    let mut clauses = Vec::new();
    if let Some(why) = &run.invalid {
        clauses.push(Clause::of_all(format!(
            "This run is void, and its figures mean nothing: {why}."
        )));
    }
    if run.cut_short {
        clauses.push(Clause::of_all(
            "This run was stopped before its end, so the later part of the scenario is missing.",
        ));
    }
    clauses
}

/// What was expected, and what of it did not hold.
fn expected(run: &Repetition) -> Vec<Clause> {
    let failed: Vec<_> = run.verdicts.iter().filter(|it| !it.held).collect();
    let of = run.verdicts.len();
    let head = match (failed.len(), of) {
        (_, 0) => return Vec::new(),
        (0, 1) => "The expectation held.".to_owned(),
        (0, 2) => "Both expectations held.".to_owned(),
        (0, _) => format!("All {of} expectations held."),
        (1, 1) => "The expectation did not hold.".to_owned(),
        (some, _) => format!(
            "{} of {} did not hold.",
            number(whole(some)),
            counted(whole(of), "expectation")
        ),
    };
    let figures = failed
        .iter()
        .map(|it| format!("Expected was `{}`; measured: {}.", it.expectation, it.shown));
    std::iter::once(head)
        .chain(figures)
        .map(Clause::of_all)
        .collect()
}

/// A count of things of one run.
fn whole(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests;
