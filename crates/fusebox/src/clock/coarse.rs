//! [`CoarseClock`], which is right to a tick of the kernel and cheaper to read than any other.

use std::time::Duration;

use super::{Clock, ClockSteps};

/// The system's monotonic clock as of the kernel's last timer tick: on Linux a seventh of the cost of
/// [`SystemClock`](super::SystemClock), and behind it by up to [`resolution`](Self::resolution),
/// which is 1 to 10 ms. Clones share the origin.
///
/// The clock counts from the moment of its creation and never steps back. A kernel whose tick comes
/// late, as on a virtual machine that has lost its core, is behind by as much more. Where there is no
/// such clock (anything but Linux and Android), this one is [`SystemClock`](super::SystemClock).
///
/// # What the error does
/// Let r be the resolution.
/// - Calls are counted exactly, and so are rejections: only times are coarse.
/// - An open period, a half-open period and a ramp last up to r less or r more than configured.
///   The call that comes at the deadline *on this clock* is admitted, as with any other clock.
/// - [`Rejected::retry_after`](crate::Rejected::retry_after) is never zero or negative, and off by
///   up to r. A caller that waits exactly as long may be told to wait once more, for up to r.
/// - The duration of a call is off by up to r in either direction; a call within one tick took
///   no time. A [slow threshold](crate::ConfigBuilder::slow_call_duration) should be ten times r, or
///   more.
/// - A call that ends within r of the border between two buckets of a time window may be counted in
///   the earlier one. A bucket should be ten times r, or more.
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
    /// A clock that starts now.
    pub fn new() -> Self {
        Self {
            source: source::Source::new(),
        }
    }

    /// How far a reading may be behind [`SystemClock`](super::SystemClock): the length of the kernel's
    /// tick, for example 4 ms at 250 ticks a second. One nanosecond where this clock is
    /// the system's.
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

    /// Nanoseconds of the kernel's clock at the origin.
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
