//! How long did answers take, by route and status?
//!
//! Handles are resolved once per route for the statuses that it is known to give; an unexpected
//! status is looked up when it comes.

use prometheus::{Histogram, HistogramOpts, HistogramVec, Registry};

use crate::names::HTTP_REQUEST_DURATION;

/// Bucket limits in seconds: from a fast failure to a call that timed out.
pub(crate) const BUCKETS: [f64; 13] = [
    0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0,
];

/// The answers of one service.
#[derive(Clone, Debug)]
pub struct HttpMetrics {
    durations: HistogramVec,
}

impl HttpMetrics {
    /// Registers `http_server_request_duration_seconds`.
    ///
    /// # Panics
    /// If it has been registered before.
    pub fn new(registry: &Registry) -> Self {
        let definition = HTTP_REQUEST_DURATION;
        let options =
            HistogramOpts::new(definition.name, definition.help).buckets(BUCKETS.to_vec());
        let durations =
            HistogramVec::new(options, definition.labels).expect("the definition is valid");
        registry
            .register(Box::new(durations.clone()))
            .expect("a service registers its answers once");
        Self { durations }
    }

    /// The handle for one route. `route` and `method` must come from the code, not from a request;
    /// `statuses` are those that exist from the start.
    pub fn route(
        &self,
        route: &'static str,
        method: &'static str,
        statuses: &[u16],
    ) -> RouteMetrics {
        let mut metrics = RouteMetrics {
            durations: self.durations.clone(),
            route,
            method,
            known: Vec::new(),
        };
        metrics.known = statuses
            .iter()
            .map(|&status| (status, metrics.resolve(status)))
            .collect();
        metrics
    }
}

/// The answers of one route.
#[derive(Clone, Debug)]
pub struct RouteMetrics {
    durations: HistogramVec,
    route: &'static str,
    method: &'static str,
    known: Vec<(u16, Histogram)>,
}

impl RouteMetrics {
    /// Notes that an answer with `status` took `seconds`.
    pub fn observe(&self, status: u16, seconds: f64) {
        match self.known.iter().find(|(known, _)| *known == status) {
            Some((_, histogram)) => histogram.observe(seconds),
            None => self.resolve(status).observe(seconds),
        }
    }

    fn resolve(&self, status: u16) -> Histogram {
        self.durations
            .with_label_values(&[self.route, self.method, status.to_string().as_str()])
    }
}
