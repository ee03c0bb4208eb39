//! Tests of coordination, the network between instances and the engine, as a scenario writes them.

use fusebox_fleet::Mode as FleetMode;

use super::*;
use crate::values::OrOff;

fn with(lines: &str) -> Result<Scenario, String> {
    Scenario::parse(&format!("{HEAD}\n{lines}\n"))
}

const MS: Duration = Duration::from_millis(1);

#[test]
fn a_scenario_that_says_nothing_is_local_and_is_written_as_before() {
    let scenario = with("").unwrap();

    assert!(scenario.coordination().mode.is_local());
    assert_eq!(scenario.network(), &Network::default());
    assert_eq!(scenario.engine(), &EnginePlan::default());
    let written = serde_json::to_value(&scenario).unwrap();
    assert!(written.get("network").is_none() && written.get("engine").is_none());
}

#[test]
fn settings_that_are_not_given_follow_the_breaker_and_the_call_timeout() {
    let lines = "[fleet]\ncall_timeout = \"300ms\"\n\
         [breaker]\nconsecutive_failures = \"off\"\nwindow_calls = 12\nfailure_rate_threshold = 0.25\n\
         open_for = \"3s\"\nmax_open_for = \"9s\"\nbackoff_factor = 1.5\njitter = 0.4\n[coordination]\nmode = \"pooled\"\n";
    let text = format!(
        "{}\n{lines}",
        HEAD.replace("[breaker]\nopen_for = \"1s\"\n", "")
    );
    let settings = Scenario::parse(&text).unwrap().fleet_settings().clone();

    assert_eq!(settings.mode(), FleetMode::Pooled);
    assert_eq!(settings.probe_timeout(), 300 * MS);
    assert_eq!(settings.open_for(), 3_000 * MS);
    assert_eq!(settings.gap(1, 1), 4_500 * MS);
    assert_eq!(settings.gap(1, 20), 9_000 * MS);
    assert_eq!(settings.suspicion_run(), 2); // half of the three failures that trip, rounded up
    assert_eq!(settings.pool_window(), 12);
    assert!((settings.pool_threshold().as_f64() - 0.25).abs() < 1e-9);
    assert!((settings.jitter() - 0.4).abs() < 1e-9);
}

#[test]
fn every_setting_can_be_given_and_is_written_again() {
    let lines = "[coordination]\nmode = \"quorum\"\nengine = \"memory\"\nfleet_size = 3\nheartbeat = \"500ms\"\n\
         stale_after = \"2s\"\nmember_for = \"4s\"\nengine_timeout = \"100ms\"\nsuspicion_run = 4\n\
         opinion_for = \"20s\"\nquorum_share = \"60%\"\nminimum_votes = 3\nlocalised_after = \"3s\"\n\
         open_for = \"5s\"\nbackoff_factor = 3.0\njitter = 0.1\nprobe_timeout = \"200ms\"\nminimum_gap = \"100ms\"\n\
         longest_gap = \"30s\"\nlongest_lease = \"10s\"\nprobes_to_close = 2\nask_within = \"20ms\"\n\
         stagger = \"4s\"\nverdict_for = \"10m\"\npool_window = 30\npool_windows = 4\npool_threshold = 0.6\n\
         pool_batch = \"50ms\"\npool_keep = \"30s\"\n";
    let scenario = with(lines).unwrap();

    let written = serde_json::to_value(scenario.coordination()).unwrap();
    let keys = written.as_object().unwrap().keys().map(String::as_str);
    let missing: Vec<_> = Coordination::SETTINGS
        .iter()
        .filter(|name| !keys.clone().any(|key| key == **name))
        .collect();
    assert!(missing.is_empty(), "{missing:?}");
    assert_eq!(scenario.fleet_settings().stagger(), 4_000 * MS);
    assert_eq!(scenario.fleet_settings().need(10), 6);
}

#[test]
fn only_the_fleet_opens_a_breaker_that_may_not_trip_by_itself() {
    let scenario = with("[coordination]\nmode = \"pooled-naive\"\n").unwrap();
    let breaker = scenario.breaker_of("A");

    assert_eq!(breaker.consecutive_failures, Some(OrOff::On(u32::MAX)));
    assert_eq!(breaker.failure_rate_threshold, Some(OrOff::Off));
    assert!((scenario.fleet_settings().pool_threshold().as_f64() - 0.5).abs() < 1e-9);
}

#[test]
fn faults_of_the_network_hold_for_a_time_and_for_some_and_the_later_one_wins() {
    let lines = "[network]\ndelay = \"3ms\"\nloss = \"1%\"\n\
         [[network.faults]]\nfrom = \"2s\"\nuntil = \"4s\"\nloss = 0.5\ndelay = \"9ms\"\n\
         [[network.faults]]\nfrom = \"3s\"\ninstances = [\"C\", \"A\"]\nloss = 1\npartition = \"from_engine\"\n";
    let scenario = with(lines).unwrap();
    let link = |second: u64, place| scenario.network().link(Duration::from_secs(second), place);

    assert_eq!((link(0, 0).delay, link(0, 0).loss), (3 * MS, 0.01));
    assert_eq!((link(2, 0).delay, link(2, 0).loss), (9 * MS, 0.5));
    assert_eq!((link(3, 0).delay, link(3, 0).loss), (9 * MS, 1.0));
    assert!(link(3, 2).is_cut_from_engine() && !link(3, 2).is_cut_to_engine());
    assert_eq!((link(3, 1).loss, link(3, 1).partition), (0.5, None));
    assert_eq!((link(4, 1).loss, link(4, 2).loss), (0.01, 1.0));
}

#[test]
fn faults_of_the_engine_are_in_order_of_time() {
    let lines = "[engine]\nservice_time = \"1ms\"\nfaults = [\n\
         { kind = \"failover\", from = \"6s\", until = \"7s\", loses = \"2s\" },\n\
         { kind = \"flush\", from = \"1s\" },\n{ kind = \"freeze\", from = \"2s\", until = \"3s\" }]\n";
    let engine = with(lines).unwrap().engine().clone();

    assert_eq!(engine.service_time, MS);
    let kinds: Vec<_> = engine.faults.iter().map(|it| it.kind).collect();
    assert_eq!(
        kinds,
        [
            EngineFaultKind::Flush,
            EngineFaultKind::Freeze,
            EngineFaultKind::Failover
        ]
    );
    assert_eq!(engine.faults[2].loses, 2_000 * MS);
}

/// The written text, and words of the message about it.
const REFUSED: &[(&str, [&str; 2])] = &[
    (
        "[coordination]\nmode = \"quorom\"",
        ["`quorom` is not known", "did you mean `quorum`?"],
    ),
    (
        "[coordination]\nmode = \"xyz\"",
        ["`xyz` is not known: write one of local", "pooled-naive"],
    ),
    ("[coordination]\nengine = \"redis\"", ["redis", "memory"]),
    (
        "[coordination]\nhartbeat = \"1s\"",
        ["hartbeat", "did you mean `heartbeat`?"],
    ),
    (
        "[coordination]\nheartbeat = \"0s\"",
        ["coordination.heartbeat = 0s", "from 1ms"],
    ),
    (
        "[coordination]\nmode = \"quorum\"\nfleet_size = 3\nminimum_votes = 4",
        ["coordination.minimum_votes = 4", "at most fleet_size (3)"],
    ),
    (
        "[fleet]\nsize = 3\n[coordination]\nmode = \"quorum\"\nminimum_votes = 4",
        [
            "coordination.minimum_votes = 4",
            "at most 3, the instances of this fleet",
        ],
    ),
    (
        "[fleet]\nsize = 3\n[coordination]\nmode = \"pooled\"\nfleet_size = 9\nminimum_votes = 4",
        ["coordination.minimum_votes = 4", "can never open"],
    ),
    (
        "[network]\nloss = 1.5",
        ["network.loss: 1.5", "from 0 to 1"],
    ),
    (
        "[network]\ndelay = \"1h\"",
        ["network.delay: 1h", "at most 10m"],
    ),
    (
        "[network]\nfaults = [{ from = \"1s\" }]",
        ["network.faults.0", "it changes nothing"],
    ),
    (
        "[network]\nfaults = [{ loss = 1, instances = [\"D\"] }]",
        [
            "network.faults.0.instances: there is no instance `D`",
            "A, B",
        ],
    ),
    (
        "[network]\nfaults = [{ loss = 1, instances = [\"A\", \"A\"] }]",
        ["network.faults.0.instances", "once"],
    ),
    (
        "[network]\nfaults = [{ loss = 1, from = \"2s\", until = \"2s\" }]",
        ["network.faults.0.until: 2s", "after from"],
    ),
    (
        "[engine]\nfaults = [{ kind = \"crash\", from = \"10s\" }]",
        ["engine.faults.0.from: 10s", "the run ends after 10s"],
    ),
    (
        "[engine]\nfaults = [{ kind = \"flush\", from = \"1s\", until = \"2s\" }]",
        ["engine.faults.0.until: 2s", "leave it out"],
    ),
    (
        "[engine]\nfaults = [{ kind = \"crash\", from = \"1s\", loses = \"1s\" }]",
        ["engine.faults.0.loses: 1s", "only a failover"],
    ),
    (
        "[engine]\nfaults = [{ kind = \"crash\", from = \"1s\" }, { kind = \"flush\", from = \"2s\" }]",
        ["engine.faults: the fault from 2s", "is not over"],
    ),
    (
        "[instance.A]\nleaves_at = \"2s\"\npause = [{ at = \"1s\", for = \"2s\" }]",
        ["instance.A.leaves_at = 2s", "interruption at 1s"],
    ),
    (
        "[instance.A]\nclock_step = [{ at = \"1s\", by = \"-x\" }]",
        ["`-x` is not a step of a clock", "-10s"],
    ),
    (
        "[instance]\nA.leaves_at = \"2s\"\nB.leaves_at = \"2s\"\nC.leaves_at = \"2s\"",
        ["all instances leave", "let one stay"],
    ),
];

#[test]
fn what_cannot_be_is_refused_with_key_value_and_what_to_write() {
    for (lines, words) in REFUSED {
        let error = with(lines).unwrap_err();
        for word in words {
            assert!(error.contains(word), "{lines}\n{error}\nwithout {word}");
        }
    }
}

#[test]
fn clocks_step_both_ways_and_instances_leave() {
    let lines = "[instance.B]\nleaves_at = \"3s\"\n\
         clock_step = [{ at = \"1s\", by = \"10s\" }, { at = \"2s\", by = \"-4s\" }]\n\
         restart = [{ at = \"1s\", for = \"1s\", leaves = true }]\n";
    let scenario = with(lines).unwrap();

    let steps: Vec<_> = scenario
        .clock_steps()
        .map(|(place, it)| (place, it.by))
        .collect();
    assert_eq!(
        steps,
        [(1, Step::Forward(10_000 * MS)), (1, Step::Back(4_000 * MS))]
    );
    assert_eq!(scenario.leaves().collect::<Vec<_>>(), [(1, 3_000 * MS)]);
    assert!(scenario.interruptions().all(|it| it.restarts && it.leaves));
}

#[test]
fn a_key_of_coordination_can_be_set_from_outside() {
    let text = format!("{HEAD}\n");
    let sets = [
        "coordination.mode=any-open",
        "coordination.stagger=4s",
        "network.loss=0.3",
    ];
    let sets: Vec<Set> = sets.iter().map(|set| set.parse().unwrap()).collect();
    let scenario = Scenario::parse_with_sets(&text, &sets).unwrap();

    assert_eq!(scenario.coordination().mode.0, FleetMode::AnyOpen);
    assert_eq!(scenario.fleet_settings().stagger(), 4_000 * MS);
    let loss = scenario.network().link(Duration::ZERO, 0).loss;
    assert!((loss - 0.3).abs() < 1e-9);
}

const GOSSIP: &str = "[coordination]\nmode = \"quorum\"\nengine = \"gossip\"\n";

#[test]
fn instances_that_gossip_are_split_by_groups_and_those_in_none_hear_all() {
    let lines = format!(
        "{GOSSIP}[[network.faults]]\nfrom = \"1s\"\nuntil = \"2s\"\ngroups = [[\"B\"], [\"A\"]]\n\
         [[network.faults]]\ninstances = [\"C\"]\nloss = 0.5\n"
    );
    let scenario = with(&lines).unwrap();
    let loss = |at, one, other| {
        let link = scenario.network().between(at * MS, one, other);
        link.map(|link| link.loss)
    };

    assert_eq!((loss(999, 0, 1), loss(2_000, 0, 1)), (Some(0.0), Some(0.0)));
    assert_eq!((loss(1_000, 0, 1), loss(1_999, 1, 0)), (None, None));
    // A deviation of one instance concerns messages to it and from it.
    assert_eq!(
        (loss(1_500, 0, 2), loss(1_500, 2, 1)),
        (Some(0.5), Some(0.5))
    );
}

#[test]
fn what_instances_that_gossip_do_not_have_is_refused_with_what_to_write() {
    let faults = |fault: &str| format!("{GOSSIP}[network]\nfaults = [{{ {fault} }}]\n");
    for (lines, words) in [
        (
            GOSSIP.replace("quorum", "pooled"),
            ["coordination.mode: pooled", "write quorum or advisory"],
        ),
        (
            format!("{GOSSIP}[engine]\nservice_time = \"1ms\"\n"),
            [
                "engine: instances that gossip have no engine",
                "leave [engine] out",
            ],
        ),
        (
            format!("{GOSSIP}[network]\npush_loss = 0.1\n"),
            ["network.push_loss", "write loss"],
        ),
        (
            faults("partition = \"both\""),
            ["network.faults.0.partition", "write groups"],
        ),
        (
            faults("from = \"1s\""),
            ["network.faults.0: it changes nothing", "groups = [["],
        ),
        (
            faults("groups = [[\"A\"], [\"B\"]], loss = 0.1"),
            [
                "network.faults.0.groups",
                "allowed only with from and until",
            ],
        ),
        (
            faults("groups = [[\"A\", \"B\", \"C\"]]"),
            ["network.faults.0.groups", "two groups or more"],
        ),
        (
            faults("groups = [[\"A\", \"B\"], [\"B\"]]"),
            ["network.faults.0.groups", "each name once"],
        ),
        (
            faults("groups = [[\"A\"], [\"D\"]]"),
            ["network.faults.0.groups: there is no instance `D`", "A, B"],
        ),
        (
            faults("groups = [[\"A\"], [\"B\"]]").replace("gossip", "memory"),
            [
                "network.faults.0.groups",
                "coordination.engine = \"gossip\"",
            ],
        ),
    ] {
        let error = with(&lines).unwrap_err();
        for word in words {
            assert!(error.contains(word), "{lines}\n{error}\nwithout {word}");
        }
    }
}
