//! The time in which this process did not run: it was stopped, or its machine gave it no processor time.
//!
//! A pulse that comes late reveals it. A call that was under way meanwhile waited for this process, not for the
//! downstream: its timeout is extended by that time, and its duration shortened.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::time::Instant;

use super::TICK;

/// How late a pulse may be before the process counts as not having run.
const LATE: Duration = Duration::from_millis(500);

/// A counter of the time in which the process did not run.
#[derive(Debug)]
pub(super) struct Stalls {
    began: Instant,
    /// When the last pulse was, in nanoseconds since `began`; 0 before the first one.
    last: AtomicU64,
    /// In nanoseconds.
    total: AtomicU64,
}

impl Stalls {
    pub(super) fn new() -> Self {
        Self {
            began: Instant::now(),
            last: AtomicU64::new(0),
            total: AtomicU64::new(0),
        }
    }

    /// Called once per [`TICK`] while the process runs.
    pub(super) fn pulse(&self) {
        let now = self.since_began(Instant::now());
        let missed = self.missed(now);
        // In this order: who reads in between counts a stall twice rather than not at all.
        self.total.fetch_add(missed, Ordering::Release);
        self.last.store(now, Ordering::Release);
    }

    /// All the time so far in which the process did not run.
    pub(super) fn so_far(&self) -> Duration {
        self.so_far_at(Instant::now())
    }

    /// The same, for a caller that has just read the clock.
    pub(super) fn so_far_at(&self, now: Instant) -> Duration {
        let missed = self.missed(self.since_began(now));
        Duration::from_nanos(self.total.load(Ordering::Acquire) + missed)
    }

    fn missed(&self, now: u64) -> u64 {
        let last = self.last.load(Ordering::Acquire);
        let gap = Duration::from_nanos(now.saturating_sub(last));
        if last == 0 || gap < TICK + LATE {
            return 0;
        }
        nanos(gap.saturating_sub(TICK))
    }

    fn since_began(&self, now: Instant) -> u64 {
        nanos(now.saturating_duration_since(self.began)).max(1)
    }
}

fn nanos(span: Duration) -> u64 {
    u64::try_from(span.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use tokio::time::advance;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn only_a_pulse_that_is_very_late_is_time_that_did_not_run() {
        let stalls = Stalls::new();
        advance(Duration::from_secs(9)).await;
        assert_eq!(stalls.so_far(), Duration::ZERO, "before the first pulse");
        stalls.pulse();

        advance(Duration::from_millis(500)).await;
        stalls.pulse();
        assert_eq!(stalls.so_far(), Duration::ZERO);

        advance(Duration::from_secs(5)).await;
        let stalled = Duration::from_millis(4950);
        assert_eq!(
            stalls.so_far(),
            stalled,
            "also before the pulse that is late"
        );
        stalls.pulse();
        advance(TICK).await;
        assert_eq!(stalls.so_far(), stalled);
    }
}
