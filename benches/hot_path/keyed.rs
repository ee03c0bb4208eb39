//! A breaker by key: one of many, looked up for each call.

use std::hint::black_box;
use std::num::NonZeroUsize;

use benches::{Name, Row};
use fusebox::{Config, Registry, TscClock};

const SUBJECT: &str = "breaker, `Registry` of 100,000";
pub(crate) const SAME: Name = Name::new(SUBJECT, "the same key each time");
const IN_TURN: Name = Name::new(SUBJECT, "all keys in turn, cold caches");

const KEYS: usize = 100_000;
/// Odd, so that steps of this width come past every key before they repeat one.
const STEP: usize = 7919;

pub(crate) fn rows() -> Vec<Row> {
    let capacity = NonZeroUsize::new(KEYS).expect("not zero");
    let config = Config::builder().failure_rate_threshold(0.9).build();
    let registry = Registry::with_clock(capacity, config.expect("valid"), TscClock::new());
    let keys: Vec<String> = (0..KEYS).map(|key| format!("host-{key:06}")).collect();
    for key in &keys {
        registry.get(key.as_str()).expect("there is room");
    }
    let one = registry.clone();
    vec![
        Row::new(SAME, move || {
            let registry = one.clone();
            move || {
                let breaker = registry.get("host-000000").expect("known");
                black_box(breaker.try_acquire().expect("closed").success());
            }
        }),
        Row::new(IN_TURN, move || {
            let (registry, keys, mut next) = (registry.clone(), keys.clone(), 0);
            move || {
                next = (next + STEP) % KEYS;
                let breaker = registry.get(keys[next].as_str()).expect("known");
                black_box(breaker.try_acquire().expect("closed").success());
            }
        }),
    ]
}
