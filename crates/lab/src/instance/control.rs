//! The routes below `/breaker`: how it stands, and what an operator may order.

use axum::extract::Request;
use axum::http::StatusCode;
use axum::response::Response;
use serde::de::Error;
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use super::Shared;
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
#[derive(Debug)]
struct SetMode(Mode);

impl<'de> Deserialize<'de> for SetMode {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        const WRITE: &str = "write {\"mode\": \"auto\"}, with `auto`, `forced_open`, `disabled` or \
                             `metrics_only`";
        let refused = |why: String| D::Error::custom(format!("{why}: {WRITE}"));
        let mode = match Value::deserialize(deserializer)? {
            Value::Object(mut members) => {
                let mode = members.remove("mode");
                if let Some(unknown) = members.keys().next() {
                    return Err(refused(format!("`{unknown}` is not known")));
                }
                mode.ok_or_else(|| refused("mode is missing".to_owned()))?
            }
            mode => mode,
        };
        Mode::deserialize(&mode)
            .ok()
            .filter(|_| mode.is_string())
            .map(Self)
            .ok_or_else(|| refused(format!("mode = {mode} is not allowed")))
    }
}

/// Answers `GET /breaker`.
pub(super) fn show(state: &Shared) -> Response {
    let snapshot = state.breaker.snapshot();
    json(
        StatusCode::OK,
        &BreakerView::new(&state.name, &snapshot, &state.times),
    )
}

/// Answers `PUT /breaker/mode`.
pub(super) async fn set_mode(state: &Shared, request: Request) -> Response {
    let mode = match read_json(request).await {
        Ok(SetMode(mode)) => mode,
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
pub(super) fn reset(state: &Shared) -> Response {
    state.breaker.reset();
    show(state)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mode_is_named_or_stands_alone_and_a_refusal_says_what_was_written() {
        let read = |body: &str| serde_json::from_str::<SetMode>(body);
        for body in [r#""auto""#, r#"{"mode": "auto"}"#] {
            assert!(matches!(read(body).unwrap(), SetMode(Mode::Auto)), "{body}");
        }
        for (body, said) in [
            (r#"{"mode": "x"}"#, r#"mode = "x" is not allowed"#),
            (r#""off""#, r#"mode = "off" is not allowed"#),
            (r#"["auto"]"#, r#"mode = ["auto"] is not allowed"#),
            (r#"{"mode": {"auto": null}}"#, "is not allowed"),
            (r#"{"mode": "auto", "until": 1}"#, "`until` is not known"),
            ("{}", "mode is missing"),
        ] {
            let refusal = read(body).unwrap_err().to_string();
            assert!(refusal.contains(said), "{body}: {refusal}");
            assert!(refusal.contains("`forced_open`"), "{body}: {refusal}");
        }
    }
}
