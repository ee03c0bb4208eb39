//! The routes that every service has: alive, ready, metrics.

use std::sync::Arc;

use axum::extract::Request;
use axum::http::StatusCode;
use axum::http::header::{ACCEPT, HeaderValue, VARY};
use axum::response::Response;
use axum::routing::get;
use telemetry::Metrics;
use tokio::sync::Semaphore;

use super::answers::Answers;
use super::lines::list;
use super::reply::{error, json, text};
use super::routes::{Routes, Traced};

/// The routes of a service: its own, and `/healthz`, `/readyz` and `/metrics`. The last three are requested every
/// second and are of no interest in a trace, so they are in none.
///
/// A service is ready unless it has a reason not to be. A service that has begun its shutdown accepts no connection
/// any more, so a client that gets an answer talks to one that is ready.
pub(crate) fn router(routes: Routes) -> Answers {
    let metrics = routes.metrics().clone();
    let is = |status: &str| json(StatusCode::OK, &serde_json::json!({ "status": status }));
    let alive = get(async move || is("alive"));
    let ready = routes.ready();
    let ready = get(async move || match ready() {
        Ok(()) => is("ready"),
        Err((code, why)) => error(StatusCode::SERVICE_UNAVAILABLE, code, &why),
    });
    let turn = Arc::new(Semaphore::new(1));
    let show = get(move |request| expose(metrics, turn, request));
    routes
        .add_route(["/healthz"; 2], "GET", &[200], alive, Traced::No)
        .add_route(["/readyz"; 2], "GET", &[200], ready, Traced::No)
        .add_route(["/metrics"; 2], "GET", &[200], show, Traced::No)
        .finish()
}

/// A scrape may take a while, so it is computed in the background of calls, one at a time.
async fn expose(metrics: Metrics, turn: Arc<Semaphore>, request: Request) -> Response {
    let turn = turn.acquire_owned().await;
    let shown = tokio::task::spawn_blocking(move || {
        let _turn = turn;
        let accept = list(request.headers(), &ACCEPT);
        metrics.expose(accept.as_deref())
    });
    let shown = match shown.await {
        Ok(shown) => shown,
        Err(broken) => {
            let status = StatusCode::INTERNAL_SERVER_ERROR;
            return error(status, "no_metrics", &broken.to_string());
        }
    };
    let mut response = text(StatusCode::OK, shown.content_type, shown.body);
    let headers = response.headers_mut();
    headers.insert(VARY, HeaderValue::from_static("accept"));
    response
}
