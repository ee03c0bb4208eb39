//! How long did answers take, by route and status?
//!
//! Handles are resolved once per route for the statuses that it is known to give; an unexpected
//! status is looked up when it comes, and leaves no exemplar.

use opentelemetry::TraceId;
use prometheus::HistogramVec;

use crate::exemplars::{Durations, durations};
use crate::exposition::Metrics;
use crate::names::HTTP_REQUEST_DURATION;

/// The answers of one service.
#[derive(Clone, Debug)]
pub struct HttpMetrics {
    durations: HistogramVec,
    metrics: Metrics,
}

impl HttpMetrics {
    /// Registers `http_server_request_duration_seconds`.
    ///
    /// # Panics
    /// If it has been registered before.
    pub fn new(metrics: &Metrics) -> Self {
        let durations = durations(&HTTP_REQUEST_DURATION);
        metrics.register(durations.clone());
        Self {
            durations,
            metrics: metrics.clone(),
        }
    }

    /// The handle for one route. `route` and `method` must come from the code, not from a request;
    /// `statuses` are those that exist from the start.
    pub fn route(
        &self,
        route: &'static str,
        method: &'static str,
        statuses: &[u16],
    ) -> RouteMetrics {
        let known = statuses.iter().map(|&status| {
            let values = [route, method, &status.to_string()];
            let table = self.metrics.exemplars();
            let series = Durations::new(&self.durations, table, &HTTP_REQUEST_DURATION, &values);
            (status, series)
        });
        RouteMetrics {
            durations: self.durations.clone(),
            route,
            method,
            known: known.collect(),
        }
    }
}

/// The answers of one route.
#[derive(Clone, Debug)]
pub struct RouteMetrics {
    durations: HistogramVec,
    route: &'static str,
    method: &'static str,
    known: Vec<(u16, Durations)>,
}

impl RouteMetrics {
    /// Notes that an answer with `status` took `seconds`. `trace` is its trace, if it is sampled.
    pub fn observe(&self, status: u16, seconds: f64, trace: Option<TraceId>) {
        match self.known.iter().find(|(known, _)| *known == status) {
            Some((_, series)) => series.observe(seconds, trace),
            None => self
                .durations
                .with_label_values(&[self.route, self.method, &status.to_string()])
                .observe(seconds),
        }
    }
}
