//! The promises of coordination, in whole runs.

use std::num::NonZeroUsize;

use experiment::fleet::InstanceRecord;
use experiment::result::Repetition;
use fusebox::{Cause, State};
use simulator::{Options, many};

use crate::fleet::{OUTAGE, cut_off, figure, performed, scenario};

const QUORUM: &str = "coordination.mode=quorum";

fn causes(run: &Repetition) -> impl Iterator<Item = Cause> {
    let instances = run.fleet.instances.iter();
    instances.flat_map(|one| one.transitions.iter().map(|change| change.cause))
}

#[test]
fn a_quorum_opens_sooner_than_most_and_one_prober_asks_for_all() {
    let (mut sooner, mut seeds) = (0, 0);
    for seed in 1..=10 {
        let local = performed(OUTAGE, &[], seed);
        let together = performed(OUTAGE, &[QUORUM], seed);
        let delay = |run| figure(run, "all_open_delay");
        sooner += u32::from(delay(&together) < delay(&local));
        seeds += 1;
        assert!(causes(&together).any(|cause| cause == Cause::Fleet));
        assert!(figure(&together, "leases") >= 3.0);
        assert_eq!(figure(&together, "fleet_openings"), 1.0);
    }
    assert!(sooner >= seeds - 1, "{sooner} of {seeds}");
}

/// The mean of a figure over outages that end at any phase of a breaker's open period: one that always ends at the same
/// phase is luck of the numbers.
fn mean_of_phases(sets: &[&str], name: &str) -> f64 {
    let seeds = 20;
    let figures = (1..=seeds).map(|seed| {
        let phase = format!("\"outage\", for = \"{}ms\"", 17_500 + 5000 * seed / seeds);
        let text = OUTAGE.replace("\"outage\", for = \"20s\"", &phase);
        assert_ne!(text, OUTAGE);
        figure(&performed(&text, sets, seed), name)
    });
    figures.sum::<f64>() / seeds as f64
}

/// The fleet's gap is a tenth of one breaker's open period, but not less than two probes may take: a fifth. The turns take
/// two seconds.
#[test]
fn a_fleet_finds_the_recovery_sooner_than_its_breakers_alone_with_fewer_probes() {
    let at_once = [QUORUM, "coordination.stagger=0s"];
    let of_all = |name: &str| [&[][..], &[QUORUM], &at_once].map(|sets| mean_of_phases(sets, name));

    let [alone, together, step] = of_all("recovery_delay_max");
    assert!(together < 0.7 * alone, "{together} s against {alone} s");
    assert!(step < 0.5 * alone, "{step} s against {alone} s");
    let [alone, together, step] = of_all("wrongly_rejected_calls");
    assert!(together < 0.8 * alone, "{together} against {alone}");
    assert!(step < 0.5 * alone, "{step} against {alone}");
    let [alone, together, _] = of_all("probes");
    assert!(together < 0.6 * alone, "{together} against {alone}");
}

/// With a run of four, every breaker trips by itself when its instance begins to suspect, and none is held; with
/// three the fleet holds them. Either way one instance probes for all, and the last breaker closes sooner than those
/// that are alone.
#[test]
fn breakers_that_trip_as_soon_as_their_instances_suspect_probe_for_the_fleet_too() {
    for run in [4, 3] {
        let suspicion = format!("coordination.suspicion_run={run}");
        let sets = [QUORUM, "breaker.consecutive_failures=4", &suspicion];
        for seed in 1..=5 {
            let run = performed(OUTAGE, &sets, seed);
            assert_eq!(figure(&run, "fleet_openings"), 1.0);
            let leases = figure(&run, "leases");
            assert!(leases > 3.0, "{suspicion}, seed {seed}: {leases}");
        }
        let alone = mean_of_phases(&sets[1..], "recovery_delay_max");
        let together = mean_of_phases(&sets, "recovery_delay_max");
        assert!(
            together < 0.7 * alone,
            "{suspicion}: {together} s against {alone} s"
        );
    }
}

/// I1: no other instance opens the breaker of one that sees no trouble, in any mode that is not a contrast.
#[test]
fn i1_a_healthy_instance_is_never_opened_by_others() {
    let six = cut_off(r#""A", "B", "C", "i4", "i5", "i6""#);
    for mode in ["advisory", "quorum", "pooled"] {
        let set = format!("coordination.mode={mode}");
        for seed in 1..=3 {
            let run = performed(&six, &[&set], seed);
            for name in ["i7", "i8", "i9", "i10"] {
                let closed = figure(&run, &format!("closed_share({name})"));
                assert_eq!(closed, 1.0, "{mode}, seed {seed}, {name}");
            }
            let vetoes = figure(&run, "vetoes");
            assert!(vetoes >= 4.0, "{mode}, seed {seed}: {vetoes}");
        }
    }
}

/// I2: after the engine is lost, an instance is alone within `stale_after`, and then does what it would alone.
#[test]
fn i2_an_engine_that_is_lost_before_a_fault_leaves_local_breakers() {
    let lost = r#"engine.faults=[{ kind = "crash", from = "10s" }]"#;
    for mode in ["advisory", "quorum", "pooled", "any-open"] {
        let set = format!("coordination.mode={mode}");
        for seed in 1..=3 {
            let local = performed(OUTAGE, &[], seed);
            let mut run = performed(OUTAGE, &[&set, lost], seed);
            let record = run.coordination.take().unwrap();

            assert_eq!(local, run, "{mode}, seed {seed}");
            let alone = record.instances.iter().map(|it| it.alone_s);
            // From second 10 to 60, but for the time until the last view is stale.
            assert!(
                alone.clone().all(|it| (46.9..50.1).contains(&it)),
                "{record:?}"
            );
        }
    }
}

/// What is not there is not alone, and its last view does not grow old.
#[test]
fn an_instance_that_has_left_is_watched_no_more() {
    let run = performed(OUTAGE, &[QUORUM, "instance.C.leaves_at=10s"], 1);
    let record = run.coordination.unwrap();

    let left = record.instances.iter().find(|it| it.name == "C").unwrap();
    assert!((left.absent_s - 50.0).abs() < 0.1, "{left:?}");
    assert!(left.alone_s < 1.0 && left.view_age_s < 1.0, "{left:?}");
    let stayed = record.instances.iter().find(|it| it.name == "A").unwrap();
    assert!(stayed.absent_s < 0.1, "{stayed:?}");
}

/// The same while the fleet is open: no instance stays frozen.
#[test]
fn i2_an_engine_that_is_lost_while_open_leaves_breakers_that_probe_and_close_by_themselves() {
    let lost = r#"engine.faults=[{ kind = "crash", from = "25s" }]"#;
    for seed in 1..=5 {
        let run = performed(OUTAGE, &[QUORUM, lost], seed);
        assert!(causes(&run).any(|cause| cause == Cause::EngineLost));
        let recovered = figure(&run, "recovery_delay_max");
        assert!(recovered < 5.5, "seed {seed}: {recovered} s");
    }
}

/// I7: after the downstream is well again every held instance closes within gap + lease + 2/r + stagger + 2s.
#[test]
fn i7_every_held_instance_closes_in_bounded_time_though_one_of_them_crashes() {
    for seed in 1..=10 {
        let crash = "instance.C.restart=[{ at = \"40500ms\", for = \"2s\" }]";
        for sets in [vec![QUORUM], vec![QUORUM, crash]] {
            let run = performed(OUTAGE, &sets, seed);
            let (gap, lease, stagger) = (5.0, 1.5, 2.0);
            let bound = gap + lease + 2.0 / 20.0 + stagger + 2.0 * 0.005;
            let recovered = figure(&run, "recovery_delay_max");
            assert!(recovered <= bound, "seed {seed}: {recovered} s");
        }
    }
}

/// I10 and I11: a held instance makes no call but a probe.
#[test]
fn i10_a_held_instance_makes_no_call_but_its_probe() {
    let run = performed(OUTAGE, &[QUORUM], 1);
    let leases = figure(&run, "leases");
    let own = |one: &InstanceRecord| {
        let probes = one.transitions.iter();
        probes.filter(|it| it.to == State::HalfOpen).count()
    };
    let half_opened: usize = run.fleet.instances.iter().map(own).sum();

    // Every probe is by lease or by an own half-open period.
    assert!(figure(&run, "probes") <= half_opened as f64);
    assert!(leases <= half_opened as f64);
}

/// I16: nothing is lost from the books, in any mode and under any fault.
#[test]
fn i16_every_call_is_accounted_for() {
    let faults = [
        r#"network={ loss = 0.3, duplication = 0.2, reordering = 0.2, jitter = "20ms" }"#,
        r#"engine.faults=[{ kind = "freeze", from = "22s", until = "30s" }, { kind = "flush", from = "31s" },
            { kind = "failover", from = "33s", until = "34s" }]"#,
        r#"instance.B.restart=[{ at = "25s", for = "1s" }, { at = "35s", for = "1s", leaves = true }]"#,
        r#"instance.C.pause=[{ at = "26s", for = "4s" }]"#,
        r#"instance.i4.clock_step=[{ at = "27s", by = "10s" }, { at = "33s", by = "-20s" }]"#,
        "instance.i5.leaves_at=30s",
    ]
    .map(|set| set.replace("\n            ", " "));
    for mode in [
        "local",
        "advisory",
        "quorum",
        "pooled",
        "any-open",
        "pooled-naive",
    ] {
        let set = format!("coordination.mode={mode}");
        let sets: Vec<&str> = faults.iter().map(String::as_str).chain([&*set]).collect();
        // A run whose books do not add up is invalid.
        let run = performed(OUTAGE, &sets, 5);
        run.load.check().unwrap();
        let calls = run.fleet.instances.iter().flat_map(|one| &one.calls);
        let (permitted, rejected) = calls.fold((0, 0), |(permitted, rejected), it| {
            (permitted + it.permitted, rejected + it.rejected)
        });
        assert!(permitted > 0 && rejected > 0, "{mode}");
    }
}

#[test]
fn runs_are_the_same_for_any_number_of_jobs() {
    let network = r#"network={ loss = 0.2, duplication = 0.2, reordering = 0.2, jitter = "20ms" }"#;
    for mode in ["advisory", "quorum", "pooled", "any-open"] {
        let set = format!("coordination.mode={mode}");
        let scenario = scenario(OUTAGE, &[&set, network]);
        let seeds: Vec<u64> = (1..=4).collect();
        let jobs = [1, 2, 3].map(|jobs| {
            let jobs = NonZeroUsize::new(jobs).unwrap();
            many(&scenario, &seeds, jobs, &Options::default(), |_| {})
        });

        assert_eq!(jobs[0], jobs[1], "{mode}");
        assert_eq!(jobs[0], jobs[2], "{mode}");
        assert_ne!(jobs[0][0].digest, jobs[0][1].digest);
    }
}

#[test]
fn modes_meet_the_same_arrivals_and_faults() {
    let digests = ["local", "quorum", "any-open"].map(|mode| {
        let run = performed(OUTAGE, &[&format!("coordination.mode={mode}")], 9);
        (run.load.digest.clone(), run.fleet.truths)
    });

    assert_eq!(digests[0], digests[1]);
    assert_eq!(digests[0], digests[2]);
}

/// I15: durations only.
#[test]
fn i15_a_step_of_one_clock_costs_others_nothing() {
    let step = r#"instance.C.clock_step=[{ at = "22s", by = "10s" }]"#;
    let back = r#"instance.C.clock_step=[{ at = "22s", by = "-10s" }]"#;
    for seed in 1..=5 {
        let before = figure(&performed(OUTAGE, &[QUORUM], seed), "ok");
        for step in [step, back] {
            let run = performed(OUTAGE, &[QUORUM, step], seed);
            let ok = figure(&run, "ok");
            assert!(ok >= 0.98 * before, "seed {seed}: {ok} against {before}");
        }
    }
}

/// I17: the need follows those that are left.
#[test]
fn i17_a_fleet_that_shrinks_still_opens_together() {
    let leaves: Vec<String> = (4..=10)
        .map(|number| format!("instance.i{number}.leaves_at=10s"))
        .collect();
    let sets: Vec<&str> = leaves.iter().map(String::as_str).chain([QUORUM]).collect();
    for seed in 1..=3 {
        let run = performed(OUTAGE, &sets, seed);
        assert_eq!(figure(&run, "fleet_openings"), 1.0, "seed {seed}");
        assert!(causes(&run).any(|cause| cause == Cause::Fleet));
    }
}
