//! Which HTTP answers are failures? [`HttpClassifier`]: the server's errors, and being turned away.

use fusebox::Verdict;
use http::{Response, StatusCode};

use crate::classify::{Classify, ClassifyError, CountAs, ErrorsFail};
use crate::hint;

/// Judges any `http::Response` by its status, and errors as told.
///
/// | result | verdict |
/// |---|---|
/// | 5xx | failure, with the hint of `Retry-After` |
/// | 429 | failure with the hint; [changeable](Self::too_many_requests) |
/// | any other status | success: to refuse a client's mistake in time is a healthy downstream's work |
/// | error: connect, timeout, … | failure; [changeable](Self::errors) |
///
/// `Retry-After` may be seconds, or a date if the answer has a `Date`.
///
/// # Examples
/// ```
/// use fusebox::{Breaker, Config, Verdict};
/// use fusebox_tower::{BreakerLayer, Classify, CountAs, HttpClassifier};
/// use http::Response;
/// use std::time::Duration;
///
/// let classifier = HttpClassifier::new();
/// let busy = Response::builder().status(503).header("retry-after", "7").body(())?;
/// assert_eq!(
///     Classify::<_, std::io::Error>::classify(&classifier, Ok(&busy)),
///     Verdict::Failure { retry_after: Some(Duration::from_secs(7)) },
/// );
///
/// let breaker = Breaker::new("inventory", Config::default());
/// let layer = BreakerLayer::new(breaker)
///     .classifier(classifier.too_many_requests(CountAs::Ignored));
/// # let _ = layer;
/// # Ok::<(), http::Error>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct HttpClassifier<P = ErrorsFail> {
    too_many_requests: CountAs,
    errors: P,
}

impl HttpClassifier {
    /// The table above.
    pub fn new() -> Self {
        Self {
            too_many_requests: CountAs::Failure,
            errors: ErrorsFail,
        }
    }
}

impl Default for HttpClassifier {
    fn default() -> Self {
        Self::new()
    }
}

impl<P> HttpClassifier<P> {
    /// Says what 429 counts as. Default: a failure, since the downstream turns work away.
    pub fn too_many_requests(self, count_as: CountAs) -> Self {
        Self {
            too_many_requests: count_as,
            ..self
        }
    }

    /// Says what errors mean. Default: every one is a failure. [`io_error_kind`] and
    /// [`find_cause`] help to tell them apart.
    ///
    /// [`io_error_kind`]: crate::io_error_kind
    /// [`find_cause`]: crate::find_cause
    pub fn errors<Q>(self, errors: Q) -> HttpClassifier<Q> {
        HttpClassifier {
            too_many_requests: self.too_many_requests,
            errors,
        }
    }
}

impl<B, E, P: ClassifyError<E>> Classify<Response<B>, E> for HttpClassifier<P> {
    fn classify(&self, result: Result<&Response<B>, &E>) -> Verdict {
        match result {
            Ok(response) => {
                let count_as = match response.status() {
                    StatusCode::TOO_MANY_REQUESTS => self.too_many_requests,
                    status if status.is_server_error() => CountAs::Failure,
                    _ => CountAs::Success,
                };
                count_as.verdict(|| hint::retry_after(response.headers()))
            }
            Err(error) => self.errors.classify_error(error),
        }
    }
}
