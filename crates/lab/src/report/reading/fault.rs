//! The outage in a reading: when the downstream became unhealthy, for whom, and when all breakers were closed again.

use experiment::fleet::Timeline;

use super::Clause;
use super::story::{Fault, Story, clock, passes, share, time};
use super::whole;
use crate::words::times;

/// When the downstream became unhealthy first, or that it did not.
pub(super) fn began(story: &Story<'_>) -> Vec<Clause> {
    let Some(first) = story.faults.first() else {
        return vec![healthy(story)];
    };
    let whom = whom(story, first);
    let failing = failing(story, first);
    let phase = phase_at(story, first.from);
    let text = if first.from <= 0.0 {
        format!("The downstream was unhealthy from the start{whom}{phase}{failing}.")
    } else {
        format!(
            "At {} the downstream became unhealthy{whom}{phase}{failing}.",
            clock(first.from)
        )
    };
    vec![Clause::at(first.from, text)]
}

/// What is said of a run without a fault.
fn healthy(story: &Story<'_>) -> Clause {
    let steps = story.fleet().truths.iter().flat_map(Timeline::steps);
    let worst = steps.fold(
        (0.0, 0.0),
        |worst: (f64, f64), step| {
            if step.1 > worst.1 { *step } else { worst }
        },
    );
    if worst.1 <= 0.0 {
        return Clause::of_all("The downstream was healthy all the time.");
    }
    let text = format!(
        "The downstream never counted as unhealthy: at most {} of the calls failed, and it counts as unhealthy from {} on.",
        share(worst.1),
        share(story.fleet().unhealthy_at)
    );
    Clause::at(worst.0, text)
}

/// ` for B only`, where the fault did not concern all.
fn whom(story: &Story<'_>, fault: &Fault) -> String {
    if fault.concerned.len() == story.size() {
        return String::new();
    }
    let only = if fault.concerned.len() == 1 {
        " only"
    } else {
        ""
    };
    format!(" for {}{only}", story.names(&fault.concerned))
}

/// `: 90 % of the calls failed from then on`
fn failing(story: &Story<'_>, fault: &Fault) -> String {
    let fleet = story.fleet();
    let concerned = fault.concerned.iter();
    let truths = concerned.filter_map(|place| fleet.truths.get(fleet.instances[*place].truth));
    let most = truths.map(|truth| truth.at(fault.from)).fold(0.0, f64::max);
    if most >= 1.0 {
        ": every call failed".to_owned()
    } else {
        format!(": {} of the calls failed", share(most))
    }
}

/// ` (phase outage)`
fn phase_at(story: &Story<'_>, at: f64) -> String {
    let mut phases = story.fleet().phases.iter();
    let within = phases.find(|phase| (phase.from_s..phase.until_s).contains(&at));
    within.map_or_else(String::new, |phase| format!(" (phase {})", phase.name))
}

/// When the downstream was healthy again for good, and how soon the breakers closed.
pub(super) fn recovered(story: &Story<'_>) -> Vec<Clause> {
    let Some(last) = story.faults.last() else {
        return Vec::new();
    };
    let mut clauses = Vec::new();
    if let [first, .., _] = &*story.faults {
        clauses.push(Clause::at(
            first.from,
            format!(
                "In all it became unhealthy {}.",
                times(whole(story.faults.len()))
            ),
        ));
    }
    if last.until >= story.fleet().duration_s {
        clauses.push(Clause::of_all(
            "The run ended before the downstream recovered.",
        ));
        return clauses;
    }
    let again = if clauses.is_empty() {
        "again"
    } else {
        "again for good"
    };
    clauses.push(Clause::at(
        last.until,
        format!(
            "At {} the downstream was healthy {again}.",
            clock(last.until)
        ),
    ));
    clauses.extend(closed(story, last.until));
    clauses
}

/// Which breakers closed after the downstream was well, the first and the last of them, and which did not.
fn closed(story: &Story<'_>, well: f64) -> Vec<Clause> {
    let fleet = story.fleet();
    let mut closed: Vec<(f64, usize)> = Vec::new();
    let mut open = Vec::new();
    for place in 0..story.size() {
        let states = fleet.states(place);
        let last = states.last().map(|span| (span.from, span.value));
        let was = states
            .iter()
            .find(|span| span.until > well)
            .map(|span| span.value);
        match (was, last) {
            (Some(was), _) if passes(was) => {}
            (_, Some((_, value))) if !passes(value) => open.push(place),
            _ => {
                let mut after = states.iter().filter(|span| span.from >= well);
                closed.extend(after.find(|it| passes(it.value)).map(|it| (it.from, place)));
            }
        }
    }
    closed.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut clauses = Vec::new();
    let name = |place: usize| story.name(place);
    match &*closed {
        [] => {}
        [(at, place)] => clauses.push(Clause::at(
            *at,
            format!("{} closed {} later.", name(*place), time(at - well)),
        )),
        [(first, one), .., (last, other)] => {
            let text = format!("{} closed first, {} later.", name(*one), time(first - well));
            clauses.push(Clause::at(*first, text));
            let text = format!(
                "{} closed last, {} after the recovery.",
                name(*other),
                time(last - well)
            );
            clauses.push(Clause::at(*last, text));
        }
    }
    if !open.is_empty() {
        let was = if open.len() == 1 { "was" } else { "were" };
        clauses.push(Clause::at(
            fleet.duration_s,
            format!(
                "{} {was} still not closed when the run ended.",
                story.names(&open)
            ),
        ));
    }
    clauses
}
