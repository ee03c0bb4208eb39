//! The calls of the downstream, and their results.

use std::borrow::Cow;
use std::pin::pin;
use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

use axum::http::header::{ALLOW, ETAG, HeaderName, LAST_MODIFIED, LOCATION, WWW_AUTHENTICATE};
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri};
use experiment::load::climbs;
use experiment::reply::{Broken, Reply};
use experiment::status::{is_passed_on, speaks_against};
use fusebox_tower::RetryAfter;
use reqwest::Url;
use telemetry::trace::{BreakerCall, Target, attributes};
use tokio::time::{Instant, timeout_at};

use super::stalls::Stalls;
use crate::client::{self, Downstream, LookingUp, REQUEST_KEY, Unanswered};
use crate::settings::BaseUrl;
use crate::shortage::Shortage;

/// The header that tells the downstream who calls.
const CALLER: HeaderName = HeaderName::from_static("x-caller");
/// How many bytes of the downstream's answer are read so that its connection can be used again.
const ANSWER_BYTES: usize = 64 * 1024;

/// The headers that a client needs with a status that is passed on.
const PASSED_ON: [HeaderName; 5] = [ALLOW, ETAG, LAST_MODIFIED, LOCATION, WWW_AUTHENTICATE];

/// Calls the downstream.
#[derive(Debug)]
pub(super) struct Caller {
    client: Downstream,
    url: Url,
    /// The path below that URL.
    path: Uri,
    target: Target,
    limit: Duration,
    stalls: Arc<Stalls>,
}

/// The result of a call.
#[derive(Debug)]
pub(super) enum CallResult {
    Answered {
        status: StatusCode,
        retry_after: Option<Duration>,
        /// The headers that a client needs with a status that is passed on.
        headers: HeaderMap,
    },
    TimedOut(Duration),
    Broken(Broken),
    /// There was no call: this instance itself ran out of a resource.
    OwnShortage(Shortage),
}

impl Caller {
    pub(super) fn new(
        name: &str,
        downstream: &BaseUrl,
        (limit, stalls): (Duration, Arc<Stalls>),
    ) -> Self {
        let url = downstream.join("data");
        let name = HeaderValue::from_str(name).expect("instance names are plain");
        Self {
            client: Downstream::new(&url).with_header(CALLER, name),
            target: Target::new(url.as_str()),
            path: client::path(&url),
            url,
            limit,
            stalls,
        }
    }

    /// Calls a URL of the downstream. `began` is now.
    pub(super) async fn call(
        &self,
        call: &BreakerCall,
        url: Cow<'_, Url>,
        incoming: &HeaderMap,
        began: Instant,
    ) -> CallResult {
        let mut headers = self.client.headers();
        if let Some(key) = incoming.get(REQUEST_KEY) {
            headers.insert(REQUEST_KEY, key.clone());
        }
        let (span, path) = match &url {
            Cow::Borrowed(_) => (
                call.request(&self.target, incoming, &mut headers),
                self.path.clone(),
            ),
            Cow::Owned(url) => {
                let target = self.target.below(url.as_str());
                let span = call.request(&target, incoming, &mut headers);
                (span, client::path(url))
            }
        };
        let looking_up = LookingUp::default();
        let exchange = self.exchange(path, headers, &looking_up);
        let result = match self.patiently(began, exchange).await {
            Some(result) => result,
            // The name server is silent, which says nothing about the downstream.
            None if looking_up.is() => CallResult::OwnShortage(Shortage::Name),
            None => CallResult::TimedOut(self.limit),
        };
        if let Some(span) = span {
            match &result {
                CallResult::Answered { status, .. } => span.answered(status.as_u16()),
                CallResult::TimedOut(_) => span.failed(attributes::TIMEOUT),
                CallResult::Broken(how) => span.failed(error_type(*how)),
                CallResult::OwnShortage(_) => span.failed(attributes::CONNECT),
            }
        }
        result
    }

    /// Closes connections that have been idle for long. Called once per [`TICK`](super::TICK).
    pub(super) fn sweep(&self) {
        self.client.sweep();
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

    /// Reads the answer to its end, as `fusebox_tower::HttpBreakerLayer` does: a body that breaks off is a broken
    /// connection, whatever the status was.
    async fn exchange(&self, path: Uri, headers: HeaderMap, looking_up: &LookingUp) -> CallResult {
        let got = self.client.get(path, headers, ANSWER_BYTES, looking_up);
        let answered = match got.await {
            Ok(answered) => answered,
            Err(unanswered) => return CallResult::without_answer(&unanswered),
        };
        CallResult::of_answer(answered.status, &answered.headers)
    }

    /// Waits for `exchange`, which began at `began`, for at most the call timeout. Time in which this process did not
    /// run does not count against the downstream.
    async fn patiently<T>(&self, began: Instant, exchange: impl Future<Output = T>) -> Option<T> {
        let mut exchange = pin!(exchange);
        let before = self.stalls.so_far_at(began);
        let limit = began + self.limit;
        let mut until = limit;
        loop {
            if let Ok(ended) = timeout_at(until, &mut exchange).await {
                return Some(ended);
            }
            let extended = limit + self.stalls.so_far().saturating_sub(before);
            if extended <= until {
                return None;
            }
            until = extended;
        }
    }
}

/// Headers that go with a status that is passed on.
fn passed_on(given: &HeaderMap) -> HeaderMap {
    let headers = PASSED_ON.iter().flat_map(|name| {
        // Several lines are one list: none is left out.
        let values = given.get_all(name).iter();
        values.map(|value| (name.clone(), value.clone()))
    });
    headers.collect()
}

/// How long the downstream asks callers to wait. A date counts from the answer's own `Date` if there is one, so the
/// two clocks need not agree.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    RetryAfter::wait_in(headers).or_else(|| {
        let now = UNIX_EPOCH + Duration::from_secs_f64(telemetry::unix_now());
        Some(RetryAfter::of(headers)?.wait_from(now))
    })
}

/// What a span calls it.
fn error_type(broken: Broken) -> &'static str {
    match broken {
        Broken::Connect => attributes::CONNECT,
        Broken::Connection => attributes::CONNECTION,
    }
}

impl CallResult {
    /// The reply, which decides what the breaker and the client are told.
    pub(super) fn reply(&self) -> Reply {
        match self {
            Self::Answered {
                status,
                retry_after,
                ..
            } => Reply::Answered {
                status: status.as_u16(),
                retry_after: *retry_after,
            },
            Self::TimedOut(_) => Reply::TimedOut,
            Self::Broken(how) => Reply::Broken(*how),
            Self::OwnShortage(_) => Reply::OwnShortage,
        }
    }

    /// The reply for an answer.
    fn of_answer(status: StatusCode, given: &HeaderMap) -> Self {
        let against = speaks_against(status.as_u16());
        Self::Answered {
            status,
            retry_after: against.then(|| retry_after(given)).flatten(),
            headers: if is_passed_on(status.as_u16()) {
                passed_on(given)
            } else {
                HeaderMap::new()
            },
        }
    }

    /// The reply for a call without a complete answer.
    fn without_answer(unanswered: &Unanswered) -> Self {
        let (Unanswered::Connect(error) | Unanswered::Broken(error)) = unanswered;
        match (Shortage::behind(&**error), unanswered) {
            (Some(shortage), _) => Self::OwnShortage(shortage),
            (None, Unanswered::Connect(_)) => Self::Broken(Broken::Connect),
            (None, Unanswered::Broken(_)) => Self::Broken(Broken::Connection),
        }
    }

    pub(super) fn status(&self) -> Option<u16> {
        match self {
            Self::Answered { status, .. } => Some(status.as_u16()),
            Self::TimedOut(_) | Self::Broken(_) | Self::OwnShortage(_) => None,
        }
    }

    /// What a span says about a call that failed.
    pub(super) fn error_type(&self) -> Option<Cow<'static, str>> {
        match self {
            Self::Answered { status, .. } if !speaks_against(status.as_u16()) => None,
            Self::Answered { status, .. } => Some(status.as_str().to_owned().into()),
            Self::TimedOut(_) => Some(attributes::TIMEOUT.into()),
            Self::Broken(how) => Some(error_type(*how).into()),
            Self::OwnShortage(_) => Some(attributes::CONNECT.into()),
        }
    }
}

#[cfg(test)]
mod tests;
