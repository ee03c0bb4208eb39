//! The answer to a rejected gRPC call: `UNAVAILABLE`, with the time to come back.

use std::fmt::Write;
use std::time::Duration;

use fusebox::Rejected;
use http::Response;
use http::header::{CONTENT_TYPE, HeaderName, HeaderValue};

use super::code::GrpcCode;
use crate::fast_failure::{AnswerRejected, FastFailureLayer};

/// Makes the answer to a rejected gRPC call: status 14, `UNAVAILABLE`, in the headers, and no body.
///
/// `grpc-retry-pushback-ms` (gRFC A6) says when to come back, rounded up to whole milliseconds and
/// at least one. It is absent if the rejection does not say when. Clients with a retry policy wait
/// that long.
///
/// # Examples
/// ```
/// use fusebox::{Breaker, Config};
/// use fusebox_tower::grpc_fast_failure_response;
/// use std::time::Duration;
///
/// let breaker = Breaker::new("greeter", Config::default());
/// breaker.open_for(Duration::from_secs(60));
/// let response = grpc_fast_failure_response(&breaker.try_acquire().unwrap_err());
/// assert_eq!(response.status(), 200);
/// assert_eq!(response.headers()["grpc-status"], "14");
/// assert!(response.headers().contains_key("grpc-retry-pushback-ms"));
/// ```
pub fn grpc_fast_failure_response(rejected: &Rejected) -> Response<()> {
    let mut response = Response::new(());
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/grpc"));
    headers.insert(
        HeaderName::from_static("grpc-status"),
        HeaderValue::from(u16::from(GrpcCode::Unavailable.number())),
    );
    if let Ok(message) = HeaderValue::try_from(percent_encoded(&rejected.to_string())) {
        headers.insert(HeaderName::from_static("grpc-message"), message);
    }
    if let Some(wait) = rejected.retry_after {
        let name = HeaderName::from_static("grpc-retry-pushback-ms");
        headers.insert(name, HeaderValue::from(pushback(wait)));
    }
    response.extensions_mut().insert(*rejected);
    response
}

/// Answers rejections with [`grpc_fast_failure_response`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct GrpcAnswer;

impl<B: Default> AnswerRejected<B> for GrpcAnswer {
    fn answer(&self, rejected: &Rejected) -> Response<B> {
        grpc_fast_failure_response(rejected).map(|()| B::default())
    }
}

impl<L> FastFailureLayer<L, GrpcAnswer> {
    /// Answers what `rejecting` rejects over gRPC: `UNAVAILABLE` and `grpc-retry-pushback-ms`; see
    /// [`grpc_fast_failure_response`](crate::grpc_fast_failure_response). It works for a server's
    /// services and for a client's channel. The body of its answers must implement `Default`, as an
    /// empty body.
    ///
    /// # Examples
    /// ```
    /// use fusebox::{Breaker, Config};
    /// use fusebox_tower::{FastFailureLayer, GrpcBreakerLayer};
    ///
    /// let breaker = Breaker::new("greeter", Config::default());
    /// let protect = FastFailureLayer::grpc(GrpcBreakerLayer::new(breaker));
    /// # let _ = protect;
    /// ```
    pub fn grpc(rejecting: L) -> Self {
        Self::answering(rejecting, GrpcAnswer)
    }
}

/// Milliseconds, up to the largest number that clients can read: they keep it in a signed 32-bit
/// integer.
fn pushback(wait: Duration) -> i32 {
    let millis = wait.as_nanos().div_ceil(1_000_000).max(1);
    i32::try_from(millis).unwrap_or(i32::MAX)
}

/// Printable ASCII except `%` stays; every other byte becomes `%XX` (the protocol's
/// `Percent-Encoded`). A wait below a millisecond is shown with a `\u{b5}`.
fn percent_encoded(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'%' => encoded.push_str("%25"),
            b' '..=b'~' => encoded.push(char::from(byte)),
            other => {
                let _ = write!(encoded, "%{other:02X}");
            }
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_is_rounded_up_and_bounded() {
        assert_eq!(pushback(Duration::ZERO), 1);
        assert_eq!(pushback(Duration::from_micros(1_001)), 2);
        assert_eq!(pushback(Duration::MAX), i32::MAX);
    }

    #[test]
    fn what_a_header_cannot_hold_is_encoded() {
        assert_eq!(percent_encoded("5%, \u{b5}s"), "5%25, %C2%B5s");
    }
}
