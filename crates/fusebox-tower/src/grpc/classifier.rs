//! The classifier for gRPC answers: a table of codes.

use std::time::Duration;

use fusebox::Verdict;
use http::HeaderMap;

use super::code::GrpcCode;
use crate::classify::{ClassifyError, CountAs, ErrorsFail};
use crate::retry_after::whole_number;

/// Judges gRPC calls by their status code, and their errors as configured.
///
/// | code | counts as |
/// |---|---|
/// | `Unknown`, `DeadlineExceeded`, `ResourceExhausted`, `Internal`, `Unavailable`, `DataLoss` | failure |
/// | `Cancelled` | ignored: the caller left |
/// | all others | success: refusing a caller's mistake in time is the work of a healthy downstream |
///
/// These are the codes that `google/rpc/code.proto` maps to HTTP 5xx and 429, so a breaker judges
/// both protocols alike. There is one exception: `Unimplemented` (501) is a call to a method that
/// does not exist, and says nothing about those that do. `Unknown` is what servers make of an
/// unmapped exception, and clients of an answer that breaks off.
///
/// An answer without a status is judged by its HTTP status, as [the protocol
/// says](https://github.com/grpc/grpc/blob/master/doc/http-grpc-status-mapping.md). If its headers
/// are not those of a gRPC answer (any status but 200, or another content type), it is judged at
/// its headers; otherwise at its end.
///
/// An answer in [gRPC-Web](https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-WEB.md) (content
/// type `application/grpc-web`, also `+proto`, `-text`) carries its status inside the data, which
/// is not searched. Without a status in its headers, such an answer is a success if it ends
/// completely and a failure if it breaks off. To judge by the status, put the breaker inside the
/// layer that translates (`tonic_web::GrpcWebLayer`), where answers are gRPC.
///
/// A failure carries the hint of `grpc-retry-pushback-ms` (gRFC A6), if there is one.
///
/// # Examples
/// ```
/// use fusebox_tower::{CountAs, GrpcClassifier, GrpcCode};
///
/// // Here the callers' own deadlines are short, and missing one proves nothing.
/// let classifier = GrpcClassifier::new().code(GrpcCode::DeadlineExceeded, CountAs::Ignored);
/// assert_eq!(classifier.meaning(GrpcCode::DeadlineExceeded), CountAs::Ignored);
/// assert_eq!(classifier.meaning(GrpcCode::Unavailable), CountAs::Failure);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct GrpcClassifier<P = ErrorsFail> {
    meanings: [CountAs; GrpcCode::ALL.len()],
    errors: P,
}

impl GrpcClassifier {
    /// Makes a classifier with the table above.
    pub fn new() -> Self {
        Self {
            meanings: default_meanings(),
            errors: ErrorsFail,
        }
    }
}

impl Default for GrpcClassifier {
    fn default() -> Self {
        Self::new()
    }
}

impl<P> GrpcClassifier<P> {
    /// Sets what a code counts as. Default: see the table above.
    pub fn code(mut self, code: GrpcCode, count_as: CountAs) -> Self {
        self.meanings[code.index()] = count_as;
        self
    }

    /// Sets what transport errors before the answer mean. Default: every one is a failure. An
    /// answer that breaks off is always a failure.
    pub fn errors<Q>(self, errors: Q) -> GrpcClassifier<Q> {
        GrpcClassifier {
            meanings: self.meanings,
            errors,
        }
    }

    /// Returns what a code counts as.
    pub fn meaning(&self, code: GrpcCode) -> CountAs {
        self.meanings[code.index()]
    }

    /// The verdict on a call that ended with `code`; `headers` are those that came with it.
    pub(super) fn verdict(&self, code: GrpcCode, headers: &HeaderMap) -> Verdict {
        self.meaning(code).verdict(|| pushback(headers))
    }

    pub(super) fn verdict_on_error<E>(&self, error: &E) -> Verdict
    where
        P: ClassifyError<E>,
    {
        self.errors.classify_error(error)
    }

    /// The table alone, for the body: its errors are not those of the call.
    pub(super) fn codes(&self) -> GrpcClassifier {
        GrpcClassifier {
            meanings: self.meanings,
            errors: ErrorsFail,
        }
    }
}

fn default_meanings() -> [CountAs; GrpcCode::ALL.len()] {
    let mut meanings = [CountAs::Success; GrpcCode::ALL.len()];
    for &code in GrpcCode::ALL {
        meanings[code.index()] = default_meaning(code);
    }
    meanings
}

const fn default_meaning(code: GrpcCode) -> CountAs {
    match code {
        GrpcCode::Unknown
        | GrpcCode::DeadlineExceeded
        | GrpcCode::ResourceExhausted
        | GrpcCode::Internal
        | GrpcCode::Unavailable
        | GrpcCode::DataLoss => CountAs::Failure,
        GrpcCode::Cancelled => CountAs::Ignored,
        GrpcCode::Ok
        | GrpcCode::InvalidArgument
        | GrpcCode::NotFound
        | GrpcCode::AlreadyExists
        | GrpcCode::PermissionDenied
        | GrpcCode::FailedPrecondition
        | GrpcCode::Aborted
        | GrpcCode::OutOfRange
        | GrpcCode::Unimplemented
        | GrpcCode::Unauthenticated => CountAs::Success,
    }
}

/// The wait that the server asks for, in milliseconds. A negative or unreadable value means "do not
/// retry" and gives no hint; a value too large to count gives the longest wait.
fn pushback(headers: &HeaderMap) -> Option<Duration> {
    let mut values = headers.get_all("grpc-retry-pushback-ms").into_iter();
    values
        .find_map(|value| whole_number(value.to_str().ok()?))
        .map(Duration::from_millis)
}
