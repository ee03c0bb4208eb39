//! The classifier for gRPC answers: a table of codes.

use std::time::Duration;

use fusebox::Verdict;
use http::HeaderMap;

use super::code::GrpcCode;
use crate::classify::{ClassifyError, CountAs, ErrorsFail};
use crate::retry_after::whole_number;

/// Judges gRPC calls by their status code, and errors as told.
///
/// | code | counts as |
/// |---|---|
/// | `Unknown`, `DeadlineExceeded`, `ResourceExhausted`, `Internal`, `Unavailable`, `DataLoss` | failure |
/// | `Cancelled` | ignored: the caller left |
/// | all others | success: to refuse a caller's mistake in time is a healthy downstream's work |
///
/// These are the codes that `google/rpc/code.proto` maps to HTTP 5xx and 429, so that a circuit
/// judges alike on both protocols, but for one: `Unimplemented` (501) is a call to a method that is
/// not there, and says nothing about those that are. `Unknown` is what servers make of an exception
/// that nobody mapped, and what clients make of an answer that breaks off.
///
/// An answer without a status is judged by its HTTP status, as
/// [the protocol says](https://github.com/grpc/grpc/blob/master/doc/http-grpc-status-mapping.md):
/// at its headers if they are not those of a gRPC answer (any status but 200, or another content
/// type), at its end otherwise.
///
/// An answer in [gRPC-Web](https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-WEB.md) (content
/// type `application/grpc-web`, also `+proto`, `-text`) carries its status inside the data, where it
/// is not looked for. Without a status in its headers, such an answer is a success when it ends whole
/// and a failure when it breaks off. To judge by the status, put the breaker inside the layer that
/// translates (`tonic_web::GrpcWebLayer`), where answers are gRPC.
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
    /// The table above.
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
    /// Says what a code counts as. Default: see the table above.
    pub fn code(mut self, code: GrpcCode, count_as: CountAs) -> Self {
        self.meanings[code.index()] = count_as;
        self
    }

    /// Says what errors of the transport mean before the answer begins. Default: every one is a
    /// failure. An answer that breaks off is always one.
    pub fn errors<Q>(self, errors: Q) -> GrpcClassifier<Q> {
        GrpcClassifier {
            meanings: self.meanings,
            errors,
        }
    }

    /// What a code counts as.
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

/// The server's wish in milliseconds. A negative or unreadable one means "do not retry": no hint. One
/// that is too large to count is the longest.
fn pushback(headers: &HeaderMap) -> Option<Duration> {
    let mut values = headers.get_all("grpc-retry-pushback-ms").into_iter();
    values
        .find_map(|value| whole_number(value.to_str().ok()?))
        .map(Duration::from_millis)
}
