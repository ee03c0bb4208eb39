//! The memory of a breaker, in bytes.
//!
//! `cargo bench -p benches --bench memory`. The count is what is requested from the allocator; what it rounds up, and
//! the handle itself (one pointer), come on top. "Used" means that every state was visited until the history of
//! transitions is full.

use std::alloc::System;
use std::collections::HashMap;
use std::num::NonZeroUsize;
use std::time::Duration;

use benches::Host;
use fusebox::{Breaker, Config, ConfigBuilder, Registry, Snapshot, Window};
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

const KEYS: usize = 100_000;

/// What keeps many breakers under string keys.
const STORES: &[Store] = &[
    Store("`HashMap`", |config| bytes(|| map(config))),
    Store("`Registry`", |config| bytes(|| registry(config))),
];

/// What a store is called, and the bytes it takes for [`KEYS`] breakers.
struct Store(&'static str, fn(&Config) -> usize);

#[expect(clippy::print_stdout, reason = "the report")]
fn main() {
    let stores: Vec<_> = STORES.iter().map(|Store(name, _)| *name).collect();
    println!("# Memory\n\n{}", Host::this());
    println!("Bytes per breaker: alone, alone and used, and one of {KEYS} under a string key.\n");
    println!("| breaker | new | used | {} |", stores.join(" | "));
    println!("|---|---:|---:|{}", "---:|".repeat(stores.len()));
    for (what, config) in configs() {
        let new = bytes(|| breaker(0, &config));
        let used = bytes(|| used(breaker(0, &config)));
        let keyed = |Store(_, bytes): &Store| (bytes(&config) / KEYS).to_string();
        let keyed: Vec<_> = STORES.iter().map(keyed).collect();
        println!("| {what} | {new} | {used} | {} |", keyed.join(" | "));
    }
}

fn configs() -> [(&'static str, Config); 3] {
    let ratio = || Config::builder().failure_rate_threshold(0.5);
    let build = |settings: ConfigBuilder| settings.build().expect("valid");
    let time = Window::time(Duration::from_secs(10), 10);
    [
        (
            "consecutive rule only",
            build(Config::builder().consecutive_failures(5)),
        ),
        (
            "count window of 100",
            build(ratio().window(Window::count(100))),
        ),
        ("time window 10 s / 10 buckets", build(ratio().window(time))),
    ]
}

/// What `make` leaves allocated.
fn bytes<T>(make: impl FnOnce() -> T) -> usize {
    let region = Region::new(ALLOCATOR);
    let held = make();
    let change = region.change();
    drop(held);
    change.bytes_allocated - change.bytes_deallocated
}

fn breaker(key: usize, config: &Config) -> Breaker {
    Breaker::new(name(key), config.clone())
}

fn name(key: usize) -> String {
    format!("downstream-{key:06}")
}

fn used(breaker: Breaker) -> Breaker {
    for _ in 0..Snapshot::RECENT {
        breaker.open();
        breaker.half_open();
        breaker.reset();
        breaker.try_acquire().expect("closed").success();
    }
    breaker
}

fn map(config: &Config) -> HashMap<String, Breaker> {
    (0..KEYS)
        .map(|key| (name(key), breaker(key, config)))
        .collect()
}

fn registry(config: &Config) -> Registry<String> {
    let capacity = NonZeroUsize::new(KEYS).expect("not zero");
    let registry = Registry::new(capacity, config.clone());
    for key in 0..KEYS {
        registry.get(&*name(key)).expect("there is room");
    }
    registry
}
