//! Exactly the last N outcomes, in a ring with running sums.

use super::{Sample, WindowFigures};

#[derive(Clone, Debug)]
pub(crate) struct CountWindow {
    ring: Box<[Option<Sample>]>,
    next: usize,
    sums: WindowFigures,
}

impl CountWindow {
    pub(crate) fn new(calls: u32) -> Self {
        Self {
            ring: vec![None; calls as usize].into_boxed_slice(),
            next: 0,
            sums: WindowFigures::default(),
        }
    }

    pub(crate) fn record(&mut self, sample: Sample) {
        if let Some(oldest) = self.ring[self.next].replace(sample) {
            self.sums.subtract(WindowFigures::of(oldest));
        }
        self.sums.add(1, sample);
        self.next += 1;
        if self.next == self.ring.len() {
            self.next = 0;
        }
    }

    /// Records as many outcomes of the same kind. No more than the ring holds leave a trace.
    pub(crate) fn add(&mut self, times: u64, sample: Sample) {
        for _ in 0..times.min(self.ring.len() as u64) {
            self.record(sample);
        }
    }

    pub(crate) fn figures(&self) -> WindowFigures {
        self.sums
    }

    pub(crate) fn clear(&mut self) {
        self.ring.fill(None);
        self.next = 0;
        self.sums = WindowFigures::default();
    }

    /// The outcomes, oldest first.
    pub(crate) fn samples(&self) -> impl Iterator<Item = Sample> {
        let (newer, older) = self.ring.split_at(self.next);
        older.iter().chain(newer).copied().flatten()
    }
}
