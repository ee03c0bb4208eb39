//! The cost of a simulated request to its load: when it leaves, what its client decides, and the tally.
//!
//! `cargo bench -p benches --bench load`. The target for one thread is at most 40 ns for the next request of a plan
//! whose process is constant or Poisson and whose targets are chosen at random, and at most 40 ns for planning and
//! ending one request in the tally, with three targets as with ten thousand. The last row is the memory of a tally of
//! ten thousand targets after ten minutes: at most 300 MiB.

use std::alloc::System;
use std::hint::black_box;
use std::time::Duration;

use benches::{Host, Name, Plan, Row, measure};
use experiment::load::{Clients, Detail, End, Phases, Profile, Schedule, Tally, UnderWay};
use experiment::outcome::ClientOutcome;
use experiment::reading::parse_toml;
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// Requests per second and target.
const RATE: u32 = 5;
const MANY: usize = 10_000;
/// The length of the run whose memory is counted, in seconds.
const SECONDS: u64 = 600;

#[expect(clippy::print_stdout, reason = "the report")]
fn main() {
    // `cargo bench` says so; `cargo test --benches` does not, and wants to see it work only.
    let is_measured = std::env::args().any(|word| word == "--bench");
    let plan = if is_measured {
        Plan::MEASURE
    } else {
        Plan::TRY
    };
    println!("# Load of a simulated run\n\n{}", Host::this());
    println!("Nanoseconds per operation and thread; each thread has its own objects.\n");
    println!("{}", measure(&rows(), plan));
    let seconds = if is_measured { SECONDS } else { 2 };
    let region = Region::new(ALLOCATOR);
    let tally = run(MANY, seconds);
    let change = region.change();
    let held = change.bytes_allocated - change.bytes_deallocated;
    println!(
        "Tally of {} targets after {seconds} s: {} KiB",
        tally.names().len(),
        held / 1024
    );
}

fn rows() -> Vec<Row> {
    let groups = [plans(), tallies(), decisions(), vec![late_choice()]];
    groups.into_iter().flatten().collect()
}

fn plans() -> Vec<Row> {
    let cases = [
        ("constant", "rate = 1000\nprocess = \"constant\""),
        ("Poisson", "rate = 1000"),
        (
            "Poisson, one after another",
            "rate = 1000\nchoose = \"round_robin\"",
        ),
        (
            "Poisson, a spike",
            "rate = 1000\nshape = \"spike:peak=5000,at=10s,for=5s\"",
        ),
        ("gamma", "rate = 1000\nprocess = \"gamma:0.5\""),
        ("Poisson, keys by Zipf's law", "rate = 1000\nkey_skew = 1.1"),
    ];
    let rows = cases.map(|(case, text)| {
        Row::new(Name::new("`Schedule::next`", case), move || {
            let profile: Profile = parse_toml(text).expect("valid");
            let mut schedule = Schedule::new(7, &profile, &["A", "B", "C"]);
            move || {
                black_box(schedule.next());
            }
        })
    });
    rows.into()
}

fn tallies() -> Vec<Row> {
    let cases = [
        ("plan and end, 3 targets", 3),
        ("plan and end, 10,000 targets", MANY),
    ];
    let rows = cases.map(|(case, targets)| {
        Row::new(Name::new("`Tally`", case), move || {
            let mut run = Run::new(targets);
            move || run.request()
        })
    });
    rows.into()
}

fn decisions() -> Vec<Row> {
    let cases = [
        (
            "after a success",
            "exponential:budget=0.1",
            ClientOutcome::Ok,
        ),
        (
            "after a failure, with jitter",
            "exponential",
            ClientOutcome::Reset,
        ),
    ];
    let rows = cases.map(|(case, retries, outcome)| {
        Row::new(Name::new("`Clients::after`", case), move || {
            let mut clients = Clients::new(&retries.parse().expect("valid"));
            let mut luck = 0;
            move || {
                luck += 1;
                black_box(clients.after(1, black_box(luck), black_box(outcome)));
            }
        })
    });
    rows.into()
}

fn late_choice() -> Row {
    let name = Name::new("`UnderWay`", "choose, begin and end, 10,000 targets");
    Row::new(name, || {
        let mut under_way = UnderWay::new(MANY);
        let mut luck = 0_u64;
        move || {
            luck = luck.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let target = under_way.least_loaded(luck);
            under_way.begin(target);
            under_way.end(black_box(target));
        }
    })
}

/// A tally, and what is known of the next request. Targets are called in turn, in strides that leave the caches.
struct Run {
    tally: Tally,
    targets: usize,
    stride: usize,
    target: usize,
    gap: Duration,
    at: Duration,
    bits: u32,
}

impl Run {
    fn new(targets: usize) -> Self {
        let names = (0..targets).map(|target| format!("i{target}")).collect();
        Self {
            tally: Tally::new(names, &Phases::default(), Detail::of(targets)),
            targets,
            stride: if targets > 10 { targets * 3 / 5 - 1 } else { 1 },
            target: 0,
            gap: Duration::from_secs(1) / RATE / u32::try_from(targets).unwrap_or(1),
            at: Duration::ZERO,
            bits: 1,
        }
    }

    /// Plans and ends one request. Of seven successes there is one fast failure.
    fn request(&mut self) {
        self.target += self.stride;
        if self.target >= self.targets {
            self.target -= self.targets;
        }
        self.at += self.gap;
        self.bits = self.bits.wrapping_mul(0x9e37_79b9).wrapping_add(1);
        let response = Duration::from_micros(u64::from(self.bits >> 15));
        let is_rejected = self.bits & 0x7000 == 0;
        let end = End {
            outcome: if is_rejected {
                ClientOutcome::FastFail
            } else {
                ClientOutcome::Ok
            },
            response,
            service: Some(response),
            lateness: Some(Duration::ZERO),
            attempts: 1,
        };
        self.tally.plan(self.target, 0, self.at);
        self.tally.end(self.target, 0, black_box(&end), self.at);
    }
}

/// A run with this many targets, each of which is called a few times a second.
fn run(targets: usize, seconds: u64) -> Tally {
    let mut run = Run::new(targets);
    for _ in 0..seconds * u64::from(RATE) * targets as u64 {
        run.request();
    }
    run.tally
}
