//! Scenarios of ten instances, and runs of them.

use experiment::expectation::Figures;
use experiment::result::Repetition;
use experiment::scenario::{Scenario, Set};
use simulator::{Options, run};

/// Ten instances of 20 calls a second; all fail from the second 20 to the second 40.
pub(crate) const OUTAGE: &str = r#"
title = "a total outage"
duration = "60s"
[fleet]
size = 10
call_timeout = "500ms"
[breaker]
consecutive_failures = "off"
failure_rate_threshold = 0.5
window_calls = 20
minimum_calls = 20
open_for = "5s"
backoff_factor = 1.0
max_open_for = "5s"
jitter = 0.2
probe_successes = 1
probe_failures = 1
[load]
rate = 200
[coordination]
suspicion_run = 4
[faults]
base = { delay = { fixed = "50ms" } }
phases = [
  { name = "healthy", for = "20s" },
  { name = "outage", for = "20s", failure_ratio = 1 },
  { name = "after" },
]
"#;

/// The same, but only these instances cannot reach the downstream.
pub(crate) fn cut_off(instances: &str) -> String {
    OUTAGE.replace(
        r#"{ name = "outage", for = "20s", failure_ratio = 1 }"#,
        r#"{ name = "outage", for = "20s", rules = ["link"] }"#,
    ) + &format!(
        "[faults.rules.link]\nmatch = {{ caller = [{instances}] }}\neffects = [{{ reset = {{}} }}]\n"
    )
}

/// A scenario with these keys set.
pub(crate) fn scenario(text: &str, sets: &[&str]) -> Scenario {
    let sets: Vec<Set> = sets.iter().map(|set| set.parse().unwrap()).collect();
    Scenario::parse_with_sets(text, &sets).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

/// A run of it.
pub(crate) fn performed(text: &str, sets: &[&str], seed: u64) -> Repetition {
    let run = run(&scenario(text, sets), seed, &Options::default());
    assert_eq!(run.invalid, None);
    run
}

/// A figure of a run.
pub(crate) fn figure(run: &Repetition, name: &str) -> f64 {
    let value = run.value(&name.parse().unwrap());
    value.unwrap_or_else(|| panic!("{name} was not measured"))
}

/// The mean of a figure over these seeds.
pub(crate) fn mean(text: &str, sets: &[&str], name: &str, seeds: u64) -> f64 {
    let runs = (1..=seeds).map(|seed| figure(&performed(text, sets, seed), name));
    let seeds = seeds as f64;
    runs.sum::<f64>() / seeds
}
