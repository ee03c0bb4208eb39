//! The metrics of the unreliable service: its own truth, read at the scrape.

use std::sync::Arc;

use prometheus::core::{Collector, Desc};
use prometheus::proto::MetricFamily;
use prometheus::{Histogram, HistogramOpts};
use telemetry::{Family, names};

use super::running::Running;

/// The limits of the buckets of delays, in seconds: precise around a breaker's timeouts, up to the longest hang.
const DELAYS: [f64; 18] = [
    0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 30.0, 60.0,
    300.0, 600.0,
];

/// The label of callers that do not name themselves.
pub(super) const NOBODY: &str = "anonymous";

/// The delays as they came out.
pub(super) fn delays() -> Histogram {
    let definition = &names::UNRELIABLE_INJECTED_DELAY;
    let options = HistogramOpts::new(definition.name, definition.help).buckets(DELAYS.to_vec());
    Histogram::with_opts(options).expect("the definition is valid")
}

/// Reads the service once per scrape.
pub(super) struct UnreliableCollector {
    running: Arc<Running>,
    descriptions: Vec<Desc>,
}

impl UnreliableCollector {
    pub(super) fn new(running: Arc<Running>) -> Self {
        // The histogram of delays is a collector of its own.
        let own = names::UNRELIABLE.iter();
        let own = own.filter(|it| **it != names::UNRELIABLE_INJECTED_DELAY);
        Self {
            running,
            descriptions: own.map(telemetry::description).collect(),
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
        let phase = ("phase", &*health.phase);
        let mut families = vec![
            Family::new(&names::UNRELIABLE_REQUESTS)
                .with(&[("outcome", "success")], count(counts.success))
                .with(&[("outcome", "failure")], count(counts.failure))
                .with(&[("outcome", "hang")], count(counts.hang)),
            Family::new(&names::UNRELIABLE_WHILE_FAILING).with(&[], count(counts.while_failing)),
            Family::new(&names::UNRELIABLE_FAILURE_RATIO).with(&[], health.failing_share),
            Family::new(&names::UNRELIABLE_PHASE).with(&[phase], 1.0),
        ];
        families.extend(self.truth());
        families.extend(self.injections());
        families.into_iter().map(Family::into_proto).collect()
    }
}

impl UnreliableCollector {
    fn truth(&self) -> [Family; 4] {
        let truth = self.running.truths();
        let occupancy = truth.occupancy.unwrap_or_default();
        let mut by_caller = Family::new(&names::UNRELIABLE_TRUTH);
        for (caller, p_fail, _) in &truth.callers {
            by_caller.push(&[("caller", caller)], *p_fail);
        }
        if truth.callers.is_empty() {
            by_caller.push(&[("caller", NOBODY)], truth.stranger);
        }
        [
            by_caller,
            Family::new(&names::UNRELIABLE_QUEUE_DEPTH).with(&[], f64::from(occupancy.waiting)),
            Family::new(&names::UNRELIABLE_BUSY_WORKERS).with(&[], f64::from(occupancy.busy)),
            Family::new(&names::UNRELIABLE_PLAN_REVISION).with(&[], count(truth.revision)),
        ]
    }

    fn injections(&self) -> [Family; 3] {
        let (ledger, wasted) = self.running.ledger();
        let mut injected = Family::new(&names::UNRELIABLE_INJECTED);
        // So that both metrics are there before the first call.
        if ledger.injected().next().is_none() {
            let labels = [("rule", "phase"), ("effect", "status"), ("caller", NOBODY)];
            injected.push(&labels, 0.0);
        }
        for ([rule, effect, caller], hits) in ledger.injected() {
            let labels = [("rule", rule), ("effect", effect), ("caller", caller)];
            injected.push(&labels, count(hits));
        }
        let mut spared = Family::new(&names::UNRELIABLE_NOT_INJECTED);
        if ledger.spared().next().is_none() {
            spared.push(&[("rule", "phase"), ("caller", NOBODY)], 0.0);
        }
        for ([rule, caller], calls) in ledger.spared() {
            spared.push(&[("rule", rule), ("caller", caller)], count(calls));
        }
        let wasted = wasted.as_secs_f64();
        [
            injected,
            spared,
            Family::new(&names::UNRELIABLE_WASTED_WORK).with(&[], wasted),
        ]
    }
}

#[expect(clippy::cast_precision_loss, reason = "Prometheus counts in f64")]
fn count(number: u64) -> f64 {
    number as f64
}
