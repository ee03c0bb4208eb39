//! Answers in JSON, and errors of one shape.

use axum::body::Body;
use axum::http::StatusCode;
use axum::http::header::{CONTENT_TYPE, HeaderValue};
use axum::response::Response;
use bytes::Bytes;
use serde::Serialize;

/// Makes an answer with a JSON body that ends with a newline, so that a terminal shows it on a line of its own.
pub(crate) fn json(status: StatusCode, value: &impl Serialize) -> Response {
    with_type(status, "application/json", json_text(value))
}

/// The body of a constant answer, to be [sent](constant) any number of times.
pub(crate) fn json_text(value: &impl Serialize) -> Bytes {
    let mut body = serde_json::to_vec(value).expect("answers have only string keys");
    body.push(b'\n');
    body.into()
}

/// Makes a constant answer, which costs next to nothing.
pub(crate) fn constant(json: &Bytes) -> Response {
    with_type(StatusCode::OK, "application/json", json.clone())
}

/// Makes an answer with a body of another type.
pub(crate) fn text(status: StatusCode, content_type: &'static str, body: String) -> Response {
    with_type(status, content_type, body.into())
}

/// `{"error": {"code": …, "message": …}}`.
pub(crate) fn error(status: StatusCode, code: &str, message: &str) -> Response {
    let body = serde_json::json!({ "error": { "code": code, "message": message } });
    json(status, &body)
}

fn with_type(status: StatusCode, content_type: &'static str, body: Bytes) -> Response {
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    response
        .headers_mut()
        .insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
}
