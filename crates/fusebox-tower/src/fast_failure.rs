//! The answer to a rejected call: a 503 that says when to come back.
//!
//! [`fast_failure_response`] makes it. [`FastFailureLayer`] answers rejections with it, so that
//! only errors of the inner service remain. The answer carries the [`Rejected`] among its
//! extensions, so that a breaker further out does not count it as a failure of the downstream.

mod layer;

use fusebox::Rejected;
use http::header::{CONTENT_TYPE, HeaderValue, RETRY_AFTER};
use http::{Response, StatusCode};

pub use layer::{FastFailureFuture, FastFailureLayer, FastFailureService};

use crate::retry_after::RetryAfter;

/// Makes the answer to a rejected call: 503, `Retry-After` and a JSON body.
///
/// The header has whole seconds, rounded up, and at least one. It is absent if the rejection does
/// not say when to come back.
///
/// # Examples
/// ```
/// use fusebox::{Breaker, Config};
/// use fusebox_tower::fast_failure_response;
///
/// let breaker = Breaker::new("inventory", Config::default());
/// breaker.force_open();
/// let response = fast_failure_response(&breaker.try_acquire().unwrap_err());
/// assert_eq!(response.status(), 503);
/// assert_eq!(
///     response.body(),
///     r#"{"error":{"code":"circuit_open","message":"circuit breaker is forced_open"}}"#,
/// );
/// ```
pub fn fast_failure_response(rejected: &Rejected) -> Response<String> {
    // Nothing in the message needs escaping: a reason is `snake_case`, a wait is digits and a unit.
    let body = format!(r#"{{"error":{{"code":"circuit_open","message":"{rejected}"}}}}"#);
    let mut response = Response::new(body);
    *response.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    if let Some(wait) = rejected.retry_after {
        headers.insert(RETRY_AFTER, RetryAfter::After(wait).to_header_value());
    }
    response.extensions_mut().insert(*rejected);
    response
}

/// Makes the answer to a rejected call. Closures from `&Rejected` to a response implement it.
pub trait AnswerRejected<B> {
    /// Returns the answer to a rejected call.
    fn answer(&self, rejected: &Rejected) -> Response<B>;
}

impl<B, F: Fn(&Rejected) -> Response<B>> AnswerRejected<B> for F {
    fn answer(&self, rejected: &Rejected) -> Response<B> {
        self(rejected)
    }
}

/// Answers rejections with [`fast_failure_response`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct HttpAnswer;

impl<B: From<String>> AnswerRejected<B> for HttpAnswer {
    fn answer(&self, rejected: &Rejected) -> Response<B> {
        fast_failure_response(rejected).map(B::from)
    }
}

/// A rejection as the error of an axum handler: [`fast_failure_response`].
///
/// # Examples
/// ```
/// use fusebox::Breaker;
/// use fusebox_tower::FastFailure;
///
/// async fn handler(breaker: Breaker) -> Result<&'static str, FastFailure> {
///     let permit = breaker.try_acquire().map_err(FastFailure)?;
///     permit.success();
///     Ok("made the call")
/// }
/// # let _ = handler;
/// ```
#[cfg(feature = "axum")]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FastFailure(
    /// The rejection: why the call may not pass.
    pub Rejected,
);

#[cfg(feature = "axum")]
impl axum_core::response::IntoResponse for FastFailure {
    fn into_response(self) -> axum_core::response::Response {
        fast_failure_response(&self.0).map(axum_core::body::Body::from)
    }
}
