//! The routes of the unreliable service.

use std::sync::Arc;

use axum::extract::Path;
use axum::extract::rejection::PathRejection;
use axum::http::HeaderMap;
use axum::routing::{delete, get, patch, post, put};
use tokio::sync::Semaphore;

use super::metrics::{UnreliableCollector, delays};
use super::running::Running;
use super::{answer::answer, control};
use crate::serve::Routes;

/// Adds the routes of the service, and its metrics.
pub(super) fn add_routes(mut routes: Routes, running: &Arc<Running>) -> Routes {
    let measured = delays();
    let metrics = routes.metrics();
    let registered = metrics
        .register(UnreliableCollector::new(Arc::clone(running)))
        .and_then(|()| metrics.register(measured.clone()));
    registered.expect("each metric is registered once");
    for (path, route) in [
        ("/data", "/data"),
        ("/data/", "/data"),
        ("/data/{*path}", "/data/{*path}"),
    ] {
        let (running, measured) = (Arc::clone(running), measured.clone());
        let data = move |request| answer(Arc::clone(&running), measured.clone(), request);
        routes = routes.add_calls([path, route], &[200, 500], data);
    }
    add_changes(add_readings(routes, running), running)
}

fn add_readings(routes: Routes, running: &Arc<Running>) -> Routes {
    let (plan, truth) = (Arc::clone(running), Arc::clone(running));
    routes
        .add(
            "GET",
            "/faults",
            &[200],
            get(async move || control::show(&plan)),
        )
        .add(
            "GET",
            "/faults/presets",
            &[200],
            get(async || control::list_presets()),
        )
        .add(
            "GET",
            "/faults/schema",
            &[200],
            get(async || control::show_schema()),
        )
        .add(
            "GET",
            "/truth",
            &[200],
            get(move || control::show_truth(truth)),
        )
}

fn add_changes(routes: Routes, running: &Arc<Running>) -> Routes {
    let with = || Arc::clone(running);
    let (replaced, patched, cleared, preset, tried) = (with(), with(), with(), with(), with());
    let computing = Arc::new(Semaphore::new(1));
    routes
        .add_control(
            "PUT",
            "/faults",
            &[200, 400],
            put(move |request| control::replace(replaced, request)),
        )
        .add_control(
            "PATCH",
            "/faults",
            &[200, 400],
            patch(move |request| control::patch(patched, request)),
        )
        .add_control(
            "DELETE",
            "/faults",
            &[200],
            delete(async move |headers: HeaderMap| control::clear(&cleared, &headers)),
        )
        .add_control(
            "POST",
            "/faults/dry-run",
            &[200, 400],
            post(move |request| control::dry_run(tried, computing, request)),
        )
        .add_control(
            "POST",
            "/faults/presets/{name}",
            &[200, 404],
            post(
                async move |name: Result<Path<String>, PathRejection>, headers: HeaderMap| {
                    control::apply_preset(&preset, name, &headers)
                },
            ),
        )
}
