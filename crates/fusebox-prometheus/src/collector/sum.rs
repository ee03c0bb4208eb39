//! The sum of the breakers that have no series of their own.

use fusebox::{Snapshot, WindowFigures};

use super::counts::states;

/// The values of many breakers together, at one scrape.
#[derive(Debug)]
pub(super) struct Sum {
    pub(super) in_state: Vec<u64>,
    pub(super) window: WindowFigures,
}

impl Sum {
    pub(super) fn new() -> Self {
        Self {
            in_state: states().map(|_| 0).collect(),
            window: WindowFigures::default(),
        }
    }

    pub(super) fn add(&mut self, snapshot: &Snapshot) {
        for (state, breakers) in states().zip(&mut self.in_state) {
            *breakers += u64::from(snapshot.state == state);
        }
        self.window.calls += snapshot.window.calls;
        self.window.failures += snapshot.window.failures;
    }

    pub(super) fn join(&mut self, other: &Self) {
        for (own, other) in self.in_state.iter_mut().zip(&other.in_state) {
            *own += other;
        }
        self.window.calls += other.window.calls;
        self.window.failures += other.window.failures;
    }
}
