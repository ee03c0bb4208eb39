//! A count window: exactly the last N outcomes, in a ring with running sums.

use std::mem;

use super::{Sample, WindowFigures};

#[derive(Clone, Debug)]
pub(crate) struct CountWindow {
    ring: Box<[Sample]>,
    /// How many of the places hold an outcome.
    held: usize,
    next: usize,
    sums: WindowFigures,
}

impl CountWindow {
    pub(crate) fn new(calls: u32) -> Self {
        Self {
            ring: vec![Sample::PLAIN; calls as usize].into_boxed_slice(),
            held: 0,
            next: 0,
            sums: WindowFigures::default(),
        }
    }

    pub(crate) fn record(&mut self, sample: Sample) {
        let oldest = mem::replace(&mut self.ring[self.next], sample);
        if self.held == self.ring.len() {
            self.sums.subtract(WindowFigures::of(oldest));
        } else {
            self.held += 1;
        }
        self.sums.add(1, sample);
        self.next += 1;
        if self.next == self.ring.len() {
            self.next = 0;
        }
    }

    /// Records as many outcomes of the same kind. Beyond the size of the ring, further ones make no
    /// difference.
    pub(crate) fn add(&mut self, times: u64, sample: Sample) {
        for _ in 0..times.min(self.ring.len() as u64) {
            self.record(sample);
        }
    }

    pub(crate) fn figures(&self) -> WindowFigures {
        self.sums
    }

    pub(crate) fn clear(&mut self) {
        self.held = 0;
        self.next = 0;
        self.sums = WindowFigures::default();
    }

    /// The outcomes, oldest first.
    pub(crate) fn samples(&self) -> impl Iterator<Item = Sample> {
        let (newer, older) = self.ring.split_at(self.next);
        let all = older.iter().chain(newer).copied();
        all.skip(self.ring.len() - self.held)
    }
}
