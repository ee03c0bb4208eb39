//! What a scrape shows of single breakers and of registries.

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
    let hosts = Registry::with_clock(capacity, config(), clock.clone()).idle_for(Duration::ZERO);
    (hosts, clock)
}

fn succeed(breaker: &Breaker, times: usize) {
    for _ in 0..times {
        breaker.try_acquire().unwrap().success();
    }
}

/// The value of a series, if there is one. Fails when there are two.
fn find(metrics: &Metrics, series: &str) -> Option<String> {
    let shown = metrics.expose(None).body;
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

fn successes(metrics: &Metrics, breaker: &str) -> Option<String> {
    let labels = format!("{{breaker=\"{breaker}\",outcome=\"success\"}} ");
    find(metrics, &format!("circuit_breaker_calls_total{labels}"))
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

#[test]
fn keys_that_come_later_are_there_at_the_next_scrape() {
    let (hosts, _) = hosts(10);
    let breakers = BreakerCollector::new();
    breakers.add_registry("hosts", &hosts).unwrap();
    let metrics = shown_by(&breakers);
    assert_eq!(successes(&metrics, "a.example"), None);
    assert_eq!(successes(&metrics, OTHER).unwrap(), "0");

    succeed(&hosts.get("a.example").unwrap(), 3);

    assert_eq!(successes(&metrics, "a.example").unwrap(), "3");
    assert_eq!(successes(&metrics, OTHER).unwrap(), "0");
    for name in [names::CONFIG_INFO.name, names::OPEN_UNTIL.name] {
        let shown = metrics.expose(None).body;
        let own = format!("{name}{{breaker=\"a.example\"");
        assert!(shown.contains(&own), "{shown}");
        assert!(!shown.contains(&format!("{name}{{breaker=\"other\"")));
    }
    let registry = |what| format!("circuit_breaker_registry_{what}{{registry=\"hosts\"}}");
    assert_eq!(value(&metrics, &registry("breakers")), "1");
    assert_eq!(value(&metrics, &registry("capacity")), "10");
}

#[test]
fn keys_beyond_the_bound_are_one_sum() {
    let (hosts, _) = hosts(10);
    let breakers = BreakerCollector::with_max_keys(2);
    breakers.add_registry("hosts", &hosts).unwrap();
    let metrics = shown_by(&breakers);
    for (host, calls) in [("a", 1), ("b", 2), ("c", 4), ("d", 8)] {
        succeed(&hosts.get(host).unwrap(), calls);
    }
    let down = hosts.get("e").unwrap();
    down.call(|| Err::<(), _>(())).unwrap_err();
    down.try_acquire().unwrap_err();

    assert_eq!(successes(&metrics, "a").unwrap(), "1");
    assert_eq!(successes(&metrics, "b").unwrap(), "2");
    assert_eq!(successes(&metrics, "c"), None);
    assert_eq!(successes(&metrics, OTHER).unwrap(), "12");
    assert_eq!(in_state(&metrics, OTHER, State::Closed), "2");
    assert_eq!(in_state(&metrics, OTHER, State::Open), "1");
    let sum = |name: &str| value(&metrics, &format!("circuit_breaker_{name}"));
    assert_eq!(
        sum("fast_failures_total{breaker=\"other\",reason=\"open\"}"),
        "1"
    );
    assert_eq!(
        sum("transitions_total{breaker=\"other\",from=\"closed\",to=\"open\"}"),
        "1"
    );
    // The change of state has emptied the window of the key that is down.
    assert_eq!(sum("window_calls{breaker=\"other\"}"), "12");
}

#[test]
fn a_bound_of_zero_sums_all_keys() {
    let (hosts, _) = hosts(10);
    let breakers = BreakerCollector::with_max_keys(0);
    breakers.add_registry("hosts", &hosts).unwrap();
    succeed(&hosts.get("a").unwrap(), 5);

    let metrics = shown_by(&breakers);

    assert_eq!(successes(&metrics, "a"), None);
    assert_eq!(successes(&metrics, OTHER).unwrap(), "5");
}

#[test]
fn a_key_called_like_the_sum_or_like_a_single_breaker_is_in_the_sum() {
    let (hosts, _) = hosts(10);
    let breakers = BreakerCollector::new();
    let single = Breaker::new("db", config());
    breakers.add(single.clone()).unwrap();
    breakers.add_registry("hosts", &hosts).unwrap();
    let metrics = shown_by(&breakers);
    succeed(&single, 1);
    succeed(&hosts.get("db").unwrap(), 2);
    succeed(&hosts.get(OTHER).unwrap(), 4);

    assert_eq!(successes(&metrics, "db").unwrap(), "1");
    assert_eq!(successes(&metrics, OTHER).unwrap(), "6");
}

#[test]
fn the_same_key_in_two_registries_has_its_series_once() {
    let (one, _) = hosts(10);
    let (two, _) = hosts(10);
    let breakers = BreakerCollector::new();
    breakers.add_registry("one", &one).unwrap();
    breakers.add_registry("two", &two).unwrap();
    let metrics = shown_by(&breakers);
    succeed(&one.get("a").unwrap(), 1);
    succeed(&two.get("a").unwrap(), 2);

    assert_eq!(successes(&metrics, "a").unwrap(), "1");
    assert_eq!(successes(&metrics, OTHER).unwrap(), "2");
    assert_eq!(breakers.add_registry("two", &one).unwrap_err().name, "two");
}

#[test]
fn a_single_breaker_takes_its_name_from_a_key_whose_calls_go_on_in_the_sum() {
    let (hosts, _) = hosts(10);
    let breakers = BreakerCollector::new();
    breakers.add_registry("hosts", &hosts).unwrap();
    let metrics = shown_by(&breakers);
    let key = hosts.get("db").unwrap();
    succeed(&key, 3);
    assert_eq!(successes(&metrics, "db").unwrap(), "3");

    breakers.add(Breaker::new("db", config())).unwrap();
    succeed(&key, 2);

    assert_eq!(successes(&metrics, "db").unwrap(), "0");
    assert_eq!(successes(&metrics, OTHER).unwrap(), "2");
}

#[test]
fn no_series_is_there_twice_whatever_the_keys_are_called() {
    /// A key of which several have the same text.
    #[derive(Clone, PartialEq, Eq, Hash)]
    struct Shard(u8);
    impl fmt::Display for Shard {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            write!(f, "shard")
        }
    }
    // All are made at the same instant: nothing tells them apart.
    let shards: Registry<Shard> =
        Registry::with_clock(NonZeroUsize::MAX, config(), ManualClock::new());
    let breakers = BreakerCollector::new();
    breakers.add_registry("shards", &shards).unwrap();
    let metrics = shown_by(&breakers);
    for number in 0..3 {
        succeed(&shards.get(&Shard(number)).unwrap(), 1);
    }

    for _ in 0..2 {
        let shown = metrics.expose(None).body;
        let mut series: Vec<_> = shown
            .lines()
            .filter(|line| !line.starts_with('#'))
            .filter_map(|line| line.rsplit_once(' '))
            .map(|(series, _)| series)
            .collect();
        let all = series.len();
        series.sort_unstable();
        series.dedup();
        assert_eq!(series.len(), all);
        assert_eq!(successes(&metrics, "shard").unwrap(), "1");
        assert_eq!(successes(&metrics, OTHER).unwrap(), "2");
        assert_eq!(in_state(&metrics, OTHER, State::Closed), "2");
    }
}
