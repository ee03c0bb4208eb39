//! What does the unreliable service export? Its own truth, read at the scrape.

use std::sync::Arc;

use prometheus::core::{Collector, Desc};
use prometheus::proto::MetricFamily;
use telemetry::{Family, names};

use super::running::Running;

/// Reads the service once per scrape.
pub(super) struct UnreliableCollector {
    running: Arc<Running>,
    descriptions: Vec<Desc>,
}

impl UnreliableCollector {
    pub(super) fn new(running: Arc<Running>) -> Self {
        let definitions = [
            names::UNRELIABLE_REQUESTS,
            names::UNRELIABLE_WHILE_FAILING,
            names::UNRELIABLE_FAILURE_RATIO,
            names::UNRELIABLE_PHASE,
        ];
        Self {
            running,
            descriptions: definitions.iter().map(telemetry::description).collect(),
        }
    }
}

impl Collector for UnreliableCollector {
    fn desc(&self) -> Vec<&Desc> {
        self.descriptions.iter().collect()
    }

    fn collect(&self) -> Vec<MetricFamily> {
        let health = self.running.health();
        let counts = health.counts;
        #[expect(clippy::cast_precision_loss, reason = "Prometheus counts in f64")]
        let count = |number: u64| number as f64;
        let phase = ("phase", &*health.phase);
        let families = [
            Family::new(&names::UNRELIABLE_REQUESTS)
                .with(&[("outcome", "success")], count(counts.success))
                .with(&[("outcome", "failure")], count(counts.failure))
                .with(&[("outcome", "hang")], count(counts.hang)),
            Family::new(&names::UNRELIABLE_WHILE_FAILING).with(&[], count(counts.while_failing)),
            Family::new(&names::UNRELIABLE_FAILURE_RATIO).with(&[], health.failing_share),
            Family::new(&names::UNRELIABLE_PHASE).with(&[phase], 1.0),
        ];
        families.map(Family::into_proto).into()
    }
}
