//! A processor's counter as a clock, checked against a reference clock while it is read.
//!
//! Reading the counter of a core is cheap, but the counters of several cores may be out of step,
//! run at a wrong rate, or be reset when the machine sleeps. Therefore [`Guarded`] trusts a reading
//! only within a window of [`WINDOW`] after the last check. A reading outside of that window, in
//! either direction, is compared with the reference before it is used. When the two differ by more
//! than [`TOLERANCE`], the reference is used from then on, for good.
//!
//! So no trusted reading is ahead by more than the length of the window, and a call that changes
//! between cores whose counters are 10 ms apart does not seem 10 ms longer. One error can slip
//! through: the reading of a core that is behind by d, after the clock was not read for just d. The
//! next reading on that core reveals it.
//!
//! A slow drift is no fault: time synchronisation slews the reference, and the counter's rate was
//! only measured. The difference between the two may change by one part in 256; more is a wrong
//! rate. A counter that stops and never runs again is not noticed, because no reading leaves the
//! window.

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use super::{Clock, ClockSteps};

/// How many nanoseconds a counter is trusted between two checks. A check costs about one reading of
/// the reference, so a busy clock spends a few ten-thousandths of its time on checks.
const WINDOW: i64 = 500_000;

/// How many nanoseconds a counter may be off at a check. Scheduling cannot cause that much: what
/// lies between the readings of a check is measured.
const TOLERANCE: i64 = 250_000;

/// The share of the time since the last check by which the difference may have changed: 2⁻⁸.
const DRIFT: u32 = 8;

/// A reading of the reference is usable if the counter's readings around it are this close, in
/// nanoseconds. They are further apart if the thread lost its core between them.
const NARROW: u64 = 50_000;

/// How often a check tries to see both clocks at once.
const TRIES: usize = 4;

/// A counter that has stepped back is trusted from this tick on, which means never: at 5 GHz a
/// counter needs 58 years to reach it.
const NEVER: u64 = 1 << 63;

/// A source of ticks that is cheap to read.
pub(super) trait Counter {
    /// Ticks since an unknown moment, as the core of this thread counts them.
    fn ticks(&self) -> u64;
}

/// The length of a tick in nanoseconds, as a binary fraction with 32 places.
#[derive(Clone, Copy, Debug)]
pub(super) struct TickLength(u64);

impl TickLength {
    /// How many nanoseconds 2³² ticks take.
    pub(super) fn of_2_pow_32_ticks(nanos: u64) -> Self {
        Self(nanos.max(1))
    }

    /// Nanoseconds of ticks that were checked.
    #[expect(
        clippy::cast_possible_truncation,
        reason = "a counter that was checked has not run for 584 years"
    )]
    #[inline]
    fn nanos(self, ticks: u64) -> u64 {
        self.wide_nanos(ticks) as u64
    }

    #[inline]
    fn wide_nanos(self, ticks: u64) -> u128 {
        (u128::from(ticks) * u128::from(self.0)) >> 32
    }

    fn ticks(self, nanos: i64) -> u64 {
        let ticks = (u128::from(nanos.unsigned_abs()) << 32) / u128::from(self.0);
        u64::try_from(ticks).unwrap_or(u64::MAX)
    }
}

/// A clock that reads a counter for as long as the counter agrees with the reference.
#[derive(Clone, Debug)]
pub(super) struct Guarded<C, R> {
    counter: C,
    tick: TickLength,
    /// Ticks at the origin; all other ticks are counted from there.
    origin: u64,
    /// Ticks for which a check holds.
    window: u64,
    /// Ticks that a check looks back, so that cores a little behind need no check.
    margin: u64,
    reference: R,
    guard: Arc<Guard>,
}

/// What clones share.
#[derive(Debug)]
struct Guard {
    /// The tick from which the counter is trusted, for one window.
    believed_from: AtomicU64,
    /// The counter's time minus the reference's at the last check.
    offset: AtomicI64,
    /// The reference's time at the last check.
    checked_at: AtomicU64,
    /// What to add to the reference since the counter was found wrong.
    fallen_back: OnceLock<i64>,
}

impl<C: Counter, R: Clock> Guarded<C, R> {
    /// A clock at its origin. `tick` is how long the counter's tick is.
    pub(super) fn new(counter: C, tick: TickLength, reference: R) -> Self {
        let clock = Self {
            origin: counter.ticks(),
            counter,
            tick,
            window: tick.ticks(WINDOW),
            margin: tick.ticks(TOLERANCE),
            reference,
            guard: Arc::new(Guard {
                believed_from: AtomicU64::new(0),
                offset: AtomicI64::new(0),
                checked_at: AtomicU64::new(0),
                fallen_back: OnceLock::new(),
            }),
        };
        clock.start();
        clock
    }

    /// Notes by how much the two clocks differ to begin with.
    fn start(&self) {
        match self.look(self.origin) {
            Look::Both { real, low, high } => {
                let offset = low.midpoint(high);
                self.guard.offset.store(offset, Ordering::Relaxed);
                self.guard.checked_at.store(real, Ordering::Relaxed);
            }
            Look::Blurred { real } => {
                // The counter jumps, or the machine is so busy that the counter's speed is of no
                // use.
                self.fall_back_from(signed(real).saturating_neg());
            }
        }
    }

    /// Compares the counter of this core with the reference.
    pub(super) fn check(&self) {
        self.checked_nanos(self.counter.ticks());
    }

    /// Uses the reference from now on.
    pub(super) fn fall_back(&self) {
        self.fall_back_from(self.guard.offset.load(Ordering::Relaxed));
    }

    /// Whether readings come from the counter.
    pub(super) fn reads_counter(&self) -> bool {
        self.guard.fallen_back.get().is_none()
    }

    #[cold]
    #[inline(never)]
    fn checked_nanos(&self, ticks: u64) -> u64 {
        if let Some(offset) = self.guard.fallen_back.get() {
            return shifted(self.reference.now_nanos(), *offset);
        }
        // Acquire: pairs with the release below. A thread that sees that check sees its offset.
        let checked_at = self.guard.checked_at.load(Ordering::Acquire);
        let offset = self.guard.offset.load(Ordering::Relaxed);
        let (real, low, high) = match self.look(ticks) {
            Look::Both { real, low, high } => (real, low, high),
            Look::Blurred { real } => return shifted(real, offset),
        };
        let drift = signed(real.saturating_sub(checked_at) >> DRIFT);
        let seen = offset.clamp(low, high);
        let drifted = seen.clamp(offset.saturating_sub(drift), offset.saturating_add(drift));
        if seen.abs_diff(drifted) > TOLERANCE.unsigned_abs() {
            return shifted(real, self.fall_back_from(offset));
        }
        self.guard.offset.store(drifted, Ordering::Relaxed);
        // Release: pairs with the acquire above.
        self.guard.checked_at.fetch_max(real, Ordering::Release);
        let time = shifted(real, seen);
        let now = self.tick.ticks(signed(time));
        // Relaxed: a thread that reads an older value only checks once more.
        self.guard
            .believed_from
            .fetch_max(now.saturating_sub(self.margin), Ordering::Relaxed);
        time
    }

    /// Reads the reference between two readings of the counter, the first of which is `before`.
    fn look(&self, mut before: u64) -> Look {
        let mut tries = 0;
        loop {
            let real = self.reference.now_nanos();
            let after = self.counter.ticks();
            let [low, high] =
                [before, after].map(|ticks| self.time(ticks).saturating_sub(signed(real)));
            tries += 1;
            if low.abs_diff(high) <= NARROW {
                let [low, high] = [low.min(high), low.max(high)];
                return Look::Both { real, low, high };
            }
            if tries == TRIES {
                return Look::Blurred { real };
            }
            before = after;
        }
    }

    /// Nanoseconds since the origin on the counter; negative on a core that is behind.
    fn time(&self, ticks: u64) -> i64 {
        let ticks = ticks.wrapping_sub(self.origin).cast_signed();
        let nanos = i64::try_from(self.tick.wide_nanos(ticks.unsigned_abs())).unwrap_or(i64::MAX);
        if ticks < 0 { -nanos } else { nanos }
    }

    /// Uses the reference from now on, shifted by `offset`, and returns the shift.
    fn fall_back_from(&self, offset: i64) -> i64 {
        let offset = *self.guard.fallen_back.get_or_init(|| offset);
        // Relaxed: a thread that does not see it yet reads what it would have read just before.
        self.guard.believed_from.fetch_max(NEVER, Ordering::Relaxed);
        offset
    }
}

impl<C: Counter + Send + Sync, R: Clock> Clock for Guarded<C, R> {
    fn now(&self) -> Duration {
        Duration::from_nanos(self.now_nanos())
    }

    #[inline]
    fn now_nanos(&self) -> u64 {
        let ticks = self.counter.ticks();
        let since_origin = ticks.wrapping_sub(self.origin);
        // Relaxed: a window that has moved on in the meantime was right when it was published.
        let believed_from = self.guard.believed_from.load(Ordering::Relaxed);
        if since_origin.wrapping_sub(believed_from) < self.window {
            self.tick.nanos(since_origin)
        } else {
            self.checked_nanos(ticks)
        }
    }

    fn steps(&self) -> ClockSteps {
        // Back by less than a window, and only before the counter is found wrong. A span that comes
        // out negative counts as zero, so remembering the latest reading would gain nothing.
        ClockSteps::OnlyForward
    }
}

/// The result of a look at both clocks.
enum Look {
    /// The counter's time minus the reference's lies between `low` and `high`.
    Both { real: u64, low: i64, high: i64 },
    /// The thread was interrupted, or moved to a core with another count, each time it looked.
    Blurred { real: u64 },
}

fn signed(nanos: u64) -> i64 {
    i64::try_from(nanos).unwrap_or(i64::MAX)
}

fn shifted(real: u64, offset: i64) -> u64 {
    real.saturating_add_signed(offset)
}

#[cfg(all(test, not(loom)))]
mod tests;
