//! The wall times of instants on a breaker's clock.
//!
//! This is the only place that reads wall time, and only to show it: no decision depends on it. The
//! breaker's clock and the wall clock drift apart, and the wall clock is set now and then. If the
//! wall time of an instant were computed at every scrape, it would differ each time, and
//! `changes()` would count scrapes. So an instant gets its date when it is first shown, and keeps
//! it.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// The Unix times of the instants of one breaker. The same instant keeps the same time for ever,
/// whatever becomes of the clocks meanwhile. Clones share what they know.
///
/// An instant gets its time when it is first asked for. The last 128 instants that were asked for
/// are remembered, which is more than a [`Snapshot`](fusebox::Snapshot) has.
///
/// # Examples
/// ```
/// use fusebox::{Breaker, Config};
/// use fusebox_prometheus::WallTimes;
///
/// let breaker = Breaker::new("db", Config::default());
/// let times = WallTimes::new();
/// let since = || {
///     let snapshot = breaker.snapshot();
///     times.unix_time(snapshot.since, snapshot.at)
/// };
/// let closed_since = since();
/// assert!(closed_since > 1.7e9);
/// assert_eq!(since().to_bits(), closed_since.to_bits());
/// ```
#[derive(Clone, Debug, Default)]
pub struct WallTimes {
    /// The instant that was asked for last is at the end.
    dated: Arc<Mutex<VecDeque<(Duration, f64)>>>,
}

impl WallTimes {
    /// How many instants are remembered: several times those of one snapshot, so that readers a few
    /// transitions apart agree.
    const KEPT: usize = 128;

    /// Makes an empty memory of times.
    pub fn new() -> Self {
        Self::default()
    }

    /// Returns the Unix time, in seconds, of the instant `at` on the breaker's clock, which shows
    /// `now` at present. An instant in the future, such as the end of an open period, is computed
    /// from the present time.
    pub fn unix_time(&self, at: Duration, now: Duration) -> f64 {
        self.by_origin(at, origin(now))
    }

    /// The same, for a clock whose origin has this Unix time as far as is known at present.
    pub(crate) fn by_origin(&self, at: Duration, origin: f64) -> f64 {
        let mut dated = self.dated.lock().unwrap_or_else(PoisonError::into_inner);
        let known = dated.iter().rposition(|(known, _)| *known == at);
        let entry = known.and_then(|place| dated.remove(place));
        let entry = entry.unwrap_or((at, origin + at.as_secs_f64()));
        if dated.len() == Self::KEPT {
            dated.pop_front();
        }
        dated.push_back(entry);
        entry.1
    }
}

/// The Unix time of the origin of a clock that shows `now` now.
pub(crate) fn origin(now: Duration) -> f64 {
    unix_now() - now.as_secs_f64()
}

/// Returns the Unix time, in seconds; 0 if the system's clock is before 1970.
pub fn unix_now() -> f64 {
    #[expect(clippy::disallowed_methods, reason = "this is the edge")]
    let today = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    today.as_secs_f64()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn an_instant_keeps_its_date_while_the_clock_on_the_wall_is_set_and_drifts() {
        let times = WallTimes::new();
        let dates = |origin| [SECOND, SECOND * 2].map(|at| times.by_origin(at, origin));

        let first = dates(1e9);

        assert_eq!(first.map(|it| it.to_string()), ["1000000001", "1000000002"]);
        for origin in [1e9 - 3600.0, 1e9 + 0.000_001, 2e9] {
            assert_eq!(dates(origin).map(f64::to_bits), first.map(f64::to_bits));
        }
        // A later instant gets a later date.
        let later = times.by_origin(SECOND * 3, 2e9);
        assert_eq!(later.to_string(), "2000000003");
    }

    #[test]
    fn what_is_asked_for_again_and_again_is_never_forgotten_and_memory_is_bounded() {
        let times = WallTimes::new();
        let asked_for = times.by_origin(SECOND, 0.0);

        for number in 2..1000 {
            times.by_origin(SECOND * number, 0.0);
            assert_eq!(times.by_origin(SECOND, 5.0).to_bits(), asked_for.to_bits());
        }

        assert_eq!(times.dated.lock().unwrap().len(), WallTimes::KEPT);
    }
}
