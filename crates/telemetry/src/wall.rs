//! What is a time of the breaker's clock on the calendar?
//!
//! The only place that asks for wall time, and only to show it: no decision depends on it.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// The Unix time, in seconds, of the instant that a clock shows as `at` when it shows `now` now.
pub fn unix_time(at: Duration, now: Duration) -> f64 {
    unix_now() + at.as_secs_f64() - now.as_secs_f64()
}

/// The Unix time, in seconds.
pub fn unix_now() -> f64 {
    #[expect(clippy::disallowed_methods, reason = "this is the edge")]
    let today = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    today.as_secs_f64()
}
