//! [`CoarseClock`], which is accurate to a tick of the kernel and cheaper to read than any other
//! clock.

use std::time::Duration;

use super::{Clock, ClockSteps};

/// The system's monotonic clock as of the kernel's last timer tick. On Linux it costs a seventh of
/// [`SystemClock`](super::SystemClock), and it is behind by up to [`resolution`](Self::resolution),
/// which is 1 to 10 ms. Clones share the origin.
///
/// The clock counts from the moment it was created and never steps back. If the kernel's tick comes
/// late, as on a virtual machine that has lost its core, the clock is behind by as much more. On
/// systems without such a clock (all but Linux and Android), it is
/// [`SystemClock`](super::SystemClock).
///
/// # Effects of the resolution
/// Let r be the resolution.
/// - Calls and rejections are counted exactly; only times are coarse.
/// - An open period, a half-open period and a ramp last up to r less or r more than configured. As
///   with any other clock, the call that comes at the deadline *on this clock* is admitted.
/// - [`Rejected::retry_after`](crate::Rejected::retry_after) is never zero or negative, but may be
///   off by up to r. A caller that waits exactly that long may be told to wait once more, for up to
///   r.
/// - The duration of a call is off by up to r in either direction; a call within one tick seems to
///   take no time. A [slow-call duration](crate::ConfigBuilder::slow_call_duration) should be ten
///   times r, or more.
/// - A call that ends within r of the border between two buckets of a time window may count in the
///   earlier bucket. A bucket should be ten times r long, or more.
///
/// # Examples
/// ```
/// use fusebox::{Breaker, CoarseClock, Config};
/// use std::time::Duration;
///
/// assert!(CoarseClock::resolution() <= Duration::from_millis(10));
/// let breaker = Breaker::with_clock("inventory", Config::default(), CoarseClock::new());
/// breaker.try_acquire()?.success();
/// # Ok::<(), fusebox::Rejected>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct CoarseClock {
    source: source::Source,
}

impl CoarseClock {
    /// Makes a clock that starts now.
    pub fn new() -> Self {
        Self {
            source: source::Source::new(),
        }
    }

    /// Returns how far a reading may be behind [`SystemClock`](super::SystemClock): the length of
    /// the kernel's tick, for example 4 ms at 250 ticks per second. It is one nanosecond where this
    /// clock is the system's clock.
    pub fn resolution() -> Duration {
        source::resolution()
    }
}

impl Default for CoarseClock {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock for CoarseClock {
    fn now(&self) -> Duration {
        Duration::from_nanos(self.now_nanos())
    }

    #[inline]
    fn now_nanos(&self) -> u64 {
        self.source.now_nanos()
    }

    fn steps(&self) -> ClockSteps {
        // The kernel updates it for all cores at once, and only forward.
        ClockSteps::OnlyForward
    }
}

#[cfg(any(target_os = "linux", target_os = "android"))]
mod source {
    use std::time::Duration;

    use rustix::time::{ClockId, Timespec, clock_getres, clock_gettime};

    /// Nanoseconds on the kernel's clock at the origin.
    #[derive(Clone, Copy, Debug)]
    pub(super) struct Source(u64);

    impl Source {
        pub(super) fn new() -> Self {
            Self(nanos(clock_gettime(ClockId::MonotonicCoarse)))
        }

        #[inline]
        pub(super) fn now_nanos(self) -> u64 {
            nanos(clock_gettime(ClockId::MonotonicCoarse)) - self.0
        }
    }

    pub(super) fn resolution() -> Duration {
        Duration::from_nanos(nanos(clock_getres(ClockId::MonotonicCoarse)))
    }

    /// The kernel's clock starts with the machine, so neither part is negative, and 64 bits last 584
    /// years.
    #[expect(clippy::cast_sign_loss, reason = "neither part is negative")]
    #[inline]
    fn nanos(time: Timespec) -> u64 {
        time.tv_sec as u64 * 1_000_000_000 + time.tv_nsec as u64
    }
}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
mod source {
    use std::time::Duration;

    use crate::clock::{Clock, SystemClock};

    #[derive(Clone, Copy, Debug)]
    pub(super) struct Source(SystemClock);

    impl Source {
        pub(super) fn new() -> Self {
            Self(SystemClock::new())
        }

        #[inline]
        pub(super) fn now_nanos(self) -> u64 {
            self.0.now_nanos()
        }
    }

    pub(super) fn resolution() -> Duration {
        Duration::from_nanos(1)
    }
}
