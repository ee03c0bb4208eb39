//! Interruptions of instances: when each is paused, and when it is down.
//!
//! All interruptions are known before the start, so the instant at which an instance reads an answer or gives up is
//! computed when the call is made.

use std::collections::BTreeMap;

use experiment::scenario::{Interruption, Scenario};

use crate::nanos;

/// A time in which an instance does not work: from an instant to the one at which it works again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Span {
    from: u64,
    to: u64,
}

/// What happens to an instance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Turn {
    /// Its process stands still from now on.
    Pauses,
    /// It goes on.
    Resumes,
    /// Its process has ended; before, it may have taken its leave of the fleet.
    Stops { leaves: bool },
    /// Another one has begun.
    Starts,
    /// It has been taken out of the fleet.
    Leaves,
}

impl Turn {
    /// Its number in the digest.
    pub(crate) fn mark(self) -> u8 {
        match self {
            Self::Pauses => 0,
            Self::Resumes => 1,
            Self::Stops { .. } => 2,
            Self::Starts => 3,
            Self::Leaves => 4,
        }
    }
}

/// All interruptions of a run. The spans of an instance are in order, and no two pauses touch: where one ends, the
/// instance works.
#[derive(Debug, Default)]
pub(crate) struct Interruptions {
    pauses: BTreeMap<u32, Vec<Span>>,
    downs: BTreeMap<u32, Vec<Span>>,
    /// What happens when to whom, in order.
    pub(crate) turns: Vec<(u64, u32, Turn)>,
}

impl Interruptions {
    pub(crate) fn of(scenario: &Scenario) -> Self {
        let mut all = Self::default();
        let mut in_order: Vec<Interruption> = scenario.interruptions().collect();
        in_order.sort_by_key(|one| (one.from, one.instance));
        for one in in_order {
            let place = u32::try_from(one.instance).expect("fewer instances than 2^32");
            let span = Span {
                from: nanos(one.from),
                to: nanos(one.until),
            };
            let [begin, end] = if one.restarts {
                all.downs.entry(place).or_default().push(span);
                [Turn::Stops { leaves: one.leaves }, Turn::Starts]
            } else {
                all.pauses.entry(place).or_default().push(span);
                [Turn::Pauses, Turn::Resumes]
            };
            all.turns.push((span.from, place, begin));
            all.turns.push((span.to, place, end));
        }
        for (instance, at) in scenario.leaves() {
            let place = u32::try_from(instance).expect("fewer instances than 2^32");
            all.turns.push((nanos(at), place, Turn::Leaves));
        }
        all.turns.sort_by_key(|(at, place, _)| (*at, *place));
        for spans in all.pauses.values_mut() {
            *spans = joined(std::mem::take(spans));
        }
        all
    }

    fn of_instance(spans: &BTreeMap<u32, Vec<Span>>, instance: u32) -> &[Span] {
        spans.get(&instance).map_or(&[], Vec::as_slice)
    }

    /// When an instance sees what happens at `at`: then it does not stand still.
    pub(crate) fn awake(&self, instance: u32, at: u64) -> u64 {
        if self.pauses.is_empty() {
            return at;
        }
        let pauses = Self::of_instance(&self.pauses, instance).iter();
        let meanwhile = pauses.filter(|span| (span.from..span.to).contains(&at));
        meanwhile.map(|span| span.to).max().unwrap_or(at)
    }

    /// Whether an instance has no process at `now`.
    pub(crate) fn is_down(&self, instance: u32, now: u64) -> bool {
        if self.downs.is_empty() {
            return false;
        }
        let downs = Self::of_instance(&self.downs, instance);
        downs.iter().any(|span| (span.from..span.to).contains(&now))
    }

    /// When an instance has worked for `span` since `from`, at which it worked.
    pub(crate) fn after_work(&self, instance: u32, from: u64, span: u64) -> u64 {
        let mut until = from.saturating_add(span);
        if self.pauses.is_empty() {
            return until;
        }
        for pause in Self::of_instance(&self.pauses, instance) {
            if pause.from >= from && pause.from < until {
                until = until.saturating_add(pause.to - pause.from);
            }
        }
        until
    }

    /// For how long an instance stood still between two instants.
    pub(crate) fn stood_still(&self, instance: u32, from: u64, to: u64) -> u64 {
        if self.pauses.is_empty() {
            return 0;
        }
        let pauses = Self::of_instance(&self.pauses, instance).iter();
        let overlaps = pauses.map(|span| span.to.min(to).saturating_sub(span.from.max(from)));
        overlaps.sum()
    }
}

/// Pauses in order of time, whatever the order in which they were written; those that touch are one, since nothing
/// happens between them.
fn joined(mut spans: Vec<Span>) -> Vec<Span> {
    spans.sort_by_key(|span| span.from);
    let mut joined: Vec<Span> = Vec::with_capacity(spans.len());
    for span in spans {
        match joined.last_mut() {
            Some(last) if span.from <= last.to => last.to = last.to.max(span.to),
            _ => joined.push(span),
        }
    }
    joined
}
