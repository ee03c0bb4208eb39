//! Step F12: the calls that are wasted until a whole fleet is open; and steps F8 and F8x, simulated.

use crate::closed_forms::{calls_to_run, shared_waste, waste};
use crate::fleet::{Fleet, count_window, wasted};
use crate::{chain, sample::Sample, table};

fn of_fleets(fleet: &Fleet, seeds: u64, size: usize) -> Sample {
    let fleets = fleet.runs(seeds).flat_map(|run| {
        let wasted = wasted(&run);
        let fleets = wasted.chunks_exact(size).map(|fleet| fleet.iter().sum());
        fleets.collect::<Vec<f64>>()
    });
    fleets.collect()
}

#[test]
fn f12_a_fleet_wastes_the_calls_of_all_its_windows_and_those_under_way() {
    for (k, rate, latency_ms, healthy_s, outage_s) in [
        (5, 10.0, 0, 5.0, 4.0),
        (5, 10.0, 1000, 5.0, 5.0),
        (20, 2.0, 100, 60.0, 40.0),
    ] {
        let fleet = Fleet {
            rate,
            breaker: count_window(2 * k, k),
            latency_ms,
            healthy_s,
            outage_s,
            ..Fleet::default()
        };
        let tau = f64::from(u32::try_from(latency_ms).unwrap()) / 1000.0;
        let formula = waste(10, k, rate, tau);
        let wasted = of_fleets(&fleet, 1, 10);

        let what = format!("F12 local, k = {k}, τ = {tau} s");
        if latency_ms == 0 {
            table::row(&what, formula, wasted.mean(), None);
            assert!((wasted.mean() - formula).abs() < 1e-9, "{}", wasted.mean());
        } else {
            wasted.confirms(&what, formula, 0.05);
        }
    }
}

/// One instance with all calls of a fleet is a fleet that shares each failure at once, so s = 0. The formula with
/// staleness waits for coordination.
#[test]
fn f12_a_fleet_that_shares_failures_wastes_one_window_and_the_calls_under_way() {
    let fleet = Fleet {
        size: 200,
        rate: 100.0,
        breaker: count_window(10, 5),
        latency_ms: 200,
        outage_s: 1.5,
        healthy_s: 1.0,
        ..Fleet::default()
    };
    let wasted = of_fleets(&fleet, 1, 1);

    wasted.confirms(
        "F12 shared, N = 10",
        shared_waste(10, 5, 10.0, 0.2, 0.0),
        0.05,
    );
}

#[test]
fn f8x_simulated_breakers_open_after_as_many_calls_as_the_chain_of_their_windows_says() {
    for (failing, outage_s, size) in [
        (0.2, 12.0, 400),
        (0.5, 1.5, 600),
        (0.9, 0.5, 600),
        (1.0, 0.5, 10),
    ] {
        let fleet = Fleet {
            breaker: count_window(10, 5),
            failing,
            outage_s,
            size,
            rate: 100.0,
            healthy_s: 1.0,
            ..Fleet::default()
        };
        let calls = of_fleets(&fleet, 1, 1);

        let formula = chain::calls_to_open(10, 5, failing);
        calls.confirms(&format!("F8x simulated, p = {failing}"), formula, 0.2);
    }
}

#[test]
fn f8_simulated_breakers_that_want_a_run_open_after_as_many_calls_as_the_formula_says() {
    let fleet = Fleet {
        breaker: "consecutive_failures = 5\nfailure_rate_threshold = \"off\"\nopen_for = \"1h\"\n"
            .to_owned(),
        failing: 0.5,
        outage_s: 8.0,
        rate: 100.0,
        ..Fleet::default()
    };
    let calls = of_fleets(&fleet, 1, 1);

    calls.confirms("F8 simulated, k = 5, p = 0.5", calls_to_run(5, 0.5), 0.15);
}
