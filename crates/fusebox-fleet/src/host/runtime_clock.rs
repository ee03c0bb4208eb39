//! The runtime's own time as a clock of breakers and engines.

use std::time::Duration;

use fusebox::{Clock, ClockSteps};
use tokio::time::Instant;

/// A clock on the runtime's time, for breakers and for the engine in memory. A test or a demonstration can pause it
/// or move it for all of them together.
///
/// # Examples
/// ```
/// use fusebox::{Breaker, Config};
/// use fusebox_fleet::engine::memory::Memory;
/// use fusebox_fleet::host::RuntimeClock;
///
/// let clock = RuntimeClock::new();
/// let breaker = Breaker::with_clock("inventory", Config::default(), clock);
/// let engine = Memory::with_clock(clock);
/// # drop((breaker, engine));
/// ```
#[derive(Clone, Copy, Debug)]
pub struct RuntimeClock {
    origin: Instant,
}

impl RuntimeClock {
    /// Makes a clock whose time begins now.
    pub fn new() -> Self {
        Self {
            origin: Instant::now(),
        }
    }
}

impl Default for RuntimeClock {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock for RuntimeClock {
    fn now(&self) -> Duration {
        self.origin.elapsed()
    }

    fn steps(&self) -> ClockSteps {
        ClockSteps::OnlyForward
    }
}
