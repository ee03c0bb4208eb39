//! The cost of a scrape: three single breakers, and a registry of ten thousand keys.
//!
//! `cargo bench -p fusebox-prometheus`

#![expect(clippy::print_stdout, reason = "a benchmark prints what it measured")]
#![expect(clippy::disallowed_methods, reason = "a benchmark reads the clock")]

use std::hint::black_box;
use std::num::NonZeroUsize;
use std::time::{Duration, Instant};

use fusebox::{Breaker, Config, Registry};
use fusebox_prometheus::{BreakerCollector, Metrics};

fn main() {
    let breakers = BreakerCollector::new();
    for name in ["a", "b", "c"] {
        let breaker = Breaker::new(name, Config::default());
        breaker.open();
        breakers.add(breaker).expect("the names differ");
    }
    report("3 single breakers", &shown(breakers), 2000);

    let hosts: Registry<String> = Registry::new(NonZeroUsize::MAX, Config::default());
    for number in 0..10_000 {
        let host = format!("host-{number:05}.example");
        let breaker = hosts.get(&host).expect("there is room");
        for _ in 0..3 {
            let permit = breaker.try_acquire().expect("it is closed");
            permit.success();
        }
    }
    for max_keys in [0, 100, 1000] {
        let breakers = BreakerCollector::with_max_keys(max_keys);
        breakers
            .add_registry("hosts", &hosts)
            .expect("the only registry");
        let title = format!("10,000 keys, {max_keys} with series of their own");
        report(&title, &shown(breakers), 20);
    }
}

fn shown(breakers: BreakerCollector) -> Metrics {
    let metrics = Metrics::new();
    metrics.register(breakers).expect("the only collector");
    metrics
}

/// The median of `rounds` scrapes in each format, and the fastest: what it costs when nobody else
/// wants the processor.
fn report(title: &str, metrics: &Metrics, rounds: usize) {
    for (format, accept) in [
        ("text", None),
        ("OpenMetrics", Some("application/openmetrics-text")),
    ] {
        let mut took: Vec<Duration> = (0..rounds)
            .map(|_| {
                let began = Instant::now();
                black_box(metrics.expose(accept));
                began.elapsed()
            })
            .collect();
        took.sort_unstable();
        let bytes = metrics.expose(accept).body.len();
        let (median, fastest) = (took[rounds / 2], took[0]);
        println!("{title:45} {format:12} {median:>9.3?} {fastest:>9.3?} {bytes:>9} bytes");
    }
}
