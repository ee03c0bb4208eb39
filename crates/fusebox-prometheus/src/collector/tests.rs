//! Tests of a scrape of single breakers and of registries.

mod keys;

use std::num::NonZeroUsize;
use std::time::Duration;

use fusebox::{Config, ManualClock, State};

use super::*;
use crate::exposition::Metrics;
use crate::names;
use crate::wall::unix_now;

fn config() -> Config {
    Config::builder()
        .consecutive_failures(1)
        .failure_rate_threshold(0.5)
        .open_for(Duration::from_secs(4))
        .jitter(0.0)
        .build()
        .unwrap()
}

/// A breaker called `db` that trips at the first failure.
fn exported() -> (Metrics, ManualClock, Breaker) {
    let clock = ManualClock::new();
    let breaker = Breaker::with_clock("db", config(), clock.clone());
    let breakers = BreakerCollector::new();
    breakers.add(breaker.clone()).unwrap();
    (shown_by(&breakers), clock, breaker)
}

fn shown_by(breakers: &BreakerCollector) -> Metrics {
    let metrics = Metrics::new();
    metrics.register(breakers.clone()).unwrap();
    metrics
}

fn hosts(capacity: usize) -> (Registry<String>, ManualClock) {
    let clock = ManualClock::new();
    let capacity = NonZeroUsize::new(capacity).unwrap();
    let hosts = Registry::builder(capacity)
        .config(config())
        .clock(clock.clone())
        .idle_for(Duration::ZERO)
        .build();
    (hosts, clock)
}

fn succeed(breaker: &Breaker, times: usize) {
    for _ in 0..times {
        breaker.try_acquire().unwrap().success();
    }
}

/// The value of a series in one more scrape.
fn find(metrics: &Metrics, series: &str) -> Option<String> {
    find_in(&metrics.expose(None).body, series)
}

/// The value of a series, if there is one. Fails when there are two.
fn find_in(shown: &str, series: &str) -> Option<String> {
    let mut values = shown
        .lines()
        .filter_map(|line| Some(line.strip_prefix(series)?.trim().to_owned()));
    let value = values.next();
    assert_eq!(values.next(), None, "{series} is there twice");
    value
}

fn value(metrics: &Metrics, series: &str) -> String {
    find(metrics, series).unwrap_or_else(|| panic!("no series {series}"))
}

fn series_of_successes(breaker: &str) -> String {
    format!("circuit_breaker_calls_total{{breaker=\"{breaker}\",outcome=\"success\"}} ")
}

fn successes(metrics: &Metrics, breaker: &str) -> Option<String> {
    find(metrics, &series_of_successes(breaker))
}

fn in_state(metrics: &Metrics, breaker: &str, state: State) -> String {
    let labels = format!("{{breaker=\"{breaker}\",state=\"{state}\"}} ");
    value(metrics, &format!("circuit_breaker_state{labels}"))
}

#[test]
fn exactly_one_state_is_one_and_all_are_there() {
    let (metrics, _, breaker) = exported();

    for state in State::ALL.iter().copied() {
        let expected = if state == State::Closed { "1" } else { "0" };
        assert_eq!(in_state(&metrics, "db", state), expected, "{state}");
    }
    breaker.call(|| Err::<(), _>(())).unwrap_err();
    assert_eq!(in_state(&metrics, "db", State::Open), "1");
}

#[test]
fn every_ordered_pair_of_states_has_a_transition_counter_at_zero() {
    let (metrics, _, _) = exported();

    let shown = metrics.expose(None).body;
    let pairs = shown
        .lines()
        .filter(|line| line.starts_with("circuit_breaker_transitions_total{"))
        .filter(|line| line.ends_with(" 0"))
        .count();

    assert_eq!(pairs, 30);
}

#[test]
fn state_seconds_are_exact_at_the_scrape_without_any_traffic() {
    let (metrics, clock, breaker) = exported();
    clock.advance(Duration::from_millis(1500));
    breaker.call(|| Err::<(), _>(())).unwrap_err();
    clock.advance(Duration::from_millis(250));

    let seconds = |state: &str| {
        let labels = format!("{{breaker=\"db\",state=\"{state}\"}} ");
        value(
            &metrics,
            &format!("circuit_breaker_state_seconds_total{labels}"),
        )
    };

    assert_eq!(seconds("closed"), "1.5");
    assert_eq!(seconds("open"), "0.25");
}

#[test]
fn the_end_of_the_open_period_is_a_unix_time() {
    let (metrics, _, breaker) = exported();
    let series = "circuit_breaker_open_until_timestamp_seconds{breaker=\"db\"}";
    assert_eq!(value(&metrics, series), "0");

    breaker.call(|| Err::<(), _>(())).unwrap_err();

    let until: f64 = value(&metrics, series).parse().unwrap();
    let left = until - unix_now();
    assert!((3.0..=4.0).contains(&left), "{left}");
}

#[test]
fn an_instant_has_one_time_at_every_scrape() {
    // The system's clock, which advances along with wall time: no two scrapes are at the same time.
    let single = Breaker::new("db", config());
    let hosts: Registry<String> = Registry::new(NonZeroUsize::MIN, config());
    let breakers = BreakerCollector::new();
    breakers.add(single.clone()).unwrap();
    breakers.add_registry("hosts", &hosts).unwrap();
    let metrics = shown_by(&breakers);
    let of_registry = hosts.get("host").unwrap();
    for breaker in [&single, &of_registry] {
        breaker.open_for(Duration::from_secs(4));
    }

    let shown = || {
        let series = ["last_transition", "open_until"]
            .into_iter()
            .flat_map(|metric| {
                let name = format!("circuit_breaker_{metric}_timestamp_seconds");
                ["db", "host"]
                    .map(|breaker| value(&metrics, &format!("{name}{{breaker=\"{breaker}\"}}")))
            });
        series.collect::<Vec<_>>()
    };

    let first = shown();
    for _ in 0..50 {
        assert_eq!(shown(), first);
    }
    let snapshot = single.snapshot();
    let times = breakers.wall_times("db").unwrap();
    let since = times.unix_time(snapshot.since, snapshot.at);
    assert_eq!(since.to_string(), first[0]);
    assert!(breakers.wall_times("host").is_none());
}

#[test]
fn a_second_breaker_of_the_same_name_is_refused_and_the_first_stays() {
    let (metrics, breakers) = {
        let breakers = BreakerCollector::new();
        (shown_by(&breakers), breakers)
    };
    let first = Breaker::new("db", config());
    breakers.add(first.clone()).unwrap();
    succeed(&first, 2);

    let refused = breakers.add(Breaker::new("db", config())).unwrap_err();

    assert_eq!(refused.name, "db");
    assert!(refused.to_string().starts_with("`db` is exported already"));
    assert_eq!(successes(&metrics, "db").unwrap(), "2");
}

#[test]
fn a_removed_breaker_makes_room_for_another_of_its_name() {
    let breakers = BreakerCollector::new();
    let metrics = shown_by(&breakers);
    breakers.add(Breaker::new("db", config())).unwrap();

    let removed = breakers.remove("db").unwrap();

    assert_eq!(removed.name(), "db");
    assert_eq!(successes(&metrics, "db"), None);
    breakers.add(Breaker::new("db", config())).unwrap();
    assert!(breakers.remove("cache").is_none());
}

#[test]
fn the_name_of_the_sum_belongs_to_no_breaker() {
    let breakers = BreakerCollector::new();

    let refused = breakers.add(Breaker::new(OTHER, config())).unwrap_err();

    assert!(
        refused
            .to_string()
            .starts_with("`other` is the name of the sum")
    );
}

#[test]
fn a_second_collector_in_the_same_registry_is_refused() {
    let metrics = shown_by(&BreakerCollector::new());

    let error = metrics.register(BreakerCollector::new()).unwrap_err();

    assert!(matches!(error, prometheus::Error::AlreadyReg), "{error}");
}

#[test]
fn without_a_registry_there_is_no_sum() {
    let (metrics, _, _) = exported();

    let shown = metrics.expose(None).body;

    assert!(!shown.contains("breaker=\"other\""), "{shown}");
    assert!(!shown.contains("circuit_breaker_registry"), "{shown}");
}
