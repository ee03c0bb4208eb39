//! The clocks of a breaker: [`Clock`], its implementations, and how a breaker holds one. Only this
//! module asks the system for the time; the rest of the crate is told.
//!
//! Time is a [`Duration`] since an origin that the clock chooses. Only differences count, so a
//! breaker never depends on the wall clock. A source that steps back does no harm: for the breaker,
//! no time passes until the source is ahead again.

#[cfg(feature = "coarse")]
mod coarse;
#[cfg(all(feature = "tsc", any(target_os = "linux", target_os = "android")))]
mod cores;
#[cfg(feature = "tsc")]
mod guarded;
mod manual;
#[cfg(feature = "tsc")]
mod tsc;

use std::any::Any;
use std::sync::Arc;
use std::time::{Duration, Instant};

#[cfg(feature = "coarse")]
pub use coarse::CoarseClock;
pub use manual::ManualClock;
#[cfg(feature = "tsc")]
pub use tsc::TscClock;

/// A source of monotonic time for a breaker.
///
/// # Examples
/// ```
/// use fusebox::{Breaker, Clock, ClockSteps, Config};
/// use std::time::{Duration, Instant};
///
/// struct SinceStart(Instant);
///
/// impl Clock for SinceStart {
///     fn now(&self) -> Duration {
///         self.0.elapsed()
///     }
///     fn steps(&self) -> ClockSteps {
///         ClockSteps::OnlyForward
///     }
/// }
///
/// let clock = SinceStart(Instant::now());
/// let breaker = Breaker::with_clock("inventory", Config::default(), clock);
/// # let _ = breaker;
/// ```
pub trait Clock: Send + Sync {
    /// Returns the time since this clock's origin.
    fn now(&self) -> Duration;

    /// Returns the same in nanoseconds, for a clock that counts them anyway.
    fn now_nanos(&self) -> u64 {
        nanos(self.now())
    }

    /// Returns whether readings may step back. By default they may, and a breaker remembers the
    /// latest reading. It need not do so for a clock that never steps back, not even between
    /// threads.
    fn steps(&self) -> ClockSteps {
        ClockSteps::BackToo
    }
}

/// The direction in which the readings of a [`Clock`] may go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ClockSteps {
    /// Readings never step back, on no thread.
    OnlyForward,
    /// Readings may step back.
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

/// The system's monotonic clock, counted from the moment this clock was created. Clones share the
/// origin.
#[derive(Clone, Copy, Debug)]
pub struct SystemClock {
    origin: Instant,
}

impl SystemClock {
    /// Makes a clock that starts now.
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
    #[inline]
    fn now(&self) -> Duration {
        self.origin.elapsed()
    }

    #[inline]
    fn now_nanos(&self) -> u64 {
        nanos(self.now())
    }

    fn steps(&self) -> ClockSteps {
        // The standard library promises it of `Instant`.
        ClockSteps::OnlyForward
    }
}

/// The clock of a breaker. The clocks of this crate are called directly, because a call through a
/// pointer costs as much as some of them.
#[derive(Clone)]
pub(crate) enum TimeSource {
    System(SystemClock),
    #[cfg(feature = "tsc")]
    Tsc(TscClock),
    #[cfg(feature = "coarse")]
    Coarse(CoarseClock),
    Other(Arc<dyn Clock>),
}

impl TimeSource {
    pub(crate) fn of(clock: impl Clock + 'static) -> Self {
        let mut clock = Some(clock);
        let any: &mut dyn Any = &mut clock;
        if let Some(Some(system)) = any.downcast_mut::<Option<SystemClock>>() {
            return Self::System(*system);
        }
        #[cfg(feature = "tsc")]
        if let Some(Some(tsc)) = any.downcast_mut::<Option<TscClock>>() {
            return Self::Tsc(tsc.clone());
        }
        #[cfg(feature = "coarse")]
        if let Some(Some(coarse)) = any.downcast_mut::<Option<CoarseClock>>() {
            return Self::Coarse(*coarse);
        }
        // Shared already: another pointer to follow would cost a miss of the cache per breaker.
        if let Some(Some(shared)) = any.downcast_mut::<Option<Arc<dyn Clock>>>() {
            return Self::Other(Arc::clone(shared));
        }
        Self::Other(Arc::new(clock.expect("nobody took it")))
    }

    #[expect(
        clippy::inline_always,
        reason = "measured: a call costs as much as a third of the coarse clock"
    )]
    #[inline(always)]
    pub(crate) fn now_nanos(&self) -> u64 {
        match self {
            Self::System(clock) => clock.now_nanos(),
            #[cfg(feature = "tsc")]
            Self::Tsc(clock) => clock.now_nanos(),
            #[cfg(feature = "coarse")]
            Self::Coarse(clock) => clock.now_nanos(),
            Self::Other(clock) => clock.now_nanos(),
        }
    }

    pub(crate) fn steps(&self) -> ClockSteps {
        match self {
            Self::System(clock) => clock.steps(),
            #[cfg(feature = "tsc")]
            Self::Tsc(clock) => clock.steps(),
            #[cfg(feature = "coarse")]
            Self::Coarse(clock) => clock.steps(),
            Self::Other(clock) => clock.steps(),
        }
    }
}

/// Whole nanoseconds of `duration`; the largest number (584 years) when there are more.
#[inline]
pub(crate) fn nanos(duration: Duration) -> u64 {
    duration
        .as_secs()
        .saturating_mul(1_000_000_000)
        .saturating_add(duration.subsec_nanos().into())
}

/// Nanoseconds, or none: an `Option` in eight bytes, because permits are moved often. The largest
/// number, which no clock shows, stands for none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Nanos(u64);

impl Nanos {
    pub(crate) const NONE: Self = Self(u64::MAX);

    #[inline]
    pub(crate) fn some(nanos: u64) -> Self {
        Self(nanos.min(u64::MAX - 1))
    }

    pub(crate) fn of(duration: Duration) -> Self {
        Self::some(nanos(duration))
    }

    #[inline]
    pub(crate) fn get(self) -> Option<u64> {
        (self != Self::NONE).then_some(self.0)
    }

    pub(crate) fn duration(self) -> Option<Duration> {
        self.get().map(Duration::from_nanos)
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    #[test]
    fn the_clocks_of_this_crate_are_called_directly_and_others_through_a_pointer() {
        let system = TimeSource::of(SystemClock::new());
        assert!(matches!(system, TimeSource::System(_)));
        #[cfg(feature = "tsc")]
        assert!(matches!(
            TimeSource::of(TscClock::new()),
            TimeSource::Tsc(_)
        ));
        #[cfg(feature = "coarse")]
        assert!(matches!(
            TimeSource::of(CoarseClock::new()),
            TimeSource::Coarse(_)
        ));

        let manual = ManualClock::new();
        manual.set(Duration::from_nanos(7));
        let other = TimeSource::of(manual);
        assert!(matches!(other, TimeSource::Other(_)));
        assert_eq!(other.now_nanos(), 7);
    }
}
