//! The seconds of a run: what happened in each, and which were mixed.

use std::collections::VecDeque;

use experiment::load::{Latencies, Second, SecondOfTarget};
use experiment::outcome::Outcome;

use super::End;

/// Seconds that are kept.
const KEPT: usize = 3600;

/// The present second, and those that are over.
pub(super) struct Seconds {
    present: Second,
    /// Response times of the present second, of successes and of all, by target.
    responses: Vec<[Latencies; 2]>,
    over: VecDeque<Second>,
    mixed: MixedSeconds,
}

/// Seconds in which one instance answered 503 while another answered 200.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct MixedSeconds {
    pub(crate) count: u64,
    /// The first one: its number, the instance that rejected and the one that served.
    pub(crate) first: Option<(u64, usize, usize)>,
}

impl Seconds {
    pub(super) fn new(targets: usize) -> Self {
        Self {
            present: empty(0, targets),
            responses: vec![Default::default(); targets],
            over: VecDeque::new(),
            mixed: MixedSeconds::default(),
        }
    }

    pub(super) fn plan(&mut self, second: u64, target: usize) {
        self.pass_to(second);
        self.present.targets[target].outcomes.plan();
    }

    pub(super) fn end(&mut self, second: u64, target: usize, end: &End) {
        self.pass_to(second);
        self.present.targets[target].outcomes.count(end.outcome);
        let [ok, all] = &mut self.responses[target];
        if end.outcome.never_came() {
            all.record_never();
        } else {
            all.record(end.response);
        }
        if end.outcome == Outcome::Ok {
            ok.record(end.response);
        }
    }

    /// Begins second number `to`. Threads may come here in another order than their clocks had it:
    /// what belongs to a second that is over counts in the present one.
    pub(super) fn pass_to(&mut self, to: u64) {
        while self.present.second < to {
            // Of a long sleep only what is kept matters.
            let next = (self.present.second + 1).max(to.saturating_sub(KEPT as u64));
            self.turn(next);
        }
    }

    fn turn(&mut self, next: u64) {
        let targets = self.present.targets.len();
        let mut over = std::mem::replace(&mut self.present, empty(next, targets));
        for (target, [ok, all]) in over.targets.iter_mut().zip(&mut self.responses) {
            target.ok_p50_s = ok.quantile(0.5);
            target.ok_p99_s = ok.quantile(0.99);
            target.p50_s = all.quantile(0.5);
            target.p99_s = all.quantile(0.99);
            ok.clear();
            all.clear();
        }
        self.mixed.take(&over);
        if self.over.len() == KEPT {
            self.over.pop_front();
        }
        self.over.push_back(over);
    }

    /// The run is over, and the present second with it, if anything happened in it.
    pub(super) fn finish(&mut self) {
        let quiet = |target: &SecondOfTarget| *target == SecondOfTarget::default();
        if !self.present.targets.iter().all(quiet) {
            self.turn(self.present.second + 1);
        }
    }

    /// Those that are over, from number `first`.
    pub(super) fn from(&self, first: u64) -> Vec<Second> {
        let begin = self.over.partition_point(|over| over.second < first);
        self.over.range(begin..).cloned().collect()
    }

    pub(super) fn mixed(&self) -> MixedSeconds {
        let mut mixed = self.mixed;
        mixed.take(&self.present);
        mixed
    }
}

fn empty(second: u64, targets: usize) -> Second {
    Second {
        second,
        targets: vec![SecondOfTarget::default(); targets],
    }
}

impl MixedSeconds {
    fn take(&mut self, second: &Second) {
        let with = |outcome: Outcome| {
            let targets = second.targets.iter().enumerate();
            targets.filter_map(move |(place, it)| (it.outcomes[outcome] > 0).then_some(place))
        };
        let pair = with(Outcome::FastFail).find_map(|rejecting| {
            let serving = with(Outcome::Ok).find(|&serving| serving != rejecting)?;
            Some((second.second, rejecting, serving))
        });
        if let Some(pair) = pair {
            self.count += 1;
            self.first = self.first.or(Some(pair));
        }
    }
}
