//! The memory of a tally: it grows with targets and seconds, not with requests.

use std::time::Duration;

use experiment::load::{Detail, End, Phases, Tally};
use experiment::outcome::ClientOutcome;

const MIB: i64 = 1024 * 1024;

/// The bytes that a tally holds after a run with this many requests per second.
fn bytes(targets: usize, seconds: u64, requests: u64) -> i64 {
    let names: Vec<String> = (0..targets).map(|target| format!("i{target}")).collect();
    let windows = ["a=1s..5s", "b=5s..9s"].map(|text| text.parse().expect("a phase"));
    let phases = Phases::new(Duration::ZERO, windows.into()).expect("phases");
    let mut kept = None;
    let info = allocation_counter::measure(|| {
        let mut tally = Tally::new(names, &phases, Detail::of(targets));
        for request in 0..seconds * requests {
            let at = Duration::from_nanos(request * 1_000_000_000 / requests);
            let number = usize::try_from(request).expect("a number of a request");
            let target = number * 7919 % targets;
            // The shortest and the longest time come early to every target with every outcome: a histogram reaches
            // from the one to the other.
            let response = match number / (targets * ClientOutcome::ALL.len()) % 3 {
                0 => Duration::ZERO,
                1 => Duration::from_secs(1),
                _ => Duration::from_micros(request * 48_271 % 1_000_003),
            };
            let end = End {
                outcome: ClientOutcome::ALL[number % ClientOutcome::ALL.len()],
                response,
                service: Some(response),
                lateness: Some(Duration::ZERO),
                attempts: 1,
            };
            tally.plan(target, phases.place(at), at);
            tally.end(target, phases.place(at), &end, at);
        }
        kept = Some(tally);
    });
    drop(kept);
    info.bytes_current
}

#[test]
fn ten_thousand_targets_over_ten_minutes_take_less_than_300_mib() {
    let held = bytes(10_000, 600, 1000);
    assert!(held < 300 * MIB, "{held}");
    // By far: what is kept for each target is counts.
    assert!(held < 20 * MIB, "{held}");
}

#[test]
fn more_requests_take_no_more_memory() {
    // Of each target and part, four histograms of some 100 KiB.
    let (few, many) = (bytes(64, 10, 20_000), bytes(64, 10, 40_000));
    assert!((many - few).abs() < few / 50, "{few} {many}");
}

#[test]
fn a_target_that_nobody_calls_takes_no_histograms() {
    let held = bytes(64, 1, 1);
    assert!(held < MIB / 4, "{held}");
}
