//! Scrapes while listeners run, and what a collector refuses to count twice.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::Duration;

use fusebox::{Breaker, Config, Event, Registry, State};
use fusebox_prometheus::{BreakerCollector, Metrics};

/// Events that one caller tells before others may go on.
const TOLD_AT_ONCE: usize = 16;

fn shown_by(breakers: &BreakerCollector) -> Metrics {
    let metrics = Metrics::new();
    metrics.register(breakers.clone()).unwrap();
    metrics
}

fn hosts() -> Registry<String> {
    Registry::new(NonZeroUsize::new(10).unwrap(), Config::default())
}

/// Leaves waiting events of `breaker`, which the next caller tells `listener`. A caller tells only
/// a limited number at once if others have come meanwhile.
fn leave_untold_events(breaker: &Breaker, listener: impl Fn() + Send + Sync + 'static) {
    let told = AtomicUsize::new(0);
    let own = breaker.clone();
    breaker.add_listener(move |_: &str, _: &Event| {
        match told.fetch_add(1, Ordering::Relaxed) + 1 {
            TOLD_AT_ONCE => {
                let other = own.clone();
                thread::spawn(move || toggle(&other)).join().unwrap();
            }
            ..TOLD_AT_ONCE => toggle(&own),
            _ => listener(),
        }
    });
    toggle(breaker);
}

fn toggle(breaker: &Breaker) {
    if breaker.state() == State::ForcedOpen {
        breaker.resume();
    } else {
        breaker.force_open();
    }
}

/// Scrapes in a thread of its own, for a scrape that hangs.
fn scrape(metrics: &Metrics) -> Option<String> {
    let (shown, body) = mpsc::channel();
    let metrics = metrics.clone();
    thread::spawn(move || shown.send(metrics.expose(None).body));
    body.recv_timeout(Duration::from_secs(10)).ok()
}

/// A listener that uses the collector in every way.
fn uses(breakers: &BreakerCollector) -> (impl Fn() + Send + Sync + 'static, Arc<AtomicUsize>) {
    let told = Arc::new(AtomicUsize::new(0));
    let (count, metrics, breakers) = (Arc::clone(&told), shown_by(breakers), breakers.clone());
    let listener = move || {
        metrics.expose(None);
        breakers.remove("nobody");
        let number = count.fetch_add(1, Ordering::Relaxed);
        let new = breakers.add_registry(&format!("hosts {number}"), &hosts());
        new.unwrap();
    };
    (listener, told)
}

#[test]
fn a_listener_that_a_scrape_tells_may_scrape_in_its_turn() {
    let breakers = BreakerCollector::new();
    let breaker = Breaker::new("db", Config::default());
    breakers.add(breaker.clone()).unwrap();
    let (listener, told) = uses(&breakers);
    leave_untold_events(&breaker, listener);
    assert_eq!(told.load(Ordering::Relaxed), 0);

    let shown = scrape(&shown_by(&breakers));

    assert!(shown.is_some(), "the scrape hangs");
    assert_eq!(told.load(Ordering::Relaxed), 1);
}

#[test]
fn a_listener_of_a_registrys_breaker_may_scrape_when_a_scrape_tells_it() {
    let (breakers, hosts) = (BreakerCollector::new(), hosts());
    breakers.add_registry("hosts", &hosts).unwrap();
    let (listener, told) = uses(&breakers);
    leave_untold_events(&hosts.get("a.example").unwrap(), listener);

    let shown = scrape(&shown_by(&breakers));

    assert!(shown.is_some(), "the scrape hangs");
    assert_eq!(told.load(Ordering::Relaxed), 1);
}

#[test]
fn a_registry_that_is_exported_by_one_name_is_refused_by_another() {
    let (breakers, hosts) = (BreakerCollector::new(), hosts());
    breakers.add_registry("hosts", &hosts).unwrap();
    hosts.get("a").unwrap().try_acquire().unwrap().success();

    let refused = breakers.add_registry("tenants", &hosts.clone());

    assert_eq!(refused.unwrap_err().name, "hosts");
    let shown = scrape(&shown_by(&breakers)).unwrap();
    let calls = shown.lines().filter(|line| {
        line.starts_with("circuit_breaker_calls_total{") && line.contains("outcome=\"success\"")
    });
    let calls: f64 = calls
        .map(|line| line.rsplit(' ').next().unwrap().parse::<f64>().unwrap())
        .sum();
    assert!((calls - 1.0).abs() < 0.5, "{shown}");
}

#[test]
fn removed_breakers_are_counted_beside_evicted_ones() {
    let (breakers, hosts) = (BreakerCollector::new(), hosts());
    breakers.add_registry("hosts", &hosts).unwrap();
    hosts.get("a").unwrap();
    hosts.remove("a").unwrap();

    let shown = scrape(&shown_by(&breakers)).unwrap();

    let line = "circuit_breaker_registry_removals_total{registry=\"hosts\"} 1\n";
    assert!(shown.contains(line), "{shown}");
}
