//! The routes below `/breaker` and `/fleet`: the state of the breaker, and the orders of an operator.

use axum::extract::Request;
use axum::http::StatusCode;
use axum::response::Response;
use fusebox_fleet::Order;
use serde::de::{DeserializeOwned, Error};
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use super::Shared;
use super::fleet_view::FleetView;
use super::tuning::{SettingsChange, Tuning};
use super::view::BreakerView;
use crate::coordination::NotOrdered;
use crate::serve::{error, json, read_json};

/// What an operator can choose. `auto` leads out of the other three.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Mode {
    Auto,
    ForcedOpen,
    Disabled,
    MetricsOnly,
}

/// The orders of an operator to a whole fleet.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
enum FleetMode {
    Auto,
    ForcedOpen,
    Disabled,
}

/// `{"mode": "forced_open"}`, or the mode alone as a JSON string.
#[derive(Debug)]
struct SetMode(Mode);

impl<'de> Deserialize<'de> for SetMode {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        const ALLOWED: &str = "`auto`, `forced_open`, `disabled` or `metrics_only`";
        read_mode(deserializer, ALLOWED).map(Self)
    }
}

/// The same for the whole fleet.
#[derive(Debug)]
struct SetFleetMode(Order);

impl<'de> Deserialize<'de> for SetFleetMode {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        const ALLOWED: &str = "`auto`, `forced_open` or `disabled`";
        read_mode::<FleetMode, D>(deserializer, ALLOWED).map(|mode| {
            Self(match mode {
                FleetMode::Auto => Order::Automatic,
                FleetMode::ForcedOpen => Order::ForceOpen,
                FleetMode::Disabled => Order::Disable,
            })
        })
    }
}

/// Reads a mode that is named, or that stands alone.
fn read_mode<'de, M: DeserializeOwned, D: Deserializer<'de>>(
    deserializer: D,
    allowed: &str,
) -> Result<M, D::Error> {
    let refused = |why: String| {
        D::Error::custom(format!(
            "{why}: write {{\"mode\": MODE}}, where MODE is {allowed}"
        ))
    };
    let mode = match Value::deserialize(deserializer)? {
        Value::Object(mut members) => {
            let mode = members.remove("mode");
            if let Some(unknown) = members.keys().next() {
                return Err(refused(format!("the key `{unknown}` is not known")));
            }
            mode.ok_or_else(|| refused("the key `mode` is missing".to_owned()))?
        }
        mode => mode,
    };
    M::deserialize(&mode)
        .ok()
        .filter(|_| mode.is_string())
        .ok_or_else(|| refused(format!("mode = {mode} is not allowed")))
}

/// Answers `GET /breaker`.
pub(super) async fn show(state: &Shared) -> Response {
    let fleet = match state.seat.part() {
        Some(part) => Some(FleetView::of(&part).await),
        None => None,
    };
    let snapshot = state.breaker.snapshot();
    json(
        StatusCode::OK,
        &BreakerView::new((&state.name, &snapshot), &state.times, fleet)
            .with_settings(state.tuning.settings()),
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
    show(state).await
}

/// Answers `POST /breaker/reset`.
pub(super) async fn reset(state: &Shared) -> Response {
    state.breaker.reset();
    show(state).await
}

/// Answers `PATCH /breaker/settings`: those that are stated change, all of them or none.
pub(super) async fn change_settings(state: &Shared, request: Request) -> Response {
    let change = match read_json(request).await {
        Ok(SettingsChange(change)) => change,
        Err(refusal) => return refusal,
    };
    match Tuning::change_all(std::slice::from_ref(&state.tuning), change) {
        Ok(()) => show(state).await,
        Err(message) => error(StatusCode::BAD_REQUEST, "invalid_settings", &message),
    }
}

/// Answers `PUT /fleet/mode`: an order to the breakers of all instances.
pub(super) async fn order(state: &Shared, request: Request) -> Response {
    let order = match read_json(request).await {
        Ok(SetFleetMode(order)) => order,
        Err(refusal) => return refusal,
    };
    let Some(part) = state.seat.part() else {
        let message = "this instance decides alone: start it with --coordination MODE, send PUT /api/coordination \
             to the lab, or send PUT /breaker/mode to change this instance only";
        return error(StatusCode::CONFLICT, "no_fleet", message);
    };
    match part.order(order).await {
        Ok(()) => show(state).await,
        Err(NotOrdered::Left) => {
            let message = "this instance has left its fleet: send the order to another instance";
            error(StatusCode::CONFLICT, "no_fleet", message)
        }
        Err(NotOrdered::Refused) => {
            let message = "the fleet refuses this instance, because another one has its name or the \
                settings differ: send the order to an instance in the fleet";
            error(StatusCode::CONFLICT, "no_fleet", message)
        }
        Err(NotOrdered::Unavailable(why)) => {
            let message = format!(
                "{why}; the order may be in force nevertheless, and it is safe to send it again"
            );
            error(
                StatusCode::SERVICE_UNAVAILABLE,
                "engine_unavailable",
                &message,
            )
        }
    }
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
            ("{}", "the key `mode` is missing"),
        ] {
            let refusal = read(body).unwrap_err().to_string();
            assert!(refusal.contains(said), "{body}: {refusal}");
            assert!(refusal.contains("`forced_open`"), "{body}: {refusal}");
        }
    }

    #[test]
    fn a_fleet_has_no_mode_that_only_reports() {
        let read = |body: &str| serde_json::from_str::<SetFleetMode>(body);
        assert_eq!(
            read(r#"{"mode": "forced_open"}"#).unwrap().0,
            Order::ForceOpen
        );
        assert_eq!(read(r#""auto""#).unwrap().0, Order::Automatic);
        // What is shown of an order is what gives it.
        for order in Order::ALL {
            assert_eq!(read(&format!("\"{}\"", order.as_str())).unwrap().0, order);
        }

        let refusal = read(r#"{"mode": "metrics_only"}"#).unwrap_err().to_string();

        assert!(
            refusal.contains(r#"mode = "metrics_only" is not allowed"#),
            "{refusal}"
        );
        assert!(
            refusal.contains("`auto`, `forced_open` or `disabled`"),
            "{refusal}"
        );
    }
}
