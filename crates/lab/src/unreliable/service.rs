//! Which routes does the unreliable service answer?

use std::sync::Arc;

use axum::extract::Request;
use axum::http::header::RETRY_AFTER;
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::Response;
use axum::routing::{delete, get, put};
use telemetry::trace::{attributes, note};
use tokio::time::sleep;

use super::metrics::UnreliableCollector;
use super::running::Running;
use crate::plan::{Effect, Plan};
use crate::serve::{Routes, error, json, read_json};

/// Adds the routes of the service, and what it exports.
pub(super) fn add_routes(routes: Routes, running: &Arc<Running>) -> Routes {
    routes
        .metrics()
        .register(UnreliableCollector::new(Arc::clone(running)));
    let with = || Arc::clone(running);
    let (data, read, replace, clear) = (with(), with(), with(), with());
    routes
        .add(
            "GET",
            "/data",
            &[200, 500],
            get(move |headers| answer(data, headers)),
        )
        .add(
            "GET",
            "/faults",
            &[200],
            get(async move || json(StatusCode::OK, &read.plan())),
        )
        .add_control(
            "PUT",
            "/faults",
            &[200, 400],
            put(move |request| replace_plan(replace, request)),
        )
        .add_control(
            "DELETE",
            "/faults",
            &[200],
            delete(async move || {
                clear.replace(Plan::healthy());
                json(StatusCode::OK, &clear.plan())
            }),
        )
}

/// Answers as the active faults decide.
async fn answer(running: Arc<Running>, headers: HeaderMap) -> Response {
    let caller = headers
        .get("x-caller")
        .and_then(|caller| caller.to_str().ok())
        .unwrap_or("anonymous");
    let fate = running.next_fate(caller);
    note(attributes::FAULT_EFFECT, fate.effect.as_str());
    let delay = i64::try_from(fate.delay.as_millis()).unwrap_or(i64::MAX);
    note(attributes::FAULT_DELAY_MS, delay);
    if !fate.delay.is_zero() {
        sleep(fate.delay).await;
    }
    match fate.effect {
        Effect::Success => json(
            StatusCode::OK,
            &serde_json::json!({ "data": "here you are" }),
        ),
        Effect::Failure {
            status,
            retry_after_s,
        } => {
            let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
            let mut response = error(status, "injected_failure", "the fault plan wants it so");
            if let Some(seconds) = retry_after_s {
                let headers = response.headers_mut();
                headers.insert(RETRY_AFTER, HeaderValue::from(seconds));
            }
            response
        }
        Effect::Hang => error(
            StatusCode::GATEWAY_TIMEOUT,
            "injected_hang",
            "the fault plan wanted no answer until now",
        ),
    }
}

/// Replaces the plan, or leaves it as it is and says what is wrong with the new one.
async fn replace_plan(running: Arc<Running>, request: Request) -> Response {
    let plan: Plan = match read_json(request).await {
        Ok(plan) => plan,
        Err(refusal) => return refusal,
    };
    if let Err(message) = plan.check() {
        return error(StatusCode::BAD_REQUEST, "invalid_plan", &message);
    }
    running.replace(plan);
    json(StatusCode::OK, &running.plan())
}
