//! The search for room in a registry: what it costs, and what it leaves alone.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::Duration;

use fusebox::{Breaker, Config, ManualClock, Registry, RegistryBuilder, Window};

const IDLE: Duration = Duration::from_secs(60);

fn tripping_after(failures: u32) -> Config {
    let config = Config::builder().consecutive_failures(failures);
    config.build().unwrap()
}

fn builder(capacity: usize, clock: &ManualClock) -> RegistryBuilder<String> {
    let config = tripping_after(9);
    Registry::builder(NonZeroUsize::new(capacity).unwrap())
        .config(config)
        .clock(clock.clone())
}

fn registry(capacity: usize) -> (Registry<String>, ManualClock) {
    let clock = ManualClock::new();
    (builder(capacity, &clock).build(), clock)
}

fn rule(breaker: &Breaker) -> Option<u32> {
    breaker.config().consecutive_failures()
}

#[test]
fn a_search_judges_few_breakers_and_the_next_one_goes_on_behind_them() {
    const KEYS: usize = if cfg!(miri) { 300 } else { 1000 };
    let clock = ManualClock::new();
    let count = Config::builder()
        .failure_rate_threshold(0.5)
        .window(Window::count(10));
    let hosts = builder(KEYS, &clock).config(count.build().unwrap()).build();
    for host in 0..KEYS {
        let breaker = hosts.get(&host.to_string()).unwrap();
        if host < KEYS - 10 {
            breaker.try_acquire().unwrap().failure();
        }
    }
    clock.advance(IDLE);

    let refused = (0..KEYS).take_while(|_| hosts.get("new").is_err()).count();

    assert_eq!(refused, (KEYS - 10) / 128);
    assert!(hosts.get("another").is_ok(), "the next one is beside it");
}

#[test]
fn a_search_that_found_one_counts_for_nothing_in_the_next() {
    let hosts = builder(4, &ManualClock::new())
        .idle_for(Duration::ZERO)
        .build();

    for host in 0..100 {
        assert!(hosts.get(&host.to_string()).is_ok(), "{host}");
    }

    assert_eq!((hosts.evictions(), hosts.len()), (96, 4));
}

#[test]
fn keys_that_are_in_use_cost_a_search_little() {
    const KEYS: usize = if cfg!(miri) { 300 } else { 5000 };
    let (hosts, clock) = registry(KEYS);
    for host in 0..KEYS {
        hosts.get(&host.to_string()).unwrap();
    }
    clock.advance(IDLE);
    for host in 0..KEYS - 1 {
        hosts.get(&host.to_string()).unwrap();
    }

    assert!(hosts.get("new").is_ok());
    assert!(hosts.peek(&(KEYS - 1).to_string()).is_none());
}

#[test]
fn a_breaker_that_somebody_holds_stays_the_one_of_its_key() {
    const ROUNDS: usize = if cfg!(miri) { 30 } else { 5000 };
    let made = AtomicU32::new(0);
    // The settings tell the breakers of one key apart.
    let hosts = builder(2, &ManualClock::new())
        .config_with(move |_| tripping_after(1 + made.fetch_add(1, Ordering::SeqCst)))
        .idle_for(Duration::ZERO)
        .build();

    thread::scope(|scope| {
        for thread in 0..3 {
            let hosts = &hosts;
            scope.spawn(move || {
                for round in 0..ROUNDS {
                    let host = ((round + thread) % 4).to_string();
                    let Ok(held) = hosts.get(&host) else { continue };
                    let permit = held.try_acquire().unwrap().into_owned();
                    let which = rule(&held);
                    drop(held);
                    assert_eq!(hosts.get(&host).as_ref().ok().and_then(rule), which);
                    permit.success();
                }
            });
        }
    });
    assert!(hosts.evictions() > 0);
}
