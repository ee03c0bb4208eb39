//! The orders that the lab carries out itself: to its instances, to its load, and to both together.
//!
//! They are guarded like those that are passed on. The feed notices their effect and marks it, whoever gave the
//! order.

use std::sync::Arc;

use axum::extract::{Path, Request};
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::{get, patch, post, put};
use serde_json::json;

use super::plan_orders::Naming;
use super::{Feed, PlanOrders};
use crate::instance::SettingsChange;
use crate::operation::{Operation, Refused, Why};
use crate::serve::{self, Routes, error, read_json};

/// The possible answers to an order.
const ANSWERS: [u16; 7] = [200, 400, 401, 403, 404, 409, 503];

/// Adds these orders to the lab that `feed` shows; those that change the fault plan, too, take turns with
/// `plan_orders`.
pub(super) fn with_orders(
    routes: Routes,
    feed: &Arc<Feed>,
    plan_orders: &PlanOrders,
    operation: &Operation,
) -> Routes {
    let routes = with_instances(routes, feed, operation);
    let routes = with_load(routes, operation);
    with_scenarios(with_coordination(routes, operation), plan_orders, operation)
}

fn with_instances(routes: Routes, feed: &Arc<Feed>, operation: &Operation) -> Routes {
    let (stop, start, settings) = (operation.clone(), operation.clone(), operation.clone());
    let feed = Arc::clone(feed);
    routes
        .add_control(
            "POST",
            "/api/instances/{name}/stop",
            &ANSWERS,
            post(
                async move |Path(name): Path<String>| match stop.stop(&name).await {
                    Ok(status) => serve::json(StatusCode::OK, &status),
                    Err(why) => refused(&why),
                },
            ),
        )
        .add_control(
            "POST",
            "/api/instances/{name}/start",
            &ANSWERS,
            post(
                async move |Path(name): Path<String>| match start.start(&name) {
                    Ok(status) => serve::json(StatusCode::OK, &status),
                    Err(why) => refused(&why),
                },
            ),
        )
        .add_control(
            "PATCH",
            "/api/breaker/settings",
            &ANSWERS,
            patch(async move |request: Request| change_settings(&feed, &settings, request).await),
        )
}

fn with_load(routes: Routes, operation: &Operation) -> Routes {
    let (shown, changed) = (operation.clone(), operation.clone());
    // One path has one entry for all its methods.
    routes
        .add_own(
            "/api/load",
            &[200, 403],
            get(async move || serve::json(StatusCode::OK, &shown.load.view())),
        )
        .add_control(
            "PUT",
            "/api/load",
            &ANSWERS,
            put(async move |request: Request| change_load(&changed, request).await),
        )
}

fn with_scenarios(routes: Routes, plan_orders: &PlanOrders, operation: &Operation) -> Routes {
    let (listed, played) = (operation.clone(), operation.clone());
    let plan_orders = plan_orders.clone();
    routes
        .add_own(
            "/api/scenarios",
            &[200, 403],
            get(async move || serve::json(StatusCode::OK, &listed.scenarios())),
        )
        .add_control(
            "POST",
            "/api/scenarios/{name}",
            &ANSWERS,
            post(async move |Path(name): Path<String>| {
                let played = played.clone();
                let order = move |naming| play(played, name, naming);
                plan_orders.carry_out(order).await
            }),
        )
}

/// Answers `POST /api/scenarios/{name}`.
async fn play(operation: Operation, name: String, naming: Arc<Naming>) -> Response {
    // The scenario begins in a task of its own.
    let plan = format!("scenario {name}");
    let before = move || {
        naming.expect(plan);
        naming.sets()
    };
    match operation.play(&name, before).await {
        Ok(()) => serve::json(StatusCode::OK, &json!({ "scenario": name })),
        Err(why) => refused(&why),
    }
}

fn with_coordination(routes: Routes, operation: &Operation) -> Routes {
    let (shown, changed) = (operation.clone(), operation.clone());
    routes
        .add_own(
            "/api/coordination",
            &[200, 403],
            get(async move || serve::json(StatusCode::OK, &shown.coordinator.view())),
        )
        .add_control(
            "PUT",
            "/api/coordination",
            &ANSWERS,
            put(async move |request: Request| change_coordination(&changed, request).await),
        )
}

/// Answers `PATCH /api/breaker/settings`.
async fn change_settings(feed: &Arc<Feed>, operation: &Operation, request: Request) -> Response {
    let change = match read_json(request).await {
        Ok(SettingsChange(change)) => change,
        Err(refusal) => return refusal,
    };
    let _setting = feed.sets(None);
    match operation.change_settings(change) {
        Ok(()) => serve::json(StatusCode::OK, &operation.settings()),
        Err(why) => refused(&why),
    }
}

/// Answers `PUT /api/load`.
async fn change_load(operation: &Operation, request: Request) -> Response {
    let change = match read_json(request).await {
        Ok(change) => change,
        Err(refusal) => return refusal,
    };
    match operation.change_load(change) {
        Ok(()) => serve::json(StatusCode::OK, &operation.load.view()),
        Err(why) => refused(&why),
    }
}

/// Answers `PUT /api/coordination`.
async fn change_coordination(operation: &Operation, request: Request) -> Response {
    let change = match read_json(request).await {
        Ok(change) => change,
        Err(refusal) => return refusal,
    };
    match operation.change_coordination(change).await {
        Ok(()) => serve::json(StatusCode::OK, &operation.coordinator.view()),
        Err(why) => refused(&why),
    }
}

/// An order that is not carried out.
pub(super) fn refused(why: &Refused) -> Response {
    let status = match why.why {
        Why::Invalid => StatusCode::BAD_REQUEST,
        Why::Unknown => StatusCode::NOT_FOUND,
        Why::Conflict => StatusCode::CONFLICT,
        Why::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
    };
    error(status, why.code, &why.message)
}
