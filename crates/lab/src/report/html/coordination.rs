//! The coordination of one run, as its instances told each other: votes, verdicts, leases, and how long each was alone.

use std::fmt::Write;

use experiment::coordination::{CoordinationRecord, UsedEngine};
use experiment::expectation::Unit;
use experiment::fleet::Change;
use experiment::result::Repetition;
use experiment::scenario::CoordinationMode;
use fusebox::Cause;

use super::element::{Html, Moments, Table, paragraph};
use crate::report::happenings::{happenings, left_out};
use crate::report::names::counted;
use crate::report::together::engine_at_start;
use crate::words::{cause_of, number, state, times};

/// Instances that have a row each.
const MOST_ROWS: usize = 100;
/// Decisions of the fleet that have a row each.
const MOST_DECISIONS: usize = 200;
/// Up to so many rows are not folded.
const FEW: usize = 20;

/// All of it; nothing where each instance decided alone.
pub(super) fn coordination(run: &Repetition, moments: Moments) -> Option<String> {
    let record = run.coordination.as_ref()?;
    let mut html = paragraph(&introduction(record));
    html += &ledger(record);
    html += &events(run, record, moments);
    html += &decisions(run, moments);
    html += &members(record);
    Some(html)
}

/// How they decided from when on, and what the engine did.
fn introduction(record: &CoordinationRecord) -> String {
    let mut now = (record.mode, engine_at_start(record));
    let mut ways = way(now);
    for change in &record.changes {
        let before = std::mem::replace(&mut now, (change.mode, change.engine));
        let what = if before == now {
            change.different.clone()
        } else {
            way(now)
        };
        let from = crate::report::orders::at(change.at_s);
        let _ = write!(ways, "; from {from} {what}");
    }
    format!(
        "Mode {ways}. The fleet opened {}; the engine answered {}{}{}.",
        times_or_never(record.ledger.openings),
        counted(record.ledger.requests, "request"),
        lost(record.ledger.forgot, "and forgot all"),
        lost(record.ledger.lost_messages, "and messages were lost"),
    )
}

/// `quorum, over gossip, without a server`
fn way((mode, engine): (CoordinationMode, Option<UsedEngine>)) -> String {
    let over = match engine {
        None => "",
        Some(UsedEngine::Memory) => ", over an engine in the same process",
        Some(UsedEngine::Redis) => ", over a Redis or Valkey server",
        Some(UsedEngine::Gossip) => ", over gossip, without a server",
    };
    format!("{mode}{over}")
}

fn times_or_never(count: u64) -> String {
    if count == 0 {
        "never".to_owned()
    } else {
        times(count)
    }
}

fn lost(count: u64, what: &str) -> String {
    if count == 0 {
        String::new()
    } else {
        format!(", {what} {}", times(count))
    }
}

/// What came of requests for the probe lease.
fn ledger(record: &CoordinationRecord) -> String {
    let leases = &record.ledger.leases;
    let cells = [
        leases.granted,
        leases.early,
        leases.busy,
        leases.stale,
        leases.succeeded,
        leases.failed,
        leases.fenced,
    ];
    let row =
        std::iter::once(Html::text("requests")).chain(cells.map(|cell| Html::text(number(cell))));
    Table {
        caption: "The probe lease: who may probe for the fleet, and the result",
        head: &[
            "",
            "granted",
            "refused: too early",
            "refused: another probes",
            "refused: out of date",
            "probe good",
            "probe bad",
            "result too late",
        ],
        text_columns: 1,
        rows: vec![row.collect()],
    }
    .to_string()
}

/// What happened in the fleet, one by one, with the votes of that moment.
fn events(run: &Repetition, record: &CoordinationRecord, moments: Moments) -> String {
    let Some(course) = &record.course else {
        return paragraph(
            "This result is of an earlier version of the lab: it has no votes, verdicts and leases one by one.",
        );
    };
    let happened = happenings(course, &run.fleet);
    let rest = left_out(course).map_or_else(String::new, |left_out| paragraph(&left_out));
    if happened.is_empty() {
        return paragraph("Nothing happened in the fleet.") + &rest;
    }
    let all = happened.len();
    let rows = happened.into_iter().take(MOST_DECISIONS).map(|it| {
        vec![
            moments.at(it.at_s),
            Html::text(it.who),
            Html::text(it.what),
            Html::text(it.votes),
        ]
    });
    let table = Table {
        caption: "What happened in the fleet, and how it had voted then",
        head: &["at", "who", "what", "the fleet then"],
        text_columns: 4,
        rows: rows.collect(),
    };
    let events = counted(course.events.len(), "event");
    folded(
        &format!("{events} of the fleet"),
        all,
        &format!("{table}{}{rest}", more(all)),
    )
}

/// What follows where there are more rows than are shown.
fn more(all: usize) -> String {
    match all.saturating_sub(MOST_DECISIONS) {
        0 => String::new(),
        more => paragraph(&format!("… and {more} more, which result.json has.")),
    }
}

/// A part with a summary, which is open where it is short.
fn folded(summary: &str, rows: usize, content: &str) -> String {
    let open = if rows <= FEW { " open" } else { "" };
    format!("<details{open}><summary>{summary}</summary>\n{content}</details>\n")
}

/// Transitions that the fleet caused, in order.
fn decisions(run: &Repetition, moments: Moments) -> String {
    let instances = run.fleet.instances.iter();
    let decided = instances.flat_map(|one| {
        let of_fleet = one.transitions.iter().filter(|change| is_of_fleet(change));
        of_fleet.map(move |change| (&one.name, change))
    });
    let mut decided: Vec<_> = decided.collect();
    decided.sort_by(|(_, one), (_, other)| one.at_s.total_cmp(&other.at_s));
    let all = decided.len();
    if all == 0 {
        return paragraph("No breaker changed its state because of the fleet.");
    }
    let rows = decided
        .into_iter()
        .take(MOST_DECISIONS)
        .map(|(name, change)| {
            vec![
                moments.at(change.at_s),
                Html::text(name),
                Html::text(format!("{} → {}", state(change.from), state(change.to))),
                Html::text(cause_of(change)),
            ]
        });
    let table = Table {
        caption: "Transitions that the fleet caused",
        head: &["at", "instance", "change", "cause"],
        text_columns: 4,
        rows: rows.collect(),
    };
    let changes = counted(all, "change");
    folded(
        &format!("{changes} of state by the fleet"),
        all,
        &format!("{table}{}", more(all)),
    )
}

fn is_of_fleet(change: &Change) -> bool {
    let told = change.cause.as_str().starts_with("fleet");
    told || change.cause == Cause::EngineLost
}

/// What each instance told and heard.
fn members(record: &CoordinationRecord) -> String {
    let rows = record.instances.iter().take(MOST_ROWS).map(|one| {
        let cells = [
            one.name.clone(),
            number(one.sent),
            number(one.received),
            number(one.changes),
            number(one.vetoes),
            number(one.fallbacks),
            Unit::Seconds.show(one.alone_s),
            Unit::Seconds.show(one.view_age_s),
            number(one.localised),
        ];
        cells.iter().map(Html::text).collect()
    });
    let table = Table {
        caption: "Votes and views of each instance",
        head: &[
            "instance",
            "messages sent",
            "received",
            "changes of its vote",
            "vetoes",
            "went on alone",
            "time without a fresh view",
            "mean age of its view",
            "localised failures",
        ],
        text_columns: 1,
        rows: rows.collect(),
    };
    let more = match record.instances.len().saturating_sub(MOST_ROWS) {
        0 => String::new(),
        more => paragraph(&format!(
            "… and {}, which result.json has.",
            counted(more, "more instance")
        )),
    };
    format!("{table}{more}")
}

#[cfg(test)]
mod tests {
    use experiment::coordination::{CoordinationChange, LedgerRecord};
    use fusebox_fleet::Mode;

    use super::*;
    use crate::report::together::modes;

    #[test]
    fn a_run_that_changed_its_mode_is_introduced_by_each_of_them() {
        let mode = CoordinationMode;
        let change = |at_s, mode, engine, different: &str| CoordinationChange {
            at_s,
            mode,
            engine,
            rules: String::new(),
            different: different.to_owned(),
        };
        let record = CoordinationRecord {
            mode: mode(Mode::Local),
            ledger: LedgerRecord {
                openings: 3,
                requests: 40,
                ..LedgerRecord::default()
            },
            changes: vec![
                change(
                    60.0,
                    mode(Mode::Quorum),
                    Some(UsedEngine::Redis),
                    "quorum, engine redis",
                ),
                change(
                    70.5,
                    mode(Mode::Quorum),
                    Some(UsedEngine::Redis),
                    "heartbeat 300ms",
                ),
                change(90.0, mode(Mode::Local), None, "local"),
            ],
            ..CoordinationRecord::default()
        };

        assert_eq!(modes(&record), "local, then quorum, then local");
        assert_eq!(
            introduction(&record),
            "Mode local; from 1:00.0 quorum, over a Redis or Valkey server; from 1:10.5 heartbeat 300ms; \
             from 1:30.0 local. The fleet opened 3 times; the engine answered 40 requests."
        );
        let steady = CoordinationRecord {
            mode: mode(Mode::Quorum),
            ..CoordinationRecord::default()
        };
        assert_eq!(modes(&steady), "quorum");
        assert_eq!(
            introduction(&steady),
            "Mode quorum, over an engine in the same process. The fleet opened never; the engine answered 0 requests."
        );
    }
}
