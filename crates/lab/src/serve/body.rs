//! What did the client send? Small JSON bodies, read within bounds of size and time.
//!
//! A body that is too large is read to its end and thrown away, up to a limit: a client that is
//! still sending when the connection closes would see a reset instead of the answer.

use std::time::Duration;

use axum::body::{Body, HttpBody};
use axum::extract::Request;
use axum::http::StatusCode;
use axum::response::Response;
use http_body_util::BodyExt;
use serde::de::DeserializeOwned;
use tokio::time::timeout;

use super::reply::error;
use experiment::reading::parse_json;

/// Bytes that a body may have.
const LIMIT: usize = 64 * 1024;
/// Bytes of a body that is too large that are thrown away before the connection is closed.
const THROWN_AWAY: usize = 32 * 1024 * 1024;
/// How long a body may take.
const TIME: Duration = Duration::from_secs(5);

/// Whether the request says that its body is larger than any body may be.
pub(super) fn announces_too_much(request: &Request) -> bool {
    request.body().size_hint().lower() > LIMIT as u64
}

/// Refuses the request for its size.
pub(super) async fn refuse(request: Request) -> Response {
    // Whether the client is slow or gone, the answer is the same.
    let _ = timeout(TIME, throw_away(request.into_body(), 0)).await;
    too_large()
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
            let message = format!("the body broke off: {broken}");
            error(StatusCode::BAD_REQUEST, "incomplete_body", &message)
        })?;
        let Ok(data) = frame.into_data() else {
            continue;
        };
        if bytes.len() + data.len() > LIMIT {
            throw_away(body, bytes.len() + data.len()).await;
            return Err(too_large());
        }
        bytes.extend_from_slice(&data);
    }
    Ok(bytes)
}

async fn throw_away(mut body: Body, mut seen: usize) {
    while let Some(Ok(frame)) = body.frame().await {
        seen += frame.data_ref().map_or(0, bytes::Bytes::len);
        if seen > THROWN_AWAY {
            return;
        }
    }
}

fn too_large() -> Response {
    let message = format!("a body may have {LIMIT} bytes");
    error(StatusCode::PAYLOAD_TOO_LARGE, "body_too_large", &message)
}
