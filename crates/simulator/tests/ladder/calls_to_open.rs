//! Steps F8 and F8x: the exact number of calls that it takes to open a breaker.

use fusebox::Config;

use crate::closed_forms::calls_to_run;
use crate::driven::{Luck, calls_to_open, window_of};
use crate::{chain, sample::Sample};

/// Episodes per probability: the rarer the trip, the longer an episode.
const EPISODES: [(f64, u32); 5] = [
    (0.1, 1_500),
    (0.2, 3_000),
    (0.5, 8_000),
    (0.9, 8_000),
    (1.0, 10),
];

#[test]
fn f8x_a_breaker_opens_after_as_many_calls_as_the_chain_of_its_windows_says() {
    let config = window_of(10, 5).build().unwrap();
    for (p, episodes) in EPISODES {
        let mut luck = Luck::of(1, "f8x");
        let calls = (0..episodes).map(|_| calls_to_open(&config, 10, p, &mut luck) as f64);
        let calls: Sample = calls.collect();
        calls.confirms(
            &format!("F8x p = {p}"),
            chain::calls_to_open(10, 5, p),
            0.08,
        );
    }
}

#[test]
fn f8_a_breaker_that_wants_a_run_of_failures_opens_after_as_many_calls_as_the_formula_says() {
    for (k, p, episodes) in [
        (5, 0.2, 250),
        (5, 0.5, 4_000),
        (3, 0.1, 500),
        (5, 0.9, 4_000),
    ] {
        let config = Config::builder().consecutive_failures(k).build().unwrap();
        let mut luck = Luck::of(2, "f8");
        let calls = (0..episodes).map(|_| calls_to_open(&config, 0, p, &mut luck) as f64);
        let calls: Sample = calls.collect();
        calls.confirms(&format!("F8 k = {k}, p = {p}"), calls_to_run(k, p), 0.2);
    }
}
