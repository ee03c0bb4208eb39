//! Mistakes in a reading: times in which breakers were wrongly closed or open, and calls that this cost.

use experiment::fleet::{Belief, Span};

use super::Clause;
use super::story::{Story, share, time};
use crate::report::lanes::wrong as wrong_spans;
use crate::words::number;

/// For how long breakers were wrongly closed, and wrongly open.
pub(super) fn times(story: &Story<'_>) -> Vec<Clause> {
    let closed = wrong(story, Side::Closed);
    closed.into_iter().chain(wrong(story, Side::Open)).collect()
}

/// On which side a breaker is wrong, in the order of the kinds of [`wrong_spans`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Side {
    Closed,
    Open,
}

impl Side {
    fn figure(self) -> &'static str {
        match self {
            Self::Closed => "wrongly_closed_share",
            Self::Open => "wrongly_open_share",
        }
    }

    fn words(self) -> &'static str {
        match self {
            Self::Closed => "closed while the downstream was unhealthy",
            Self::Open => "open or half-open while it was healthy",
        }
    }

    fn seconds(self, belief: &Belief) -> f64 {
        match self {
            Self::Closed => belief.wrongly_closed_s,
            Self::Open => belief.wrongly_open_s,
        }
    }
}

fn wrong(story: &Story<'_>, side: Side) -> Option<Clause> {
    let run = story.run;
    if side == Side::Open && run.fleet.truth_follows_load {
        return overload(story);
    }
    let of_time = story.value(side.figure()).filter(|part| *part > 0.0)?;
    let beliefs = run.fleet.beliefs();
    let placed = beliefs.iter().enumerate().rev();
    let worst = placed.max_by(|a, b| side.seconds(&a.1.1).total_cmp(&side.seconds(&b.1.1)));
    let (place, (name, belief)) = worst?;
    let most = side.seconds(belief);
    let text = if story.size() == 1 {
        format!(
            "{name} was {} for {} ({} of the time).",
            side.words(),
            time(most),
            share(of_time)
        )
    } else {
        format!(
            "Breakers were {} for {} of the time on average, {name} longest ({}).",
            side.words(),
            share(of_time),
            time(most)
        )
    };
    Some(Clause {
        text,
        at: longest(story, place, side),
    })
}

/// What is known of "wrongly open" where breakers change the health that they are held against.
fn overload(story: &Story<'_>) -> Option<Clause> {
    let Some(part) = story.value("wrongly_open_share") else {
        return Some(Clause::of_all(
            "Whether breakers were wrongly open is not known: under overload they influence the health that \
             they are judged by.",
        ));
    };
    (part > 0.0).then(|| {
        Clause::of_all(format!(
            "Compared with the same run without breakers, breakers were open or half-open while the \
             downstream would \
             have been healthy for {} of the time.",
            share(part)
        ))
    })
}

/// When the longest time began in which this breaker was wrong.
fn longest(story: &Story<'_>, place: usize, side: Side) -> Option<f64> {
    let mut joined: Vec<Span<usize>> = Vec::new();
    for span in wrong_spans(story.fleet(), place) {
        match joined.last_mut() {
            _ if span.value != side as usize => {}
            Some(last) if last.until >= span.from => last.until = span.until,
            _ => joined.push(span),
        }
    }
    // Of those that are equally long the first.
    let longest = joined
        .iter()
        .rev()
        .max_by(|a, b| (a.until - a.from).total_cmp(&(b.until - b.from)));
    longest.map(|span| span.from)
}

/// What it cost: calls that were expected to fail, and rejected ones that would have succeeded.
pub(super) fn calls(story: &Story<'_>) -> Option<Clause> {
    let wasted = story.value("wasted_calls").unwrap_or_default();
    let rejected = story.value("wrongly_rejected_calls").unwrap_or_default();
    let text = match (wasted >= 0.5, rejected >= 0.5) {
        (false, false) => return None,
        (true, false) => format!(
            "Of the calls that were permitted about {} were expected to fail.",
            shown(wasted)
        ),
        (false, true) => format!(
            "Of the calls that were rejected about {} would have succeeded.",
            shown(rejected)
        ),
        (true, true) => format!(
            "Of the calls that were permitted about {} were expected to fail; of those that were rejected about {} \
             would have succeeded.",
            shown(wasted),
            shown(rejected)
        ),
    };
    Some(Clause::of_all(text))
}

/// An expected number of calls, in whole ones.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "an expected number of calls"
)]
fn shown(calls: f64) -> String {
    number(calls.round() as u64)
}
