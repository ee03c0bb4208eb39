//! The metrics of the load generator: what its clients saw, read at the scrape.

use std::sync::Arc;

use experiment::load::Latencies;
use experiment::outcome::ClientOutcome;
use prometheus::core::{Collector, Desc};
use prometheus::proto::MetricFamily;
use telemetry::{Family, names};

use super::record::Record;

/// The limits of the buckets of response times, in seconds, up to the longest client timeout. They do not depend on
/// the timeout, so that generators can be added up.
const RESPONSES: [f64; 19] = [
    0.000_25, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0,
    30.0, 60.0, 300.0, 600.0,
];
/// The limits of the buckets of lateness, in seconds, up to the lateness of a machine that stood still.
const LATENESS: [f64; 14] = [
    0.000_05, 0.0001, 0.000_25, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.05, 0.25, 1.0, 5.0, 30.0,
    600.0,
];

/// Reads the record once per scrape.
pub(crate) struct LoadCollector {
    record: Arc<Record>,
    descriptions: Vec<Desc>,
}

impl LoadCollector {
    pub(crate) fn new(record: Arc<Record>) -> Self {
        let definitions = names::LOAD_GENERATOR.iter();
        Self {
            record,
            descriptions: definitions.map(telemetry::description).collect(),
        }
    }
}

impl Collector for LoadCollector {
    fn desc(&self) -> Vec<&Desc> {
        self.descriptions.iter().collect()
    }

    fn collect(&self) -> Vec<MetricFamily> {
        let record = &self.record;
        let mut planned = Family::new(&names::LOAD_PLANNED);
        let mut requests = Family::new(&names::LOAD_REQUESTS);
        let mut attempts = Family::new(&names::LOAD_ATTEMPTS);
        let mut responses = Family::new(&names::LOAD_RESPONSE_DURATION);
        let mut connections = Family::new(&names::LOAD_CONNECTIONS);
        let mut waiting = Family::new(&names::LOAD_QUEUE);
        for (place, name) in record.names().iter().enumerate() {
            let target = [("target", &**name)];
            let outcomes = record.figures(place);
            planned.push(&target, number(outcomes.planned()));
            for outcome in ClientOutcome::ALL {
                let labels = [target[0], ("outcome", outcome.as_str())];
                requests.push(&labels, number(outcomes[outcome]));
            }
            attempts.push(&target, number(record.attempts(place)));
            push(
                &mut responses,
                &target,
                &RESPONSES,
                &record.responses(place),
            );
            let gauge = |value: usize| number(value as u64);
            connections.push(&target, gauge(record.connections(place).get()));
            waiting.push(&target, gauge(record.waiting(place).get()));
        }
        let mut lateness = Family::new(&names::LOAD_LATENESS);
        push(&mut lateness, &[], &LATENESS, &record.lateness());
        let families = [
            planned,
            requests,
            attempts,
            responses,
            lateness,
            connections,
            waiting,
        ];
        families.map(Family::into_proto).into()
    }
}

fn push(family: &mut Family, labels: &[(&str, &str)], limits: &[f64], latencies: &Latencies) {
    let buckets = limits.iter().map(|&limit| (limit, latencies.up_to(limit)));
    family.push_histogram(labels, buckets, (latencies.count(), latencies.sum()));
}

#[expect(clippy::cast_precision_loss, reason = "Prometheus counts in f64")]
fn number(count: u64) -> f64 {
    count as f64
}
