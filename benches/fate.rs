//! The cost of deciding what one call meets under a fault plan, and of computing the truth of a caller.
//!
//! `cargo bench -p benches --bench fate`. The target for one thread is at most 80 ns for the fate of a call under
//! phases and one probabilistic rule, with one caller as with ten thousand. There should be no allocation if nothing
//! is hit or spared, nor if a phase and a rule do so. The last row is the memory of ten thousand callers.

use std::alloc::System;
use std::hint::black_box;
use std::time::Duration;

use benches::{Host, Name, Plan as Turns, Row, Threads, measure};
use experiment::faults::{Call, CallerId, Plan, Player};
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// How many nanoseconds a fate may cost.
const WANTED_NS: f64 = 80.0;
const MANY: usize = 10_000;
/// Calls whose allocations are counted.
const COUNTED: usize = 1000;

/// Phases without faults.
const CALM: &str =
    r#"{"phases": [{"name": "calm", "for": "1h"}, {"name": "then", "for": "1h"}], "loop": true}"#;
/// Phases and a rule that hits by chance, and seldom: most calls are spared.
const SELDOM: &str = r#"{"phases": [{"name": "calm", "for": "1h", "rules": ["seldom"], "latency": "4ms",
                                    "latency_jitter": "8ms"},
                                    {"name": "then", "for": "1h"}], "loop": true,
    "rules": {"seldom": {"gate": {"bernoulli": 0.01}, "effects": [{"status": {"code": 500}}]}}}"#;
/// The same where half of the calls are hit, and some by the phase, too.
const HALF: &str = r#"{"phases": [{"name": "bad", "for": "1h", "rules": ["half"], "failure_ratio": 0.1},
                                  {"name": "then", "for": "1h"}], "loop": true,
    "rules": {"half": {"gate": {"bernoulli": 0.5}, "effects": [{"status": {"code": 500}}]}}}"#;
/// Each caller has bursts of its own.
const BURSTS: &str = r#"{"rules": {"own": {"gate": {"gilbert_elliott": {"good_mean": "9s", "bad_mean": "1s"}},
                                   "effects": [{"reset": {}}]}}}"#;

const WANTED: [(Name, &str, usize); 4] = [
    (Name::new("fate", "phases without faults"), CALM, 1),
    (
        Name::new("fate", "phases and a rule that seldom hits"),
        SELDOM,
        1,
    ),
    (
        Name::new("fate", "phases and a rule that hits half"),
        HALF,
        1,
    ),
    (
        Name::new("fate", "a rule that seldom hits, 10,000 callers"),
        SELDOM,
        MANY,
    ),
];
const BURSTS_OF_MANY: Name = Name::new("fate", "bursts of each of 10,000 callers");
const TRUTH: Name = Name::new("truth", "a rule that hits half, by handle");
const TRUTH_OF_MANY: Name = Name::new("truth", "bursts of each of 10,000 callers, by handle");

#[expect(clippy::print_stdout, reason = "the report")]
fn main() {
    // `cargo bench` says so; `cargo test --benches` does not, and wants to see it work only.
    let turns = if std::env::args().any(|word| word == "--bench") {
        Turns::MEASURE
    } else {
        Turns::TRY
    };
    println!("# What one call meets\n\n{}", Host::this());
    println!("Nanoseconds per operation and thread; each thread has a player of its own.\n");
    let results = measure(&rows(), turns);
    println!("{results}\n## Wanted\n");
    for (name, text, callers) in WANTED {
        let allocations = allocations(text, callers);
        let Some(cost) = results.median_ns(name, Threads::One) else {
            continue;
        };
        let kept = cost <= WANTED_NS && allocations == 0;
        println!(
            "- {name}: {cost:.1} ns, up to {WANTED_NS} ns; {allocations} allocations in {COUNTED} calls: {}",
            if kept { "kept" } else { "NOT kept" }
        );
    }
    let region = Region::new(ALLOCATOR);
    let held = player(BURSTS, MANY);
    let change = region.change();
    let bytes = change.bytes_allocated - change.bytes_deallocated;
    println!("- {} callers hold {} KiB", held.1.len(), bytes / 1024);
}

fn rows() -> Vec<Row> {
    let wanted = WANTED.map(|(name, text, callers)| Row::new(name, move || fate(text, callers)));
    let others = [
        Row::new(BURSTS_OF_MANY, || fate(BURSTS, MANY)),
        Row::new(TRUTH, || truth(HALF, 1)),
        Row::new(TRUTH_OF_MANY, || truth(BURSTS, MANY)),
    ];
    wanted.into_iter().chain(others).collect()
}

/// A player with this many callers of the host's own.
fn player(text: &str, callers: usize) -> (Player, Vec<CallerId>) {
    let plan = Plan::parse(text.as_bytes()).expect("the plan makes sense");
    let mut player = Player::new(plan);
    let callers = (0..callers).map(|number| player.member(&format!("i{number}")));
    let callers = callers.collect();
    (player, callers)
}

/// Each turn is the next caller's, a microsecond later.
fn turns(callers: Vec<CallerId>) -> impl FnMut() -> (Duration, CallerId) {
    let (mut now, mut place) = (Duration::ZERO, 0);
    move || {
        now += Duration::from_micros(1);
        place = if place + 1 < callers.len() {
            place + 1
        } else {
            0
        };
        (now, callers[place])
    }
}

fn fate(text: &str, callers: usize) -> impl FnMut() + 'static {
    let (mut player, callers) = player(text, callers);
    let mut next = turns(callers);
    move || {
        let (now, caller) = next();
        let call = Call {
            caller,
            key: None,
            path: "/data",
        };
        black_box(player.fate(now, &call));
    }
}

fn truth(text: &str, callers: usize) -> impl FnMut() + 'static {
    let (mut player, callers) = player(text, callers);
    let mut next = turns(callers);
    move || {
        let (now, caller) = next();
        black_box(player.truth_of(now, caller, None));
    }
}

/// How often some calls allocate memory.
fn allocations(text: &str, callers: usize) -> usize {
    let mut call = fate(text, callers);
    let region = Region::new(ALLOCATOR);
    (0..COUNTED).for_each(|_| call());
    region.change().allocations
}
