//! A discrete-event simulation around the same model that the lab runs.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::Duration;

use experiment::chance::Draw;
use experiment::law::Law;
use experiment::overload::{Overload, WorkQueue};

/// Events in the order of their instants, then of their making.
#[derive(Debug)]
pub(crate) struct Agenda<E> {
    heap: BinaryHeap<Reverse<(Duration, u64, E)>>,
    made: u64,
    now: Duration,
}

impl<E: Ord> Agenda<E> {
    pub(crate) fn new() -> Self {
        Self {
            heap: BinaryHeap::new(),
            made: 0,
            now: Duration::ZERO,
        }
    }

    pub(crate) fn at(&mut self, when: Duration, event: E) {
        self.heap.push(Reverse((when, self.made, event)));
        self.made += 1;
    }

    pub(crate) fn next(&mut self) -> Option<(Duration, E)> {
        let Reverse((when, _, event)) = self.heap.pop()?;
        self.now = when;
        Some((when, event))
    }

    /// The instant of the event that came last.
    pub(crate) fn now(&self) -> Duration {
        self.now
    }
}

/// Poisson arrivals: the n-th gap.
pub(crate) fn gap(seed: u64, rate: f64, n: u64) -> Duration {
    let mean_ms = 1000.0 / rate;
    let share = Draw::new(seed).with("arrivals").number(n).share();
    Duration::from_secs_f64(Law::Exponential { mean_ms }.sample(share) / 1000.0)
}

pub(crate) fn work_queue(settings: &str, seed: u64) -> WorkQueue {
    let settings = Overload::parse(settings.as_bytes()).expect("it can be read");
    WorkQueue::new(settings, seed)
}
