//! Several runs of one scenario: how often each expectation held, and medians with their intervals.

use std::collections::BTreeMap;

use experiment::comparison::USUAL;
use experiment::expectation::{Expectation, Figure};
use experiment::result::{Repetition, RunResult};
use experiment::statistics::{Interval, Summary, median};

use super::element::{Html, Moments, Table, paragraph, section};
use super::tables::shown;
use crate::report::names::counted;
use crate::report::verdict::Verdict;

/// Runs that have a row each.
const MOST_ROWS: usize = 1000;

/// What all runs say together; nothing for a single one.
pub(super) fn several(result: &RunResult) -> String {
    if result.repetitions.len() < 2 {
        return String::new();
    }
    let mut content = expectations(result);
    content += &medians(result);
    content += &runs(result);
    section("several", "All runs", &content)
}

/// How often each expectation held, with the median of its figure.
fn expectations(result: &RunResult) -> String {
    let mut held: BTreeMap<&str, [usize; 2]> = BTreeMap::new();
    let mut order: Vec<&str> = Vec::new();
    for verdict in result.repetitions.iter().flat_map(|run| &run.verdicts) {
        let counts = held.entry(&verdict.expectation).or_insert_with(|| {
            order.push(&verdict.expectation);
            [0, 0]
        });
        counts[usize::from(!verdict.held)] += 1;
    }
    if order.is_empty() {
        return String::new();
    }
    let rows = order.into_iter().map(|text| {
        let [held, failed] = held[text];
        let figure = text.parse::<Expectation>().ok();
        let middle = figure.map(|expectation| {
            let figure = expectation.figure();
            let values = result.values(figure);
            median(&values).map_or("–".to_owned(), |it| figure.definition.unit.show(it))
        });
        let class = if failed == 0 { "held" } else { "failed" };
        let mark = if failed == 0 { "✓" } else { "✗" };
        vec![
            Html::text(text),
            Html::text(middle.as_deref().unwrap_or("–")),
            Html::whole(format!(
                "<span class=\"{class}\">{mark} held in {held} of {}</span>",
                held + failed
            )),
        ]
    });
    Table {
        caption: "What was expected, over all runs",
        head: &["expectation", "median", "verdict"],
        text_columns: 3,
        rows: rows.collect(),
    }
    .to_string()
}

/// The usual figures: median, mean with its interval, smallest and largest.
fn medians(result: &RunResult) -> String {
    let rows = USUAL.iter().filter_map(|name| {
        let figure: Figure = name.parse().expect("the usual figures are known");
        let values = result.values(&figure);
        let show = |value: f64| figure.definition.unit.show(value);
        let middle = show(median(&values)?);
        let smallest = values.iter().copied().fold(f64::INFINITY, f64::min);
        let largest = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let mean = Summary::of(&values);
        let interval = mean.as_ref().and_then(Summary::interval);
        let interval = interval
            .map(|Interval { low, high }| format!("{} … {}", show(low.max(0.0)), show(high)));
        Some(vec![
            Html::text(name),
            Html::text(middle),
            Html::text(mean.map_or("–".to_owned(), |mean| show(mean.mean))),
            Html::text(interval.as_deref().unwrap_or("–")),
            Html::text(show(smallest)),
            Html::text(show(largest)),
        ])
    });
    let table = Table {
        caption: "The usual figures",
        head: &[
            "figure",
            "median",
            "mean",
            "mean, 95 % interval",
            "smallest",
            "largest",
        ],
        text_columns: 1,
        rows: rows.collect(),
    };
    let note = paragraph("The interval is that of the mean over seeds, by Student's distribution.");
    format!("{table}{note}")
}

/// A row for each run, which leads to it.
fn runs(result: &RunResult) -> String {
    let all = &result.repetitions;
    let rows = (1..)
        .zip(all)
        .take(MOST_ROWS)
        .map(|(number, run)| row(number, run));
    let table = Table {
        caption: "The runs",
        head: &[
            "run",
            "seed",
            "verdict",
            "ok_ratio",
            "fast_fail_ratio",
            "ok_p99",
            "openings",
            "flaps",
        ],
        text_columns: 3,
        rows: rows.collect(),
    };
    let more = match all.len().saturating_sub(MOST_ROWS) {
        0 => String::new(),
        more => paragraph(&format!(
            "… and {}, which result.json has.",
            counted(more, "more run")
        )),
    };
    let open = if all.len() <= 10 { " open" } else { "" };
    format!(
        "<details{open}><summary>{}</summary>\n{table}{more}</details>\n",
        counted(all.len(), "run")
    )
}

fn row(number: usize, run: &Repetition) -> Vec<Html> {
    let verdict = Verdict::of(std::slice::from_ref(run));
    let figure = |name: &str| Html::text(shown(run, name, None));
    vec![
        Html::whole(format!("<a href=\"#run-{number}\">{number}</a>")),
        Html::text(run.seed.to_string()),
        Html::text(verdict.sentence()),
        figure("ok_ratio"),
        figure("fast_fail_ratio"),
        figure("ok_p99"),
        figure("openings"),
        figure("flaps"),
    ]
}

/// How links name the run of this number.
pub(super) fn moments(result: &RunResult, number: usize) -> Moments {
    Moments {
        run: (result.repetitions.len() > 1).then_some(number),
    }
}
