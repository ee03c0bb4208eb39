//! Wall times of instants on a breaker's clock.
//!
//! The only place that asks for wall time, and only to show it: no decision depends on it. The two clocks
//! drift apart, and the one on the wall is set now and then. Whoever works a wall time out anew at every
//! scrape shows another one each time, and `changes()` counts scrapes. So an instant is dated when it is
//! first shown, and keeps its date.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Unix times of the instants of one breaker: the same instant has the same time for ever, whatever
/// becomes of the clocks meanwhile. Clones share what they know.
///
/// An instant is dated when it is first asked for. The last 128 that were asked for are remembered, more
/// than a [`Snapshot`](fusebox::Snapshot) has.
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
    /// The one that was asked for last is at the end.
    dated: Arc<Mutex<VecDeque<(Duration, f64)>>>,
}

impl WallTimes {
    /// Instants that are remembered: several times those of one snapshot, so that readers who are a few
    /// transitions apart agree.
    const KEPT: usize = 128;

    /// No instant is known yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// The Unix time, in seconds, of the instant that the breaker's clock shows as `at` when it shows
    /// `now` now. An instant that lies ahead, as the end of an open period, is where the present time
    /// leads.
    pub fn unix_time(&self, at: Duration, now: Duration) -> f64 {
        self.by_origin(at, origin(now))
    }

    /// The same, for a clock whose origin has this Unix time as far as can be told at present.
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

/// The Unix time, in seconds; 0 where the system's clock is before 1970.
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
        // What comes later has the date of later.
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
