//! The causes of an error: [`find_cause`] and [`io_error_kind`] search its sources.
//!
//! Clients wrap errors: a refused connection reaches the caller as the client's own error, several
//! layers up. These functions walk down and return what they find; a
//! [`ClassifyError`](crate::ClassifyError) decides what it means.

use std::error::Error;
use std::io;

use fusebox::{Rejected, dyn_error};

/// Returns the first `T` among `error` and its sources.
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

/// Returns the kind of the first I/O error, among `error` and its sources, whose kind says
/// something.
///
/// [`io::ErrorKind::Other`] says nothing: with this kind, `io::Error` only carries another error.
///
/// # Examples
/// Counts an error as a failure only if the downstream cannot be reached:
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

/// Whether an error is a breaker's rejection or was caused by one, as far as its type reveals that.
pub(crate) fn is_rejection<E: 'static>(error: &E) -> bool {
    dyn_error(error).is_some_and(|error| find_cause::<Rejected>(error).is_some())
}

/// The error that `error` wraps. `io::Error` names as its source the source of the error that it
/// carries, which would skip that one.
fn beneath<'e>(error: &'e (dyn Error + 'static)) -> Option<&'e (dyn Error + 'static)> {
    match error
        .downcast_ref::<io::Error>()
        .and_then(io::Error::get_ref)
    {
        Some(carried) => Some(carried),
        None => error.source(),
    }
}
