//! The answer of a classifier: what a result says about the downstream.
//!
//! It is an enum and not a flag, because a result may also say nothing, or say when to come back.

use std::time::Duration;

/// What the result of a call says about the downstream.
///
/// An error is not always the downstream's fault, and an answer is not always a success, so a
/// classifier decides. [`Breaker::call_with`](crate::Breaker::call_with) takes a classifier as a
/// closure. A caller that holds a permit passes the verdict to [`Permit::end`](crate::Permit::end).
///
/// # Examples
/// ```
/// use fusebox::{Breaker, Config, Outcome, Verdict};
/// use std::time::Duration;
///
/// let judge = |status: u16, retry_after: Option<Duration>| match status {
///     404 => Verdict::Success, // a timely "not found" is the work of a healthy downstream
///     400..=428 => Verdict::Ignored,
///     429 => Verdict::Trip { retry_after },
///     500.. => Verdict::Failure { retry_after },
///     _ => Verdict::Success,
/// };
/// let breaker = Breaker::new("db", Config::default());
/// let permit = breaker.try_acquire()?;
/// assert_eq!(permit.end(judge(503, None)), Outcome::Failure);
/// # Ok::<(), fusebox::Rejected>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Verdict {
    /// The downstream did its work.
    Success,
    /// The downstream failed.
    Failure {
        /// How long the downstream asks callers to wait, if it says so. If this failure opens the
        /// breaker, the open period lasts at least that long, but no longer than `max_open_for`.
        retry_after: Option<Duration>,
    },
    /// The downstream failed and must not be called for now: the breaker opens at once, whatever
    /// its rules say. A 429 with `Retry-After` is such an answer. In half-open the breaker reopens;
    /// in metrics-only mode the trip is only reported.
    Trip {
        /// How long the downstream asks callers to wait, if it says so. The open period lasts at
        /// least that long, but no longer than `max_open_for`.
        retry_after: Option<Duration>,
    },
    /// The result says nothing about the downstream.
    Ignored,
}

impl Verdict {
    /// A failure that does not say when to come back.
    pub const FAILURE: Self = Self::Failure { retry_after: None };

    /// Returns the verdict for a call whose every error is the downstream's: `Ok` is a success,
    /// `Err` a failure.
    pub const fn of<T, E>(result: &Result<T, E>) -> Self {
        match result {
            Ok(_) => Self::Success,
            Err(_) => Self::FAILURE,
        }
    }
}
