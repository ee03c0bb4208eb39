//! What does a service show at `/metrics`? Its registry, in the format that the scraper prefers.
//!
//! Prometheus asks for OpenMetrics, which carries exemplars; everyone else gets the plain text
//! format. The `prometheus` crate writes only the latter, so the former is written here.

mod accept;
mod open_metrics;

use std::sync::Arc;

use prometheus::core::Collector;
use prometheus::{Encoder, Registry, TextEncoder};

use crate::exemplars::ExemplarTable;
use crate::family::{Constant, Family};
use crate::names;
use accept::Format;

/// The metrics of one service. Clones show the same metrics.
///
/// # Examples
/// ```
/// use fusebox::{Breaker, Config};
/// use telemetry::{BreakerCollector, Metrics};
///
/// let metrics = Metrics::new("1.0.0");
/// metrics.register(BreakerCollector::new(vec![Breaker::new("db", Config::default())]));
///
/// let shown = metrics.expose(Some("application/openmetrics-text"));
/// assert!(shown.body.contains(r#"circuit_breaker_state{breaker="db",state="closed"} 1"#));
/// assert!(shown.body.ends_with("# EOF\n"));
/// ```
#[derive(Clone, Debug)]
pub struct Metrics {
    registry: Registry,
    exemplars: Arc<ExemplarTable>,
}

/// What a scrape gets.
#[derive(Clone, Debug)]
pub struct Exposition {
    /// The `Content-Type` header.
    pub content_type: &'static str,
    /// The metrics.
    pub body: String,
}

impl Metrics {
    /// The metrics that every service has: what is running, and what its process uses (the latter
    /// on Linux only).
    ///
    /// # Panics
    /// Never: a new registry has room for all names.
    pub fn new(version: &str) -> Self {
        let metrics = Self {
            registry: Registry::new(),
            exemplars: Arc::default(),
        };
        let build = Family::new(&names::BUILD_INFO).with(&[("version", version)], 1.0);
        metrics.register(Constant::new(build));
        #[cfg(target_os = "linux")]
        metrics.register(prometheus::process_collector::ProcessCollector::for_self());
        metrics
    }

    /// Adds what `collector` collects.
    ///
    /// # Panics
    /// If one of its names is taken: names live in one place, so that is a bug.
    pub fn register(&self, collector: impl Collector + 'static) {
        self.registry
            .register(Box::new(collector))
            .expect("each metric is registered once");
    }

    /// Everything, in the best format that the request's `Accept` header takes.
    ///
    /// # Panics
    /// Never: a registry that would gather the same series twice is refused when it is filled.
    pub fn expose(&self, accept: Option<&str>) -> Exposition {
        let families = self.registry.gather();
        match accept::preferred(accept) {
            Format::OpenMetrics => Exposition {
                content_type: open_metrics::CONTENT_TYPE,
                body: open_metrics::encode(&families, &self.exemplars),
            },
            Format::Text => {
                let mut text = Vec::with_capacity(16 * 1024);
                TextEncoder::new()
                    .encode(&families, &mut text)
                    .expect("a gathered registry can be encoded");
                Exposition {
                    content_type: prometheus::TEXT_FORMAT,
                    body: String::from_utf8(text).expect("the text format is UTF-8"),
                }
            }
        }
    }

    pub(crate) fn exemplars(&self) -> &ExemplarTable {
        &self.exemplars
    }
}
