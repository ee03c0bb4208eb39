//! How long did each route take to answer? Each route's metric handles are resolved once.

use std::sync::Arc;

use axum::Router;
use axum::extract::Request;
use axum::http::StatusCode;
use axum::middleware::{Next, from_fn};
use axum::response::Response;
use axum::routing::MethodRouter;
use telemetry::{HttpMetrics, RouteMetrics};
use tokio::time::Instant;

use super::guard::Control;
use super::reply::error;

/// Builds the router of one service, measuring every answer.
#[derive(Debug)]
pub(crate) struct Routes {
    router: Router,
    metrics: HttpMetrics,
    control: Control,
}

impl Routes {
    pub(crate) fn new(metrics: HttpMetrics, control: Control) -> Self {
        Self {
            router: Router::new(),
            metrics,
            control,
        }
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
        mut self,
        method: &'static str,
        route: &'static str,
        statuses: &[u16],
        handler: MethodRouter,
    ) -> Self {
        let metrics = Arc::new(self.metrics.route(route, method, statuses));
        let measured = handler.route_layer(from_fn(move |request: Request, next: Next| {
            let metrics = Arc::clone(&metrics);
            async move {
                let began = Instant::now();
                let response = next.run(request).await;
                observe(&metrics, began, &response);
                response
            }
        }));
        self.router = self.router.route(route, measured);
        self
    }

    /// The router, which answers everything else with JSON errors.
    pub(crate) fn finish(self) -> Router {
        let metrics = Arc::new(self.metrics.route("other", "other", &[404, 405]));
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

fn answer(
    metrics: &RouteMetrics,
    status: StatusCode,
    code: &str,
    message: &str,
) -> std::future::Ready<Response> {
    let began = Instant::now();
    let response = error(status, code, message);
    observe(metrics, began, &response);
    std::future::ready(response)
}

fn observe(metrics: &RouteMetrics, began: Instant, response: &Response) {
    metrics.observe(response.status().as_u16(), began.elapsed().as_secs_f64());
}
