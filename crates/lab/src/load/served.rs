//! When each target last served: what makes the fast failure of one a disagreement of all.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::time::Instant;

/// A target counts as serving for this long after each success.
const SERVING: Duration = Duration::from_secs(1);

/// The last success of every target, as the clients saw it.
#[derive(Debug)]
pub(super) struct Served {
    began: Instant,
    /// In microseconds since the beginning, at least 1; 0 for none yet.
    last: Vec<AtomicU64>,
}

impl Served {
    /// Nobody of so many targets has served yet.
    pub(super) fn none(targets: usize) -> Self {
        Self {
            began: Instant::now(),
            last: (0..targets).map(|_| AtomicU64::new(0)).collect(),
        }
    }

    /// Notes a success of `target`.
    pub(super) fn note(&self, target: usize, now: Instant) {
        self.last[target].fetch_max(self.micros(now).max(1), Ordering::Relaxed);
    }

    /// Whether any target but `target` is serving.
    pub(super) fn elsewhere(&self, target: usize, now: Instant) -> bool {
        let now = self.micros(now);
        let limit = u64::try_from(SERVING.as_micros()).unwrap_or(u64::MAX);
        let others = self.last.iter().enumerate();
        let mut others = others.filter(|(place, _)| *place != target);
        others.any(|(_, last)| {
            let last = last.load(Ordering::Relaxed);
            last > 0 && now.saturating_sub(last) <= limit
        })
    }

    fn micros(&self, now: Instant) -> u64 {
        let since = now.saturating_duration_since(self.began);
        u64::try_from(since.as_micros()).unwrap_or(u64::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_target_serves_for_a_second_after_its_last_success_and_never_for_itself() {
        let served = Served::none(3);
        let began = Instant::now();
        let after = |millis| began + Duration::from_millis(millis);
        assert!(!served.elsewhere(0, began));

        served.note(1, began);
        served.note(1, after(500));
        // Answers may be noted out of order.
        served.note(1, after(400));

        assert!(served.elsewhere(0, after(500)));
        assert!(served.elsewhere(2, after(1500)));
        assert!(!served.elsewhere(2, after(1501)));
        assert!(!served.elsewhere(1, after(500)));
    }
}
