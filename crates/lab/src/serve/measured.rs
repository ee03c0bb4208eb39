//! Durations of answers by route, and the traces they belong to. Metric handles are resolved once.
//!
//! A route that takes `GET` takes `HEAD` too; that is measured and traced as what it is.

use std::sync::Arc;

use axum::Router;
use axum::extract::Request;
use axum::http::{Method, StatusCode};
use axum::middleware::{Next, from_fn};
use axum::response::Response;
use axum::routing::MethodRouter;
use telemetry::trace::Tracer;
use telemetry::{HttpMetrics, Metrics, RouteMetrics};
use tokio::time::Instant;

use super::guard::Control;
use super::reply::error;

/// Builds the router of one service, measuring every answer.
#[derive(Debug)]
pub(crate) struct Routes {
    router: Router,
    metrics: Metrics,
    durations: HttpMetrics,
    control: Control,
    tracer: Tracer,
}

/// Whether requests of a route are in traces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Traced {
    Yes,
    No,
}

impl Routes {
    pub(crate) fn new(metrics: Metrics, control: Control, tracer: Tracer) -> Self {
        Self {
            router: Router::new(),
            durations: HttpMetrics::new(&metrics),
            metrics,
            control,
            tracer,
        }
    }

    /// What `/metrics` shows.
    pub(crate) fn metrics(&self) -> &Metrics {
        &self.metrics
    }

    /// Adds a route that changes something, behind the guard.
    pub(crate) fn add_control(
        self,
        method: &'static str,
        route: &'static str,
        statuses: &[u16],
        handler: MethodRouter,
    ) -> Self {
        let guarded = self.control.protect(handler);
        self.add(method, route, statuses, guarded)
    }

    /// Adds a route for one method. `statuses` are the answers that it is known to give.
    pub(crate) fn add(
        self,
        method: &'static str,
        route: &'static str,
        statuses: &[u16],
        handler: MethodRouter,
    ) -> Self {
        self.add_at(route, method, route, statuses, handler)
    }

    /// Adds another path of a route, such as that with a slash at its end. It is measured as `route`.
    pub(crate) fn add_at(
        self,
        path: &'static str,
        method: &'static str,
        route: &'static str,
        statuses: &[u16],
        handler: MethodRouter,
    ) -> Self {
        self.add_route([path, route], method, statuses, handler, Traced::Yes)
    }

    pub(super) fn add_route(
        mut self,
        [path, route]: [&'static str; 2],
        method: &'static str,
        statuses: &[u16],
        handler: MethodRouter,
        traced: Traced,
    ) -> Self {
        let watch = Arc::new(Watch {
            method,
            route,
            metrics: self.durations.route(route, method, statuses),
            head: (method == "GET").then(|| self.durations.route(route, "HEAD", &[])),
            tracer: match traced {
                Traced::Yes => self.tracer.clone(),
                Traced::No => Tracer::default(),
            },
        });
        let watched = handler.route_layer(from_fn(move |request: Request, next: Next| {
            let watch = Arc::clone(&watch);
            async move { watch.answer(request, next).await }
        }));
        self.router = self.router.route(path, watched);
        self
    }

    /// The router, which answers everything else with JSON errors.
    pub(super) fn finish(self) -> Router {
        let metrics = Arc::new(self.durations.route("other", "other", &[404, 405]));
        let unknown = Arc::clone(&metrics);
        self.router
            .fallback(move |request: Request| {
                let message = format!("there is no {}", request.uri().path());
                answer(&unknown, StatusCode::NOT_FOUND, "not_found", &message)
            })
            .method_not_allowed_fallback(move |request: Request| {
                let path = request.uri().path();
                let message = format!("{path} does not take {}", request.method());
                let status = StatusCode::METHOD_NOT_ALLOWED;
                answer(&metrics, status, "method_not_allowed", &message)
            })
    }
}

/// Measures and traces the answers of one route.
#[derive(Debug)]
struct Watch {
    method: &'static str,
    route: &'static str,
    metrics: RouteMetrics,
    /// Of `HEAD`, where the route takes it; its series begin with the first one.
    head: Option<RouteMetrics>,
    tracer: Tracer,
}

impl Watch {
    async fn answer(&self, request: Request, next: Next) -> Response {
        let began = Instant::now();
        let (mut head, body) = request.into_parts();
        let (method, metrics) = match &self.head {
            Some(metrics) if head.method == Method::HEAD => ("HEAD", metrics),
            _ => (self.method, &self.metrics),
        };
        let span = self
            .tracer
            .server(method, self.route, head.uri.path(), &mut head.headers);
        let trace = span.as_ref().map(telemetry::trace::ServerSpan::trace_id);
        let handler = next.run(Request::from_parts(head, body));
        let response = match span {
            Some(span) => span.answer(handler).await,
            None => handler.await,
        };
        let status = response.status().as_u16();
        metrics.observe(status, began.elapsed(), trace);
        response
    }
}

fn answer(
    metrics: &RouteMetrics,
    status: StatusCode,
    code: &str,
    message: &str,
) -> std::future::Ready<Response> {
    let began = Instant::now();
    let response = error(status, code, message);
    metrics.observe(status.as_u16(), began.elapsed(), None);
    std::future::ready(response)
}
