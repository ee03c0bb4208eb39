//! Tests of the keys of registries in a scrape.

use super::*;

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

#[test]
fn evictions_and_removals_take_nothing_from_the_counters() {
    let (hosts, clock) = hosts(1);
    let breakers = BreakerCollector::with_max_keys(1);
    breakers.add_registry("hosts", &hosts).unwrap();
    let metrics = shown_by(&breakers);
    let scrape = || {
        let shown = metrics.expose(None).body;
        ["a", "b", OTHER].map(|breaker| find_in(&shown, &series_of_successes(breaker)))
    };
    let calls = |count: &str| Some(count.to_owned());
    succeed(&hosts.get("a").unwrap(), 10);
    assert_eq!(scrape(), [calls("10"), None, calls("0")]);

    // Two calls that no scrape sees in time, and another key comes in the place of the first.
    succeed(&hosts.get("a").unwrap(), 2);
    // Until its window is empty, it is not evicted.
    clock.advance(Duration::from_secs(300));
    let held = hosts.get("b").unwrap();
    succeed(&held, 3);
    assert_eq!(scrape(), [None, None, calls("5")]);

    // It has series now, which begin at zero.
    assert_eq!(scrape(), [None, calls("0"), calls("5")]);
    let evictions = "circuit_breaker_registry_evictions_total{registry=\"hosts\"}";
    assert_eq!(value(&metrics, evictions), "1");
    succeed(&held, 1);
    assert_eq!(scrape(), [None, calls("1"), calls("5")]);

    // It is removed, and is still in use.
    hosts.remove("b").unwrap();
    succeed(&held, 7);
    assert_eq!(scrape(), [None, None, calls("12")]);
}

#[test]
fn refused_keys_are_counted() {
    let (hosts, _) = hosts(1);
    let breakers = BreakerCollector::new();
    breakers.add_registry("hosts", &hosts).unwrap();
    let metrics = shown_by(&breakers);
    hosts.get("down").unwrap().force_open();

    hosts.get("new").unwrap_err();

    let refused = "circuit_breaker_registry_refusals_total{registry=\"hosts\"}";
    assert_eq!(value(&metrics, refused), "1");
}
