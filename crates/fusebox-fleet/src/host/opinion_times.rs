//! A measurement of how long an instance has held each opinion, by the fleet's verdict at the time.
//!
//! The share of time in which an instance suspects a downstream that the fleet finds well shows how often its vote is
//! wrong. A quorum is better than its members only while that share is below the share of votes that it needs (the
//! jury condition).

use std::ops::Add;
use std::time::Duration;

use crate::opinion::Opinion;
use crate::view::View;

/// The fleet's verdict as an instance had heard it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum HeardVerdict {
    /// The fleet was closed.
    Closed,
    /// The fleet was open.
    Open,
    /// There was no view, or no fresh one.
    Unknown,
}

impl HeardVerdict {
    /// All verdicts, in the order of declaration.
    pub const ALL: [Self; 3] = [Self::Closed, Self::Open, Self::Unknown];

    /// Returns the word for labels and pages.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Closed => "closed",
            Self::Open => "open",
            Self::Unknown => "unknown",
        }
    }

    pub(super) fn of(fresh: Option<View>) -> Self {
        fresh.map_or(Self::Unknown, |view| {
            if view.verdict.is_open() {
                Self::Open
            } else {
                Self::Closed
            }
        })
    }
}

/// How long an instance has held each opinion. The times add up to the time since it joined.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OpinionTimes {
    times: [[Duration; HeardVerdict::ALL.len()]; Opinion::ALL.len()],
}

impl OpinionTimes {
    /// Returns how long the instance held this opinion while this was the fleet's verdict.
    pub fn of(&self, opinion: Opinion, verdict: HeardVerdict) -> Duration {
        self.times[opinion as usize][verdict as usize]
    }

    pub(super) fn plus(mut self, opinion: Opinion, verdict: HeardVerdict, more: Duration) -> Self {
        let time = &mut self.times[opinion as usize][verdict as usize];
        *time = time.saturating_add(more);
        self
    }
}

/// The times of one participant and those of another one, as one: times of a breaker that has joined anew go on.
impl Add for OpinionTimes {
    type Output = Self;

    fn add(mut self, other: Self) -> Self {
        let mine = self.times.as_flattened_mut().iter_mut();
        for (mine, others) in mine.zip(other.times.as_flattened()) {
            *mine = mine.saturating_add(*others);
        }
        self
    }
}
