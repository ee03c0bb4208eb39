//! The durations of answers, by route and status.
//!
//! Handles are resolved once per route for the statuses that it is known to return; an unexpected status is looked up
//! when it occurs.

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
    /// If it is already registered.
    pub fn new(metrics: &Metrics) -> Self {
        Self {
            durations: Durations::new(metrics, &HTTP_REQUEST_DURATION)
                .expect("each metric is registered once"),
        }
    }

    /// Returns the handle for one route. `route` and `method` must come from the code, not from a request; series for
    /// `statuses` exist from the start.
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
    /// Records that an answer with `status` took this long. `trace` is its trace, if it is sampled.
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
