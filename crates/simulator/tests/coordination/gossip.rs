//! Instances that gossip, in whole runs: the promises of a fleet without an engine.

use experiment::fleet::InstanceRecord;
use experiment::result::Repetition;
use experiment::scenario::Scenario;
use fusebox::{Cause, State};

use crate::fleet::{OUTAGE, cut_off, figure, mean, performed};

const SPLIT: &str = include_str!("../../../../scenarios/coordination/gossip-split.toml");
const GOSSIP: &str = "coordination.engine=gossip";
const QUORUM: &str = "coordination.mode=quorum";
/// When the network hears all of them again.
const WHOLE_AGAIN: f64 = 41.1;

/// When a breaker went to this state for the first time, and then.
fn turned(one: &InstanceRecord, to: State) -> impl Iterator<Item = (f64, Cause)> {
    let changes = one.transitions.iter().filter(move |it| it.to == to);
    changes.map(|it| (it.at_s, it.cause))
}

fn parts(run: &Repetition) -> [&[InstanceRecord]; 2] {
    let (first, second) = run.fleet.instances.split_at(5);
    [first, second]
}

/// S23.
#[test]
fn both_parts_of_a_split_fleet_decide_and_merge_by_epoch_without_reopening() {
    let mut followed = [0, 0];
    let mut by_news = 0;
    let mut probed_apart = [0, 0];
    for seed in 1..=20 {
        let run = performed(SPLIT, &[], seed);
        assert_eq!(figure(&run, "fleet_openings"), 1.0, "seed {seed}");
        for (part, instances) in parts(&run).into_iter().enumerate() {
            // Each decides by its own three votes, while it hears no other.
            let held = instances.iter().filter(|one| {
                turned(one, State::Open).any(|(at, why)| why == Cause::Fleet && at < WHOLE_AGAIN)
            });
            followed[part] += held.count();
            for one in instances {
                let opened = one.transitions.iter().filter(|it| it.from == State::Closed);
                assert_eq!(opened.count(), 1, "seed {seed}: {} reopened", one.name);
                let closed = turned(one, State::Closed)
                    .last()
                    .map_or(f64::INFINITY, |it| it.0);
                let end = [WHOLE_AGAIN, WHOLE_AGAIN + 5.0][part];
                assert!(closed < end, "seed {seed}: {} closed at {closed}", one.name);
            }
            let probed = instances.iter().any(|one| {
                let mut open = turned(one, State::Open);
                // One that is held, or one whose breaker is open by its own rules and lends its probe.
                open.any(|(_, why)| why == Cause::FleetProbeSucceeded)
                    || turned(one, State::Closed).any(|(_, why)| why == Cause::ProbesSucceeded)
            });
            probed_apart[part] += usize::from(instances.iter().any(|one| {
                turned(one, State::HalfOpen)
                    .any(|(at, why)| why == Cause::FleetProbe && at < WHOLE_AGAIN)
            }));
            by_news += usize::from(part == 1 && !probed);
        }
    }
    assert!(
        followed.iter().all(|it| *it >= 20),
        "{followed:?} of 100 each"
    );
    assert_eq!(probed_apart, [20; 2], "each has a prober of its own");
    assert!(
        by_news >= 10,
        "{by_news} of 20: the second part closed without a good probe of its own"
    );
}

/// What makes the merge: where the network stays split, the second part closes by its own probes only.
#[test]
fn a_part_that_hears_of_the_closing_closes_sooner_than_one_that_does_not() {
    let apart = SPLIT.replace("until = \"41100ms\"\n", "");
    assert_ne!(apart, SPLIT);
    let recovery = |text: &str| mean(text, &["duration=60s"], "recovery_delay_max(i6)", 20);

    let (whole, split) = (recovery(SPLIT), recovery(&apart));

    assert!(whole < split, "{whole} s against {split} s");
}

#[test]
fn a_fleet_that_gossips_opens_and_closes_like_one_with_an_engine_a_few_exchanges_later() {
    let figures = |sets: &[&str]| {
        [
            "all_open_delay",
            "recovery_delay_max",
            "wasted_calls",
            "probes",
        ]
        .map(|name| mean(OUTAGE, sets, name, 20))
    };
    let [open, recovered, wasted, probes] = figures(&[QUORUM]);
    let gossip = figures(&[QUORUM, GOSSIP]);
    let local = figures(&[]);

    assert!(
        open < gossip[0] && gossip[0] < local[0] + 0.1,
        "{open} {gossip:?} {local:?}"
    );
    assert!(
        gossip[2] < 0.95 * local[2] && wasted < gossip[2],
        "{wasted} {gossip:?} {local:?}"
    );
    assert!(gossip[3] < 0.7 * local[3], "{probes} {gossip:?} {local:?}");
    assert!(
        gossip[1] < recovered + 2.0,
        "{recovered} {gossip:?} {local:?}"
    );
}

/// An exchange is three messages, and each instance begins three of them in a quarter of a heartbeat.
#[test]
fn messages_are_those_of_the_formula() {
    for (size, chosen) in [(2, 1.0), (3, 2.0), (10, 3.0)] {
        let size = format!("fleet.size={size}");
        let sets = [QUORUM, GOSSIP, &size, "faults.phases.1.failure_ratio=0"];
        let messages = figure(&performed(OUTAGE, &sets, 1), "messages");
        // Sent and received, by each.
        let formula = 2.0 * 3.0 * chosen / 0.25;

        assert!(
            (messages / formula - 1.0).abs() < 0.02,
            "{size}: {messages} of {formula}"
        );
    }
}

#[test]
fn a_healthy_instance_is_not_opened_by_others_that_gossip() {
    let six = cut_off(r#""A", "B", "C", "i4", "i5", "i6""#);
    for seed in 1..=5 {
        let run = performed(&six, &[QUORUM, GOSSIP], seed);
        assert_eq!(figure(&run, "fleet_openings"), 1.0);
        for healthy in &run.fleet.instances[6..] {
            assert!(healthy.transitions.is_empty(), "{}", healthy.name);
        }
        assert!(figure(&run, "vetoes") >= 4.0);
    }
}

#[test]
fn lost_late_repeated_and_overtaken_messages_cost_time_and_no_promise() {
    let network = [
        QUORUM,
        GOSSIP,
        "network.loss=0.3",
        "network.duplication=0.1",
        "network.reordering=0.2",
        "network.held_up=400ms",
    ];
    for seed in 1..=10 {
        let run = performed(OUTAGE, &network, seed);
        assert_eq!(figure(&run, "fleet_openings"), 1.0, "seed {seed}");
        assert!(figure(&run, "recovery_delay_max") < 8.0, "seed {seed}");
        for one in &run.fleet.instances {
            let opened = one.transitions.iter().filter(|it| it.from == State::Closed);
            assert_eq!(opened.count(), 1, "seed {seed}: {} reopened", one.name);
        }
    }
}

#[test]
fn restarted_and_retired_processes_leave_a_fleet_that_decides() {
    let more = "[[instance.B.restart]]\nat = \"25s\"\nfor = \"2s\"\nleaves = true\n\
                [[instance.C.restart]]\nat = \"30s\"\nfor = \"500ms\"\n\
                [[instance.A.pause]]\nat = \"28s\"\nfor = \"4s\"\n\
                [instance.i10]\nleaves_at = \"10s\"\n";
    let text = format!("{OUTAGE}{more}");
    for seed in 1..=10 {
        let run = performed(&text, &[QUORUM, GOSSIP], seed);
        assert_eq!(figure(&run, "fleet_openings"), 1.0, "seed {seed}");
        assert!(figure(&run, "recovery_delay_max") < 8.0, "seed {seed}");
    }
}

#[test]
fn a_run_with_gossip_is_the_same_each_time() {
    let scenario = Scenario::parse(SPLIT).unwrap();
    let run = |seed| simulator::run(&scenario, seed, &simulator::Options::default());

    assert_eq!(run(3), run(3));
    assert_ne!(run(3).digest, run(4).digest);
}

#[test]
fn alone_an_instance_that_gossips_is_local() {
    let alone = ["fleet.size=1", "load.rate=20"];
    let local = performed(OUTAGE, &alone, 2);
    let gossip = performed(OUTAGE, &[alone[0], alone[1], QUORUM, GOSSIP], 2);

    assert_eq!(local.digest, gossip.digest);
    assert_eq!(local.fleet, gossip.fleet);
}
