//! Durations of answers, by route and status.
//!
//! Handles are resolved once per route for the statuses that it is known to give; an unexpected
//! status is looked up when it comes.

use std::time::Duration;

use fusebox_prometheus::{DurationSeries, Durations, Metrics, TraceId};

use crate::names::HTTP_REQUEST_DURATION;

/// The answers of one service.
#[derive(Clone, Debug)]
pub struct HttpMetrics {
    durations: Durations,
}

impl HttpMetrics {
    /// Registers `http_server_request_duration_seconds`.
    ///
    /// # Panics
    /// If it has been registered before.
    pub fn new(metrics: &Metrics) -> Self {
        Self {
            durations: Durations::new(metrics, &HTTP_REQUEST_DURATION)
                .expect("each metric is registered once"),
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
            (status, self.durations.series(&values))
        });
        RouteMetrics {
            known: known.collect(),
            durations: self.durations.clone(),
            route,
            method,
        }
    }
}

/// The answers of one route.
#[derive(Clone, Debug)]
pub struct RouteMetrics {
    durations: Durations,
    route: &'static str,
    method: &'static str,
    known: Vec<(u16, DurationSeries)>,
}

impl RouteMetrics {
    /// Notes that an answer with `status` took so long. `trace` is its trace, if it is sampled.
    pub fn observe(&self, status: u16, took: Duration, trace: Option<TraceId>) {
        match self.known.iter().find(|(known, _)| *known == status) {
            Some((_, series)) => series.observe(took, trace),
            None => self
                .durations
                .series(&[self.route, self.method, &status.to_string()])
                .observe(took, trace),
        }
    }
}
