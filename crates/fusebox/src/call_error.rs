//! The error of a protected call, which was rejected or failed, with access to the underlying
//! error.
//!
//! `Box<dyn Error>` does not implement [`Error`], yet most stacks of services carry boxed errors.
//! Rust does not accept two implementations, one for errors and one for boxes. So [`dyn_error`]
//! looks the type up at run time.

use std::any::Any;
use std::error::Error;
use std::fmt;
use std::io;
use std::sync::Arc;

use crate::rejected::Rejected;

/// The reason why a protected call gave no result: it was rejected, or it failed.
///
/// # As an error
/// It implements [`Error`] for every `E` with `Debug` and `Display`, boxed errors included, so that
/// layers that want `Into<Box<dyn Error + Send + Sync>>` fit around a breaker. A boxed error does
/// not implement [`Error`], and Rust does not allow one implementation for errors and another for
/// boxes. So this one requires only that `E` can be displayed, and there are two ways to reach the
/// underlying error:
///
/// | | rejected | failed |
/// |---|---|---|
/// | [`as_error`](Self::as_error), [`source`](Self::source), for an `E` that is an error | the rejection; no source | the error; its source |
/// | the trait's `source`, for any `E` | the [`Rejected`] | the error, if `E` is a box of `dyn Error` or [`io::Error`](std::io::Error); else nothing |
///
/// The second way is for code that sees the value as `dyn Error`. Such code walks the chain and
/// finds the rejection or the failed error as its first link, so a report of the whole chain prints
/// that text twice. If `E` is an error type of your own and the value will be seen only as
/// `dyn Error`, box the inner error first, and the whole chain is kept:
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
    /// The breaker rejected the call, which was never made.
    Rejected(Rejected),
    /// The call was made and failed.
    Failed(E),
}

impl<E> CallError<E> {
    /// Maps the inner error. A rejection stays as it is.
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

    /// Returns the rejection if the call was not made.
    pub fn rejected(&self) -> Option<&Rejected> {
        match self {
            Self::Rejected(rejected) => Some(rejected),
            Self::Failed(_) => None,
        }
    }
}

impl<E: Error + 'static> CallError<E> {
    /// Returns the rejection or the inner error, with its whole chain of sources.
    pub fn as_error(&self) -> &(dyn Error + 'static) {
        match self {
            Self::Rejected(rejected) => rejected,
            Self::Failed(error) => error,
        }
    }

    /// Returns the source of the inner error. A rejection has none.
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

/// The error in `value`, if its type is one of those below. Hidden; for `fusebox-tower`.
///
/// The types: `Box` of `dyn Error`, with `Send` and with `Send + Sync`; `Arc` of
/// `dyn Error + Send + Sync`; [`io::Error`]; [`Rejected`]; [`CallError`] of the usual box.
pub fn dyn_error<E: 'static>(value: &E) -> Option<&(dyn Error + 'static)> {
    let value: &dyn Any = value;
    if let Some(error) = value.downcast_ref::<Box<dyn Error + Send + Sync>>() {
        return Some(&**error);
    }
    if let Some(error) = value.downcast_ref::<Box<dyn Error + Send>>() {
        return Some(&**error);
    }
    if let Some(error) = value.downcast_ref::<Box<dyn Error>>() {
        return Some(&**error);
    }
    if let Some(error) = value.downcast_ref::<Arc<dyn Error + Send + Sync>>() {
        return Some(&**error);
    }
    if let Some(error) = value.downcast_ref::<io::Error>() {
        return Some(error);
    }
    if let Some(error) = value.downcast_ref::<Rejected>() {
        return Some(error);
    }
    let error = value.downcast_ref::<CallError<Box<dyn Error + Send + Sync>>>()?;
    Some(error)
}
