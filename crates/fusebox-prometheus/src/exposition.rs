//! The answer of a service at `/metrics`: its registry, in the format that the scraper prefers.
//!
//! Prometheus asks for OpenMetrics, which carries exemplars; other clients get the plain text
//! format. The `prometheus` crate writes only the plain text format, so OpenMetrics is written
//! here.

mod accept;
mod open_metrics;

use std::sync::Arc;

use fusebox::State;
use prometheus::core::Collector;
use prometheus::proto::MetricType;
use prometheus::{Registry, TextEncoder};

use crate::exemplars::{ExemplarTable, TraceId};
use crate::names::TRANSITIONS;
use accept::Format;

/// The metrics of one service: those of its breakers, and whatever else is registered. Clones show
/// the same metrics.
///
/// # Examples
/// ```
/// use fusebox::{Breaker, Config};
/// use fusebox_prometheus::{BreakerCollector, Metrics};
///
/// let breakers = BreakerCollector::new();
/// breakers.add(Breaker::new("db", Config::default()))?;
/// let metrics = Metrics::new();
/// metrics.register(breakers)?;
///
/// // What the request says in its header `Accept`:
/// let shown = metrics.expose(Some("application/openmetrics-text"));
/// assert_eq!(shown.content_type, "application/openmetrics-text; version=1.0.0; charset=utf-8");
/// assert!(shown.body.contains(r#"circuit_breaker_state{breaker="db",state="closed"} 1"#));
/// assert!(shown.body.ends_with("# EOF\n"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Metrics {
    registry: Registry,
    exemplars: Arc<ExemplarTable>,
}

/// The answer to a scrape.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Exposition {
    /// The `Content-Type` header.
    pub content_type: &'static str,
    /// The metrics.
    pub body: String,
}

impl Metrics {
    /// Makes metrics with a registry of their own, which is empty.
    pub fn new() -> Self {
        Self::default()
    }

    /// Makes the metrics of an existing registry, such as [`prometheus::default_registry`].
    /// Exemplars are found as long as the registry adds neither a prefix nor labels of its own.
    pub fn of(registry: Registry) -> Self {
        Self {
            registry,
            exemplars: Arc::default(),
        }
    }

    /// Returns the registry, to register metrics without this crate.
    pub fn registry(&self) -> &Registry {
        &self.registry
    }

    /// Registers `collector`.
    ///
    /// # Errors
    /// An error if one of its names is taken.
    pub fn register(&self, collector: impl Collector + 'static) -> Result<(), prometheus::Error> {
        self.registry.register(Box::new(collector))
    }

    /// Returns all metrics in the best format that the request's `Accept` header accepts:
    /// OpenMetrics 1.0 or Prometheus' text format 0.0.4. Without a header it is the text format.
    ///
    /// OpenMetrics requires that counters end with `_total`; a counter that does not is shown with
    /// it. A metric of an unknown type is left out, because the `prometheus` crate cannot write it.
    ///
    /// # Panics
    /// If a collector panics. The collectors of this crate do not.
    pub fn expose(&self, accept: Option<&str>) -> Exposition {
        let mut families = self.registry.gather();
        families.retain(|family| {
            family.get_field_type() != MetricType::UNTYPED && !family.name().is_empty()
        });
        match accept::preferred(accept) {
            Format::OpenMetrics => Exposition {
                content_type: open_metrics::CONTENT_TYPE,
                body: open_metrics::encode(&families, &self.exemplars),
            },
            Format::Text => {
                let mut body = String::with_capacity(16 * 1024);
                TextEncoder::new()
                    .encode_utf8(&families, &mut body)
                    .expect("a family with a name and series can be written into a string");
                Exposition {
                    content_type: prometheus::TEXT_FORMAT,
                    body,
                }
            }
        }
    }

    /// Keeps `trace` as the exemplar of a transition that was made, or told, within it: in
    /// OpenMetrics, the transition's counter leads to that trace. Exemplars of at most 10,000
    /// series are kept.
    pub fn keep_transition(&self, breaker: &str, from: State, to: State, trace: TraceId) {
        let values = [breaker, from.as_str(), to.as_str()];
        self.exemplars
            .slots(&TRANSITIONS, &values, 1)
            .keep(0, trace, 1.0);
    }

    pub(crate) fn exemplars(&self) -> &ExemplarTable {
        &self.exemplars
    }
}

#[cfg(test)]
mod tests {
    use prometheus::core::Desc;
    use prometheus::proto::{Metric, MetricFamily};

    use super::*;
    use crate::family::description;
    use crate::names::STATE;

    #[derive(Debug)]
    struct Odd(Desc);

    impl Collector for Odd {
        fn desc(&self) -> Vec<&Desc> {
            vec![&self.0]
        }

        fn collect(&self) -> Vec<MetricFamily> {
            let family = |name: &str, kind| {
                let mut family = MetricFamily::default();
                family.set_name(name.to_owned());
                family.set_field_type(kind);
                family.set_metric(vec![Metric::default()]);
                family
            };
            vec![
                family("odd", MetricType::UNTYPED),
                family("", MetricType::GAUGE),
                family("even", MetricType::GAUGE),
            ]
        }
    }

    #[test]
    fn a_metric_that_cannot_be_written_costs_nobody_the_others() {
        let metrics = Metrics::new();
        metrics.register(Odd(description(&STATE))).unwrap();

        for accept in [None, Some("application/openmetrics-text")] {
            let shown = metrics.expose(accept).body;
            assert!(shown.contains("\neven 0\n"), "{shown}");
            assert!(!shown.contains("odd"), "{shown}");
        }
    }

    #[test]
    fn a_registry_that_exists_is_shown_with_what_is_in_it() {
        let registry = Registry::new();
        let jobs = prometheus::IntCounter::new("jobs_total", "Jobs.").unwrap();
        registry.register(Box::new(jobs.clone())).unwrap();
        jobs.inc();

        let metrics = Metrics::of(registry);

        assert!(metrics.expose(None).body.contains("\njobs_total 1\n"));
        let open = metrics.expose(Some("application/openmetrics-text")).body;
        assert!(open.contains("# TYPE jobs counter\n"), "{open}");
        assert!(open.contains("\njobs_total 1\n"), "{open}");
    }

    #[test]
    fn a_transition_leads_to_its_trace() {
        let metrics = Metrics::new();
        let breakers = crate::BreakerCollector::new();
        let breaker = fusebox::Breaker::new("db", fusebox::Config::default());
        breakers.add(breaker.clone()).unwrap();
        metrics.register(breakers).unwrap();
        breaker.force_open();
        let trace = TraceId::from_bytes([9; 16]);

        metrics.keep_transition("db", State::Closed, State::ForcedOpen, trace);

        let shown = metrics.expose(Some("application/openmetrics-text")).body;
        let line = "circuit_breaker_transitions_total{breaker=\"db\",from=\"closed\",\
                    to=\"forced_open\"} 1 # {trace_id=\"09090909090909090909090909090909\"} 1 ";
        assert!(shown.contains(line), "{shown}");
    }
}
