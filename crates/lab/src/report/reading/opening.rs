//! Openings in a reading: who opened first and last, how long breakers differed, and who flapped.

use fusebox::{Cause, State};

use super::Clause;
use super::story::{Story, clock, passes, share, time};
use super::whole;
use crate::words::{cause_of, number, times};
use experiment::fleet::Change;

/// From so many instances on the middle of the fleet is told, beside its ends.
const MANY: usize = 5;

/// Who opened first and last, and who did not.
pub(super) fn openings(story: &Story<'_>) -> Vec<Clause> {
    let began = story.fleet().instances.iter().map(|one| one.began);
    let mut began = began.filter(|state| *state != State::Closed);
    if let Some(state) = began.next() {
        let rest = began.count() + 1;
        let whole_fleet = rest == story.size();
        let who = if whole_fleet {
            "All breakers".to_owned()
        } else {
            format!("{rest} breakers")
        };
        return vec![Clause::of_all(format!(
            "{who} began {}.",
            crate::words::state(state)
        ))];
    }
    let first = first_openings(story);
    let Some(&(place, change)) = first.first() else {
        return vec![Clause::of_all(none(story))];
    };
    let mut clauses = vec![Clause::at(change.at_s, opened_first(story, place, change))];
    clauses.extend(half(story, &first));
    if let [_, .., (last, other)] = &*first {
        let after = time(other.at_s - change.at_s);
        let text = format!(
            "{} opened last, at {}, {after} after {}: {}.",
            story.name(*last),
            clock(other.at_s),
            story.name(place),
            because(other)
        );
        clauses.push(Clause::at(other.at_s, text));
    }
    let never: Vec<usize> = (0..story.size())
        .filter(|place| first.iter().all(|(opened, _)| opened != place))
        .collect();
    if !never.is_empty() {
        clauses.push(Clause::of_all(format!(
            "{} never opened.",
            story.names(&never)
        )));
    }
    clauses
}

/// The first opening of each instance that opened, in order.
fn first_openings<'a>(story: &Story<'a>) -> Vec<(usize, &'a Change)> {
    let mut is_known = vec![false; story.size()];
    let opened = story.changes().into_iter().filter(|(_, it)| !passes(it.to));
    opened
        .filter(|(place, _)| !std::mem::replace(&mut is_known[*place], true))
        .collect()
}

fn none(story: &Story<'_>) -> String {
    let breakers = if story.size() == 1 {
        "The breaker"
    } else {
        "No breaker"
    };
    if story.size() == 1 {
        format!("{breakers} never opened.")
    } else {
        format!("{breakers} opened.")
    }
}

/// When the first breaker opened, and how it stood to the downstream then.
fn opened_first(story: &Story<'_>, place: usize, change: &Change) -> String {
    let begun = story.faults.iter().rfind(|fault| fault.from <= change.at_s);
    let relation = match begun {
        Some(fault) if change.at_s <= fault.until => {
            format!(
                ", {} after the downstream became unhealthy",
                time(change.at_s - fault.from)
            )
        }
        _ if story.faults.is_empty() => String::new(),
        _ => ", while the downstream was healthy".to_owned(),
    };
    let first = if story.size() == 1 { "" } else { " first" };
    format!(
        "{} opened{first}, at {}{relation}: {}.",
        story.name(place),
        clock(change.at_s),
        because(change)
    )
}

/// When half of a larger fleet had opened.
fn half(story: &Story<'_>, first: &[(usize, &Change)]) -> Option<Clause> {
    let size = story.size();
    let (_, middle) = first.get(size.div_ceil(2) - 1)?;
    (size >= MANY).then(|| {
        let text = format!(
            "Half of the {} instances had opened by {}.",
            number(whole(size)),
            clock(middle.at_s)
        );
        Clause::at(middle.at_s, text)
    })
}

/// The cause of an opening, without how long it was to last.
fn because(change: &Change) -> String {
    let without = Change {
        open_for_s: None,
        ..change.clone()
    };
    cause_of(&without)
}

/// For how long some breakers let calls pass while others did not.
pub(super) fn disagreement(story: &Story<'_>) -> Vec<Clause> {
    if story.size() < 2 || story.changes().is_empty() {
        return Vec::new();
    }
    let spans = story.fleet().differing();
    let differing: Vec<_> = spans.iter().filter(|span| span.value).collect();
    let all: f64 = differing.iter().map(|span| span.until - span.from).sum();
    let longest = differing
        .iter()
        .max_by(|a, b| (a.until - a.from).total_cmp(&(b.until - b.from)));
    let Some(longest) = longest else {
        return vec![Clause::of_all(
            "At no time did one breaker let calls pass while another did not.",
        )];
    };
    let of = all / story.fleet().duration_s.max(f64::MIN_POSITIVE);
    let text = format!(
        "Breakers disagreed, some letting calls pass and others not, for {} in all ({} of the time).",
        time(all),
        share(of)
    );
    let mut clauses = vec![Clause::at(differing[0].from, text)];
    if differing.len() > 1 {
        let text = format!(
            "They disagreed longest from {} to {}.",
            clock(longest.from),
            clock(longest.until)
        );
        clauses.push(Clause::at(longest.from, text));
    }
    clauses
}

/// Which instances somebody stopped.
pub(super) fn stopped(story: &Story<'_>) -> Option<Clause> {
    let instances = &story.fleet().instances;
    let numbered = instances.iter().enumerate();
    let places: Vec<usize> = numbered
        .filter(|(_, one)| !one.stopped.is_empty())
        .map(|(place, _)| place)
        .collect();
    let times = places.iter().flat_map(|place| &instances[*place].stopped);
    let (from, until) = times.reduce(|first, next| if next.0 < first.0 { next } else { first })?;
    let was = if places.len() == 1 { "was" } else { "were" };
    let text = format!(
        "{} {was} stopped by an operator, first from {} to {}.",
        story.names(&places),
        clock(*from),
        clock(*until)
    );
    Some(Clause::at(*from, text))
}

/// Which breakers went from open to half-open and back.
pub(super) fn flaps(story: &Story<'_>) -> Option<Clause> {
    let beliefs = story.fleet().beliefs();
    let all: u64 = beliefs.iter().map(|(_, belief)| belief.flaps).sum();
    let (most, belief) = beliefs
        .iter()
        .rev()
        .max_by_key(|(_, belief)| belief.flaps)?;
    if all == 0 {
        return None;
    }
    let first = story.changes().into_iter().find(|(_, it)| is_flap(it));
    let when = first.map_or_else(String::new, |(_, it)| {
        format!(", first at {}", clock(it.at_s))
    });
    let who = if story.size() == 1 {
        format!("{most} flapped {}", times(all))
    } else if belief.flaps == all {
        format!("Only {most} flapped, {}", times(all))
    } else {
        format!(
            "Breakers flapped {}, {most} most often with {}",
            times(all),
            number(belief.flaps)
        )
    };
    let text = format!("{who}: a probe failed and it opened again{when}.");
    Some(Clause {
        text,
        at: first.map(|(_, it)| it.at_s),
    })
}

fn is_flap(change: &Change) -> bool {
    change.from == State::HalfOpen
        && change.to == State::Open
        && !matches!(change.cause, Cause::FleetProbeSucceeded | Cause::EngineLost)
}
