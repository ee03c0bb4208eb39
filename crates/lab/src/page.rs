//! The lab's page, which shows a run live, to browsers and to `curl`.
//!
//! | route | answer |
//! |---|---|
//! | `GET /` and `/page/…` | the page and its modules, all from this program |
//! | `GET /api/state` | the run, its instances and their settings, and how far it has come |
//! | `GET /api/events` | server-sent events: `hello`, `history`, then a `tick` ten times a second |
//! | `GET /api/history?from=&to=` | rows by the second of the last hour, and what happened, exactly |
//! | `PUT` and `DELETE /api/faults`, `POST /api/faults/presets/{name}` | the same order, given to the unreliable service |
//! | `PUT /api/instances/{name}/breaker/mode`, `POST …/breaker/reset` | the same order, given to that instance |
//! | `PATCH /api/instances/{name}/breaker/settings`, `PATCH /api/breaker/settings` | other settings of one breaker, or of all |
//! | `POST /api/instances/{name}/stop` and `…/start` | an instance ends, or begins again where it was |
//! | `GET` and `PUT /api/load` | what is asked of the load |
//! | `GET /api/scenarios`, `POST /api/scenarios/{name}` | the scenarios, and one of them from now on |
//! | `PUT /api/fleet/mode`, `GET` and `PUT /api/coordination` | an order to the whole fleet, and how it decides |
//!
//! Pages of other sites can read none of them ([`Routes::add_own`]).

mod assets;
mod chunks;
mod control;
mod feed;
mod memory;
mod order_book;
mod orders;
mod plan_orders;
mod ring;
mod source;
mod standing;
mod viewer;
mod wire;

use std::sync::Arc;

use axum::body::Body;
use axum::extract::Request;
use axum::http::StatusCode;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderName, HeaderValue};
use axum::response::Response;
use axum::routing::get;

use crate::discovery::Discovery;
use crate::operation::Operation;
use crate::serve::{Control, Listening, Routes, error, router, serve};
use crate::settings::Serving;
use crate::shutdown::Shutdown;
use assets::ASSETS;
pub(crate) use assets::module;
use control::with_controls;
pub(crate) use feed::Feed;
pub(crate) use memory::history;
use orders::with_orders;
use plan_orders::PlanOrders;
pub(crate) use source::{
    CoordinationStep, Described, Description, LoadStep, Moment, PhaseStart, PlanStep, Row, Rules,
    SecondLatencies, SettingsStep, Source, TruthStep, TurnStep,
};
pub(crate) use standing::{Coordination, FleetNote, SeenView, Standing};
use viewer::Viewer;

/// The header by which a browser that comes back says what it has seen last.
const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");
/// Tells proxies to pass on each event at once.
const ACCEL_BUFFERING: HeaderName = HeaderName::from_static("x-accel-buffering");

/// The page and service discovery, which share a port, ready to answer.
#[derive(Debug)]
pub(crate) struct Page {
    discovery: Discovery,
    feed: Arc<Feed>,
    operation: Operation,
}

impl Page {
    /// Makes the page that shows `feed`, with the orders that can be given.
    pub(crate) fn new(discovery: Discovery, feed: Arc<Feed>, operation: Operation) -> Self {
        Self {
            discovery,
            feed,
            operation,
        }
    }

    /// Answers until the shutdown.
    pub(crate) async fn serve(self, listening: Listening, settings: Serving, shutdown: Shutdown) {
        let control = Control::new(settings.control_token.as_ref());
        if settings.control_token.is_some() {
            self.feed.ask_for_token();
        }
        let mut routes = self.discovery.routes(listening.address, control);
        for asset in &ASSETS {
            routes = routes.add_own(asset.path, &[200, 403], get(async || asset.answer()));
        }
        let routes = with_data(routes, &self.feed, &shutdown);
        let plan_orders = PlanOrders::new(&self.feed);
        let routes = with_controls(routes, (&self.feed, &plan_orders), &self.operation);
        let routes = with_orders(routes, &self.feed, &plan_orders, &self.operation);
        serve(listening, router(routes), &settings, shutdown).await;
    }
}

/// The routes for reading.
fn with_data(routes: Routes, feed: &Arc<Feed>, shutdown: &Shutdown) -> Routes {
    let (state, history, events) = (Arc::clone(feed), Arc::clone(feed), Arc::clone(feed));
    let shutdown = shutdown.clone();
    routes
        .add_own(
            "/api/state",
            &[200, 403],
            get(async move || fresh("application/json", state.described().into())),
        )
        .add_own(
            "/api/history",
            &[200, 400, 403],
            get(async move |request: Request| between(&history, request).await),
        )
        .add_own(
            "/api/events",
            &[200, 403, 503],
            get(async move |request: Request| watch(&events, &request, &shutdown)),
        )
}

/// Answers `GET /api/events`. A page that was closed for a while says by `?after=` what it has seen last; a browser
/// that lost the connection says so itself.
fn watch(feed: &Arc<Feed>, request: &Request, shutdown: &Shutdown) -> Response {
    let told = request.headers().get(LAST_EVENT_ID);
    let told = told.and_then(|value| value.to_str().ok());
    let last = told.or_else(|| parameter(request, "after"));
    let Some(viewer) = Viewer::of(feed, last, shutdown) else {
        let message = "too many pages are open: close one";
        return error(StatusCode::SERVICE_UNAVAILABLE, "too_many_viewers", message);
    };
    let mut answer = fresh("text/event-stream", viewer.body());
    let headers = answer.headers_mut();
    headers.insert(ACCEL_BUFFERING, HeaderValue::from_static("no"));
    answer
}

/// Answers `GET /api/history`. It may be long, so it is put together in the background.
async fn between(feed: &Arc<Feed>, request: Request) -> Response {
    let Some((from, to)) = asked_span(&request) else {
        let message =
            "`from` and `to` are seconds since the start of the run, such as `?from=0&to=60`";
        return error(StatusCode::BAD_REQUEST, "invalid_span", message);
    };
    // Ticks wait only for the copy.
    let past = feed.past();
    match tokio::task::spawn_blocking(move || past.between(from, to)).await {
        Ok(json) => fresh("application/json", json.into()),
        Err(broken) => {
            let status = StatusCode::INTERNAL_SERVER_ERROR;
            error(status, "no_history", &broken.to_string())
        }
    }
}

/// The requested span; the whole run if nothing is said.
fn asked_span(request: &Request) -> Option<(f64, f64)> {
    let bound = |name, usual: f64| match parameter(request, name).map(str::parse::<f64>) {
        None => Some(usual),
        Some(given) => given.ok().filter(|it| it.is_finite()),
    };
    Some((bound("from", 0.0)?, bound("to", f64::MAX)?))
}

/// A parameter of the query, undecoded.
fn parameter<'a>(request: &'a Request, name: &str) -> Option<&'a str> {
    let query = request.uri().query()?;
    let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
    pairs
        .into_iter()
        .find(|(key, _)| *key == name)
        .map(|(_, value)| value)
}

/// An answer about the present, which must not be cached.
fn fresh(content_type: &'static str, body: Body) -> Response {
    let mut answer = Response::new(body);
    let headers = answer.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    answer
}
