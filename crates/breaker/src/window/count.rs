//! Exactly the last N outcomes, in a ring with running sums.

use super::{Sample, WindowFigures};

#[derive(Debug)]
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
            self.sums.calls -= 1;
            self.sums.failures -= u64::from(oldest.failed);
            self.sums.slow -= u64::from(oldest.slow);
        }
        self.sums.add(sample);
        self.next = (self.next + 1) % self.ring.len();
    }

    pub(crate) fn figures(&self) -> WindowFigures {
        self.sums
    }

    pub(crate) fn clear(&mut self) {
        self.ring.fill(None);
        self.next = 0;
        self.sums = WindowFigures::default();
    }
}
