//! Which routes does every service have? Alive, ready, metrics.

use axum::http::StatusCode;
use axum::routing::get;
use prometheus::Registry;

use super::measured::Routes;
use super::reply::{json, text};

/// Adds `/healthz`, `/readyz` and `/metrics`, which shows `registry`.
///
/// A service that has begun its shutdown accepts no connection any more, so whoever gets an answer
/// talks to one that is ready.
pub(crate) fn health_routes(routes: Routes, registry: Registry) -> Routes {
    telemetry::register_build_info(&registry, env!("CARGO_PKG_VERSION"));
    let status = |status: &'static str| {
        get(async move || json(StatusCode::OK, &serde_json::json!({ "status": status })))
    };
    let metrics = get(async move || {
        let exposition = telemetry::exposition(&registry);
        text(StatusCode::OK, telemetry::TEXT_FORMAT, exposition)
    });
    routes
        .add("GET", "/healthz", &[200], status("alive"))
        .add("GET", "/readyz", &[200], status("ready"))
        .add("GET", "/metrics", &[200], metrics)
}
