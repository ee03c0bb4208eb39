//! What does an answer say about the downstream? [`Classify`] decides, [`ErrorsFail`] by default.
//!
//! A classifier sees the whole result by reference and keeps nothing. Errors have a trait of their
//! own, [`ClassifyError`], so that what an error means can be changed without restating what every
//! answer means.

use fusebox::Verdict;

/// Says what a result means for the circuit.
///
/// Closures over `Result<&Response, &Error>` are classifiers. A service clones its classifier for
/// every call, so it should be small; put a large one behind an `Arc`.
///
/// # Examples
/// ```
/// use fusebox::{Breaker, Config, Verdict};
/// use fusebox_tower::BreakerLayer;
///
/// let breaker = Breaker::new("cache", Config::default());
/// let layer = BreakerLayer::new(breaker).classifier(|result: Result<&usize, &std::io::Error>| {
///     match result {
///         Ok(0) => Verdict::FAILURE, // this cache is never empty
///         Ok(_) => Verdict::Success,
///         Err(_) => Verdict::Ignored,
///     }
/// });
/// # let _ = layer;
/// ```
pub trait Classify<Response, Error> {
    /// The verdict on one result. A panic in here is a failure of the call.
    fn classify(&self, result: Result<&Response, &Error>) -> Verdict;
}

impl<Response, Error, F> Classify<Response, Error> for F
where
    F: Fn(Result<&Response, &Error>) -> Verdict,
{
    fn classify(&self, result: Result<&Response, &Error>) -> Verdict {
        self(result)
    }
}

/// Says what an error means for the circuit. Closures over `&Error` do.
pub trait ClassifyError<Error> {
    /// The verdict on one error. A panic in here is a failure of the call.
    fn classify_error(&self, error: &Error) -> Verdict;
}

impl<Error, F> ClassifyError<Error> for F
where
    F: Fn(&Error) -> Verdict,
{
    fn classify_error(&self, error: &Error) -> Verdict {
        self(error)
    }
}

/// Takes every error for a failure of the downstream and every answer for a success.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ErrorsFail;

impl<Response, Error> Classify<Response, Error> for ErrorsFail {
    fn classify(&self, result: Result<&Response, &Error>) -> Verdict {
        Verdict::of(&result)
    }
}

impl<Error> ClassifyError<Error> for ErrorsFail {
    fn classify_error(&self, _error: &Error) -> Verdict {
        Verdict::FAILURE
    }
}

/// What an answer that is recognised counts as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CountAs {
    /// The downstream did its work.
    Success,
    /// The downstream failed; a hint when to come back is passed on.
    Failure,
    /// The answer says nothing about the downstream.
    Ignored,
}

#[cfg(feature = "http")]
impl CountAs {
    /// The verdict; `hint` is looked up only where it has a meaning.
    pub(crate) fn verdict(self, hint: impl FnOnce() -> Option<std::time::Duration>) -> Verdict {
        match self {
            Self::Success => Verdict::Success,
            Self::Failure => Verdict::Failure {
                retry_after: hint(),
            },
            Self::Ignored => Verdict::Ignored,
        }
    }
}
