//! The bodies of requests: small JSON, read within limits of size and time.
//!
//! The part that is not read is discarded beside the answer, up to a limit: a client that is still sending when the
//! connection closes would see a reset instead of the answer. A client that first asks whether to send its body
//! (`Expect: 100-continue`) is told to go on only when the body is read.

use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, HttpBody};
use axum::extract::Request;
use axum::http::StatusCode;
use axum::http::header::EXPECT;
use axum::response::Response;
use bytes::Bytes;
use http_body_util::BodyExt;
use hyper::body::{Frame, SizeHint};
use serde::de::DeserializeOwned;
use tokio::time::timeout;

use super::reply::error;
use experiment::reading::parse_json;

/// The most bytes of a body.
const LIMIT: usize = 64 * 1024;
/// How many bytes of a body that is too large are discarded before the connection is closed.
const THROWN_AWAY: usize = 32 * 1024 * 1024;
/// How long a body may take.
const TIME: Duration = Duration::from_secs(5);

/// Whether the request announces a body that is larger than allowed.
pub(super) fn announces_too_much(request: &Request) -> bool {
    request.body().size_hint().lower() > LIMIT as u64
}

/// The request for a handler, and the rest of its body after that; `None` if there is no body.
pub(super) fn shared(request: Request) -> (Request, Option<Rest>) {
    if request.body().is_end_stream() {
        return (request, None);
    }
    let expects = request.headers().contains_key(EXPECT);
    let (head, body) = request.into_parts();
    let shared = Arc::new(Mutex::new(Shared {
        body,
        asked_for: !expects,
    }));
    let body = Body::new(Lent(Arc::clone(&shared)));
    (Request::from_parts(head, body), Some(Rest(shared)))
}

/// A body that its handler and the connection share.
struct Shared {
    body: Body,
    /// Whether the client sends it unasked, or has been asked.
    asked_for: bool,
}

/// The part of a body that a handler leaves unread.
pub(super) struct Rest(Arc<Mutex<Shared>>);

impl Rest {
    /// Reads it to its end while the answer is sent, so that the client gets to read the answer. A body that the
    /// client sends only on request is not requested.
    pub(super) fn throw_away(self) {
        let wanted = {
            let shared = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            shared.asked_for && !shared.body.is_end_stream()
        };
        if wanted {
            tokio::spawn(timeout(TIME, throw_away(Body::new(Lent(self.0)))));
        }
    }
}

/// The body as a handler reads it.
struct Lent(Arc<Mutex<Shared>>);

impl HttpBody for Lent {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let mut shared = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        shared.asked_for = true;
        Pin::new(&mut shared.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        let shared = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        shared.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        let shared = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        shared.body.size_hint()
    }
}

/// Reads a JSON body.
pub(crate) async fn read_json<T: DeserializeOwned>(request: Request) -> Result<T, Response> {
    let bytes = timeout(TIME, read(request.into_body()))
        .await
        .map_err(|_| {
            let message = format!("the body did not arrive within {TIME:?}");
            error(StatusCode::REQUEST_TIMEOUT, "body_timeout", &message)
        })??;
    parse_json(&bytes).map_err(|message| error(StatusCode::BAD_REQUEST, "invalid_body", &message))
}

async fn read(mut body: Body) -> Result<Vec<u8>, Response> {
    let mut bytes = Vec::new();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|broken| {
            let message = format!("the body ended too early: {broken}");
            error(StatusCode::BAD_REQUEST, "incomplete_body", &message)
        })?;
        let Ok(data) = frame.into_data() else {
            continue;
        };
        if bytes.len() + data.len() > LIMIT {
            return Err(too_large());
        }
        bytes.extend_from_slice(&data);
    }
    Ok(bytes)
}

async fn throw_away(mut body: Body) {
    let mut seen = 0;
    while let Some(Ok(frame)) = body.frame().await {
        seen += frame.data_ref().map_or(0, bytes::Bytes::len);
        if seen > THROWN_AWAY {
            return;
        }
    }
}

pub(super) fn too_large() -> Response {
    let message = format!("the body is larger than {LIMIT} bytes, which is the limit");
    error(StatusCode::PAYLOAD_TOO_LARGE, "body_too_large", &message)
}
