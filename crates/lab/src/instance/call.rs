//! One call: permit, downstream, outcome, answer; or 503 at once.

use std::time::Duration;

use axum::body::Body;
use axum::http::header::{CONTENT_TYPE, RETRY_AFTER};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::Response;
use bytes::Bytes;
use experiment::status::speaks_against;
use fusebox::{Outcome, Permit, RejectReason, Rejected};
use fusebox_tower::RetryAfter;
use serde::Serialize;
use telemetry::trace::BreakerCall;
use tokio::time::Instant;

use super::downstream::CallResult;
use super::{DOWNSTREAM, Shared};
use crate::serve::{self, json};

/// The header in which every answer names the state of the breaker that decided about the call.
const BREAKER_STATE: HeaderName = HeaderName::from_static("x-breaker-state");

/// The message to a client about its call.
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

/// Answers `GET /call`, and `GET /call/PATH` with what the downstream has at that path.
pub(super) async fn answer(state: &Shared, path: &str, incoming: &HeaderMap) -> Response {
    let Some(url) = state.caller.url_for(path) else {
        // The breaker is not asked: what never leaves for the downstream says nothing about it.
        let message = "the path must stay below /call: write it without `..`";
        return serve::error(StatusCode::BAD_REQUEST, "invalid_path", message);
    };
    let span = state.tracer.breaker_call(DOWNSTREAM);
    let permit = match span.within(|| state.breaker.try_acquire()) {
        Ok(permit) => permit,
        Err(rejected) => {
            span.rejected(&rejected);
            return state.fast_failures.answer(&rejected);
        }
    };
    let breaker_state = permit.state();
    state.permitted.note(breaker_state);
    let under_way = UnderWay::new(state, permit, span);
    // Boxed, so that a fast failure does not carry the room for a call.
    let call = (state.caller).call(&under_way.span, url, incoming, under_way.began);
    let result = Box::pin(call).await;
    let (outcome, took) = under_way.end(&result);
    let failure = error(&result);
    let answer = Answer {
        instance: &state.name,
        breaker_state: breaker_state.as_str(),
        outcome: outcome.as_str(),
        downstream_status: result.status(),
        duration_ms: (took.as_secs_f64() * 1e6).round() / 1e3,
        error: failure,
    };
    let status = StatusCode::from_u16(result.reply().client_status());
    let status = status.expect("clients get statuses that HTTP has");
    let mut response = json(status, &answer);
    let value = HeaderValue::from_static(breaker_state.as_str());
    response.headers_mut().insert(BREAKER_STATE, value);
    if let CallResult::Answered { headers, .. } = result
        && !headers.is_empty()
    {
        response.headers_mut().extend(headers);
    }
    response
}

/// The message about a call that did not succeed.
fn error(result: &CallResult) -> Option<ErrorBody> {
    let (code, message) = match result {
        CallResult::Answered { status, .. } if status.is_success() => return None,
        CallResult::Answered { status, .. } if !speaks_against(status.as_u16()) => (
            "downstream_answer",
            format!(
                "the downstream answered {}, which does not count as a failure",
                status.as_u16()
            ),
        ),
        CallResult::OwnShortage(what) => (
            "own_shortage",
            format!("this instance could not make the call: {}", what.words()),
        ),
        CallResult::Answered { status, .. } => (
            "downstream_failure",
            format!("the downstream answered {}", status.as_u16()),
        ),
        CallResult::TimedOut(limit) => (
            "downstream_timeout",
            format!("the downstream did not answer within {limit:?}"),
        ),
        CallResult::Broken(how) => (
            "downstream_failure",
            format!("no answer from the downstream: {}", how.words()),
        ),
    };
    Some(ErrorBody { code, message })
}

/// A permitted call; if the client leaves, it is measured as cancelled.
struct UnderWay<'a> {
    state: &'a Shared,
    permit: Option<Permit<'a>>,
    span: BreakerCall,
    began: Instant,
    /// How long the process had not run until then.
    stalled: Duration,
}

impl<'a> UnderWay<'a> {
    fn new(state: &'a Shared, permit: Permit<'a>, span: BreakerCall) -> Self {
        span.permitted(permit.state(), permit.generation(), || {
            state.transitions.opening()
        });
        let began = Instant::now();
        Self {
            state,
            permit: Some(permit),
            span,
            began,
            stalled: state.stalls.so_far_at(began),
        }
    }

    fn end(mut self, result: &CallResult) -> (Outcome, Duration) {
        let now = Instant::now();
        let took = now.saturating_duration_since(self.began);
        let mut permit = self.permit.take().expect("a call ends once");
        let stalled = self.state.stalls.so_far_at(now);
        let stalled = stalled.saturating_sub(self.stalled);
        if !stalled.is_zero() {
            // Time in which this process did not run makes no call slow.
            permit = permit.took(took.saturating_sub(stalled));
        }
        let verdict = result.reply().verdict();
        let outcome = self.span.within(|| permit.end(verdict));
        self.span.ended(outcome, result.error_type().as_deref());
        self.measure(outcome, took);
        (outcome, took)
    }

    fn measure(&self, outcome: Outcome, took: Duration) {
        let durations = &self.state.durations;
        durations.observe(outcome, took, self.span.trace_id());
    }
}

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        if let Some(permit) = self.permit.take() {
            self.span.within(|| drop(permit));
            self.span.ended(Outcome::Cancelled, None);
            self.measure(Outcome::Cancelled, self.began.elapsed());
        }
    }
}

/// The answers to rejected calls, rendered once, because a fast failure must be fast.
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
                        RejectReason::RampUp => {
                            "the circuit breaker has just closed and permits only some \
                            calls; the downstream was not called"
                                .to_owned()
                        }
                        RejectReason::Fleet => "the fleet holds the circuit breaker open; the \
                                                downstream was not called"
                            .to_owned(),
                        RejectReason::Turn => "the circuit breaker waits for its turn to close; \
                                               the downstream was not called"
                            .to_owned(),
                        RejectReason::ProbeBusy => "the circuit breaker is probing for the fleet; \
                                                    the downstream was not called"
                            .to_owned(),
                        reason => format!(
                            "the circuit breaker is {}; the downstream was not called",
                            reason.to_string().replace('_', "-"),
                        ),
                    },
                }),
            };
            let mut bytes = serde_json::to_vec(&answer).expect("answers have only string keys");
            bytes.push(b'\n');
            (reason, Bytes::from(bytes))
        };
        Self {
            bodies: RejectReason::ALL.iter().copied().map(body).collect(),
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
        // Where no time leads out, as when an operator forced the breaker open, any number would be made up.
        if let Some(wait) = rejected.retry_after {
            headers.insert(RETRY_AFTER, RetryAfter::After(wait).to_header_value());
        }
        response
    }
}
