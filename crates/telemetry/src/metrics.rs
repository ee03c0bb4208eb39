//! The metrics that every service of the lab has: what is running, and what its process uses.

use fusebox_prometheus::{Family, Metrics, description};
use prometheus::core::{Collector, Desc};
use prometheus::proto::MetricFamily;

use crate::names;

/// Metrics with what every service has; what its process uses is there on Linux only.
///
/// # Panics
/// Never: a new registry has room for all names.
pub fn service_metrics(version: &str) -> Metrics {
    let metrics = Metrics::new();
    let build = Build {
        description: description(&names::BUILD_INFO),
        family: Family::new(&names::BUILD_INFO).with(&[("version", version)], 1.0),
    };
    metrics.register(build).expect("the name is free");
    #[cfg(target_os = "linux")]
    metrics
        .register(prometheus::process_collector::ProcessCollector::for_self())
        .expect("the names are free");
    metrics
}

/// Says what is running. It never changes.
struct Build {
    description: Desc,
    family: Family,
}

impl Collector for Build {
    fn desc(&self) -> Vec<&Desc> {
        vec![&self.description]
    }

    fn collect(&self) -> Vec<MetricFamily> {
        vec![self.family.clone().into_proto()]
    }
}
