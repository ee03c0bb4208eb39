//! Which routes does every service have? Alive, ready, metrics.

use axum::Router;
use axum::extract::Request;
use axum::http::StatusCode;
use axum::http::header::{ACCEPT, HeaderValue, VARY};
use axum::response::Response;
use axum::routing::get;
use telemetry::Metrics;

use super::lines::list;
use super::measured::{Routes, Traced};
use super::reply::{json, text};

/// The router of a service: its own routes, and `/healthz`, `/readyz` and `/metrics`. These are asked
/// every second and tell no story, so they are in no trace.
///
/// A service that has begun its shutdown accepts no connection any more, so whoever gets an answer
/// talks to one that is ready.
pub(crate) fn router(routes: Routes) -> Router {
    let metrics = routes.metrics().clone();
    let status = |status: &'static str| {
        get(async move || json(StatusCode::OK, &serde_json::json!({ "status": status })))
    };
    let show = get(async move |request: Request| expose(&metrics, &request));
    routes
        .add_route(["/healthz"; 2], "GET", &[200], status("alive"), Traced::No)
        .add_route(["/readyz"; 2], "GET", &[200], status("ready"), Traced::No)
        .add_route(["/metrics"; 2], "GET", &[200], show, Traced::No)
        .finish()
}

fn expose(metrics: &Metrics, request: &Request) -> Response {
    let accept = list(request.headers(), &ACCEPT);
    let shown = metrics.expose(accept.as_deref());
    let mut response = text(StatusCode::OK, shown.content_type, shown.body);
    let headers = response.headers_mut();
    headers.insert(VARY, HeaderValue::from_static("accept"));
    response
}
