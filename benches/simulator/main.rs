//! The speed of the simulator: calls per second by the size of the fleet and the length of the run.
//!
//! `cargo bench -p benches --bench simulator`. A call is an arrival, a breaker's permit, the fate at the
//! downstream, its end 4 to 12 ms later, and the tally; one in fifty fails. One run is one thread. The time is that
//! of the whole run, with its beginning and its result.
//!
//! Below is the fleet that must fit: 10,000 instances with 5 calls a second each for ten minutes, two seeds at once on
//! two cores. The last table is what it costs to keep the events.

mod agendas;

use std::alloc::System;
use std::num::NonZeroUsize;

use benches::{Host, now};
use experiment::scenario::Scenario;
use simulator::{Cancel, Options, many, perform};
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// Instances, calls per second of all, seconds.
const RUNS: [(u32, u32, u32); 9] = [
    (3, 100, 10),
    (3, 1_000, 10),
    (3, 10_000, 10),
    (3, 10_000, 100),
    (3, 10_000, 1_000),
    (100, 10_000, 100),
    (1_000, 10_000, 100),
    (10_000, 50_000, 20),
    (10_000, 50_000, 200),
];
/// Each run is measured so often; the fastest counts, as whatever disturbs a run makes it slower.
const ROUNDS: u32 = 3;

#[expect(clippy::print_stdout, reason = "the report")]
#[expect(clippy::cast_precision_loss, reason = "counts of one run")]
fn main() {
    println!("# Simulator\n\n{}", Host::of_system());
    println!("| instances | calls | M calls/s | ns per call | allocations per 1000 calls |");
    println!("|---:|---:|---:|---:|---:|");
    for (instances, rate, seconds) in RUNS {
        let scenario = scenario(instances, rate, seconds);
        let rounds = (0..ROUNDS).map(|_| {
            let (began, region) = (now(), Region::new(ALLOCATOR));
            let run = perform(&scenario, &Cancel::default(), None);
            let took = began.elapsed().as_secs_f64();
            (took, run.effort.calls as f64, region.change().allocations)
        });
        let fastest = rounds.min_by(|one, other| one.0.total_cmp(&other.0));
        let (took, calls, allocations) = fastest.expect("there are rounds");
        println!(
            "| {instances} | {calls} | {:.2} | {:.0} | {:.0} |",
            calls / took / 1e6,
            took / calls * 1e9,
            allocations as f64 / calls * 1e3
        );
    }
    let scenario = scenario(10_000, 50_000, 600);
    let jobs = NonZeroUsize::new(2).expect("two");
    let began = now();
    let runs = many(&scenario, &[1, 2], jobs, &Options::default(), |_| {});
    let took = began.elapsed().as_secs_f64();
    let calls: u64 = runs.iter().map(|run| run.load.planned).sum();
    println!(
        "\nTwo runs of 10,000 instances, 5 calls a second each, ten minutes, at once: {calls} calls in {took:.1} s, \
         {:.2} M calls/s; at most {} MiB resident.",
        calls as f64 / took / 1e6,
        most_resident_kib() / 1024
    );
    println!("\n## Events\n");
    agendas::report();
}

fn scenario(instances: u32, rate: u32, seconds: u32) -> Scenario {
    let text = format!(
        r#"
        title = "calls that mostly succeed"
        duration = "{seconds}s"
        [fleet]
        size = {instances}
        [load]
        rate = {rate}
        [faults]
        base = {{ delay = {{ uniform = {{ min = "4ms", max = "12ms" }} }} }}
        phases = [{{ name = "nearly well", failure_ratio = 0.02 }}]
        "#
    );
    Scenario::parse(&text).expect("it is a scenario")
}

/// The most memory that this process has had, where Linux tells it.
fn most_resident_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let number = line.and_then(|line| line.trim().strip_suffix(" kB"));
    number
        .and_then(|number| number.trim().parse().ok())
        .unwrap_or(0)
}
