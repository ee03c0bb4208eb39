//! Coordination in a reading: verdicts, vetoes, leases, and times without the engine.

use experiment::coordination::{
    CoordinationRecord, EventKind, FleetVerdict, Happening, MemberRecord,
};
use fusebox::{Cause, State};

use super::Clause;
use super::names::counted;
use super::story::{Story, clock, passes, time};
use crate::report::together::modes;
use crate::words::{number, times};

/// What the instances decided together.
pub(super) fn decided(story: &Story<'_>) -> Vec<Clause> {
    let Some(record) = &story.run.coordination else {
        return Vec::new();
    };
    let mut clauses = vec![verdict(story, record)];
    clauses.extend(first_verdict(record));
    clauses.extend(vetoes(story, record));
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
    let mode = modes(record);
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

/// When the fleet's verdict first opened, and by which votes.
fn first_verdict(record: &CoordinationRecord) -> Option<Clause> {
    let views = &record.course.as_ref()?.views;
    let first = views
        .iter()
        .find(|view| view.verdict == Some(FleetVerdict::Open))?;
    Some(Clause::at(
        first.at_s,
        format!(
            "Its first verdict came at {}, when {} of {} suspected the downstream ({} needed).",
            clock(first.at_s),
            number(first.suspects.into()),
            counted(first.voters, "voter"),
            number(first.need.into()),
        ),
    ))
}

/// The events of one kind, in order.
fn events(record: &CoordinationRecord, kind: EventKind) -> Vec<&Happening> {
    let events = record.course.iter().flat_map(|course| &course.events);
    events.filter(|event| event.kind == kind).collect()
}

/// The instances of these events, by name or by number.
fn who(story: &Story<'_>, events: &[&Happening]) -> String {
    let mut places: Vec<usize> = events.iter().map(|event| event.instance).collect();
    places.sort_unstable();
    places.dedup();
    story.names(&places)
}

/// Who stayed closed although the fleet opened.
fn vetoes(story: &Story<'_>, record: &CoordinationRecord) -> Option<Clause> {
    let all = sum(record, |one| one.vetoes);
    let known = events(record, EventKind::Vetoed);
    (all > 0).then(|| {
        let saw = match &*known {
            [] if all == 1 => "an instance".to_owned(),
            [] => "instances".to_owned(),
            known => who(story, known),
        };
        let text = format!(
            "{}: {saw} stayed closed for a while beside an open fleet, having seen no trouble.",
            counted(all, "veto")
        );
        Clause {
            text,
            at: known.first().map(|event| event.at_s),
        }
    })
}

/// The probes that one instance made for all.
fn leases(story: &Story<'_>, record: &CoordinationRecord) -> Option<Clause> {
    let leases = &record.ledger.leases;
    let known = events(record, EventKind::Leased);
    let changes = story.changes();
    let first = changes.iter().find(|(_, it)| it.cause == Cause::FleetProbe);
    let first = first.map(|(_, it)| it.at_s);
    let held = match &*known {
        [] => String::new(),
        known => format!(", held by {}", who(story, known)),
    };
    (leases.granted > 0).then(|| Clause {
        text: format!(
            "{} of the probe for all{held}: {} succeeded, {} failed.",
            counted(leases.granted, "lease"),
            number(leases.succeeded),
            number(leases.failed)
        ),
        at: known.first().map(|event| event.at_s).or(first),
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
    let lost = lost.map(|(_, it)| it.at_s);
    let known = events(record, EventKind::FellBack);
    let back = events(record, EventKind::Rejoined);
    let since = match (known.first(), back.last()) {
        (Some(first), Some(heard)) => format!(
            ", first at {}, and last rejoined the fleet at {}",
            clock(first.at_s),
            clock(heard.at_s)
        ),
        (Some(first), None) => format!(
            ", first at {}, and did not hear the fleet again",
            clock(first.at_s)
        ),
        (None, _) => String::new(),
    };
    Some(Clause {
        text: format!(
            "Instances decided alone for a while {}{since}, because nothing fresh came from the engine; {} was without \
             news longest ({}).",
            times(falls),
            longest.name,
            time(longest.alone_s)
        ),
        at: known.first().map(|event| event.at_s).or(lost),
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
    let known = events(record, EventKind::Localised);
    (!named.is_empty()).then(|| {
        let was = if named.len() == 1 { "was" } else { "were" };
        let since = known.first().map(|event| event.at_s);
        let first = since.map_or(String::new(), |at_s| format!(" (first at {})", clock(at_s)));
        Clause {
            text: format!(
                "{} {was} open beside a fleet that was fine{first}: the failure was local, not the downstream's.",
                super::names::listed(&named, record.instances.len())
            ),
            at: since,
        }
    })
}
