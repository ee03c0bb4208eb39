//! The metrics that every service of the lab has: which version runs, and what its process uses.

use fusebox_prometheus::{Family, Metrics, description};
use prometheus::core::{Collector, Desc};
use prometheus::proto::MetricFamily;

use crate::names;

/// Makes metrics with the series that every service has; those about the process exist on Linux only.
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
        .register(Process(
            prometheus::process_collector::ProcessCollector::for_self(),
        ))
        .expect("the names are free");
    metrics
}

/// What the process uses. The library counts whole seconds of processor time, which shows nothing for minutes in a
/// service at rest; the system counts hundredths.
#[cfg(target_os = "linux")]
struct Process(prometheus::process_collector::ProcessCollector);

#[cfg(target_os = "linux")]
impl Collector for Process {
    fn desc(&self) -> Vec<&Desc> {
        self.0.desc()
    }

    fn collect(&self) -> Vec<MetricFamily> {
        let mut families = self.0.collect();
        let cpu = families
            .iter_mut()
            .find(|family| family.name() == "process_cpu_seconds_total");
        let metric = cpu.and_then(|family| family.mut_metric().first_mut());
        if let Some(metric) = metric
            && let Some(seconds) = cpu_seconds()
        {
            let mut counter = prometheus::proto::Counter::default();
            counter.set_value(seconds);
            metric.set_counter(counter);
        }
        families
    }
}

/// The processor time of all threads of this process, in seconds.
#[cfg(target_os = "linux")]
fn cpu_seconds() -> Option<f64> {
    /// The unit of `/proc`, as the kernel guarantees it to programs (`USER_HZ`).
    const TICKS_PER_SECOND: f64 = 100.0;

    let stat = std::fs::read_to_string("/proc/self/stat").ok()?;
    // The second field, the name in parentheses, may hold anything; `utime` is the 14th.
    let (_, fields) = stat.rsplit_once(')')?;
    let mut fields = fields.split_ascii_whitespace().skip(11);
    let mut next = || fields.next()?.parse::<f64>().ok();
    Some((next()? + next()?) / TICKS_PER_SECOND)
}

/// The version that runs, which never changes.
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

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn the_time_of_the_processor_has_fractions() {
        let shown = || {
            let body = service_metrics("1").expose(None).body;
            let mut lines = body.lines();
            let value = lines.find_map(|line| line.strip_prefix("process_cpu_seconds_total "));
            value.unwrap().parse::<f64>().unwrap()
        };
        let before = shown();
        // Enough for a few hundredths of a second, and never for a whole one at once.
        let mut work = 1_u64;
        let after = loop {
            for number in 0..2_000_000_u64 {
                work = std::hint::black_box(work.wrapping_mul(31).wrapping_add(number));
            }
            let after = shown();
            if after > before {
                break after;
            }
        };
        assert!(after - before < 0.9, "{before} {after}");
    }
}
