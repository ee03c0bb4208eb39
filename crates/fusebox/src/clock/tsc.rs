//! [`TscClock`], which reads the processor's time-stamp counter.

use std::sync::OnceLock;
use std::time::Duration;

use super::guarded::{Counter, Guarded, TickLength};
use super::{Clock, ClockSteps, SystemClock};

/// The processor's time-stamp counter, counted from the moment the clock was created. It costs less
/// than half of [`SystemClock`]. Clones share the origin.
///
/// Where the counter does not run at a constant rate, this clock is the system's clock. The first
/// `TscClock` of a process measures the counter's rate, which takes up to 200 ms. NTP does not
/// correct the counter: its rate can differ from the system clock's by some millionths.
///
/// # Faulty counters
/// The counters of two cores may be out of step, and a counter may be reset or run on while the
/// machine sleeps. Such a clock would make fast calls seem slow. Therefore this clock compares the
/// counter with the system's clock:
/// - on each core that the process may use, when its first clock is created (on Linux and Android,
///   for at most 50 ms);
/// - at the first reading after each half millisecond, and, before it is used, for every reading
///   that lies outside of that half millisecond, forwards or backwards.
///
/// When the two differ by more than 0.25 ms, the clock and its clones read the system's clock from
/// then on, at slightly more than the cost of [`SystemClock`];
/// [`reads_counter`](Self::reads_counter) tells. Until then a wrong reading is ahead by at most
/// half a millisecond. A reading further behind than that can slip through only while the clock is
/// read less than once per half millisecond. A drift of up to 0.4 % is not noticed.
///
/// A reading more than half a millisecond after the last one costs slightly more than one of
/// [`SystemClock`]. So this clock suits breakers that see thousands of calls per second.
#[derive(Clone, Debug)]
pub struct TscClock {
    clock: Guarded<TimeStampCounter, SystemClock>,
}

impl TscClock {
    /// Makes a clock that starts now.
    pub fn new() -> Self {
        let counter = TimeStampCounter(quanta::Clock::new());
        let tick = TickLength::of_2_pow_32_ticks(counter.0.delta_as_nanos(0, 1 << 32));
        let clock = Guarded::new(counter, tick, SystemClock::new());
        if !cores_are_in_step(&clock) {
            clock.fall_back();
        }
        Self { clock }
    }

    /// Returns whether readings come from the counter; `false` once the counter was found wrong.
    ///
    /// On a processor without a counter of constant rate, the clock reads the system's clock and
    /// this returns `true`, because the two never disagree.
    pub fn reads_counter(&self) -> bool {
        self.clock.reads_counter()
    }
}

impl Default for TscClock {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock for TscClock {
    fn now(&self) -> Duration {
        Duration::from_nanos(self.now_nanos())
    }

    #[inline]
    fn now_nanos(&self) -> u64 {
        self.clock.now_nanos()
    }

    fn steps(&self) -> ClockSteps {
        self.clock.steps()
    }
}

/// Whether the counters of all cores agree with the system's clock. The first clock of the process
/// finds out for all.
fn cores_are_in_step(clock: &Guarded<TimeStampCounter, SystemClock>) -> bool {
    static IN_STEP: OnceLock<bool> = OnceLock::new();
    *IN_STEP.get_or_init(|| {
        #[cfg(any(target_os = "linux", target_os = "android"))]
        super::cores::visit_each(|| clock.check());
        clock.reads_counter()
    })
}

/// The counter of the core that runs this thread.
#[derive(Clone, Debug)]
struct TimeStampCounter(quanta::Clock);

impl Counter for TimeStampCounter {
    #[inline]
    fn ticks(&self) -> u64 {
        self.0.raw()
    }
}
