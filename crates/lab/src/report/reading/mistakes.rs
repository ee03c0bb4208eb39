//! Mistakes in a reading: times in which breakers were wrongly closed or open, and calls that this cost.

use experiment::fleet::{Belief, Span};
use fusebox::State;

use super::Clause;
use super::story::{Story, passes, share, time};
use crate::words::number;

/// For how long breakers were wrongly closed, and wrongly open.
pub(super) fn times(story: &Story<'_>) -> Vec<Clause> {
    let closed = wrong(story, Side::Closed);
    closed.into_iter().chain(wrong(story, Side::Open)).collect()
}

/// On which side a breaker is wrong.
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

    /// Whether a breaker in this state is wrong about a downstream that is unhealthy or not.
    fn is_wrong(self, state: State, unhealthy: bool) -> bool {
        match self {
            Self::Closed => passes(state) && unhealthy,
            Self::Open => !passes(state) && !unhealthy,
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
            "Whether breakers were wrongly open is not known: under overload they change the health that they are \
             held against.",
        ));
    };
    (part > 0.0).then(|| {
        Clause::of_all(format!(
            "Held against the same run without breakers, breakers were open or half-open while the downstream would \
             have been healthy for {} of the time.",
            share(part)
        ))
    })
}

/// When the longest time began in which this breaker was wrong.
fn longest(story: &Story<'_>, place: usize, side: Side) -> Option<f64> {
    let fleet = story.fleet();
    let (states, health) = (fleet.states(place), fleet.health(place));
    let mut wrong: Vec<Span<()>> = Vec::new();
    for truth in health {
        for state in &states {
            let (from, until) = (state.from.max(truth.from), state.until.min(truth.until));
            if until <= from || !side.is_wrong(state.value, truth.value) {
                continue;
            }
            match wrong.last_mut() {
                Some(last) if last.until >= from => last.until = until,
                _ => wrong.push(Span {
                    from,
                    until,
                    value: (),
                }),
            }
        }
    }
    let longest = wrong
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
