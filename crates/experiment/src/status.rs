//! HTTP statuses, as far as they say something about a downstream.
//!
//! The rule is defined once: the truth of a fault plan, the breaker of an instance and the answer to its client all
//! follow it. It is the rule of `fusebox_tower::HttpClassifier`, with which a test of the lab compares it.

/// Returns whether a status says that the downstream is unwell: 5xx, 429, and 600 or above.
///
/// A client's mistake (another 4xx) does not count against the downstream. A request to slow down (429) does, and so
/// does a status that HTTP does not define, which counts as a server error (RFC 9110, section 15).
///
/// # Examples
///
/// ```
/// use experiment::status::speaks_against;
///
/// assert!(speaks_against(503) && speaks_against(429) && speaks_against(600));
/// assert!(!speaks_against(200) && !speaks_against(404));
/// ```
pub const fn speaks_against(status: u16) -> bool {
    status >= 500 || status == 429
}

/// Returns whether an instance gives its client the status of the downstream itself: 3xx, and 4xx except 429.
///
/// A redirect and a mistake of the client do not count against the downstream, but the client did not get what it
/// asked for either. A change of protocol (1xx) that was not requested cannot be passed on.
pub const fn is_passed_on(status: u16) -> bool {
    matches!(status, 300..=499) && !speaks_against(status)
}
