//! The tables of one run: what was expected, belief beside truth, the fleet, and every transition.

use experiment::expectation::{Figure, Figures, Unit};
use experiment::fleet::{Belief, FleetRecord};
use experiment::load::WARM_UP;
use experiment::outcome::{ClientOutcome, Outcomes};
use experiment::result::Repetition;

use super::element::{Html, Moments, Table, paragraph};
use crate::report::names::counted;
use crate::report::orders::ordered;
use crate::words::{cause_of, number, state};

/// Instances that have a row each; of a larger fleet the result has all.
const MOST_ROWS: usize = 100;
/// Transitions that have a row each.
const MOST_CHANGES: usize = 500;

/// Each expectation with its figure.
pub(super) fn expected(run: &Repetition) -> String {
    if run.verdicts.is_empty() {
        return paragraph("The scenario has no expectations.");
    }
    let rows = run.verdicts.iter().map(|verdict| {
        vec![
            Html::text(&verdict.expectation),
            Html::text(&verdict.shown),
            held(verdict.held),
        ]
    });
    Table {
        caption: "What was expected, and what was measured",
        head: &["expectation", "measured", "verdict"],
        text_columns: 3,
        rows: rows.collect(),
    }
    .to_string()
}

/// `held` or `failed`, told apart by shape, too.
pub(super) fn held(held: bool) -> Html {
    Html::whole(if held {
        "<span class=\"held\">✓ held</span>".to_owned()
    } else {
        "<span class=\"failed\">✗ failed</span>".to_owned()
    })
}

/// A figure of an instance, or of all.
pub(super) fn shown(run: &Repetition, figure: &str, target: Option<&str>) -> String {
    let mut figure: Figure = figure.parse().expect("the figures of the report are known");
    figure.target = target.map(str::to_owned);
    let value = run.value(&figure).filter(|value| !value.is_nan());
    value.map_or("–".to_owned(), |value| figure.definition.unit.show(value))
}

/// What each breaker believed, beside what was true.
pub(super) fn belief(run: &Repetition) -> String {
    let fleet = &run.fleet;
    let beliefs = fleet.beliefs();
    // Where breakers change the health that they are held against, "wrongly open" is held against a run without.
    let open = match &run.counterfactual {
        Some(without) if fleet.truth_follows_load => Some(own(&fleet.beside(&without.truth))),
        _ if fleet.truth_follows_load => None,
        _ => Some(own(fleet)),
    };
    let mut rows: Vec<Vec<Html>> = beliefs
        .iter()
        .enumerate()
        .take(MOST_ROWS)
        .map(|(place, (name, belief))| {
            let wrongly_open = open.as_ref().and_then(|open| open.get(place));
            believed(run, name, belief, wrongly_open)
        })
        .collect();
    if beliefs.len() > 1 {
        rows.push(all_believed(run));
    }
    let mut html = Table {
        caption: "Belief beside truth",
        head: &[
            "instance",
            "downstream unhealthy",
            "noticed after",
            "wrongly closed",
            "closed again after",
            "wrongly open",
            "wasted calls",
            "wrongly rejected",
        ],
        text_columns: 1,
        rows,
    }
    .to_string();
    html += &more(beliefs.len());
    html += &paragraph(
        "Wrongly closed: calls passed while the downstream was unhealthy. Wrongly open: they did not while it was \
         healthy. Delays are medians; wasted and wrongly rejected calls are expected numbers.",
    );
    html + &overload(run)
}

fn own(fleet: &FleetRecord) -> Vec<Belief> {
    let beliefs = fleet.beliefs().into_iter();
    beliefs.map(|(_, belief)| belief).collect()
}

fn believed(run: &Repetition, name: &str, belief: &Belief, open: Option<&Belief>) -> Vec<Html> {
    let time = |part: f64| time_of(part, belief.watched_s);
    let figure = |figure: &str| shown(run, figure, Some(name));
    let cells = [
        name.to_owned(),
        time(belief.unhealthy_s),
        figure("detection_delay_p50"),
        time(belief.wrongly_closed_s),
        figure("recovery_delay_p50"),
        open.map_or("–".to_owned(), |open| time(open.wrongly_open_s)),
        figure("wasted_calls"),
        figure("wrongly_rejected_calls"),
    ];
    cells.iter().map(Html::text).collect()
}

fn all_believed(run: &Repetition) -> Vec<Html> {
    let figures = [
        "unhealthy_share",
        "detection_delay_p50",
        "wrongly_closed_share",
        "recovery_delay_p50",
        "wrongly_open_share",
        "wasted_calls",
        "wrongly_rejected_calls",
    ];
    let cells = figures
        .iter()
        .map(|figure| Html::text(shown(run, figure, None)));
    std::iter::once(Html::text("fleet")).chain(cells).collect()
}

/// `0.88 s (2.94 %)`
fn time_of(part: f64, whole: f64) -> String {
    let share = if whole > 0.0 { part / whole } else { 0.0 };
    format!("{} ({})", Unit::Seconds.show(part), Unit::Share.show(share))
}

/// What "wrongly open" is held against where the load makes the health.
fn overload(run: &Repetition) -> String {
    if !run.fleet.truth_follows_load {
        return String::new();
    }
    match &run.counterfactual {
        None => paragraph(
            "Overload: the breakers influence the health that they are judged by, so \"wrongly open\" is \
             not measured; `simulate` performs the run without breakers as well.",
        ),
        Some(without) => {
            let figure = |name: &str| {
                let value = without.figures.get(name);
                value.map_or("–".to_owned(), |value| Unit::Share.show(*value))
            };
            paragraph(&format!(
                "Overload: without breakers the downstream is unhealthy {} of the time and {} of the requests \
                 succeed; \"wrongly open\" is measured against that.",
                figure("unhealthy_share"),
                figure("ok_ratio"),
            ))
        }
    }
}

/// What clients and breakers of each instance saw.
pub(super) fn fleet(run: &Repetition) -> String {
    let beliefs = run.fleet.beliefs();
    let mut rows: Vec<Vec<Html>> = beliefs
        .iter()
        .take(MOST_ROWS)
        .map(|(name, belief)| fleet_row(run, name, Some(name), belief))
        .collect();
    if beliefs.len() > 1 {
        let all = together(beliefs.iter().map(|(_, belief)| belief));
        rows.push(fleet_row(run, "fleet", None, &all));
    }
    let table = Table {
        caption: "The fleet: what clients got, and what the breakers did",
        head: &[
            "instance",
            "planned",
            "200",
            "503 at once",
            "failed",
            "p50 of 200",
            "p99 of 200",
            "p99 of all",
            "closed",
            "open",
            "half-open",
            "openings",
            "flaps",
            "calls downstream",
        ],
        text_columns: 1,
        rows,
    };
    format!("{table}{}", more(beliefs.len()))
}

fn fleet_row(run: &Repetition, name: &str, target: Option<&str>, belief: &Belief) -> Vec<Html> {
    let figure = |figure: &str| shown(run, figure, target);
    let outcomes = outcomes(run, target);
    let share = |part: f64| {
        let share = if belief.watched_s > 0.0 {
            part / belief.watched_s
        } else {
            0.0
        };
        Unit::Share.show(share)
    };
    let reached = run
        .fleet
        .instances
        .iter()
        .filter(|one| target.is_none_or(|name| one.name == name));
    let cells = [
        name.to_owned(),
        number(outcomes.planned()),
        number(outcomes[ClientOutcome::Ok]),
        number(outcomes[ClientOutcome::FastFail]),
        number(outcomes.failed()),
        figure("ok_p50"),
        figure("ok_p99"),
        figure("p99"),
        share(belief.closed_s),
        share(belief.open_s),
        share(belief.half_open_s),
        number(belief.openings),
        number(belief.flaps),
        number(reached.map(|one| one.downstream_calls).sum()),
    ];
    cells.iter().map(Html::text).collect()
}

/// How the requests to an instance ended, or to all, outside the warm-up: the figures of a run leave that out, too.
fn outcomes(run: &Repetition, target: Option<&str>) -> Outcomes {
    let targets = run.load.targets.iter();
    let asked = targets.filter(|one| target.is_none_or(|name| one.name == name));
    let parts = asked.flat_map(|one| &one.parts);
    let counted = parts.filter(|part| part.phase != WARM_UP);
    counted.fold(Outcomes::default(), |mut sum, part| {
        sum += &part.outcomes;
        sum
    })
}

/// The times and counts of all instances.
fn together<'a>(beliefs: impl Iterator<Item = &'a Belief>) -> Belief {
    beliefs.fold(Belief::default(), |sum, one| Belief {
        watched_s: sum.watched_s + one.watched_s,
        closed_s: sum.closed_s + one.closed_s,
        open_s: sum.open_s + one.open_s,
        half_open_s: sum.half_open_s + one.half_open_s,
        openings: sum.openings + one.openings,
        flaps: sum.flaps + one.flaps,
        ..sum
    })
}

/// Every transition, for those who run no scripts: the others have the log.
pub(super) fn transitions(run: &Repetition, moments: Moments) -> String {
    let instances = run.fleet.instances.iter();
    let changes = instances.flat_map(|one| one.transitions.iter().map(move |it| (&one.name, it)));
    let mut changes: Vec<_> = changes.collect();
    changes.sort_by(|(_, one), (_, other)| one.at_s.total_cmp(&other.at_s));
    let all = changes.len();
    let rows = changes
        .into_iter()
        .take(MOST_CHANGES)
        .map(|(name, change)| {
            vec![
                moments.at(change.at_s),
                Html::text(name),
                Html::text(format!("{} → {}", state(change.from), state(change.to))),
                Html::text(cause_of(change)),
            ]
        });
    let rows: Vec<Vec<Html>> = rows.collect();
    if rows.is_empty() {
        return paragraph("No breaker changed its state.");
    }
    let shown = rows.len();
    let table = Table {
        caption: "Transitions",
        head: &["at", "instance", "change", "cause"],
        text_columns: 4,
        rows,
    };
    let left = all - shown;
    let rest = if left > 0 {
        paragraph(&format!("… and {left} more, which result.json has."))
    } else {
        String::new()
    };
    let summary = match all {
        1 => "1 transition".to_owned(),
        _ => format!("All {}", counted(all, "transition")),
    };
    format!("<details><summary>{summary}</summary>\n{table}{rest}</details>\n")
}

/// What operators did; nothing where nobody did anything.
pub(super) fn orders(run: &Repetition, moments: Moments) -> Option<String> {
    let all = ordered(run);
    let left_out = run.orders.as_ref().map_or(0, |orders| orders.left_out);
    let shown = all.iter().take(MOST_CHANGES).map(|order| {
        vec![
            moments.at(order.at_s),
            Html::text(&order.what),
            Html::text(order.source),
        ]
    });
    let table = Table {
        caption: "Orders, changes of settings and of the load",
        head: &["at", "what", "how it is known"],
        text_columns: 3,
        rows: shown.collect(),
    };
    let left = whole(all.len().saturating_sub(MOST_CHANGES)).saturating_add(left_out);
    let rest = match left {
        0 => String::new(),
        left => paragraph(&format!("… and {} more.", number(left))),
    };
    (!all.is_empty()).then(|| format!("{table}{rest}"))
}

fn whole(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}

fn more(all: usize) -> String {
    let more = all.saturating_sub(MOST_ROWS);
    if more == 0 {
        return String::new();
    }
    paragraph(&format!(
        "… and {}, which result.json has.",
        counted(more, "more instance")
    ))
}
