//! What time is it? The one place that asks the system; everything else is told.
//!
//! Time is a [`Duration`] since an origin of the clock's own choosing. Only differences count, so
//! a breaker never depends on the wall clock. A source that steps back is harmless: for the breaker
//! no time passes until the source is ahead again.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// A source of monotonic time.
pub trait Clock: Send + Sync {
    /// The time since this clock's origin.
    fn now(&self) -> Duration;

    /// The same in nanoseconds, for a clock that counts them anyway.
    fn now_nanos(&self) -> u64 {
        nanos(self.now())
    }

    /// Whether readings may step back. By default they may, and a breaker remembers the latest one
    /// it has seen; for a clock that never does, not even between threads, it need not.
    fn steps(&self) -> ClockSteps {
        ClockSteps::BackToo
    }
}

/// Which way the readings of a [`Clock`] may go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ClockSteps {
    /// Never back, on no thread.
    OnlyForward,
    /// Back as well.
    BackToo,
}

impl<C: Clock + ?Sized> Clock for Arc<C> {
    fn now(&self) -> Duration {
        (**self).now()
    }

    fn now_nanos(&self) -> u64 {
        (**self).now_nanos()
    }

    fn steps(&self) -> ClockSteps {
        (**self).steps()
    }
}

/// The system's monotonic clock, counted from the moment of its creation. Clones share the origin.
#[derive(Clone, Copy, Debug)]
pub struct SystemClock {
    origin: Instant,
}

impl SystemClock {
    /// A clock that starts now.
    pub fn new() -> Self {
        #[expect(clippy::disallowed_methods, reason = "this is the clock")]
        let origin = Instant::now();
        Self { origin }
    }
}

impl Default for SystemClock {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock for SystemClock {
    fn now(&self) -> Duration {
        self.origin.elapsed()
    }

    fn steps(&self) -> ClockSteps {
        // The standard library promises it of `Instant`.
        ClockSteps::OnlyForward
    }
}

/// A clock that moves only when told to. Clones show the same time.
///
/// # Examples
/// ```
/// use breaker::{Clock, ManualClock};
/// use std::time::Duration;
///
/// let clock = ManualClock::new();
/// clock.advance(Duration::from_secs(3));
/// assert_eq!(clock.now(), Duration::from_secs(3));
/// clock.set(Duration::from_secs(1)); // a source may step back
/// assert_eq!(clock.now(), Duration::from_secs(1));
/// ```
#[derive(Clone, Debug, Default)]
pub struct ManualClock {
    nanos: Arc<AtomicU64>,
}

impl ManualClock {
    /// A clock at its origin.
    pub fn new() -> Self {
        Self::default()
    }

    /// Moves the clock forward by `step`.
    pub fn advance(&self, step: Duration) {
        self.nanos.fetch_add(nanos(step), Ordering::SeqCst);
    }

    /// Moves the clock to `time` since its origin, forwards or backwards.
    pub fn set(&self, time: Duration) {
        self.nanos.store(nanos(time), Ordering::SeqCst);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Duration {
        Duration::from_nanos(self.nanos.load(Ordering::SeqCst))
    }
}

/// Whole nanoseconds of `duration`; the end of time (584 years) when there are more.
pub(crate) fn nanos(duration: Duration) -> u64 {
    duration
        .as_secs()
        .saturating_mul(1_000_000_000)
        .saturating_add(duration.subsec_nanos().into())
}
