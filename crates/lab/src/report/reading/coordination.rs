//! Coordination in a reading: verdicts, vetoes, leases, and times without the engine.

use experiment::coordination::{CoordinationRecord, MemberRecord};
use fusebox::{Cause, State};

use super::Clause;
use super::names::counted;
use super::story::{Story, clock, passes, time};
use crate::words::{number, times};

/// What the instances decided together.
pub(super) fn decided(story: &Story<'_>) -> Vec<Clause> {
    let Some(record) = &story.run.coordination else {
        return Vec::new();
    };
    let mut clauses = vec![verdict(story, record)];
    clauses.extend(vetoes(record));
    clauses.extend(leases(story, record));
    clauses.extend(alone(story, record));
    clauses.extend(localised(record));
    clauses
}

fn sum(record: &CoordinationRecord, of: fn(&MemberRecord) -> u64) -> u64 {
    record.instances.iter().map(of).sum()
}

/// Whether the fleet opened, when it first opened a breaker, and how many followed.
fn verdict(story: &Story<'_>, record: &CoordinationRecord) -> Clause {
    let mode = record.mode;
    let opened = record.ledger.openings;
    if opened == 0 {
        return Clause::of_all(format!("The fleet (mode {mode}) never opened together."));
    }
    let changes = story.changes();
    let followed = |change: &experiment::fleet::Change| {
        change.cause == Cause::Fleet && change.to == State::Open && passes(change.from)
    };
    let mut places: Vec<usize> = changes
        .iter()
        .filter(|(_, it)| followed(it))
        .map(|(place, _)| *place)
        .collect();
    places.sort_unstable();
    places.dedup();
    let head = format!("The fleet (mode {mode}) opened together {}", times(opened));
    match changes.iter().find(|(_, it)| followed(it)) {
        Some((_, first)) => Clause::at(
            first.at_s,
            format!(
                "{head}: its verdict opened {}, first at {}.",
                story.names(&places),
                clock(first.at_s)
            ),
        ),
        None => Clause::of_all(format!("{head}; each breaker had opened by itself before.")),
    }
}

/// Who stayed closed although the fleet opened.
fn vetoes(record: &CoordinationRecord) -> Option<Clause> {
    let all = sum(record, |one| one.vetoes);
    (all > 0).then(|| {
        let saw = if all == 1 { "an instance" } else { "instances" };
        Clause::of_all(format!(
            "{}: {saw} stayed closed for a while beside an open fleet, having seen no trouble.",
            counted(all, "veto").replace("vetos", "vetoes")
        ))
    })
}

/// The probes that one instance made for all.
fn leases(story: &Story<'_>, record: &CoordinationRecord) -> Option<Clause> {
    let leases = &record.ledger.leases;
    let changes = story.changes();
    let first = changes.iter().find(|(_, it)| it.cause == Cause::FleetProbe);
    (leases.granted > 0).then(|| Clause {
        text: format!(
            "{} leased to one instance for all: {} succeeded, {} failed.",
            match leases.granted {
                1 => "1 probe was".to_owned(),
                many => format!("{} probes were", number(many)),
            },
            number(leases.succeeded),
            number(leases.failed)
        ),
        at: first.map(|(_, it)| it.at_s),
    })
}

/// How long instances had no fresh view of the others, and what they did.
fn alone(story: &Story<'_>, record: &CoordinationRecord) -> Option<Clause> {
    let falls = sum(record, |one| one.fallbacks);
    let longest = record
        .instances
        .iter()
        .rev()
        .max_by(|a, b| a.alone_s.total_cmp(&b.alone_s))?;
    if falls == 0 {
        return None;
    }
    let changes = story.changes();
    let lost = changes.iter().find(|(_, it)| it.cause == Cause::EngineLost);
    Some(Clause {
        text: format!(
            "Instances decided alone for a while {}, because nothing fresh came from the engine; {} was without news \
             longest ({}).",
            times(falls),
            longest.name,
            time(longest.alone_s)
        ),
        at: lost.map(|(_, it)| it.at_s),
    })
}

/// Breakers that were open beside a fleet that was fine.
fn localised(record: &CoordinationRecord) -> Option<Clause> {
    let named: Vec<&str> = record
        .instances
        .iter()
        .filter(|one| one.localised > 0)
        .map(|one| &*one.name)
        .collect();
    (!named.is_empty()).then(|| {
        let was = if named.len() == 1 { "was" } else { "were" };
        Clause::of_all(format!(
            "{} {was} open beside a fleet that was fine: the failure was local, not the downstream's.",
            super::names::listed(&named, record.instances.len())
        ))
    })
}
