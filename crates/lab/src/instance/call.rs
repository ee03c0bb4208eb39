//! What happens to one call? Permit, downstream, outcome, answer; or 503 at once.

use std::time::Duration;

use axum::body::Body;
use axum::http::header::{CONTENT_TYPE, RETRY_AFTER};
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::Response;
use breaker::{Outcome, Permit, RejectReason, Rejected};
use bytes::Bytes;
use reqwest::{Client, Url};
use serde::Serialize;
use tokio::time::{Instant, timeout};

use super::State;
use crate::client::client;
use crate::serve::json;
use crate::settings::BaseUrl;

/// The header in which every answer names the state that decided about the call.
const BREAKER_STATE: HeaderName = HeaderName::from_static("x-breaker-state");
/// Bytes of the downstream's answer that are read so that its connection can be used again.
const ANSWER_BYTES: usize = 64 * 1024;

/// What a client is told about its call.
#[derive(Debug, Serialize)]
struct Answer<'a> {
    instance: &'a str,
    breaker_state: &'static str,
    outcome: &'static str,
    downstream_status: Option<u16>,
    duration_ms: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<ErrorBody>,
}

#[derive(Debug, Serialize)]
struct ErrorBody {
    code: &'static str,
    message: String,
}

/// Answers `GET /call`.
pub(super) async fn answer(state: &State) -> Response {
    let permit = match state.breaker.try_acquire() {
        Ok(permit) => permit,
        Err(rejected) => return state.fast_failures.answer(&rejected),
    };
    let breaker_state = permit.state();
    let under_way = UnderWay::new(state, permit);
    let result = state.caller.call().await;
    let (outcome, took) = under_way.end(&result);
    let error = result.error();
    let answer = Answer {
        instance: &state.name,
        breaker_state: breaker_state.as_str(),
        outcome: outcome.as_str(),
        downstream_status: result.status(),
        duration_ms: (took.as_secs_f64() * 1e6).round() / 1e3,
        error,
    };
    let mut response = json(result.answer_status(), &answer);
    let value = HeaderValue::from_static(breaker_state.as_str());
    response.headers_mut().insert(BREAKER_STATE, value);
    response
}

/// A permitted call; if the client leaves, it is measured as cancelled.
struct UnderWay<'a> {
    state: &'a State,
    permit: Option<Permit<'a>>,
    began: Instant,
}

impl<'a> UnderWay<'a> {
    fn new(state: &'a State, permit: Permit<'a>) -> Self {
        Self {
            state,
            permit: Some(permit),
            began: Instant::now(),
        }
    }

    fn end(mut self, result: &CallResult) -> (Outcome, Duration) {
        let took = self.began.elapsed();
        let permit = self.permit.take().expect("a call ends once");
        let outcome = match result {
            CallResult::Answered { status, .. } if is_success(*status) => permit.success(),
            CallResult::Answered {
                retry_after: Some(wait),
                ..
            } => permit.retry_after(*wait).failure(),
            CallResult::Answered { .. } | CallResult::TimedOut(_) | CallResult::Broken(_) => {
                permit.failure()
            }
        };
        self.state.durations.observe(outcome, took);
        (outcome, took)
    }
}

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        if self.permit.take().is_some() {
            self.state
                .durations
                .observe(Outcome::Cancelled, self.began.elapsed());
        }
    }
}

/// Whether the downstream did its work. A client's mistake (4xx) does not speak against it, being
/// told to slow down (429) does.
fn is_success(status: StatusCode) -> bool {
    !status.is_server_error() && status != StatusCode::TOO_MANY_REQUESTS
}

/// Calls the downstream.
#[derive(Debug)]
pub(super) struct Caller {
    client: Client,
    url: Url,
    name: HeaderValue,
    limit: Duration,
}

/// What the downstream answered.
#[derive(Debug)]
enum CallResult {
    Answered {
        status: StatusCode,
        retry_after: Option<Duration>,
    },
    TimedOut(Duration),
    Broken(&'static str),
}

impl Caller {
    pub(super) fn new(name: &str, downstream: &BaseUrl, limit: Duration) -> Self {
        Self {
            client: client(),
            url: downstream.join("data"),
            name: HeaderValue::from_str(name).expect("instance names are plain"),
            limit,
        }
    }

    async fn call(&self) -> CallResult {
        match timeout(self.limit, self.exchange()).await {
            Err(_) => CallResult::TimedOut(self.limit),
            Ok(Err(error)) if error.is_connect() => CallResult::Broken("it cannot be reached"),
            Ok(Err(_)) => CallResult::Broken("the connection broke"),
            Ok(Ok((status, retry_after))) => CallResult::Answered {
                status,
                retry_after,
            },
        }
    }

    async fn exchange(&self) -> reqwest::Result<(StatusCode, Option<Duration>)> {
        let request = self.client.get(self.url.clone());
        let mut response = request.header("x-caller", &self.name).send().await?;
        let mut read = 0;
        while let Some(chunk) = response.chunk().await? {
            read += chunk.len();
            if read > ANSWER_BYTES {
                break;
            }
        }
        let retry_after = response
            .headers()
            .get(RETRY_AFTER)
            .and_then(|seconds| seconds.to_str().ok()?.parse().ok())
            .map(Duration::from_secs);
        Ok((response.status(), retry_after))
    }
}

impl CallResult {
    fn status(&self) -> Option<u16> {
        match self {
            Self::Answered { status, .. } => Some(status.as_u16()),
            Self::TimedOut(_) | Self::Broken(_) => None,
        }
    }

    fn answer_status(&self) -> StatusCode {
        match self {
            Self::Answered { status, .. } if is_success(*status) => StatusCode::OK,
            Self::Answered { .. } | Self::Broken(_) => StatusCode::BAD_GATEWAY,
            Self::TimedOut(_) => StatusCode::GATEWAY_TIMEOUT,
        }
    }

    fn error(&self) -> Option<ErrorBody> {
        let (code, message) = match self {
            Self::Answered { status, .. } if is_success(*status) => return None,
            Self::Answered { status, .. } => (
                "downstream_failure",
                format!("the downstream answered {}", status.as_u16()),
            ),
            Self::TimedOut(limit) => (
                "downstream_timeout",
                format!("the downstream did not answer within {limit:?}"),
            ),
            Self::Broken(why) => ("downstream_failure", format!("no answer: {why}")),
        };
        Some(ErrorBody { code, message })
    }
}

/// The answers to rejected calls, rendered once: a fast failure must be fast.
#[derive(Debug)]
pub(super) struct FastFailures {
    bodies: Vec<(RejectReason, Bytes)>,
}

impl FastFailures {
    pub(super) fn of(instance: &str) -> Self {
        let body = |reason: RejectReason| {
            let answer = Answer {
                instance,
                breaker_state: reason.state().as_str(),
                outcome: "fast_failure",
                downstream_status: None,
                duration_ms: 0.0,
                error: Some(ErrorBody {
                    code: "circuit_open",
                    message: match reason {
                        RejectReason::RampUp => "the circuit breaker has just closed and admits \
                                                 only some calls yet; the downstream was not called"
                            .to_owned(),
                        reason => format!(
                            "the circuit breaker is {reason}; the downstream was not called"
                        ),
                    },
                }),
            };
            let bytes = serde_json::to_vec(&answer).expect("answers have only string keys");
            (reason, Bytes::from(bytes))
        };
        Self {
            bodies: RejectReason::ALL.map(body).into(),
        }
    }

    fn answer(&self, rejected: &Rejected) -> Response {
        let known = self
            .bodies
            .iter()
            .find(|(reason, _)| *reason == rejected.reason);
        let body = known.map(|(_, body)| body.clone()).unwrap_or_default();
        let mut response = Response::new(Body::from(body));
        *response.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        let state = HeaderValue::from_static(rejected.reason.state().as_str());
        headers.insert(BREAKER_STATE, state);
        headers.insert(RETRY_AFTER, retry_after(rejected.retry_after));
        response
    }
}

/// Whole seconds, rounded up, at least one. Where no time leads out, a minute.
fn retry_after(wait: Option<Duration>) -> HeaderValue {
    let wait = wait.unwrap_or(Duration::from_secs(60));
    let part = u64::from(wait.subsec_nanos() > 0);
    let rounded_up = wait.as_secs().saturating_add(part);
    HeaderValue::from(rounded_up.max(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn retry_after_is_rounded_up_to_whole_seconds() {
        let header = |millis| retry_after(Some(Duration::from_millis(millis)));

        assert_eq!(header(0), "1");
        assert_eq!(header(1), "1");
        assert_eq!(header(1000), "1");
        assert_eq!(header(1001), "2");
        assert_eq!(retry_after(None), "60");
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
