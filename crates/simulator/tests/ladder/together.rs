//! Steps F9, F10b and F14 to F17: breakers that decide together, against the formulas in the design of
//! `fusebox-fleet`.

use experiment::chance::Draw;
use experiment::fleet::InstanceRecord;
use experiment::result::Repetition;
use experiment::scenario::Scenario;
use fusebox::{Cause, State};
use simulator::{Options, run};

use crate::closed_forms::{LeaseCycle, first_open, last_open, voted_open};
use crate::fleet::first;
use crate::sample::Sample;
use crate::table;

/// A fleet that is well for a while, has an outage, and is well again. Messages take no time.
struct Together {
    size: u32,
    rate: f64,
    breaker: String,
    coordination: String,
    call_timeout_ms: f64,
    latency_ms: f64,
    healthy_s: f64,
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
        let latency = format!("latency = \"{}ms\"", self.latency_ms);
        let text = format!(
            "title = \"a step\"\nduration = \"{}ms\"\n[fleet]\nsize = {}\ncall_timeout = \"{}ms\"\n[breaker]\n{}\n\
             [load]\nrate = {}\n[coordination]\nask_within = \"0s\"\nquorum_share = 0.6\n{}\n\
             [network]\ndelay = \"0s\"\n[engine]\nservice_time = \"0s\"\n[faults]\nphases = [\n\
             {{ name = \"healthy\", for_ms = {}, {latency} }},\n\
             {{ name = \"outage\", for_ms = {}, {outage}, {latency} }},\n\
             {{ name = \"after\", {latency} }}]\n{}\n",
            millis(self.healthy_s + self.outage_s + self.after_s),
            self.size,
            self.call_timeout_ms,
            self.breaker,
            self.rate * f64::from(self.size),
            self.coordination,
            millis(self.healthy_s),
            millis(self.outage_s),
            self.rules,
        );
        let scenario = Scenario::parse(&text).unwrap_or_else(|error| panic!("{error}\n{text}"));
        run(&scenario, seed, &Options::default())
    }
}

/// Ten instances with a call a second, `k = 5`, `k_s = 2`, `q = 6`: alone the mean opening is at 5 s, the last at 8.93 s,
/// and 50 calls fail.
#[test]
fn f9_votes_halve_the_time_to_open_and_the_calls_that_fail() {
    let fleet = Together {
        size: 10,
        rate: 1.0,
        breaker:
            "consecutive_failures = \"off\"\nfailure_rate_threshold = 0.5\nwindow_calls = 10\n\
             minimum_calls = 10\njitter = 0.0\nopen_for = \"1h\"\nmax_open_for = \"1h\""
                .to_owned(),
        coordination: "mode = \"quorum\"\nsuspicion_run = 2\nminimum_gap = \"1h\"".to_owned(),
        call_timeout_ms: 250.0,
        latency_ms: 0.0,
        healthy_s: 20.0,
        outage_s: 20.0,
        after_s: 0.0,
        rules: "",
    };
    let (mut opened, mut last, mut failed) = (Vec::new(), Vec::new(), Vec::new());
    for seed in 1..=400 {
        let run = fleet.run(seed);
        let of_one = |one: &InstanceRecord| first(one, State::Open).unwrap() - fleet.healthy_s;
        let all: Vec<f64> = run.fleet.instances.iter().map(of_one).collect();
        last.push(all.iter().copied().fold(0.0, f64::max));
        opened.push(all.iter().sum::<f64>() / 10.0);
        let calls = run.fleet.instances.iter().map(|one| one.calls[1].permitted);
        failed.push(calls.sum::<u64>() as f64);
    }

    let sample = |values: Vec<f64>| values.into_iter().collect::<Sample>();
    let formula = voted_open((10, 6), (5, 2), 1.0);
    sample(opened).confirms("F9 mean opening", formula, 0.04);
    sample(last).confirms("F9 last opening", last_open(10, 2, 1.0), 0.05);
    // A call a second of each, until it opens.
    sample(failed).confirms("F9 calls that fail", 10.0 * formula, 0.02);
}

/// A fleet whose breakers are so slow to trip that only the fleet opens them.
fn probing(cycle: LeaseCycle, outage_s: f64, more: &str) -> Together {
    let millis = |seconds: f64| seconds * 1000.0;
    Together {
        size: cycle.size,
        rate: cycle.rate,
        breaker: format!(
            "consecutive_failures = \"off\"\nfailure_rate_threshold = 0.95\nwindow_calls = 20\nminimum_calls = 20\n\
             backoff_factor = 1.0\njitter = 0.0\nopen_for = \"{0}ms\"\nmax_open_for = \"{0}ms\"\n\
             probe_successes = 1",
            millis(cycle.gap * f64::from(cycle.size)).round()
        ),
        coordination: format!("mode = \"quorum\"\nminimum_gap = \"1ms\"\n{more}"),
        // Two time limits of a probe are no longer than the gap.
        call_timeout_ms: millis(cycle.gap / 2.0).floor(),
        latency_ms: millis(cycle.probe).round(),
        healthy_s: 4.0,
        outage_s,
        after_s: 3.0 * cycle.gap + 2.0,
        rules: "",
    }
}

/// Ten instances with ten calls a second whose probes are `gap` seconds apart.
fn ten(gap: f64) -> LeaseCycle {
    LeaseCycle {
        size: 10,
        rate: 10.0,
        gap,
        probe: 0.1,
    }
}

#[test]
fn f10b_a_fleet_with_a_lease_probes_as_often_as_its_cycle_says_whatever_its_size() {
    let (outage_s, cycle) = (120.0, ten(1.0));
    let (mut failed, mut formula) = (Vec::new(), 0.0);
    let seeds = 1..=8;
    for seed in seeds.clone() {
        let fleet = probing(cycle, outage_s, "");
        let run = fleet.run(seed);
        let opened = run.fleet.instances.iter().flat_map(|one| &one.transitions);
        let held = opened.filter(|it| it.cause == Cause::Fleet);
        let opened = held.map(|it| it.at_s).fold(f64::INFINITY, f64::min);
        failed.push(run.coordination.unwrap().ledger.leases.failed as f64);
        formula += cycle.probes(fleet.healthy_s + outage_s - opened);
    }

    let failed: Sample = failed.into_iter().collect();
    failed.confirms(
        "F10b probes with a lease",
        formula / seeds.count() as f64,
        0.03,
    );
}

/// How late the fleet closes, and how many calls of all are rejected until then, over recoveries at every phase of the
/// cycle.
fn recoveries(cycle: LeaseCycle, more: &str, seeds: u32) -> (Vec<f64>, Vec<f64>) {
    recoveries_of(cycle, seeds, |outage_s| probing(cycle, outage_s, more))
}

/// The same for fleets that are made for an outage of this many seconds.
fn recoveries_of(
    cycle: LeaseCycle,
    seeds: u32,
    fleet: impl Fn(f64) -> Together,
) -> (Vec<f64>, Vec<f64>) {
    let (mut closing, mut lost) = (Vec::new(), Vec::new());
    for seed in 1..=seeds {
        let luck = Draw::new(seed.into()).with("phase").share();
        let phase = (f64::from(seed) - luck) / f64::from(seeds);
        let outage_s = 2.0 + 3.0 * cycle.gap + cycle.mean() * phase;
        let outage_s = (outage_s * 1000.0).round() / 1000.0;
        let fleet = fleet(outage_s);
        let run = fleet.run(seed.into());
        let closed = |one: &InstanceRecord| {
            let closed = one.transitions.iter().filter(|it| it.to == State::Closed);
            let closed = closed
                .map(|it| it.at_s - fleet.healthy_s - outage_s)
                .find(|at| *at >= 0.0);
            closed.unwrap()
        };
        let all = run.fleet.instances.iter().map(closed);
        closing.push(all.sum::<f64>() / f64::from(cycle.size));
        let rejected = run.fleet.instances.iter().map(|one| one.calls[2].rejected);
        lost.push(rejected.sum::<u64>() as f64);
    }
    (closing, lost)
}

#[test]
fn f14_a_fleet_closes_as_late_as_the_residual_of_its_cycle() {
    let (closing, _) = recoveries(ten(1.0), "stagger = \"0s\"", 500);

    let closing: Sample = closing.into_iter().collect();
    closing.is_near("F14 lease, gap T", ten(1.0).recovery(), 0.03);
}

/// T is 5 s: three breakers that probe each for itself lose 74 calls, and a hundred of them 2480. Their probes are as many
/// as those of the fleet, but for the calls that each probe waits for.
#[test]
fn f15_a_fleet_finds_the_recovery_as_much_sooner_as_it_has_voters() {
    for (size, seeds) in [(3, 600), (100, 300)] {
        let cycle = LeaseCycle {
            size,
            rate: 10.0,
            gap: 5.0 / f64::from(size),
            probe: 0.02,
        };
        let (_, lost) = recoveries(cycle, "stagger = \"0s\"", seeds);

        let lost: Sample = lost.into_iter().collect();
        // One call passes: the probe that closes the fleet.
        let formula = f64::from(size) * cycle.rate * cycle.recovery() - 1.0;
        lost.confirms(&format!("F15 calls lost, N = {size}"), formula, 0.13);
    }
}

/// Ten breakers whose T is 5 s and that trip with the fourth failure, which is when they begin to suspect: so all are
/// open before the verdict comes. One probe of them all, a tenth of T after the one before, finds the recovery; then each
/// has its own next call to close with.
#[test]
fn f15_holds_for_breakers_that_all_tripped_by_themselves_before_the_verdict() {
    let cycle = LeaseCycle {
        size: 10,
        rate: 20.0,
        gap: 0.5,
        probe: 0.02,
    };
    let fleet = |mode: &str, outage_s: f64| {
        let more = format!("suspicion_run = 4\nstagger = \"0s\"\nmode = \"{mode}\"");
        let mut fleet = probing(cycle, outage_s, "");
        fleet.coordination = format!("minimum_gap = \"1ms\"\n{more}");
        fleet.breaker = fleet.breaker.replace(
            "consecutive_failures = \"off\"\nfailure_rate_threshold = 0.95\nwindow_calls = 20\nminimum_calls = 20",
            "consecutive_failures = 4\nfailure_rate_threshold = \"off\"",
        );
        fleet.after_s = 12.0;
        fleet
    };
    let mean = |values: Vec<f64>| values.iter().sum::<f64>() / values.len() as f64;
    // Recoveries at every phase of one breaker's cycle, which is ten times as long.
    let alone = LeaseCycle { gap: 5.0, ..cycle };
    let (local, _) = recoveries_of(alone, 100, |outage_s| fleet("local", outage_s));
    let (quorum, _) = recoveries_of(alone, 100, |outage_s| fleet("quorum", outage_s));

    let (local, quorum) = (mean(local), mean(quorum));
    println!("F15 own-open: {local:.3} s alone, {quorum:.3} s with a lease");
    let own_probe = 1.0 / cycle.rate + cycle.probe;
    let ratio = local / (quorum - own_probe);
    assert!(
        (8.0..=12.0).contains(&ratio),
        "{ratio}: {local} s alone, {quorum} s with a lease"
    );
    // The price: the breakers' own open periods run on beside the lease.
    let probes = |mode: &str| {
        let run = fleet(mode, 120.0).run(1);
        let changes = run.fleet.instances.iter().flat_map(|one| &one.transitions);
        changes.filter(|it| it.cause == Cause::ProbeFailed).count() as f64
    };
    let more = probes("quorum") / probes("local");
    println!("F15 own-open: {more:.2} times the probes");
    assert!((1.0..=2.0).contains(&more), "{more} times the probes");
}

#[test]
fn f16_closing_by_turns_costs_half_of_the_stagger_per_instance() {
    let (at_once, lost_at_once) = recoveries(ten(1.0), "stagger = \"0s\"", 200);
    let (by_turns, lost_by_turns) = recoveries(ten(1.0), "stagger = \"2s\"", 200);

    // The same calls and the same faults, seed by seed.
    let more = |some: Vec<f64>, less: Vec<f64>| -> Sample {
        some.iter()
            .zip(&less)
            .map(|(some, less)| some - less)
            .collect()
    };
    more(by_turns, at_once).confirms("F16 later", 1.0, 0.05);
    more(lost_by_turns, lost_at_once).confirms("F16 lost calls", 100.0, 0.06);
}

/// How long an instance was closed, and how long it was not, each time, between its first opening and `until_s`.
fn periods(one: &InstanceRecord, until_s: f64) -> (Vec<f64>, Vec<f64>) {
    let (mut closed, mut open) = (Vec::new(), Vec::new());
    let mut opened = None;
    let mut closed_at = None;
    for change in one.transitions.iter().filter(|it| it.at_s < until_s) {
        match (change.from, change.to) {
            (_, State::Closed) => {
                open.extend(opened.map(|at| change.at_s - at));
                closed_at = Some(change.at_s);
            }
            (State::Closed, _) => {
                closed.extend(closed_at.map(|at| change.at_s - at));
                opened = Some(change.at_s);
            }
            _ => {}
        }
    }
    (closed, open)
}

/// One instance of ten is cut off: the others are closed until its own next probe has failed, and then open for T and
/// until one of them has made its second call after that. A flag that lets the bad one begin anew would keep them closed
/// for k/r, and open for the share x/(x + k/r) = 0.9176 of the time, x = (T + 1/(Nr))/(1 − 1/N).
#[test]
fn f17_any_open_closes_the_whole_fleet_off_for_one_bad_instance() {
    let (open_for, size, rate) = (5.0_f64, 10, 10.0);
    let fleet = Together {
        size,
        rate,
        breaker: "consecutive_failures = \"off\"\nfailure_rate_threshold = 0.5\nwindow_calls = 10\n\
             minimum_calls = 1\nbackoff_factor = 1.0\njitter = 0.0\nopen_for = \"5s\"\nmax_open_for = \"5s\"\n\
             probe_successes = 1"
            .to_owned(),
        coordination: "mode = \"any-open\"".to_owned(),
        call_timeout_ms: 250.0,
        latency_ms: 0.0,
        healthy_s: 8.0,
        outage_s: 400.0,
        after_s: 0.0,
        rules: "[faults.rules.link]\nmatch = { caller = \"B\" }\neffects = [{ reset = {} }]",
    };
    let (mut closed, mut open) = (Vec::new(), Vec::new());
    for seed in 1..=12 {
        let run = fleet.run(seed);
        let (of_closed, of_open) = periods(&run.fleet.instances[4], 400.0);
        closed.extend(of_closed);
        open.extend(of_open);
    }

    let share = open.iter().sum::<f64>() / (open.iter().chain(&closed).sum::<f64>());
    let sample = |values: Vec<f64>| values.into_iter().collect::<Sample>();
    let (closed_for, open_for) = (1.0 / rate, open_for + first_open(size - 1, 2, rate));
    sample(closed).confirms("F17 closed each time", closed_for, 0.12);
    sample(open).confirms("F17 open each time", open_for, 0.01);
    let formula = open_for / (open_for + closed_for);
    table::row("F17 open share", formula, share, None);
    assert!(
        (share / formula - 1.0).abs() < 0.005,
        "{share} against {formula}"
    );
}
