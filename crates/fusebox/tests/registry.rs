//! The bound of a registry, which never forgets anything that matters (pitfall 47).

#![expect(
    clippy::unwrap_used,
    clippy::unchecked_time_subtraction,
    reason = "a test fails by panicking"
)]

use std::num::NonZeroUsize;
use std::thread;
use std::time::Duration;

use fusebox::{Config, ConfigBuilder, ManualClock, Registry, RegistryFull, State, Window};

const IDLE: Duration = Duration::from_secs(60);

fn settings() -> ConfigBuilder {
    Config::builder()
        .failure_rate_threshold(0.5)
        .window(Window::time(Duration::from_secs(10), 10))
        .minimum_calls(10)
        .jitter(0.0)
}

fn registry(capacity: usize, settings: ConfigBuilder) -> (Registry<String>, ManualClock) {
    let clock = ManualClock::new();
    let capacity = NonZeroUsize::new(capacity).unwrap();
    let registry = Registry::with_clock(capacity, settings.build().unwrap(), clock.clone());
    (registry, clock)
}

#[test]
fn one_key_has_one_breaker_which_bears_its_name() {
    let (hosts, _clock) = registry(10, settings());

    hosts.get("a").unwrap().force_open();

    assert_eq!(hosts.get("a").unwrap().state(), State::ForcedOpen);
    assert_eq!(hosts.get("a").unwrap().name(), "a");
    assert_eq!(hosts.get("b").unwrap().state(), State::Closed);
    assert_eq!(hosts.len(), 2);
    assert!(hosts.peek("c").is_none());
    assert_eq!(hosts.len(), 2);
}

#[test]
fn an_idle_breaker_that_knows_nothing_makes_room() {
    let (hosts, clock) = registry(2, settings());
    hosts.get("a").unwrap().try_acquire().unwrap().success();
    hosts.get("b").unwrap();

    clock.advance(IDLE);
    hosts.get("b").unwrap();
    hosts.get("c").unwrap();

    assert!(hosts.peek("a").is_none());
    assert!(hosts.peek("b").is_some() && hosts.peek("c").is_some());
    assert_eq!(hosts.len(), 2);
}

#[test]
fn a_breaker_that_was_asked_for_lately_stays() {
    let (hosts, clock) = registry(1, settings());
    hosts.get("a").unwrap();

    clock.advance(IDLE - Duration::from_nanos(1));
    assert_eq!(hosts.get("b").unwrap_err().capacity, 1);

    clock.advance(IDLE);
    assert!(hosts.get("b").is_ok());
}

#[test]
fn a_breaker_that_holds_failures_is_never_evicted() {
    let count = settings().window(Window::count(100));
    let (hosts, clock) = registry(1, count);
    hosts.get("a").unwrap().try_acquire().unwrap().failure();

    clock.advance(IDLE * 1000);

    assert!(hosts.get("b").is_err());
    assert_eq!(hosts.peek("a").unwrap().snapshot().window.failures, 1);
}

#[test]
fn a_breaker_that_holds_slow_calls_is_never_evicted() {
    let count = settings()
        .window(Window::count(100))
        .slow_call_duration(Duration::from_secs(1));
    let (hosts, clock) = registry(1, count);
    let slow = Duration::from_secs(2);
    let breaker = hosts.get("a").unwrap();
    breaker.try_acquire().unwrap().took(slow).success();
    drop(breaker);

    clock.advance(IDLE * 1000);

    assert!(hosts.get("b").is_err());
}

#[test]
fn failures_that_have_left_the_window_hold_nothing_back() {
    let (hosts, clock) = registry(1, settings());
    hosts.get("a").unwrap().try_acquire().unwrap().failure();
    let in_window = Duration::from_secs(9);
    clock.advance(in_window);
    assert!(hosts.get("b").is_err());

    clock.advance(IDLE - in_window);

    assert!(hosts.get("b").is_ok());
}

#[test]
fn open_and_operated_breakers_and_those_with_a_level_stay() {
    let rules = settings().consecutive_failures(9);
    let (hosts, clock) = registry(4, rules.backoff_decay(IDLE * 1000));
    hosts.get("open").unwrap().open();
    hosts.get("disabled").unwrap().disable();
    let failing = hosts.get("run of failures").unwrap();
    failing.try_acquire().unwrap().failure();
    drop(failing);
    let recovered = hosts.get("recovered").unwrap();
    recovered.open();
    recovered.half_open();
    recovered.try_acquire().unwrap().success();
    assert_eq!(recovered.snapshot().openings, 1);
    drop(recovered);

    clock.advance(IDLE * 2);

    assert!(hosts.get("more").is_err());
}

#[test]
fn a_breaker_in_use_stays() {
    let (hosts, clock) = registry(1, settings());
    let held = hosts.get("a").unwrap();
    clock.advance(IDLE * 2);
    assert!(hosts.get("b").is_err());

    let permit = held.try_acquire().unwrap().into_owned();
    drop(held);
    clock.advance(IDLE * 2);
    assert!(hosts.get("b").is_err(), "a call is in flight");

    permit.success();
    clock.advance(IDLE * 2);
    assert!(hosts.get("b").is_ok());
}

#[test]
fn the_search_for_room_finds_the_one_that_may_go_wherever_it_is() {
    let places = if cfg!(miri) { 50..52 } else { 0..100 };
    for place in places {
        let count = settings().window(Window::count(10));
        let (hosts, clock) = registry(100, count);
        for host in 0..100 {
            let breaker = hosts.get(&format!("host {host}")).unwrap();
            let permit = breaker.try_acquire().unwrap();
            if host == place {
                permit.success();
            } else {
                permit.failure();
            }
        }
        clock.advance(IDLE);

        assert!(hosts.get("one more").is_ok());
        assert!(hosts.peek(&format!("host {place}")).is_none());
        clock.advance(IDLE / 2);
        assert!(hosts.get("and another").is_err());
        assert_eq!(hosts.len(), 100);
        for host in (0..100).filter(|host| *host != place) {
            let breaker = hosts.peek(&format!("host {host}")).unwrap();
            assert_eq!(breaker.name(), format!("host {host}"));
        }
    }
}

#[test]
fn a_search_that_found_nothing_is_not_repeated_at_once() {
    for is_held in [false, true] {
        let (hosts, clock) = registry(1, settings().window(Window::count(100)));
        let breaker = hosts.get("a").unwrap();
        breaker.try_acquire().unwrap().failure();
        let held = is_held.then_some(breaker);
        clock.advance(IDLE);
        assert!(hosts.get("b").is_err());

        drop(held);
        hosts.peek("a").unwrap().reset();
        clock.advance(IDLE / 100 - Duration::from_nanos(1));
        assert!(hosts.get("b").is_err());
        clock.advance(Duration::from_nanos(1));

        assert!(hosts.get("b").is_ok());
    }
}

#[test]
fn handles_that_were_held_for_a_moment_refuse_no_key_afterwards() {
    for whole in [false, true] {
        let (hosts, clock) = registry(3, settings());
        for host in ["a", "b", "c"] {
            hosts.get(host).unwrap();
        }
        clock.advance(IDLE);
        let held = if whole {
            hosts.snapshot().breakers
        } else {
            hosts.breakers()
        };
        assert!(hosts.get("d").is_err(), "all are in use");

        drop(held);

        assert!(hosts.get("d").is_ok());
    }
}

#[test]
fn a_registry_says_how_many_it_has_and_may_have() {
    let (hosts, _clock) = registry(3, settings());
    assert!(hosts.is_empty());

    hosts.get("a").unwrap();

    assert!(!hosts.is_empty());
    assert_eq!((hosts.len(), hosts.capacity()), (1, 3));
    assert_eq!(hosts.clone().breakers().len(), 1);
    assert_eq!(
        format!("{hosts:?}"),
        "Registry { breakers: 1, capacity: 3, .. }"
    );
}

#[test]
fn new_settings_reach_present_and_later_breakers() {
    let (hosts, _clock) = registry(10, settings());
    let before = hosts.get("a").unwrap();

    hosts.reconfigure(Config::builder().consecutive_failures(7).build().unwrap());

    assert_eq!(before.config().consecutive_failures(), Some(7));
    let after = hosts.get("b").unwrap();
    assert_eq!(after.config().consecutive_failures(), Some(7));
}

#[test]
fn idle_for_zero_evicts_at_once_and_errors_say_what_is_full() {
    let clock = ManualClock::new();
    let config = settings().build().unwrap();
    let hosts: Registry<String> = Registry::builder(NonZeroUsize::MIN)
        .config(config)
        .clock(clock)
        .idle_for(Duration::ZERO)
        .build();
    hosts.get("a").unwrap();

    assert!(hosts.get("b").is_ok());
    hosts.get("b").unwrap().open();

    let full: RegistryFull = hosts.get("c").unwrap_err();
    assert_eq!(
        full.to_string(),
        "no room for another key: all 1 breakers are in use or hold failures"
    );
}

/// Calls per thread; an interpreter is slow.
const CALLS: u64 = if cfg!(miri) { 100 } else { 2000 };

#[test]
fn many_threads_get_the_same_breakers_within_the_bound() {
    let (hosts, _clock) = registry(50, settings());

    thread::scope(|scope| {
        for _ in 0..4 {
            let hosts = hosts.clone();
            scope.spawn(move || {
                for call in 0..CALLS {
                    let host = format!("host {}", call % 50);
                    let breaker = hosts.get(&host).unwrap();
                    assert_eq!(breaker.name(), host);
                    breaker.try_acquire().unwrap().success();
                }
            });
        }
    });

    let calls: u64 = hosts
        .breakers()
        .iter()
        .map(|breaker| breaker.snapshot().window.calls)
        .sum();
    assert_eq!((hosts.len(), calls), (50, 4 * CALLS));
}
