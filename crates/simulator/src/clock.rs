//! The clock of all breakers of a run: a cell that the loop sets.
//!
//! One thread owns it. It is an atomic only because a [`Clock`] may be read from any thread; reading it is a plain
//! load.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use fusebox::{Clock, ClockSteps};

/// Virtual time. Clones share it.
#[derive(Clone, Debug, Default)]
pub(crate) struct VirtualClock(Arc<AtomicU64>);

impl VirtualClock {
    pub(crate) fn set(&self, nanos: u64) {
        self.0.store(nanos, Ordering::Relaxed);
    }
}

impl Clock for VirtualClock {
    fn now(&self) -> Duration {
        Duration::from_nanos(self.now_nanos())
    }

    fn now_nanos(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }

    fn steps(&self) -> ClockSteps {
        ClockSteps::OnlyForward
    }
}
