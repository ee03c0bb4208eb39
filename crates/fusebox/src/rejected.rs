//! The rejection of a call, and the error of a call that was rejected or failed.

use std::error::Error;
use std::fmt;
use std::time::Duration;

use crate::dyn_error::dyn_error;
use crate::state::{Generation, State};

/// Which rule keeps a call out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum RejectReason {
    /// The breaker is open.
    Open,
    /// The breaker is half-open and all probes that it needs are under way.
    HalfOpen,
    /// An operator forced the breaker open.
    ForcedOpen,
    /// The breaker has just closed and admits only a share of the calls yet.
    RampUp,
}

impl RejectReason {
    /// Every reason, in the order of this type's declaration.
    pub const ALL: &'static [Self] = &[Self::Open, Self::HalfOpen, Self::ForcedOpen, Self::RampUp];

    /// The reason's name in `snake_case`, as metrics and JSON show it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::HalfOpen => "half_open",
            Self::ForcedOpen => "forced_open",
            Self::RampUp => "ramp_up",
        }
    }

    /// The state in which calls are rejected for this reason.
    pub const fn state(self) -> State {
        match self {
            Self::Open => State::Open,
            Self::HalfOpen => State::HalfOpen,
            Self::ForcedOpen => State::ForcedOpen,
            Self::RampUp => State::Closed,
        }
    }

    pub(crate) const fn index(self) -> usize {
        self as usize
    }
}

impl fmt::Display for RejectReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A call that may not pass: why, and after how long to ask again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Rejected {
    /// Which rule keeps the call out.
    pub reason: RejectReason,
    /// The time until this changes at the latest: the rest of the open period, of the half-open
    /// deadline or of the ramp. `None` where no time leads out: forced open, or half-open without a deadline.
    pub retry_after: Option<Duration>,
    /// The breaker's generation at the rejection.
    pub generation: Generation,
}

impl fmt::Display for Rejected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.reason {
            RejectReason::RampUp => f.write_str("circuit breaker is ramping up")?,
            reason => write!(f, "circuit breaker is {reason}")?,
        }
        match self.retry_after {
            Some(wait) => write!(f, ", retry after {wait:?}"),
            None => Ok(()),
        }
    }
}

impl Error for Rejected {}

/// Why a protected call gave no result.
///
/// # As an error
/// It is an [`Error`] for every `E` that can be shown, boxed errors included, so that layers which
/// want `Into<Box<dyn Error + Send + Sync>>` fit around a breaker. A boxed error is no [`Error`]
/// itself, and Rust does not allow one implementation for errors and another for boxes. So the trait
/// knows `E` only as something that can be shown, and there are two ways to what lies beneath:
///
/// | | rejected | failed |
/// |---|---|---|
/// | [`as_error`](Self::as_error), [`source`](Self::source), for an `E` that is an error | the rejection; no source | the error; its source |
/// | the trait's `source`, for any `E` | the [`Rejected`] | the error, if `E` is a box of `dyn Error` or [`io::Error`](std::io::Error); else nothing |
///
/// The second way is for code that meets the value as `dyn Error`; it walks the chain, and finds the
/// rejection or the failed error as the first link (so a report of the whole chain shows its text
/// twice). Where `E` is an error type of your own and the value will be seen only as `dyn Error`, box
/// the inner error first, and the whole chain is kept:
/// ```
/// use fusebox::{Breaker, CallError, Config};
/// use std::error::Error;
///
/// type BoxError = Box<dyn Error + Send + Sync>;
///
/// fn parse(breaker: &Breaker, text: &str) -> Result<u32, BoxError> {
///     let parsed = breaker.call(|| text.parse::<u32>());
///     Ok(parsed.map_err(|error| error.map_failed(BoxError::from))?)
/// }
///
/// let breaker = Breaker::new("parser", Config::default());
/// let error = parse(&breaker, "x").unwrap_err();
/// let cause = error.source().expect("the inner error");
/// assert!(cause.is::<std::num::ParseIntError>());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CallError<E> {
    /// The breaker rejected the call; it never started.
    Rejected(Rejected),
    /// The call was made and failed.
    Failed(E),
}

impl<E> CallError<E> {
    /// Changes the inner error. A rejection stays what it is.
    ///
    /// # Examples
    /// ```
    /// use fusebox::CallError;
    ///
    /// let failed = CallError::Failed("broken").map_failed(str::len);
    /// assert_eq!(failed, CallError::Failed(6));
    /// ```
    pub fn map_failed<F>(self, change: impl FnOnce(E) -> F) -> CallError<F> {
        match self {
            Self::Rejected(rejected) => CallError::Rejected(rejected),
            Self::Failed(error) => CallError::Failed(change(error)),
        }
    }

    /// The rejection, if the call was not made.
    pub fn rejected(&self) -> Option<&Rejected> {
        match self {
            Self::Rejected(rejected) => Some(rejected),
            Self::Failed(_) => None,
        }
    }
}

impl<E: Error + 'static> CallError<E> {
    /// The rejection or the inner error, with its whole chain of sources.
    pub fn as_error(&self) -> &(dyn Error + 'static) {
        match self {
            Self::Rejected(rejected) => rejected,
            Self::Failed(error) => error,
        }
    }

    /// What the inner error names as its source. A rejection has none.
    pub fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.as_error().source()
    }
}

impl<E: fmt::Display> fmt::Display for CallError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rejected(rejected) => rejected.fmt(f),
            Self::Failed(error) => error.fmt(f),
        }
    }
}

impl<E: fmt::Debug + fmt::Display + 'static> Error for CallError<E> {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Rejected(rejected) => Some(rejected),
            Self::Failed(error) => dyn_error(error),
        }
    }
}

impl<E> From<Rejected> for CallError<E> {
    fn from(rejected: Rejected) -> Self {
        Self::Rejected(rejected)
    }
}
