//! The classifier for HTTP answers: server errors and 429 are failures.

use fusebox::{Rejected, Verdict};
use http::{Extensions, HeaderMap, Response, StatusCode};

use crate::classify::{Classify, ClassifyError, CountAs, ErrorsFail};
use crate::retry_after::RetryAfter;

/// Judges any `http::Response` by its status, and errors as configured.
///
/// | result | verdict |
/// |---|---|
/// | 5xx, and 600 to 999, which HTTP does not define and RFC 9110 treats as 5xx | failure, with the hint of `Retry-After` |
/// | 429, with or without `Retry-After` | failure with the hint; [changeable](Self::too_many_requests) |
/// | a [fast failure](crate::fast_failure_response) of this process | ignored: a rejection is no evidence |
/// | any other status, 408 too | success: refusing a client's mistake in time is the work of a healthy downstream; [changeable](Self::status) |
/// | error: connect, timeout, … | failure; [changeable](Self::errors) |
///
/// `Retry-After` may be seconds, or a date if the answer also has a `Date` ([`RetryAfter`]).
///
/// The status comes before the body. With [`BreakerLayer`](crate::BreakerLayer), which does not
/// look at bodies, an answer whose body breaks off later is a success. [`HttpBreakerLayer`] judges
/// at the end of the body.
///
/// [`HttpBreakerLayer`]: crate::HttpBreakerLayer
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
    told: Told,
    errors: P,
}

impl HttpClassifier {
    /// Makes a classifier with the table above.
    pub fn new() -> Self {
        Self {
            told: Told::default(),
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
    /// Sets what 429 counts as. Default: a failure, because the downstream turns work away.
    ///
    /// [`CountAs::Trip`] opens the breaker at the first 429, for at least as long as its
    /// `Retry-After` asks, up to `max_open_for`; without the header, for the usual open period.
    /// That is right where one limit applies to all calls of this breaker, and wrong where one
    /// breaker stands for many limits. This is the same as [`status`](Self::status) for 429.
    pub fn too_many_requests(self, count_as: CountAs) -> Self {
        self.status(StatusCode::TOO_MANY_REQUESTS, count_as)
    }

    /// Sets what one status counts as. The last setting for a status holds; a hint in `Retry-After`
    /// is passed on where it has an effect.
    ///
    /// # Panics
    /// If more than eight statuses besides 429 are set. For whole ranges, write a classifier.
    ///
    /// # Examples
    /// A server whose own timeout answers with 408, as `tower_http::timeout::TimeoutLayer` does by
    /// default:
    /// ```
    /// use fusebox_tower::{CountAs, HttpClassifier};
    /// use http::StatusCode;
    ///
    /// let classifier = HttpClassifier::new()
    ///     .status(StatusCode::REQUEST_TIMEOUT, CountAs::Failure)
    ///     .status(StatusCode::NOT_IMPLEMENTED, CountAs::Ignored);
    /// # let _ = classifier;
    /// ```
    /// A 429 that opens the breaker at once, but only if it says for how long:
    /// ```
    /// use fusebox::{Breaker, Config, Verdict};
    /// use fusebox_tower::{BreakerLayer, Classify, CountAs, HttpClassifier};
    /// use http::Response;
    /// use std::io::Error;
    ///
    /// let trips = HttpClassifier::new().too_many_requests(CountAs::Trip);
    /// let trips_if_told = move |result: Result<&Response<String>, &Error>| {
    ///     match trips.classify(result) {
    ///         Verdict::Trip { retry_after: None } => Verdict::FAILURE,
    ///         verdict => verdict,
    ///     }
    /// };
    /// let layer = BreakerLayer::new(Breaker::new("api", Config::default())).classifier(trips_if_told);
    /// # let _ = layer;
    /// ```
    pub fn status(mut self, status: StatusCode, count_as: CountAs) -> Self {
        self.told.tell(status, count_as);
        self
    }

    /// Sets what errors mean. Default: every error is a failure. [`io_error_kind`] and
    /// [`find_cause`] help to tell them apart.
    ///
    /// [`io_error_kind`]: crate::io_error_kind
    /// [`find_cause`]: crate::find_cause
    pub fn errors<Q>(self, errors: Q) -> HttpClassifier<Q> {
        HttpClassifier {
            told: self.told,
            errors,
        }
    }

    fn on_answer(&self, status: StatusCode, headers: &HeaderMap, more: &Extensions) -> Verdict {
        if more.get::<Rejected>().is_some() {
            return Verdict::Ignored;
        }
        let count_as = match self.told.about(status) {
            Some(told) => told,
            None if status.as_u16() >= 500 => CountAs::Failure,
            None => CountAs::Success,
        };
        count_as.verdict(|| RetryAfter::wait_in(headers))
    }
}

/// What certain statuses count as. It is small and needs no allocation, because it is copied for
/// each call.
#[derive(Clone, Copy, Debug)]
struct Told([Option<(StatusCode, CountAs)>; 9]);

impl Default for Told {
    fn default() -> Self {
        let mut told = Self([None; 9]);
        told.tell(StatusCode::TOO_MANY_REQUESTS, CountAs::Failure);
        told
    }
}

impl Told {
    fn tell(&mut self, status: StatusCode, count_as: CountAs) {
        let free = |place: &&mut Option<(StatusCode, _)>| place.is_none_or(|(of, _)| of == status);
        let place = self.0.iter_mut().find(free);
        *place.expect("at most eight statuses besides 429: write a classifier for more") =
            Some((status, count_as));
    }

    fn about(&self, status: StatusCode) -> Option<CountAs> {
        let mut told = self.0.iter().map_while(|place| *place);
        told.find_map(|(of, count_as)| (of == status).then_some(count_as))
    }
}

impl<B, E, P: ClassifyError<E>> Classify<Response<B>, E> for HttpClassifier<P> {
    fn classify(&self, result: Result<&Response<B>, &E>) -> Verdict {
        match result {
            Ok(response) => {
                self.on_answer(response.status(), response.headers(), response.extensions())
            }
            Err(error) => self.errors.classify_error(error),
        }
    }
}

/// Feature `reqwest`: judges the answers of a `reqwest::Client`, which is a service itself.
#[cfg(feature = "reqwest")]
impl<E, P: ClassifyError<E>> Classify<reqwest::Response, E> for HttpClassifier<P> {
    fn classify(&self, result: Result<&reqwest::Response, &E>) -> Verdict {
        match result {
            Ok(response) => {
                self.on_answer(response.status(), response.headers(), response.extensions())
            }
            Err(error) => self.errors.classify_error(error),
        }
    }
}

/// Judges the errors of a `reqwest::Client`. A request that cannot be built, or that is redirected
/// too often, is ignored, because the caller or the configuration is at fault. All other errors are
/// failures.
///
/// # Examples
/// ```
/// use fusebox::{Breaker, Config};
/// use fusebox_tower::{BreakerLayer, HttpClassifier, ReqwestErrors};
/// use tower::Layer;
///
/// let breaker = Breaker::new("inventory", Config::default());
/// let client = BreakerLayer::new(breaker)
///     .classifier(HttpClassifier::new().errors(ReqwestErrors))
///     .layer(reqwest::Client::new());
/// # let _ = client;
/// ```
#[cfg(feature = "reqwest")]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ReqwestErrors;

#[cfg(feature = "reqwest")]
impl ClassifyError<reqwest::Error> for ReqwestErrors {
    fn classify_error(&self, error: &reqwest::Error) -> Verdict {
        if error.is_builder() || error.is_redirect() {
            Verdict::Ignored
        } else {
            Verdict::FAILURE
        }
    }
}
