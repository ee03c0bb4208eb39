//! Steps F1 to F5 and F7: when breakers open that see every call fail.

use crate::closed_forms::{differ, first_open, last_open, mixed, poisson_tail, q_th_open};
use crate::fleet::{Fleet, count_window};
use crate::sample::Sample;
use crate::table;

/// Fleets of `size` instances out of all instances of some runs.
fn fleets(openings: &[Vec<f64>], size: usize) -> impl Iterator<Item = &[f64]> {
    openings.iter().flat_map(move |run| run.chunks_exact(size))
}

fn least(times: &[f64]) -> f64 {
    times.iter().copied().fold(f64::INFINITY, f64::min)
}

fn most(times: &[f64]) -> f64 {
    times.iter().copied().fold(f64::NEG_INFINITY, f64::max)
}

/// Five failures at ten calls per second open a window of ten.
fn five_of_ten() -> Vec<Vec<f64>> {
    let fleet = Fleet {
        breaker: count_window(10, 5),
        ..Fleet::default()
    };
    fleet.openings(8)
}

#[test]
fn f1_f2_f3_instances_open_at_erlangs_times_and_fleets_are_mixed_between_the_first_and_the_last() {
    let openings = five_of_ten();
    let all: Sample = openings.iter().flatten().copied().collect();
    let first: Sample = fleets(&openings, 3).map(least).collect();
    let last: Sample = fleets(&openings, 3).map(most).collect();
    let between: Sample = fleets(&openings, 3)
        .map(|all| most(all) - least(all))
        .collect();
    let at = 0.5;
    let open = |all: &[f64]| all.iter().filter(|time| **time <= at).count();
    let are_mixed: Sample = fleets(&openings, 3)
        .map(|all| f64::from((1..3).contains(&open(all))))
        .collect();
    let do_differ: Sample = fleets(&openings, 2)
        .map(|all| f64::from(open(all) == 1))
        .collect();

    all.confirms("F1 time to open", first_open(1, 5, 10.0), 0.04);
    first.confirms("F2 first of 3", first_open(3, 5, 10.0), 0.06);
    last.confirms("F2 last of 3", last_open(3, 5, 10.0), 0.06);
    mean_deviation(&all, "F1 deviation", 5_f64.sqrt() / 10.0);
    let apart = last_open(3, 5, 10.0) - first_open(3, 5, 10.0);
    between.confirms("F3 time of divergence", apart, 0.06);
    are_mixed.confirms("F3 mixed after 0.5 s", mixed(3, 5, 10.0, at), 0.07);
    do_differ.confirms("F3 two differ after 0.5 s", differ(5, 10.0, at), 0.1);
}

/// The standard deviation of times to open, of which the third and fourth moments are near a normal law's.
fn mean_deviation(times: &Sample, what: &str, formula: f64) {
    let deviation = times.deviation();
    table::row(what, formula, deviation, None);
    assert!(
        (deviation / formula - 1.0).abs() < 0.06,
        "{what}: {deviation} against {formula}"
    );
}

#[test]
fn f2_f4_the_spread_and_the_majority_of_a_large_fleet_are_order_statistics_of_erlang() {
    let fleet = Fleet {
        size: 1000,
        rate: 1.0,
        breaker: count_window(100, 50),
        healthy_s: 160.0,
        outage_s: 90.0,
        ..Fleet::default()
    };
    let openings = fleet.openings(4);
    let spread: Sample = openings.iter().map(|all| most(all) - least(all)).collect();
    let of_100: Sample = fleets(&openings, 100)
        .map(|all| most(all) - least(all))
        .collect();
    let majority: Sample = fleets(&openings, 100).map(|all| sorted(all)[50]).collect();

    let formula = last_open(1000, 50, 1.0) - first_open(1000, 50, 1.0);
    spread.confirms("F2 spread of 1000", formula, 0.2);
    let formula = last_open(100, 50, 1.0) - first_open(100, 50, 1.0);
    of_100.confirms("F2 spread of 100", formula, 0.1);
    majority.confirms("F4 51st of 100", q_th_open(51, 100, 50, 1.0), 0.02);
}

fn sorted(times: &[f64]) -> Vec<f64> {
    let mut times = times.to_vec();
    times.sort_by(f64::total_cmp);
    times
}

#[test]
fn f2_a_failure_that_is_known_later_opens_later_by_just_that() {
    let fleet = Fleet {
        rate: 20.0,
        breaker: count_window(20, 10),
        latency_ms: 50,
        outage_s: 2.5,
        ..Fleet::default()
    };
    let openings = fleet.openings(3);
    let first: Sample = fleets(&openings, 10).map(least).collect();
    let last: Sample = fleets(&openings, 10).map(most).collect();

    first.confirms(
        "F2 first of 10, τ = 50 ms",
        first_open(10, 10, 20.0) + 0.05,
        0.07,
    );
    last.confirms(
        "F2 last of 10, τ = 50 ms",
        last_open(10, 10, 20.0) + 0.05,
        0.07,
    );
}

/// The merged window of a fleet is that of one instance with all its calls. Whether instances that tell each other
/// merge their windows so is for the tests of coordination.
#[test]
fn f5_a_merged_window_of_c_times_the_calls_opens_after_c_times_the_calls() {
    for c in [1, 2, 3, 5, 10] {
        let fleet = Fleet {
            size: 240,
            rate: 200.0,
            breaker: count_window(20 * c, 10 * c),
            latency_ms: 50,
            healthy_s: 1.0 + 0.2 * f64::from(c),
            outage_s: 0.3 + 0.08 * f64::from(c),
            ..Fleet::default()
        };
        let openings = fleet.openings(1);
        let all: Sample = openings.iter().flatten().copied().collect();

        let formula = first_open(1, 10 * c, 200.0) + 0.05;
        all.confirms(&format!("F5 c = {c}"), formula, 0.05);
    }
}

#[test]
fn f7_a_window_of_time_is_eligible_as_often_as_a_poisson_number_reaches_its_minimum() {
    for (rate, seeds) in [(0.5, 6), (1.0, 2)] {
        let fleet = Fleet {
            rate,
            breaker:
                "consecutive_failures = \"off\"\nwindow_calls = \"off\"\nwindow_length = \"10s\"\n\
                      minimum_calls = 10\nopen_for = \"1h\"\njitter = 0.0\n"
                    .to_owned(),
            healthy_s: 0.0,
            outage_s: 10.0,
            ..Fleet::default()
        };
        let openings = fleet.openings(seeds);
        let opened = openings
            .iter()
            .flatten()
            .map(|time| f64::from(time.is_finite()));
        let opened: Sample = opened.collect();

        opened.confirms(
            &format!("F7 r = {rate}"),
            poisson_tail(10.0 * rate, 10),
            0.3,
        );
    }
}
