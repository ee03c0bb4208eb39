//! Answers as their fate says: slow, wrong, partial, or none at all.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::Request;
use axum::http::header::{CONTENT_TYPE, RETRY_AFTER};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::Response;
use bytes::Bytes;
use experiment::faults::{ANSWER, Ending, SlowBody, WrongBody};
use futures_util::stream;
use prometheus::Histogram;
use telemetry::trace::{attributes, note};
use tokio::time::Instant;

use super::held_call::{Holding, Released};
use super::metrics::NOBODY;
use super::running::{Asked, Running};
use super::suffering_call::SufferingCall;
use crate::client::CALL_ID;
use crate::serve::{Cut, Wire, error};

/// Pieces of a slow body.
const PIECES: u32 = 8;
/// The bytes that come instead of HTTP.
const GARBAGE: &[u8] = b"\x00\x16\x03 this is not HTTP\r\n\r\n";

/// Answers as the active faults say.
pub(super) async fn answer(
    running: Arc<Running>,
    measured: Histogram,
    request: Request,
) -> Response {
    let began = Instant::now();
    let headers = request.headers();
    let asked = Asked {
        caller: short(header(headers, "x-caller").unwrap_or(NOBODY)),
        key: header(headers, "x-request-key"),
        path: request.uri().path(),
        id: header(headers, CALL_ID.as_str()).and_then(|id| id.parse().ok()),
    };
    let meeting = running.meet(&asked);
    let (fate, mut held) = (meeting.fate, meeting.held);
    note(attributes::FAULT_OUTCOME, fate.ending.as_str());
    let delay = i64::try_from(fate.delay.as_millis()).unwrap_or(i64::MAX);
    note(attributes::FAULT_DELAY_MS, delay);
    let mut ready = began;
    if let Some(turn) = meeting.turn {
        if held.wait(turn.done()).await == Err(Released) {
            return whole(ANSWER);
        }
        ready = Instant::now();
    }
    if !fate.delay.is_zero() {
        let waited = held.wait(running.sleep_until(ready + fate.delay));
        let waited = waited.await;
        measured.observe(ready.elapsed().as_secs_f64());
        if waited == Err(Released) {
            return whole(ANSWER);
        }
    }
    match (fate.ending, fate.slow_body) {
        (Ending::Success, Some(slow)) => dribble(running, slow, meeting.suffering, held),
        (ending, _) => ended(ending, request.extensions().get::<Wire>()).await,
    }
}

/// The answer with which a call ends, once its time has come.
async fn ended(ending: Ending, wire: Option<&Wire>) -> Response {
    match ending {
        Ending::Success => whole(ANSWER),
        Ending::Status {
            code,
            retry_after_s,
            body,
            headers,
        } => {
            let code = StatusCode::from_u16(code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
            let mut response = match body {
                Some(body) => with_body(code, body),
                None => error(
                    code,
                    "injected_failure",
                    "the fault plan injected this failure",
                ),
            };
            add_headers(response.headers_mut(), retry_after_s, &headers);
            response
        }
        Ending::Hang => error(
            StatusCode::GATEWAY_TIMEOUT,
            "injected_hang",
            "the fault plan held this answer back",
        ),
        Ending::WrongBody(WrongBody::Error) => whole(
            r#"{"error":{"code":"injected_failure","message":"the fault plan injected this failure"}}"#,
        ),
        Ending::WrongBody(WrongBody::Garbage) => whole("}{ <this is not JSON>"),
        Ending::Truncate { bytes } => cut(wire, Cut::Say(first_bytes(bytes))).await,
        Ending::Reset => cut(wire, Cut::Reset).await,
        Ending::Close => cut(wire, Cut::Say(Bytes::new())).await,
        Ending::Garbage => cut(wire, Cut::Say(Bytes::from_static(GARBAGE))).await,
    }
}

/// The first 64 bytes of a name, because it becomes a label of metrics. Headers that are text are ASCII.
fn short(name: &str) -> &str {
    name.get(..64).unwrap_or(name)
}

fn header<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

/// Ends the connection here, and this call with it.
async fn cut(wire: Option<&Wire>, how: Cut) -> Response {
    let Some(wire) = wire else {
        let message = "the fault plan was to cut this connection, which cannot be cut";
        return error(StatusCode::BAD_GATEWAY, "injected_failure", message);
    };
    match wire.cut(how).await {}
}

fn whole(body: &'static str) -> Response {
    let mut response = Response::new(Body::from(body));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

fn with_body(status: StatusCode, body: String) -> Response {
    let json = body.trim_start().starts_with(['{', '[']);
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    let kind = if json {
        "application/json"
    } else {
        "text/plain; charset=utf-8"
    };
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    response
}

fn add_headers(to: &mut HeaderMap, retry_after_s: Option<u32>, headers: &[(String, String)]) {
    if let Some(seconds) = retry_after_s {
        to.insert(RETRY_AFTER, HeaderValue::from(seconds));
    }
    for (name, value) in headers {
        // These types parse by a wider rule than plans do: nothing is left out.
        let name = HeaderName::from_bytes(name.as_bytes());
        if let (Ok(name), Ok(value)) = (name, HeaderValue::from_str(value)) {
            to.insert(name, value);
        }
    }
}

/// The answer up to the point where it breaks off: its head promises more.
fn first_bytes(bytes: usize) -> Bytes {
    let head = format!(
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
        ANSWER.len()
    );
    let mut said = head.into_bytes();
    said.extend_from_slice(&ANSWER.as_bytes()[..bytes]);
    said.into()
}

/// The answer in pieces, the last of them when the time is up, or all remaining pieces when the plan lets go.
fn dribble(
    running: Arc<Running>,
    slow: SlowBody,
    suffering: Option<SufferingCall>,
    held: Holding,
) -> Response {
    let began = Instant::now();
    let pieces = stream::unfold((0, suffering, held), move |(piece, suffering, mut held)| {
        let running = Arc::clone(&running);
        async move {
            if piece == PIECES {
                return None;
            }
            let due: Duration = slow.over * (piece + 1) / PIECES;
            let waited = held.wait(running.sleep_until(began + due));
            let next = match waited.await {
                Ok(()) => piece + 1,
                Err(Released) => PIECES,
            };
            let place = |piece: u32| ANSWER.len() * piece as usize / PIECES as usize;
            let bytes = &ANSWER.as_bytes()[place(piece)..place(next)];
            let bytes = Ok::<_, Infallible>(Bytes::from_static(bytes));
            Some((bytes, (next, suffering, held)))
        }
    });
    let mut response = Response::new(Body::from_stream(pieces));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

#[cfg(test)]
mod tests {
    use super::short;

    #[test]
    fn a_name_is_no_longer_than_a_label_should_be() {
        assert_eq!(short("A"), "A");
        assert_eq!(short(&"x".repeat(10_000)).len(), 64);
    }
}
