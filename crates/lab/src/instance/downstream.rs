//! How is the downstream called, and what comes of it?

use std::borrow::Cow;
use std::time::Duration;

use axum::http::header::RETRY_AFTER;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use http_body_util::BodyExt;
use hyper_util::client::legacy;
use reqwest::Url;
use telemetry::trace::{BreakerCall, Target, attributes};
use tokio::time::timeout;

use experiment::load::climbs;

use crate::client::Downstream;
use crate::load::REQUEST_KEY;
use crate::settings::BaseUrl;

/// The header in which the downstream learns who calls.
const CALLER: HeaderName = HeaderName::from_static("x-caller");
/// Bytes of the downstream's answer that are read so that its connection can be used again.
const ANSWER_BYTES: usize = 64 * 1024;

/// Whether the downstream did its work. A client's mistake (4xx) does not speak against it, being
/// told to slow down (429) does.
pub(super) fn is_success(status: StatusCode) -> bool {
    !status.is_server_error() && status != StatusCode::TOO_MANY_REQUESTS
}

/// Calls the downstream.
#[derive(Debug)]
pub(super) struct Caller {
    client: Downstream,
    url: Url,
    target: Target,
    name: HeaderValue,
    limit: Duration,
}

/// What the downstream answered.
#[derive(Debug)]
pub(super) enum CallResult {
    Answered {
        status: StatusCode,
        retry_after: Option<Duration>,
    },
    TimedOut(Duration),
    Broken(Broken),
}

/// Why there was no answer.
#[derive(Clone, Copy, Debug)]
pub(super) enum Broken {
    Connect,
    Connection,
}

impl Broken {
    #[expect(clippy::needless_pass_by_value, reason = "so that it maps errors")]
    fn of(error: legacy::Error) -> Self {
        if error.is_connect() {
            Self::Connect
        } else {
            Self::Connection
        }
    }

    fn error_type(self) -> &'static str {
        match self {
            Self::Connect => attributes::CONNECT,
            Self::Connection => attributes::CONNECTION,
        }
    }

    pub(super) fn words(self) -> &'static str {
        match self {
            Self::Connect => "it cannot be reached",
            Self::Connection => "the connection broke",
        }
    }
}

impl Caller {
    pub(super) fn new(name: &str, downstream: &BaseUrl, limit: Duration) -> Self {
        let url = downstream.join("data");
        Self {
            client: Downstream::new(&url),
            target: Target::new(url.as_str()),
            url,
            name: HeaderValue::from_str(name).expect("instance names are plain"),
            limit,
        }
    }

    /// Calls a URL of the downstream.
    pub(super) async fn call(
        &self,
        call: &BreakerCall,
        url: Cow<'_, Url>,
        incoming: &HeaderMap,
    ) -> CallResult {
        let mut headers = HeaderMap::new();
        headers.insert(CALLER, self.name.clone());
        if let Some(key) = incoming.get(REQUEST_KEY) {
            headers.insert(REQUEST_KEY, key.clone());
        }
        let span = match &url {
            Cow::Borrowed(_) => call.request(&self.target, incoming, &mut headers),
            Cow::Owned(url) => {
                let target = Target::new(url.as_str());
                call.request(&target, incoming, &mut headers)
            }
        };
        let exchange = self.exchange(&url, headers);
        let result = match timeout(self.limit, exchange).await {
            Err(_) => CallResult::TimedOut(self.limit),
            Ok(Err(broken)) => CallResult::Broken(broken),
            Ok(Ok((status, retry_after))) => CallResult::Answered {
                status,
                retry_after,
            },
        };
        if let Some(span) = span {
            match &result {
                CallResult::Answered { status, .. } => span.answered(status.as_u16()),
                CallResult::TimedOut(_) => span.failed(attributes::TIMEOUT),
                CallResult::Broken(how) => span.failed(how.error_type()),
            }
        }
        result
    }

    /// What the downstream has below `/data` where the incoming request is below `/call`; `None` for a
    /// path that would lead out of it.
    pub(super) fn url_for(&self, path: &str) -> Option<Cow<'_, Url>> {
        let below = path.strip_prefix("/call/").unwrap_or_default();
        if below.is_empty() {
            return Some(Cow::Borrowed(&self.url));
        }
        if climbs(below) {
            return None;
        }
        let mut url = self.url.clone();
        url.set_path(&format!("{}/{below}", self.url.path()));
        Some(Cow::Owned(url))
    }

    /// Reads the answer to its end, as `fusebox_tower::HttpBreakerLayer` does: a body that breaks off
    /// is a broken connection, whatever the status was.
    async fn exchange(
        &self,
        url: &Url,
        headers: HeaderMap,
    ) -> Result<(StatusCode, Option<Duration>), Broken> {
        let response = self.client.get(url, headers).await.map_err(Broken::of)?;
        let (head, mut body) = response.into_parts();
        let mut read = 0;
        while let Some(frame) = body.frame().await {
            let frame = frame.map_err(|_| Broken::Connection)?;
            read += frame.data_ref().map_or(0, bytes::Bytes::len);
            if read > ANSWER_BYTES {
                break;
            }
        }
        let retry_after = head
            .headers
            .get(RETRY_AFTER)
            .and_then(|seconds| seconds.to_str().ok()?.parse().ok())
            .map(Duration::from_secs);
        Ok((head.status, retry_after))
    }
}

impl CallResult {
    pub(super) fn status(&self) -> Option<u16> {
        match self {
            Self::Answered { status, .. } => Some(status.as_u16()),
            Self::TimedOut(_) | Self::Broken(_) => None,
        }
    }

    /// What a span says about a call that failed.
    pub(super) fn error_type(&self) -> Option<Cow<'static, str>> {
        match self {
            Self::Answered { status, .. } if is_success(*status) => None,
            Self::Answered { status, .. } => Some(status.as_str().to_owned().into()),
            Self::TimedOut(_) => Some(attributes::TIMEOUT.into()),
            Self::Broken(how) => Some(how.error_type().into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_below_call_is_the_path_below_data() {
        let downstream = "http://h:1/base".parse().unwrap();
        let caller = Caller::new("A", &downstream, Duration::from_secs(1));
        for (path, url) in [
            ("/call", "http://h:1/base/data"),
            ("/call/", "http://h:1/base/data"),
            ("/call/orders/7", "http://h:1/base/data/orders/7"),
            ("/call/a..b", "http://h:1/base/data/a..b"),
            ("/call/./x", "http://h:1/base/data/x"),
            ("/call//x", "http://h:1/base/data//x"),
        ] {
            assert_eq!(caller.url_for(path).unwrap().as_str(), url);
        }
        for path in [
            "/call/..",
            "/call/x/%2E%2e/../y",
            "/call/..%2ffaults",
            "/call/..\\faults",
        ] {
            assert_eq!(caller.url_for(path), None, "{path}");
        }
    }

    #[test]
    fn only_server_errors_and_too_many_requests_speak_against_the_downstream() {
        for (status, good) in [
            (200, true),
            (404, true),
            (429, false),
            (500, false),
            (503, false),
        ] {
            let status = StatusCode::from_u16(status).unwrap();
            assert_eq!(is_success(status), good, "{status}");
        }
    }
}
