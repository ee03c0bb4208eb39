//! The report of a load: a table by target, what the generator did, and the verdict.

use std::borrow::Cow;
use std::collections::BTreeMap;

use experiment::expectation::{ExpectationVerdict, Unit};
use experiment::load::{Latencies, LoadResult, Part};
use experiment::outcome::ClientOutcome;

use crate::words::number;

/// The report, line by line.
pub(super) fn lines(result: &LoadResult) -> Vec<String> {
    let mut lines = vec![format!(
        "{} planned in {:.1} s, seed {}, plan {}{}",
        requests(result.planned),
        result.duration_s,
        result.seed,
        result.digest,
        if result.cut_short { ", cut short" } else { "" },
    )];
    if result.warm_up_s > 0.0 {
        let seconds = result.warm_up_s;
        lines.push(format!(
            "The first {seconds:.1} s were warm-up and are left out."
        ));
    }
    lines.push(String::new());
    lines.extend(latencies(result));
    lines.push(String::new());
    lines.extend(outcomes(result));
    lines.push(String::new());
    lines.extend(generator(result));
    if !result.verdicts.is_empty() {
        lines.push(String::new());
        lines.extend(verdicts(&result.verdicts));
    }
    lines
}

/// `1 request`, `1,234 requests`
fn requests(count: u64) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{} request{plural}", number(count))
}

/// Each target, and all of them together where there are more.
fn rows(result: &LoadResult) -> Vec<(String, Part)> {
    let targets = result.targets.iter();
    let mut rows: Vec<_> = targets
        .filter_map(|target| {
            let part = result.part(Some(&target.name), None)?;
            Some((target.name.clone(), part))
        })
        .collect();
    if rows.len() > 1 {
        rows.extend(result.part(None, None).map(|part| ("all".to_owned(), part)));
    }
    rows
}

fn width(rows: &[(String, Part)]) -> usize {
    let widest = rows.iter().map(|(name, _)| name.chars().count()).max();
    widest.unwrap_or_default().max("target".len()) + 2
}

fn latencies(result: &LoadResult) -> Vec<String> {
    let rows = rows(result);
    let width = width(&rows);
    let row = |name: &str, planned: &str, times: [String; 7], goodput: &str| {
        let times = times.map(|time| format!("{time:>9}")).concat();
        format!("{name:<width$}{planned:>8}{times}{goodput:>9}")
    };
    // Of successes first: an outage that fails fast improves the others.
    let head = ["ok p50", "ok p90", "ok p99", "p50", "p90", "p99", "max"].map(str::to_owned);
    let mut lines = vec![row("target", "planned", head, "goodput")];
    for (name, part) in &rows {
        let response = &part.response;
        let at = |latencies: &Latencies| [0.5, 0.9, 0.99].map(|it| latencies.quantile(it));
        let [[ok50, ok90, ok99], [p50, p90, p99]] = [at(&part.ok), at(response)];
        let times = [ok50, ok90, ok99, p50, p90, p99, response.max()];
        let figures = match result.targets.iter().find(|target| target.name == *name) {
            Some(target) => &target.figures,
            None => &result.figures,
        };
        lines.push(row(
            name,
            &number(part.outcomes.planned()),
            times.map(|time| time.map_or("-".to_owned(), |it| Unit::Seconds.show(it))),
            &figure(figures, "goodput", Unit::PerSecond),
        ));
    }
    lines
}

/// Only outcomes that occurred have a column.
fn outcomes(result: &LoadResult) -> Vec<String> {
    let rows = rows(result);
    let width = width(&rows);
    let occurred =
        |outcome: &ClientOutcome| rows.iter().any(|(_, part)| part.outcomes[*outcome] > 0);
    let columns: Vec<ClientOutcome> = ClientOutcome::ALL.into_iter().filter(occurred).collect();
    if columns.is_empty() {
        return vec!["no request was planned".to_owned()];
    }
    let wide = |outcome: &ClientOutcome| outcome.as_str().len().max(7) + 2;
    let head = columns
        .iter()
        .fold(format!("{:<width$}", "target"), |line, outcome| {
            format!("{line}{outcome:>0$}", wide(outcome))
        });
    let mut lines = vec![head];
    for (name, part) in &rows {
        let begin = format!("{name:<width$}");
        lines.push(columns.iter().fold(begin, |line, outcome| {
            let count = number(part.outcomes[*outcome]);
            format!("{line}{count:>0$}", wide(outcome))
        }));
    }
    lines
}

/// How well the generator itself did.
fn generator(result: &LoadResult) -> [String; 2] {
    let figures = &result.figures;
    let seconds = |name| figure(figures, name, Unit::Seconds);
    let pace = match result.profile.connections {
        Some(connections) => {
            format!("closed loop of {connections}: response times are service times")
        }
        None => format!(
            "lateness of the generator: {} p50, {} p99, {} max",
            seconds("lateness_p50"),
            seconds("lateness_p99"),
            seconds("lateness_max"),
        ),
    };
    let service = format!(
        "service time: {} p50, {} p99; amplification {}; throughput {}",
        seconds("service_p50"),
        seconds("service_p99"),
        figure(figures, "amplification", Unit::Factor),
        figure(figures, "throughput", Unit::PerSecond),
    );
    [pace, service]
}

fn figure(figures: &BTreeMap<Cow<'static, str>, f64>, name: &str, unit: Unit) -> String {
    let value = figures.get(name);
    value.map_or("-".to_owned(), |value| unit.show(*value))
}

fn verdicts(verdicts: &[ExpectationVerdict]) -> Vec<String> {
    let lines = verdicts.iter().map(|verdict| {
        let held = if verdict.held { "[held]  " } else { "[failed]" };
        format!("{held} {}: {}", verdict.expectation, verdict.shown)
    });
    lines.collect()
}
