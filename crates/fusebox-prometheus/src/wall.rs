//! Wall time of what a breaker's clock shows.
//!
//! The only place that asks for wall time, and only to show it: no decision depends on it.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// The Unix time, in seconds, of the instant that a breaker's clock shows as `at` when it shows
/// `now` now.
///
/// # Examples
/// ```
/// use fusebox::{Breaker, Config};
/// use fusebox_prometheus::unix_time;
///
/// let snapshot = Breaker::new("db", Config::default()).snapshot();
/// let closed_since = unix_time(snapshot.since, snapshot.at);
/// assert!(closed_since > 1.7e9);
/// ```
pub fn unix_time(at: Duration, now: Duration) -> f64 {
    unix_now() + at.as_secs_f64() - now.as_secs_f64()
}

/// The Unix time, in seconds; 0 where the system's clock is before 1970.
pub fn unix_now() -> f64 {
    #[expect(clippy::disallowed_methods, reason = "this is the edge")]
    let today = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    today.as_secs_f64()
}
