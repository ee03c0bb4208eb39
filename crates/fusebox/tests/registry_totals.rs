//! The counters of a registry: those of evicted and removed breakers stay in the totals.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::num::NonZeroUsize;
use std::thread;
use std::time::Duration;

use fusebox::{Breaker, Config, ManualClock, Outcome, Registry, RegistryBuilder, State, Totals};

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

#[test]
fn what_removed_breakers_count_while_they_are_in_use_and_after_is_in_the_totals() {
    let (hosts, clock) = registry(1);
    let successes = || hosts.retired().calls(Outcome::Success);
    let removed = |key: &str| {
        let breaker = hosts.get(key).unwrap();
        breaker.try_acquire().unwrap().success();
        hosts.remove(key).unwrap()
    };

    let held = removed("held");
    assert_eq!(successes(), 1);
    held.try_acquire().unwrap().success();
    let permit = held.try_acquire().unwrap().into_owned();
    drop(held);
    assert_eq!(successes(), 2);
    permit.success();
    assert_eq!(successes(), 3);
    clock.advance(IDLE);
    assert_eq!(hosts.retired().time_in(State::Closed), Duration::ZERO);

    // Many retired breakers without users are added up as they go.
    for _ in 0..100 {
        drop(removed("a"));
    }
    assert_eq!((successes(), hosts.removals()), (103, 101));
}

#[test]
fn evictions_and_refusals_are_counted_and_evicted_totals_are_kept() {
    let (hosts, clock) = registry(1);
    let breaker = hosts.get("a").unwrap();
    breaker.try_acquire().unwrap().failure();
    breaker.try_acquire().unwrap().success();
    breaker.force_open();
    assert!(breaker.try_acquire().is_err());
    breaker.resume();
    let counted = breaker.snapshot().totals;
    assert!(hosts.get("b").is_err());
    drop(breaker);
    assert_eq!((hosts.evictions(), hosts.refusals()), (0, 1));
    assert_eq!(hosts.retired(), Totals::default());

    clock.advance(IDLE);
    hosts.get("b").unwrap();

    assert_eq!((hosts.evictions(), hosts.refusals()), (1, 1));
    let retired = hosts.retired();
    assert_eq!(retired.time_in(State::Closed), IDLE);
    for outcome in [Outcome::Success, Outcome::Failure] {
        assert_eq!(retired.calls(outcome), counted.calls(outcome));
    }
    let (from, to) = (State::Closed, State::ForcedOpen);
    assert_eq!(retired.transitions(from, to), counted.transitions(from, to));
    clock.advance(IDLE);
    assert_eq!(hosts.retired(), retired, "it is over");
}

#[test]
fn totals_add_up_in_every_part() {
    let clock = ManualClock::new();
    let config = Config::builder()
        .consecutive_failures(1)
        .slow_call_rate_threshold(1.0)
        .slow_call_duration(Duration::from_secs(1));
    let breaker = Breaker::with_clock("a", config.build().unwrap(), clock.clone());
    breaker.metrics_only();
    let slow = Duration::from_secs(2);
    breaker.try_acquire().unwrap().took(slow).failure();
    breaker.reset();
    breaker.try_acquire().unwrap().failure();
    assert!(breaker.try_acquire().is_err());
    clock.advance(IDLE / 60);
    let one = breaker.snapshot().totals;

    let mut sum = one.clone();
    sum += &one;

    let numbers = |totals: &Totals| -> Vec<u64> {
        let text = format!("{totals:?}").replace("ns", "");
        let digits = text.split(|it: char| !it.is_ascii_digit());
        digits.filter_map(|it| it.parse().ok()).collect()
    };
    assert_ne!(one, Totals::default());
    assert_eq!((one.slow_calls(), one.would_trip()), (1, 1));
    let doubled: Vec<_> = numbers(&one).iter().map(|it| it * 2).collect();
    assert_eq!(numbers(&sum), doubled);
}

#[test]
fn no_snapshot_misses_a_call_or_counts_it_twice_while_breakers_come_and_go() {
    const ROUNDS: u64 = if cfg!(miri) { 20 } else { 2000 };
    let hosts = builder(4, &ManualClock::new())
        .idle_for(Duration::ZERO)
        .build();
    let seen = || {
        let snapshot = hosts.snapshot();
        let mut total = snapshot.retired;
        for breaker in &snapshot.breakers {
            total += &breaker.snapshot().totals;
        }
        total.calls(Outcome::Success)
    };

    thread::scope(|scope| {
        let calls = scope.spawn(|| {
            let mut calls = 0;
            for round in 0..ROUNDS {
                let host = (round % 16).to_string();
                if let Ok(breaker) = hosts.get(&host) {
                    breaker.try_acquire().unwrap().success();
                    calls += 1;
                }
                if round % 7 == 0 {
                    hosts.remove(&host);
                }
            }
            calls
        });
        let mut last = 0;
        while !calls.is_finished() {
            let now = seen();
            assert!(now >= last, "{last} calls became {now}");
            last = now;
        }
        assert_eq!(seen(), calls.join().unwrap());
    });
    assert!(hosts.evictions() > 0 && hosts.removals() > 0);
}
