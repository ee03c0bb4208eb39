//! What does a rejected caller get to see? A 503 that says when to come back.
//!
//! [`fast_failure_response`] renders it; [`FastFailureLayer`] answers rejections with it, so that
//! only errors of the inner service are left.

mod layer;

use fusebox::Rejected;
use http::header::{CONTENT_TYPE, HeaderValue, RETRY_AFTER};
use http::{Response, StatusCode};

pub use layer::{FastFailureFuture, FastFailureLayer, FastFailureService};

use crate::hint;

/// The answer to a rejected call: 503, `Retry-After` and a JSON body.
///
/// The header has whole seconds, rounded up, at least one; it is absent where no time leads out.
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
        headers.insert(RETRY_AFTER, hint::header_value(wait));
    }
    response
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
    /// Why the call may not pass.
    pub Rejected,
);

#[cfg(feature = "axum")]
impl axum_core::response::IntoResponse for FastFailure {
    fn into_response(self) -> axum_core::response::Response {
        fast_failure_response(&self.0).map(axum_core::body::Body::from)
    }
}
