//! Steps F9, F10b and F14 to F17: breakers that decide together, against the formulas of `fusebox-fleet`'s design.

use experiment::chance::Draw;
use experiment::fleet::InstanceRecord;
use experiment::result::Repetition;
use experiment::scenario::Scenario;
use fusebox::{Cause, State};
use simulator::{Options, run};

use crate::fleet::first;
use crate::sample::Sample;
use crate::table;

/// The time without faults at first, in which windows fill.
const HEALTHY_S: f64 = 20.0;

/// A fleet that is well for a while, has an outage, and is well again. Messages take no time, and the wait between
/// probes is always the same.
struct Together {
    size: u32,
    rate: f64,
    breaker: &'static str,
    coordination: String,
    latency_ms: u64,
    outage_s: f64,
    after_s: f64,
    /// More of `[faults]`.
    rules: &'static str,
}

impl Together {
    fn run(&self, seed: u64) -> Repetition {
        let millis = |seconds: f64| (seconds * 1000.0).round();
        let outage = if self.rules.is_empty() {
            "failure_ratio = 1"
        } else {
            "rules = [\"link\"]"
        };
        let latency = format!("latency_ms = {}", self.latency_ms);
        let text = format!(
            "title = \"a step\"\nduration = \"{}ms\"\n[fleet]\nsize = {}\ncall_timeout = \"250ms\"\n[breaker]\n{}\n\
             [load]\nrate = {}\n[coordination]\nask_within = \"0s\"\nquorum_share = 0.6\n{}\n\
             [network]\ndelay = \"0s\"\n[engine]\nservice_time = \"0s\"\n[faults]\nphases = [\n\
             {{ name = \"healthy\", for = \"20s\", {latency} }},\n\
             {{ name = \"outage\", for_ms = {}, {outage}, {latency} }},\n\
             {{ name = \"after\", {latency} }}]\n{}\n",
            millis(HEALTHY_S + self.outage_s + self.after_s),
            self.size,
            self.breaker,
            self.rate * f64::from(self.size),
            self.coordination,
            millis(self.outage_s),
            self.rules,
        );
        let scenario = Scenario::parse(&text).unwrap_or_else(|error| panic!("{error}\n{text}"));
        run(&scenario, seed, &Options::default())
    }
}

/// So slow to trip that only the fleet opens it.
const SLOW_TO_TRIP: &str = "consecutive_failures = \"off\"\nfailure_rate_threshold = 0.95\nwindow_calls = 60\n\
     minimum_calls = 60\nbackoff_factor = 1.0\njitter = 0.0\nopen_for = \"1s\"\nmax_open_for = \"1s\"\n\
     probe_successes = 1";

/// Ten instances with a call a second, `k = 5`, `k_s = 2`, `q = 6`: alone the mean opening is at 5 s, the last at 8.93 s, and 50 calls fail.
#[test]
fn f9_votes_halve_the_time_to_open_and_the_calls_that_fail() {
    let fleet = Together {
        size: 10,
        rate: 1.0,
        breaker: "consecutive_failures = \"off\"\nfailure_rate_threshold = 0.5\nwindow_calls = 10\n\
             minimum_calls = 10\njitter = 0.0\nopen_for = \"1h\"\nmax_open_for = \"1h\"",
        coordination: "mode = \"quorum\"\nsuspicion_run = 2\nminimum_gap = \"1h\"".to_owned(),
        latency_ms: 0,
        outage_s: 30.0,
        after_s: 0.0,
        rules: "",
    };
    let (mut opened, mut last, mut failed) = (Vec::new(), Vec::new(), Vec::new());
    for seed in 1..=150 {
        let run = fleet.run(seed);
        let of_one = |one: &InstanceRecord| first(one, State::Open).unwrap() - HEALTHY_S;
        let all: Vec<f64> = run.fleet.instances.iter().map(of_one).collect();
        last.push(all.iter().copied().fold(0.0, f64::max));
        opened.push(all.iter().sum::<f64>() / 10.0);
        let calls = run.fleet.instances.iter().map(|one| one.calls[1].permitted);
        failed.push(calls.sum::<u64>() as f64);
    }

    let sample = |values: Vec<f64>| values.into_iter().collect::<Sample>();
    sample(opened).is_near("F9 mean opening", 2.47, 0.05);
    sample(last).is_near("F9 last opening", 4.62, 0.05);
    sample(failed).is_near("F9 calls that fail", 24.7, 0.05);
}

/// A fleet of ten whose probes are always `gap` apart.
fn probing(gap_ms: u64, outage_s: f64, more: &str) -> Together {
    Together {
        size: 10,
        rate: 10.0,
        breaker: SLOW_TO_TRIP,
        coordination: format!(
            "mode = \"quorum\"\nopen_for = \"{gap_ms}ms\"\nprobe_timeout = \"{}ms\"\nminimum_gap = \"{gap_ms}ms\"\n\
             longest_gap = \"{gap_ms}ms\"\n{more}",
            gap_ms / 2
        ),
        latency_ms: 100,
        outage_s,
        after_s: 6.0,
        rules: "",
    }
}

/// The mean time between two probes, and its variance: the gap, the first call of all, the prober's own, and the probe.
fn cycle(gap: f64) -> (f64, f64) {
    let (size, rate, probe) = (10.0_f64, 10.0_f64, 0.1);
    let mean = gap + 1.0 / (size * rate) + 1.0 / rate + probe;
    (mean, 1.0 / (size * rate).powi(2) + 1.0 / rate.powi(2))
}

#[test]
fn f10b_a_fleet_with_a_lease_probes_as_often_as_its_cycle_says_whatever_its_size() {
    let (mut failed, mut formula) = (0.0, 0.0);
    for seed in 1..=4 {
        let run = probing(1000, 120.0, "").run(seed);
        let opened = run.fleet.instances.iter().flat_map(|one| &one.transitions);
        let held = opened.filter(|it| it.cause == Cause::Fleet);
        let opened = held.map(|it| it.at_s).fold(f64::INFINITY, f64::min);
        failed += run.coordination.unwrap().ledger.leases.failed as f64;
        formula += (HEALTHY_S + 120.0 - opened) / cycle(1.0).0;
    }

    table::row("F10b probes with a lease", formula, failed, None);
    assert!(
        (failed / formula - 1.0).abs() < 0.03,
        "{failed} against {formula}"
    );
}

/// How late the fleet closes, and how many calls of an instance are rejected until then, over recoveries at any phase.
fn recoveries(gap_ms: u64, more: &str, seeds: u64) -> (Sample, Sample) {
    let (mean, _) = cycle(gap_ms as f64 / 1000.0);
    let (mut closing, mut lost) = (Vec::new(), Vec::new());
    for seed in 1..=seeds {
        let outage_s = 6.0 + mean * Draw::new(seed).with("phase").share();
        let outage_s = (outage_s * 1000.0).round() / 1000.0;
        let run = probing(gap_ms, outage_s, more).run(seed);
        let closed = |one: &InstanceRecord| {
            let closed = one.transitions.iter().filter(|it| it.to == State::Closed);
            let closed = closed
                .map(|it| it.at_s - HEALTHY_S - outage_s)
                .find(|at| *at >= 0.0);
            closed.unwrap()
        };
        let all = run.fleet.instances.iter().map(closed);
        closing.push(all.sum::<f64>() / 10.0);
        let rejected = run.fleet.instances.iter().map(|one| one.calls[2].rejected);
        lost.push(rejected.sum::<u64>() as f64);
    }
    (closing.into_iter().collect(), lost.into_iter().collect())
}

#[test]
fn f14_and_f15_a_fleet_closes_as_late_as_the_residual_of_its_cycle_which_may_be_shorter_with_more_voters()
 {
    for (name, gap_ms, seeds) in [
        ("F14 lease, gap T", 1000, 160),
        ("F15 lease, gap T/2", 500, 160),
    ] {
        let (mean, variance) = cycle(gap_ms as f64 / 1000.0);
        let residual = (variance + mean.powi(2)) / (2.0 * mean) + 0.1;
        let (closing, _) = recoveries(gap_ms, "stagger = \"0s\"", seeds);

        closing.is_near(name, residual, 0.06);
    }
}

#[test]
fn f16_closing_by_turns_costs_half_of_the_stagger_per_instance() {
    let (at_once, lost_at_once) = recoveries(1000, "stagger = \"0s\"", 100);
    let (by_turns, lost_by_turns) = recoveries(1000, "stagger = \"2s\"", 100);

    let later = by_turns.mean() - at_once.mean();
    table::row("F16 later", 1.0, later, None);
    assert!((later - 1.0).abs() < 0.1, "{later}");
    let (formula, lost) = (100.0, lost_by_turns.mean() - lost_at_once.mean());
    table::row("F16 lost calls", formula, lost, None);
    assert!(
        (lost / formula - 1.0).abs() < 0.1,
        "{lost} against {formula}"
    );
}

/// One instance of ten is cut off for 200 s: the others are open for the share f of the time.
#[test]
fn f17_any_open_closes_the_whole_fleet_off_for_one_bad_instance() {
    let fleet = Together {
        size: 10,
        rate: 10.0,
        breaker: "consecutive_failures = \"off\"\nfailure_rate_threshold = 0.5\nwindow_calls = 10\n\
             minimum_calls = 1\nbackoff_factor = 1.0\njitter = 0.0\nopen_for = \"5s\"\nmax_open_for = \"5s\"\n\
             probe_successes = 1",
        coordination:
            "mode = \"any-open\"\nopen_for = \"5s\"\nminimum_gap = \"5s\"\nlongest_gap = \"5s\""
                .to_owned(),
        latency_ms: 0,
        outage_s: 400.0,
        after_s: 0.0,
        rules: "[faults.rules.link]\nmatch = { caller = \"B\" }\neffects = [{ reset = {} }]",
    };
    let shares: Sample = (1..=6)
        .map(|seed| {
            let run = fleet.run(seed);
            let belief = run.fleet.belief("i5", Some("outage")).unwrap();
            1.0 - belief.closed_s / belief.watched_s
        })
        .collect();

    let (open_for, size, rate, limit) = (5.0_f64, 10.0, 10.0, 5.0);
    let x = (open_for + 1.0 / (size * rate)) / (1.0 - 1.0 / size);
    let formula = x / (x + limit / rate);
    // The formula lets the bad one begin anew when the fleet closes. Here its own breaker stays open and opens the fleet
    // again by its own failed probe, sooner than by new failures.
    table::row(
        "F17 open share, at least",
        formula,
        shares.mean(),
        Some(shares.error()),
    );
    assert!(
        (formula..0.99).contains(&shares.mean()),
        "{}",
        shares.mean()
    );
}
