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

/// `{"mode": "forced_open"}`, or the mode alone as a JSON string.
#[derive(Debug, Deserialize)]
#[serde(
    untagged,
    expecting = "mode: it must be `auto`, `forced_open`, `disabled` or `metrics_only`"
)]
enum SetMode {
    Alone(Mode),
    Named(NamedMode),
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct NamedMode {
    mode: Mode,
}

/// Answers `GET /breaker`.
pub(super) fn show(state: &State) -> Response {
    let snapshot = state.breaker.snapshot();
    json(
        StatusCode::OK,
        &BreakerView::new(&state.name, &snapshot, &state.times),
    )
}

/// Answers `PUT /breaker/mode`.
pub(super) async fn set_mode(state: &State, request: Request) -> Response {
    let mode = match read_json(request).await {
        Ok(SetMode::Alone(mode) | SetMode::Named(NamedMode { mode })) => mode,
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
