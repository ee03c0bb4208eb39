//! The causes of an error: [`find_cause`] and [`io_error_kind`] look through its sources.
//!
//! Clients wrap: a refused connection reaches the caller as their own error, several layers up. The
//! functions walk down and name what they find; what it means is for a
//! [`ClassifyError`](crate::ClassifyError) to say.

use std::error::Error;
use std::io;

use fusebox::{Rejected, dyn_error};

/// The first `T` among `error` and its sources.
///
/// # Examples
/// ```
/// use fusebox_tower::find_cause;
/// use std::fmt;
///
/// let number: Result<u8, _> = "x".parse::<u8>();
/// let wrapped = std::io::Error::other(number.unwrap_err());
/// assert!(find_cause::<std::num::ParseIntError>(&wrapped).is_some());
/// assert!(find_cause::<fmt::Error>(&wrapped).is_none());
/// ```
pub fn find_cause<'e, T: Error + 'static>(error: &'e (dyn Error + 'static)) -> Option<&'e T> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(found) = error.downcast_ref() {
            return Some(found);
        }
        next = beneath(error);
    }
    None
}

/// The kind of the first I/O error among `error` and its sources that has a telling one.
///
/// [`io::ErrorKind::Other`] tells nothing: with it, `io::Error` only carries another error.
///
/// # Examples
/// Only a downstream that cannot be reached is a failure:
/// ```
/// use fusebox::Verdict;
/// use fusebox_tower::{HttpClassifier, io_error_kind};
/// use std::io::ErrorKind;
///
/// let classifier = HttpClassifier::new().errors(|error: &std::io::Error| {
///     match io_error_kind(error) {
///         Some(
///             ErrorKind::ConnectionRefused | ErrorKind::ConnectionReset | ErrorKind::TimedOut,
///         ) => Verdict::FAILURE,
///         _ => Verdict::Ignored,
///     }
/// });
/// # let _ = classifier;
/// ```
pub fn io_error_kind(error: &(dyn Error + 'static)) -> Option<io::ErrorKind> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(error) = error.downcast_ref::<io::Error>()
            && error.kind() != io::ErrorKind::Other
        {
            return Some(error.kind());
        }
        next = beneath(error);
    }
    None
}

/// Whether an error is a breaker's rejection or was caused by one, as far as its type lets that be
/// known.
pub(crate) fn is_rejection<E: 'static>(error: &E) -> bool {
    dyn_error(error).is_some_and(|error| find_cause::<Rejected>(error).is_some())
}

/// What `error` wraps. `io::Error` names as its source that of the error which it carries, and
/// would skip that one.
fn beneath<'e>(error: &'e (dyn Error + 'static)) -> Option<&'e (dyn Error + 'static)> {
    match error
        .downcast_ref::<io::Error>()
        .and_then(io::Error::get_ref)
    {
        Some(carried) => Some(carried),
        None => error.source(),
    }
}
