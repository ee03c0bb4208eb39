//! The routes of a service, each with the durations of its answers and the traces that they belong to.
//!
//! Metric handles are resolved once.
//!
//! A route that accepts `GET` accepts `HEAD` too, which is measured and traced under its own method.

use std::fmt;
use std::sync::Arc;

use axum::Router;
use axum::extract::Request;
use axum::http::{Method, StatusCode};
use axum::middleware::{Next, from_fn};
use axum::response::Response;
use axum::routing::{MethodRouter, get};
use telemetry::trace::Tracer;
use telemetry::{HttpMetrics, Metrics, RouteMetrics};
use tokio::time::Instant;

use super::answers::{Answers, Call};
use super::guard::Control;
use super::reply::error;

/// Builds the router of one service, measuring every answer.
pub(crate) struct Routes {
    router: Router,
    calls: Vec<(&'static str, Call)>,
    metrics: Metrics,
    durations: HttpMetrics,
    control: Control,
    tracer: Tracer,
    ready: Ready,
}

/// Says whether a service is ready, or why it is not, as a code and a sentence.
pub(super) type Ready = Arc<dyn Fn() -> Result<(), (&'static str, String)> + Send + Sync>;

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
            calls: Vec::new(),
            durations: HttpMetrics::new(&metrics),
            metrics,
            control,
            tracer,
            ready: Arc::new(|| Ok(())),
        }
    }

    /// A service that answers is ready, unless this function returns the reason why not, as a code and a sentence.
    pub(crate) fn ready_when(
        mut self,
        ready: impl Fn() -> Result<(), (&'static str, String)> + Send + Sync + 'static,
    ) -> Self {
        self.ready = Arc::new(ready);
        self
    }

    pub(super) fn ready(&self) -> Ready {
        Arc::clone(&self.ready)
    }

    /// The metrics at `/metrics`.
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

    /// Adds a route for `GET` that pages of other sites cannot read.
    pub(crate) fn add_own(
        self,
        route: &'static str,
        statuses: &[u16],
        handler: MethodRouter,
    ) -> Self {
        let kept = self.control.keep_to_own_pages(handler);
        self.add("GET", route, statuses, kept)
    }

    /// Adds a route for one method. `statuses` are the answers that it is known to give.
    pub(crate) fn add(
        self,
        method: &'static str,
        route: &'static str,
        statuses: &[u16],
        handler: MethodRouter,
    ) -> Self {
        self.add_route([route, route], method, statuses, handler, Traced::Yes)
    }

    /// Adds another path of a route for `GET`, such as the path with a final slash, for calls that come by the
    /// thousand: the answers are measured as those of `route`, without the middleware that other routes have.
    pub(crate) fn add_calls<F, A>(
        mut self,
        [path, route]: [&'static str; 2],
        statuses: &[u16],
        handler: F,
    ) -> Self
    where
        F: Fn(Request) -> A + Clone + Send + Sync + 'static,
        A: Future<Output = Response> + Send + 'static,
    {
        let watch = self.watch(route, "GET", statuses, Traced::Yes);
        let call: Call = Arc::new(move |request| {
            let (watch, handler) = (Arc::clone(&watch), handler.clone());
            Box::pin(async move { watch.answer(request, handler).await })
        });
        if !path.contains('{') {
            self.calls.push((path, Arc::clone(&call)));
        }
        let route = get(move |request: Request| call(request));
        self.router = self.router.route(path, route);
        self
    }

    pub(super) fn add_route(
        mut self,
        [path, route]: [&'static str; 2],
        method: &'static str,
        statuses: &[u16],
        handler: MethodRouter,
        traced: Traced,
    ) -> Self {
        let watch = self.watch(route, method, statuses, traced);
        let watched = handler.route_layer(from_fn(move |request: Request, next: Next| {
            let watch = Arc::clone(&watch);
            async move { watch.answer(request, |request| next.run(request)).await }
        }));
        self.router = self.router.route(path, watched);
        self
    }

    fn watch(
        &self,
        route: &'static str,
        method: &'static str,
        statuses: &[u16],
        traced: Traced,
    ) -> Arc<Watch> {
        Arc::new(Watch {
            method,
            route,
            metrics: self.durations.route(route, method, statuses),
            head: (method == "GET").then(|| self.durations.route(route, "HEAD", &[])),
            tracer: match traced {
                Traced::Yes => self.tracer.clone(),
                Traced::No => Tracer::default(),
            },
        })
    }

    /// Returns all routes; everything else is answered with JSON errors.
    pub(super) fn finish(self) -> Answers {
        let metrics = Arc::new(self.durations.route("other", "other", &[404, 405]));
        let unknown = Arc::clone(&metrics);
        let router = self
            .router
            .fallback(move |request: Request| {
                let message = format!("there is no route {}", request.uri().path());
                answer(&unknown, StatusCode::NOT_FOUND, "not_found", &message)
            })
            .method_not_allowed_fallback(move |request: Request| {
                let path = request.uri().path();
                let method = request.method();
                let message = format!("{path} does not accept {method}: see the Allow header");
                let status = StatusCode::METHOD_NOT_ALLOWED;
                answer(&metrics, status, "method_not_allowed", &message)
            });
        Answers::new(router, self.calls)
    }
}

impl fmt::Debug for Routes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Routes").finish_non_exhaustive()
    }
}

/// Measures and traces the answers of one route.
#[derive(Debug)]
struct Watch {
    method: &'static str,
    route: &'static str,
    metrics: RouteMetrics,
    /// For `HEAD`, if the route accepts it; its series begin with the first request.
    head: Option<RouteMetrics>,
    tracer: Tracer,
}

impl Watch {
    async fn answer<F, A>(&self, mut request: Request, handler: F) -> Response
    where
        F: FnOnce(Request) -> A,
        A: Future<Output = Response>,
    {
        let began = Instant::now();
        let (method, metrics) = match &self.head {
            Some(metrics) if *request.method() == Method::HEAD => ("HEAD", metrics),
            _ => (self.method, &self.metrics),
        };
        let mut span = None;
        if self.tracer.records() {
            let uri = request.uri().clone();
            let headers = request.headers_mut();
            span = self.tracer.server(method, self.route, uri.path(), headers);
        }
        let trace = span.as_ref().map(telemetry::trace::ServerSpan::trace_id);
        let handler = handler(request);
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
