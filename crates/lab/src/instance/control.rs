//! How is a breaker looked at and led? The routes below `/breaker`.

use axum::extract::Request;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;

use super::State;
use super::view::BreakerView;
use crate::serve::{json, read_json};

/// What an operator can choose. `auto` leads out of the other three.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Mode {
    Auto,
    ForcedOpen,
    Disabled,
    MetricsOnly,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct SetMode {
    mode: Mode,
}

/// Answers `GET /breaker`.
pub(super) fn show(state: &State) -> Response {
    let snapshot = state.breaker.snapshot();
    json(StatusCode::OK, &BreakerView::new(&state.name, &snapshot))
}

/// Answers `PUT /breaker/mode`.
pub(super) async fn set_mode(state: &State, request: Request) -> Response {
    let SetMode { mode } = match read_json(request).await {
        Ok(body) => body,
        Err(refusal) => return refusal,
    };
    match mode {
        Mode::Auto => state.breaker.resume(),
        Mode::ForcedOpen => state.breaker.force_open(),
        Mode::Disabled => state.breaker.disable(),
        Mode::MetricsOnly => state.breaker.metrics_only(),
    }
    show(state)
}

/// Answers `POST /breaker/reset`.
pub(super) fn reset(state: &State) -> Response {
    state.breaker.reset();
    show(state)
}
