//! The tables of a run's report: expectations, runs, belief beside truth, clients and coordination.

use experiment::comparison::{Spread, USUAL};
use experiment::coordination::{CoordinationRecord, Course, MemberRecord};
use experiment::expectation::{Expectation, Figure, Unit};
use experiment::fleet::{Belief, Delays};
use experiment::outcome::ClientOutcome;
use experiment::result::{Repetition, RunResult};

use super::document::{Mark, Table};
use super::happenings::{happenings, left_out};
use super::names::counted;
use super::orders::{at, ordered};
use crate::words::number;

/// Instances that have a row each; more of them form groups.
const ROWS: usize = 16;
/// Groups of a larger fleet.
const GROUPS: usize = 8;
/// Events of the fleet, and orders, that have a row each.
const MOST_EVENTS: usize = 40;

/// How the table of [`fleet`] is read.
pub(super) const FLEET_NOTE: &str = "Shares are of the time. Delays are medians (Kaplan and Meier): from the downstream \
turning unhealthy to the breaker leaving closed, and from its turning healthy to the breaker closing. Wasted and wrongly \
rejected calls are expected numbers.";

/// Each expectation with its figure; none where nothing was expected.
pub(super) fn expectations(runs: &[Repetition]) -> Option<Table> {
    let first = runs.first().filter(|run| !run.verdicts.is_empty())?;
    let mut table = if runs.len() == 1 {
        Table::new(2, ["", "expected", "measured"])
    } else {
        Table::new(
            2,
            [
                "",
                "expected",
                "measured: median (smallest … largest)",
                "held in",
            ],
        )
    };
    for (place, verdict) in first.verdicts.iter().enumerate() {
        let all: Vec<_> = runs
            .iter()
            .filter_map(|run| run.verdicts.get(place))
            .collect();
        let held = all.iter().filter(|it| it.held).count();
        let is_held = held == all.len();
        let (mark, word) = if is_held {
            (Mark::Good, "held")
        } else {
            (Mark::Bad, "failed")
        };
        let values: Vec<f64> = all.iter().filter_map(|it| it.value).collect();
        let unit = verdict
            .expectation
            .parse::<Expectation>()
            .map(|it| it.figure().definition.unit);
        let shown = match (unit, Spread::of(&values)) {
            (Ok(unit), Some(spread)) if runs.len() > 1 => spread.show(unit),
            _ => verdict.shown.clone(),
        };
        let mut cells = vec![word.to_owned(), verdict.expectation.clone(), shown];
        if runs.len() > 1 {
            cells.push(format!("{held} of {}", all.len()));
        }
        table.row(mark, cells);
    }
    Some(table)
}

/// The runs, one by one.
pub(super) fn runs(runs: &[Repetition]) -> Table {
    let mut table = Table::new(
        1,
        [
            "run",
            "seed",
            "expectations held",
            "ok",
            "fast-fail",
            "disagreed",
        ],
    );
    for (place, run) in (1..).zip(runs) {
        let held = run.verdicts.iter().filter(|it| it.held).count();
        let is_held = held == run.verdicts.len();
        let note = match (&run.invalid, run.cut_short) {
            (Some(_), _) => ", void",
            (None, true) => ", cut short",
            (None, false) => "",
        };
        let mark = if is_held && note.is_empty() {
            Mark::None
        } else {
            Mark::Bad
        };
        table.row(
            mark,
            [
                format!("{place}{note}"),
                run.seed.to_string(),
                format!("{held} of {}", run.verdicts.len()),
                shown(run, "ok_ratio"),
                shown(run, "fast_fail_ratio"),
                shown(run, "divergence_share"),
            ],
        );
    }
    table
}

/// The usual figures over all runs.
pub(super) fn spreads(result: &RunResult) -> Table {
    let mut table = Table::new(1, ["figure", "median (smallest … largest)"]);
    for name in USUAL {
        let figure: Figure = name.parse().expect("the usual figures are known");
        if let Some(spread) = Spread::of(&result.values(&figure)) {
            table.row(
                Mark::None,
                [(*name).to_owned(), spread.show(figure.definition.unit)],
            );
        }
    }
    table
}

/// What each breaker believed, beside what was true; a large fleet by groups.
pub(super) fn fleet(run: &Repetition) -> Table {
    let mut table = Table::new(
        1,
        [
            "instance",
            "unhealthy",
            "noticed after",
            "wrongly closed",
            "closed after",
            "wrongly open",
            "openings",
            "flaps",
            "wasted calls",
            "wrongly rejected",
        ],
    );
    let beliefs = run.fleet.beliefs();
    // "Wrongly open" is held against the truth without breakers where they change the truth.
    let beside = run
        .counterfactual
        .as_ref()
        .filter(|_| run.fleet.truth_follows_load);
    let beside = beside.map(|without| run.fleet.beside(&without.truth));
    let open = beside
        .as_ref()
        .map_or_else(|| beliefs.clone(), |fleet| fleet.beliefs());
    let is_open_known = beside.is_some() || !run.fleet.truth_follows_load;
    let size = if beliefs.len() > ROWS {
        beliefs.len().div_ceil(GROUPS)
    } else {
        1
    };
    for (group, open) in beliefs.chunks(size.max(1)).zip(open.chunks(size.max(1))) {
        let name = match group {
            [(one, _)] => (*one).to_owned(),
            [(first, _), .., (last, _)] => format!("{first} – {last}"),
            [] => continue,
        };
        table.row(
            Mark::None,
            cells(name, group, is_open_known.then_some(open)),
        );
    }
    if beliefs.len() > 1 {
        let all = format!("all {}", number(whole(beliefs.len())));
        table.row(
            Mark::Marked,
            cells(all, &beliefs, is_open_known.then_some(&open)),
        );
    }
    table
}

/// One row: shares are means, as all were watched equally long; waits are pooled, and counts are sums.
fn cells(name: String, group: &[(&str, Belief)], open: Option<&[(&str, Belief)]>) -> Vec<String> {
    let sum = |of: fn(&Belief) -> f64| group.iter().map(|(_, belief)| of(belief)).sum::<f64>();
    let count = |of: fn(&Belief) -> u64| number(group.iter().map(|(_, belief)| of(belief)).sum());
    let watched = sum(|belief| belief.watched_s).max(f64::MIN_POSITIVE);
    let share = |seconds: f64| Unit::Share.show(seconds / watched);
    let delay = |of: fn(&Belief) -> &Delays| {
        let mut all = Delays::default();
        for (_, belief) in group {
            all.merge(of(belief));
        }
        all.quantile(0.5)
            .map_or_else(|| "-".to_owned(), |delay| Unit::Delay.show(delay))
    };
    let wrongly_open = open.map(|open| {
        open.iter()
            .map(|(_, belief)| belief.wrongly_open_s)
            .sum::<f64>()
    });
    vec![
        name,
        share(sum(|belief| belief.unhealthy_s)),
        delay(|belief| &belief.detections),
        share(sum(|belief| belief.wrongly_closed_s)),
        delay(|belief| &belief.recoveries),
        wrongly_open.map_or_else(|| "-".to_owned(), share),
        count(|belief| belief.openings),
        count(|belief| belief.flaps),
        Unit::Expected.show(sum(|belief| belief.wasted_calls)),
        Unit::Expected.show(sum(|belief| belief.wrongly_rejected_calls)),
    ]
}

/// What clients saw of each instance, and of all.
pub(super) fn clients(run: &Repetition) -> Table {
    let mut table = Table::new(
        1,
        [
            "instance",
            "requests",
            "ok",
            "failed",
            "fast-fail",
            "ok p50",
            "ok p99",
        ],
    );
    let mut row = |mark, name: String, target: Option<&str>| {
        let Some(part) = run.load.part(target, None) else {
            return;
        };
        let time = |share| {
            let time = part.ok.quantile(share);
            time.map_or_else(|| "-".to_owned(), |time| Unit::Seconds.show(time))
        };
        let cells = [
            name,
            number(part.outcomes.planned()),
            number(part.outcomes[ClientOutcome::Ok]),
            number(part.outcomes.failed()),
            number(part.outcomes[ClientOutcome::FastFail]),
            time(0.5),
            time(0.99),
        ];
        table.row(mark, cells);
    };
    let targets = &run.load.targets;
    if targets.len() <= ROWS {
        for target in targets {
            row(Mark::None, target.name.clone(), Some(&target.name));
        }
    }
    if targets.len() != 1 {
        row(
            Mark::Marked,
            format!("all {}", number(whole(targets.len()))),
            None,
        );
    }
    table
}

/// How the instances decided together, in one line.
pub(super) fn coordination_line(record: &CoordinationRecord) -> String {
    let leases = &record.ledger.leases;
    format!(
        "Mode {}; the fleet opened {}; leases of the probe: {} granted, {} succeeded, {} failed, {} came too late; \
         {} messages were lost.",
        record.mode,
        crate::words::times(record.ledger.openings),
        number(leases.granted),
        number(leases.succeeded),
        number(leases.failed),
        number(leases.fenced),
        number(record.ledger.lost_messages),
    )
}

/// What each instance told and heard; a large fleet has one row.
pub(super) fn coordination(record: &CoordinationRecord) -> Table {
    let mut table = Table::new(
        1,
        [
            "instance",
            "messages",
            "without news",
            "vetoes",
            "went on alone",
            "localised failures",
        ],
    );
    if record.instances.len() <= ROWS {
        for one in &record.instances {
            table.row(Mark::None, member(one.name.clone(), record, &[one]));
        }
    }
    if record.instances.len() > 1 {
        let all: Vec<&MemberRecord> = record.instances.iter().collect();
        table.row(
            Mark::Marked,
            member(format!("all {}", number(whole(all.len()))), record, &all),
        );
    }
    table
}

/// What happened in the fleet, one by one, as far as there is room; and what is left out, in a sentence.
pub(super) fn happened(run: &Repetition, course: &Course) -> (Table, Option<String>) {
    let mut table = Table::new(4, ["at", "who", "what", "the fleet then"]);
    let happened = happenings(course, &run.fleet);
    for it in happened.iter().take(MOST_EVENTS) {
        let cells = [
            at(it.at_s),
            it.who.clone(),
            it.what.clone(),
            it.votes.clone(),
        ];
        table.row(Mark::None, cells);
    }
    let more = match happened.len().saturating_sub(MOST_EVENTS) {
        0 => None,
        more => Some(format!(
            "{} more stand in report.html.",
            counted(whole(more), "row")
        )),
    };
    let parts: Vec<String> = more.into_iter().chain(left_out(course)).collect();
    (table, (!parts.is_empty()).then(|| parts.join(" ")))
}

/// What operators did; nothing where nobody did anything.
pub(super) fn orders(run: &Repetition) -> Option<Table> {
    let mut table = Table::new(3, ["at", "what", "how it is known"]);
    let all = ordered(run);
    for order in all.iter().take(MOST_EVENTS) {
        let cells = [at(order.at_s), order.what.clone(), order.source.to_owned()];
        table.row(Mark::None, cells);
    }
    (!all.is_empty()).then_some(table)
}

fn member(name: String, record: &CoordinationRecord, of: &[&MemberRecord]) -> [String; 6] {
    let sum = |get: fn(&MemberRecord) -> u64| of.iter().map(|one| get(one)).sum::<u64>();
    let present: f64 = of.iter().map(|one| record.watched_s - one.absent_s).sum();
    let present = present.max(f64::MIN_POSITIVE);
    let alone: f64 = of.iter().map(|one| one.alone_s).sum();
    #[expect(clippy::cast_precision_loss, reason = "messages of one run")]
    let messages = sum(|one| one.sent + one.received) as f64;
    [
        name,
        Unit::PerSecond.show(messages / present),
        Unit::Share.show(alone / present),
        number(sum(|one| one.vetoes)),
        number(sum(|one| one.fallbacks)),
        number(sum(|one| one.localised)),
    ]
}

/// One figure of all instances as people read it, or `-`.
fn shown(run: &Repetition, figure: &str) -> String {
    use experiment::expectation::Figures as _;

    let figure: Figure = figure.parse().expect("the figures of a report are known");
    let value = run.value(&figure).filter(|value| !value.is_nan());
    value.map_or_else(
        || "-".to_owned(),
        |value| figure.definition.unit.show(value),
    )
}

fn whole(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}
