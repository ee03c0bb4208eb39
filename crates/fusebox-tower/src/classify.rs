//! Classifiers: what a result says about the downstream. [`ErrorsFail`] is the default.
//!
//! A classifier sees the whole result by reference and keeps nothing. Errors have a trait of their
//! own, [`ClassifyError`], so that their meaning can be changed without restating what every answer
//! means.

use std::sync::Arc;

use fusebox::Verdict;

/// Decides what a result means for the breaker.
///
/// Closures over `Result<&Response, &Error>` are classifiers. A service clones its classifier for
/// every call, so it should be small; put a large one into a [`SharedClassifier`].
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
    /// Returns the verdict on one result. A panic in this method counts as a failure of the call.
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

/// Decides what an error means for the breaker. Closures over `&Error` implement it.
pub trait ClassifyError<Error> {
    /// Returns the verdict on one error. A panic in this method counts as a failure of the call.
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

/// Counts every error as a failure of the downstream and every answer as a success.
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

/// A classifier that is cheap to clone, however large it is.
///
/// A plain `Arc` cannot be a classifier: every closure is one, and Rust cannot know that no `Arc`
/// will ever be a closure.
///
/// # Examples
/// ```
/// use fusebox::{Breaker, Config, Verdict};
/// use fusebox_tower::{BreakerLayer, Classify, SharedClassifier};
/// use std::collections::BTreeSet;
///
/// struct KnownFaults(BTreeSet<u32>);
///
/// impl<E> Classify<u32, E> for KnownFaults {
///     fn classify(&self, result: Result<&u32, &E>) -> Verdict {
///         match result {
///             Ok(answer) if self.0.contains(answer) => Verdict::FAILURE,
///             result => Verdict::of(&result),
///         }
///     }
/// }
///
/// let faults = KnownFaults((500..600).collect());
/// let layer = BreakerLayer::new(Breaker::new("cache", Config::default()))
///     .classifier(SharedClassifier::new(faults));
/// # let _ = layer;
/// ```
#[derive(Debug)]
pub struct SharedClassifier<C: ?Sized>(Arc<C>);

impl<C> SharedClassifier<C> {
    /// Makes a classifier that all calls share.
    pub fn new(classifier: C) -> Self {
        Self(Arc::new(classifier))
    }
}

impl<C: ?Sized> From<Arc<C>> for SharedClassifier<C> {
    fn from(classifier: Arc<C>) -> Self {
        Self(classifier)
    }
}

impl<C: ?Sized> Clone for SharedClassifier<C> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<Response, Error, C> Classify<Response, Error> for SharedClassifier<C>
where
    C: Classify<Response, Error> + ?Sized,
{
    fn classify(&self, result: Result<&Response, &Error>) -> Verdict {
        self.0.classify(result)
    }
}

impl<Error, C: ClassifyError<Error> + ?Sized> ClassifyError<Error> for SharedClassifier<C> {
    fn classify_error(&self, error: &Error) -> Verdict {
        self.0.classify_error(error)
    }
}

/// What an answer of a certain kind counts as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CountAs {
    /// The downstream did its work.
    Success,
    /// The downstream failed; a hint when to come back is passed on.
    Failure,
    /// The downstream failed, and the breaker opens at once, whatever its rules say; a hint when to
    /// come back is passed on.
    Trip,
    /// The answer says nothing about the downstream.
    Ignored,
}

#[cfg(feature = "http")]
impl CountAs {
    /// The verdict; `hint` is computed only where it has an effect.
    pub(crate) fn verdict(self, hint: impl FnOnce() -> Option<std::time::Duration>) -> Verdict {
        match self {
            Self::Success => Verdict::Success,
            Self::Failure => Verdict::Failure {
                retry_after: hint(),
            },
            Self::Trip => Verdict::Trip {
                retry_after: hint(),
            },
            Self::Ignored => Verdict::Ignored,
        }
    }
}
