//! The speed of the simulator: calls per second by the size of the fleet and the length of the run.
//!
//! `cargo bench -p benches --bench simulator`. A call is an arrival, a breaker's permit, the fate at the
//! downstream, its end 4 to 12 ms later, and the tally; one in fifty fails. One run is one thread. The time is that
//! of the whole run, with its beginning and its result.
//!
//! The second table is the same with instances that tell each other what they see, beside a fleet that does not. Then
//! comes the fleet that must fit: 10,000 instances with 5 calls a second each for ten minutes, two seeds at once on
//! two cores. The last table is the cost of keeping the events.

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
/// Each run is measured at least so often; the fastest counts, as whatever disturbs a run makes it slower.
const ROUNDS: u32 = 3;

/// What is wanted: calls per second on one core, how far the cost of a call may differ by the length of the run or the
/// size of the fleet, and the time and memory of the fleet that must fit.
const WANTED_MILLIONS: f64 = 3.0;
const WANTED_FACTOR: f64 = 2.0;
/// How many times as much a call of a coordinating fleet may cost as one of a fleet that does not coordinate.
const WANTED_TOGETHER: f64 = 2.0;
const WANTED_SECONDS: f64 = 20.0;
const WANTED_MIB: u64 = 2048;

/// What one run cost.
struct Cost {
    instances: u32,
    /// How many calls were wanted.
    planned: u32,
    calls: f64,
    ns: f64,
    allocations: f64,
}

#[expect(clippy::print_stdout, reason = "the report")]
fn main() {
    println!("# Simulator\n\n{}", Host::of_system());
    println!("| instances | calls | M calls/s | ns per call | allocations per 1000 calls |");
    println!("|---:|---:|---:|---:|---:|");
    let costs = RUNS.map(|(instances, rate, seconds)| {
        let cost = Cost::of(instances, rate, seconds);
        println!(
            "| {instances} | {} | {:.2} | {:.0} | {:.0} |",
            cost.calls,
            cost.millions(),
            cost.ns,
            cost.allocations
        );
        cost
    });
    let together = together();
    let (seconds, mib) = large_fleet();
    println!("\n## Wanted\n");
    let most = costs.iter().map(Cost::millions).fold(0.0, f64::max);
    let by_length = factor(costs.iter().filter(|it| it.instances == 3));
    let by_size = factor(costs.iter().filter(|it| it.planned == 1_000_000));
    for (what, kept) in [
        (
            format!("{most:.2} M calls/s on one core, at least {WANTED_MILLIONS}"),
            most >= WANTED_MILLIONS,
        ),
        (
            format!("from 10^3 to 10^7 calls a factor of {by_length:.2}, up to {WANTED_FACTOR}"),
            by_length <= WANTED_FACTOR,
        ),
        (
            format!("from 3 to 10,000 instances a factor of {by_size:.2}, up to {WANTED_FACTOR}"),
            by_size <= WANTED_FACTOR,
        ),
        (
            format!("coordination costs a factor of {together:.2}, up to {WANTED_TOGETHER}"),
            together <= WANTED_TOGETHER,
        ),
        (
            format!("the large fleet in {seconds:.1} s, less than {WANTED_SECONDS}"),
            seconds < WANTED_SECONDS,
        ),
        (
            format!("with {mib} MiB, less than {WANTED_MIB}"),
            mib < WANTED_MIB,
        ),
    ] {
        println!("- {what}: {}", if kept { "kept" } else { "NOT kept" });
    }
    println!("\n## Events\n");
    agendas::report();
}

impl Cost {
    /// The cost of the fastest of some rounds.
    fn of(instances: u32, rate: u32, seconds: u32) -> Self {
        Self::of_scenario(
            &scenario(instances, rate, seconds, "local"),
            (instances, rate * seconds),
        )
    }

    /// The same for a scenario of this many instances and planned calls.
    #[expect(clippy::cast_precision_loss, reason = "counts of one run")]
    fn of_scenario(scenario: &Scenario, (instances, planned): (u32, u32)) -> Self {
        // A short run is disturbed by less: more of them find a quiet moment.
        let rounds = (1_000_000 / planned).clamp(ROUNDS, 300);
        let rounds = (0..rounds).map(|_| {
            let (began, region) = (now(), Region::new(ALLOCATOR));
            let run = perform(scenario, &Cancel::default(), None);
            let took = began.elapsed().as_secs_f64();
            let calls = run.effort.calls as f64;
            Self {
                instances,
                planned,
                calls,
                ns: took / calls * 1e9,
                allocations: region.change().allocations as f64 / calls * 1e3,
            }
        });
        let fastest = rounds.min_by(|one, other| one.ns.total_cmp(&other.ns));
        fastest.expect("there are rounds")
    }

    fn millions(&self) -> f64 {
        1e3 / self.ns
    }
}

/// What it costs that instances tell each other what they see: how many times as long the dearest mode takes.
#[expect(clippy::print_stdout, reason = "the report")]
fn together() -> f64 {
    let (instances, rate, seconds) = (1_000, 20_000, 120);
    println!(
        "\n## Coordination\n\n{instances} instances with 20 calls a second each for {seconds} s.\n"
    );
    println!("| mode | calls | M calls/s | ns per call | beside local |");
    println!("|---|---:|---:|---:|---:|");
    let costs = ["local", "quorum", "pooled"].map(|mode| {
        let scenario = scenario(instances, rate, seconds, mode);
        (
            mode,
            Cost::of_scenario(&scenario, (instances, rate * seconds)),
        )
    });
    let local = costs[0].1.ns;
    for (mode, cost) in &costs {
        let (millions, factor) = (cost.millions(), cost.ns / local);
        println!(
            "| {mode} | {} | {millions:.2} | {:.0} | {factor:.2} |",
            cost.calls, cost.ns
        );
    }
    costs
        .iter()
        .map(|(_, cost)| cost.ns / local)
        .fold(0.0, f64::max)
}

/// How far the costs of a call differ.
fn factor<'a>(costs: impl Iterator<Item = &'a Cost>) -> f64 {
    let bounds = costs.fold((f64::INFINITY, 0.0_f64), |(least, most), cost| {
        (least.min(cost.ns), most.max(cost.ns))
    });
    bounds.1 / bounds.0
}

/// Performs the fleet that must fit with two seeds at once: how many seconds that took, and the memory in MiB.
#[expect(clippy::print_stdout, reason = "the report")]
#[expect(clippy::cast_precision_loss, reason = "calls of two runs")]
fn large_fleet() -> (f64, u64) {
    let scenario = scenario(10_000, 50_000, 600, "local");
    let jobs = NonZeroUsize::new(2).expect("two");
    let began = now();
    let runs = many(&scenario, &[1, 2], jobs, &Options::default(), |_| {});
    let took = began.elapsed().as_secs_f64();
    let calls: u64 = runs.iter().map(|run| run.load.planned).sum();
    let mib = most_resident_kib() / 1024;
    println!(
        "\nTwo runs of 10,000 instances, 5 calls a second each, ten minutes, at once: {calls} calls in {took:.1} s, \
         {:.2} M calls/s; at most {mib} MiB resident.",
        calls as f64 / took / 1e6,
    );
    (took, mib)
}

fn scenario(instances: u32, rate: u32, seconds: u32, mode: &str) -> Scenario {
    let text = format!(
        r#"
        title = "calls that mostly succeed"
        duration = "{seconds}s"
        [fleet]
        size = {instances}
        [load]
        rate = {rate}
        [coordination]
        mode = "{mode}"
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
