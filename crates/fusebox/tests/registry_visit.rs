//! Visits to all breakers of a registry, which hold few of them at a time.

#![expect(
    clippy::unwrap_used,
    clippy::unchecked_time_subtraction,
    reason = "a test fails by panicking"
)]

use std::collections::HashMap;
use std::num::NonZeroUsize;
use std::time::Duration;

use fusebox::{Config, ManualClock, Registry, State};

const IDLE: Duration = Duration::from_secs(60);
/// More than are visited at a time.
const KEYS: usize = 300;

fn registry() -> (Registry<String>, ManualClock) {
    let clock = ManualClock::new();
    let capacity = NonZeroUsize::new(KEYS).unwrap();
    let hosts = Registry::with_clock(capacity, Config::default(), clock.clone());
    for host in 0..KEYS {
        hosts.get(&host.to_string()).unwrap();
    }
    (hosts, clock)
}

fn met(hosts: &Registry<String>, mut then: impl FnMut()) -> HashMap<String, usize> {
    let mut met = HashMap::new();
    hosts.for_each(|breaker| {
        *met.entry(breaker.name().to_owned()).or_default() += 1;
        then();
    });
    met
}

#[test]
fn a_visit_meets_every_breaker_once() {
    let (hosts, _clock) = registry();

    let met = met(&hosts, || ());

    assert_eq!(met.len(), KEYS);
    assert!(met.values().all(|times| *times == 1));
}

#[test]
fn a_visit_misses_no_breaker_that_stays_while_others_come_and_go() {
    for goes_first in [0, KEYS / 2, KEYS - 1] {
        let (hosts, _clock) = registry();
        // Every second key goes, beginning somewhere, and others come.
        let mut gone = (0..KEYS / 2).map(|step| (goes_first / 2 * 2 + step * 2) % KEYS);

        let met = met(&hosts, || {
            let Some(host) = gone.next() else { return };
            hosts.remove(&host.to_string());
            hosts.get(&format!("new {host}")).unwrap();
        });

        for host in (1..KEYS).step_by(2) {
            assert!(met.contains_key(&host.to_string()), "{host}");
        }
    }
}

#[test]
fn a_visit_keeps_few_breakers_from_making_room() {
    let (hosts, clock) = registry();
    clock.advance(IDLE);
    let mut refused = 0;

    hosts.for_each(|breaker| {
        let new = format!("new {}", breaker.name());
        refused += usize::from(hosts.evictions() < 100 && hosts.get(&new).is_err());
    });

    assert_eq!((refused, hosts.evictions()), (0, 100));
}

#[test]
fn a_poll_makes_the_due_change_in_every_breaker_and_is_no_use_of_a_key() {
    let (hosts, clock) = registry();
    let wait = Duration::from_secs(5);
    let states = || {
        let mut states = Vec::new();
        hosts.for_each(|breaker| states.push(breaker.state()));
        states
    };
    for host in 1..KEYS {
        hosts.peek(&host.to_string()).unwrap().open_for(wait);
    }
    clock.advance(wait - Duration::from_nanos(1));
    hosts.poll_transitions();
    let open = |states: Vec<State>| states.iter().filter(|it| **it == State::Open).count();
    assert_eq!(open(states()), KEYS - 1);

    clock.advance(Duration::from_nanos(1));
    assert_eq!(open(states()), KEYS - 1, "nobody has asked");
    hosts.poll_transitions();

    let half_open = states().iter().filter(|it| **it == State::HalfOpen).count();
    assert_eq!(half_open, KEYS - 1);
    clock.advance(IDLE - wait);
    hosts.poll_transitions();
    assert!(hosts.get("new").is_ok(), "the closed one is idle");
    assert!(hosts.peek("0").is_none());
}

#[test]
fn new_settings_reach_every_breaker_of_a_large_registry() {
    let (hosts, _clock) = registry();
    let tripping_after = |failures| {
        let config = Config::builder().consecutive_failures(failures);
        config.build().unwrap()
    };
    let rules = || {
        let breakers = hosts.breakers().into_iter();
        let rules = breakers.map(|it| (it.name().to_owned(), it.config().consecutive_failures()));
        rules.collect::<HashMap<_, _>>()
    };

    hosts.reconfigure(tripping_after(7));
    assert!(rules().values().all(|rule| *rule == Some(7)));

    hosts.reconfigure_with(move |host: &String| tripping_after(1 + host.parse::<u32>().unwrap()));
    for (host, rule) in rules() {
        assert_eq!(rule, Some(1 + host.parse::<u32>().unwrap()));
    }
}
