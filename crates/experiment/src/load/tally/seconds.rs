//! The seconds of a run: what happened in each, and in which of them some instances failed while others served.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use super::Detail;
use super::sample::Sample;
use crate::load::result::{Second, SecondOfTarget};
use crate::outcome::ClientOutcome;

/// Seconds that are kept: an hour.
const KEPT: usize = 3600;

/// The present second, and those that are over.
#[derive(Clone, Debug)]
pub(super) struct Seconds {
    detail: Detail,
    number: u64,
    /// One for each target, or one for all of them.
    present: Vec<SecondOfTarget>,
    /// Response times of the present second, row by row.
    responses: Vec<Sample>,
    over: VecDeque<Second>,
    mixed: MixedSeconds,
    /// The mixed ones within the time of the run, once that is over.
    within: Option<MixedSeconds>,
    /// The targets that rejected a request in the present second, and those that served one.
    rejecting: LeastTwo,
    serving: LeastTwo,
}

/// Seconds in which one target answered 503 while another answered 200.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct MixedSeconds {
    /// How many there were.
    pub count: u64,
    /// The first one: its number, the target that rejected and the one that served.
    pub first: Option<(u64, usize, usize)>,
}

/// The two smallest of some numbers. That is enough to find a pair of different members of two sets.
#[derive(Clone, Copy, Debug, Default)]
struct LeastTwo {
    least: Option<usize>,
    next: Option<usize>,
}

impl Seconds {
    pub(super) fn new(detail: Detail, targets: usize) -> Self {
        let rows = detail.rows(targets);
        Self {
            detail,
            number: 0,
            present: vec![SecondOfTarget::default(); rows],
            responses: vec![Sample::default(); rows],
            over: VecDeque::new(),
            mixed: MixedSeconds::default(),
            within: None,
            rejecting: LeastTwo::default(),
            serving: LeastTwo::default(),
        }
    }

    pub(super) fn plan(&mut self, second: u64, row: usize) {
        self.pass_to(second);
        self.present[row].outcomes.plan();
    }

    /// `micros` are those of the response.
    pub(super) fn end(
        &mut self,
        second: u64,
        [row, target]: [usize; 2],
        outcome: ClientOutcome,
        micros: u64,
    ) {
        self.pass_to(second);
        self.present[row].outcomes.count(outcome);
        self.responses[row].record(outcome, micros);
        match outcome {
            ClientOutcome::Ok => self.serving.take(target),
            ClientOutcome::FastFail => self.rejecting.take(target),
            _ => {}
        }
    }

    /// Begins second number `to`. Threads may arrive here in another order than their clocks showed: what belongs to
    /// a second that is over counts in the present one.
    pub(super) fn pass_to(&mut self, to: u64) {
        while self.number < to {
            // Of a long sleep only what is kept matters.
            let next = (self.number + 1).max(to.saturating_sub(KEPT as u64));
            self.turn(next);
        }
    }

    fn turn(&mut self, next: u64) {
        let quiet = vec![SecondOfTarget::default(); self.present.len()];
        let mut over = std::mem::replace(&mut self.present, quiet);
        for (row, sample) in over.iter_mut().zip(&mut self.responses) {
            sample.conclude(row);
        }
        self.mixed = self.mixed();
        self.rejecting = LeastTwo::default();
        self.serving = LeastTwo::default();
        if self.over.len() == KEPT {
            self.over.pop_front();
        }
        let (all, targets) = match self.detail {
            Detail::EachTarget => (None, over),
            Detail::Together => (over.pop(), Vec::new()),
        };
        let second = self.number;
        self.over.push_back(Second {
            second,
            all,
            targets,
        });
        self.number = next;
    }

    /// The run is over, and the present second with it, if anything happened in it.
    pub(super) fn finish(&mut self) {
        let quiet = |row: &SecondOfTarget| *row == SecondOfTarget::default();
        if !self.present.iter().all(quiet) {
            self.turn(self.number + 1);
        }
    }

    /// Those that are over, from number `first`.
    pub(super) fn from(&self, first: u64) -> Vec<Second> {
        let begin = self.over.partition_point(|over| over.second < first);
        self.over.range(begin..).cloned().collect()
    }

    /// The mixed ones of those that are over when second number `second` begins.
    pub(super) fn mixed_before(&mut self, second: u64) -> MixedSeconds {
        self.pass_to(second);
        self.within.unwrap_or(self.mixed)
    }

    /// The time of the run is over: those that are over when second number `second` begins are the whole ones of it.
    pub(super) fn close(&mut self, second: u64) {
        self.within = Some(self.mixed_before(second));
    }

    pub(super) fn mixed(&self) -> MixedSeconds {
        let mut mixed = self.mixed;
        if let Some((rejecting, serving)) = self.rejecting.beside(self.serving) {
            let pair = (self.number, rejecting, serving);
            mixed.count += 1;
            mixed.first = mixed.first.or(Some(pair));
        }
        mixed
    }
}

impl LeastTwo {
    fn take(&mut self, number: usize) {
        let Self { least, next } = *self;
        if least.is_none_or(|least| number < least) {
            *self = Self {
                least: Some(number),
                next: least,
            };
        } else if least != Some(number) && next.is_none_or(|next| number < next) {
            self.next = Some(number);
        }
    }

    /// The least number of these that stands beside another one of `others`, and the least such other.
    fn beside(self, others: Self) -> Option<(usize, usize)> {
        let numbers = [self.least, self.next].into_iter().flatten();
        numbers.into_iter().find_map(|number| {
            let mut others = [others.least, others.next].into_iter().flatten();
            let other = others.find(|other| *other != number)?;
            Some((number, other))
        })
    }
}
