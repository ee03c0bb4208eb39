//! The answer of a classifier: what a result says about the downstream.
//!
//! An enum and not a flag, because a result may say nothing, or say when to come back.

use std::time::Duration;

/// What a result says about the downstream.
///
/// An error is not always the downstream's fault, and an answer is not always a success: a
/// classifier decides. [`Breaker::call_with`](crate::Breaker::call_with) takes one as a closure;
/// with a permit in hand, [`Permit::end`](crate::Permit::end) takes the verdict itself.
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
        /// When the downstream wants to be asked again, if it said so. If this failure opens the
        /// breaker, it stays open at least so long, up to `max_open_for`.
        retry_after: Option<Duration>,
    },
    /// The downstream failed and must not be asked for now: the breaker opens at once, whatever its
    /// rules say. A 429 with `Retry-After` is such an answer. Half-open, the probes have failed;
    /// in metrics-only mode the trip is only reported.
    Trip {
        /// When the downstream wants to be asked again, if it said so. The breaker stays open at
        /// least so long, up to `max_open_for`.
        retry_after: Option<Duration>,
    },
    /// The result says nothing about the downstream.
    Ignored,
}

impl Verdict {
    /// A failure without a hint.
    pub const FAILURE: Self = Self::Failure { retry_after: None };

    /// The verdict where every error is the downstream's: `Ok` is a success, `Err` a failure.
    pub const fn of<T, E>(result: &Result<T, E>) -> Self {
        match result {
            Ok(_) => Self::Success,
            Err(_) => Self::FAILURE,
        }
    }
}
