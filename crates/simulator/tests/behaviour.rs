//! What is modelled beside breakers and faults: clients, connections, pauses, restarts, ticks.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::time::Duration;

use experiment::events::{CallEvent, Events};
use experiment::fleet::Change;
use experiment::outcome::{ClientOutcome, Outcomes};
use experiment::scenario::Scenario;
use fusebox::{Cause, State};
use simulator::{Cancel, perform};

#[derive(Default)]
struct Told {
    calls: Vec<CallEvent>,
    changes: Vec<(usize, Change)>,
}

impl Events for Told {
    fn call(&mut self, call: &CallEvent) {
        self.calls.push(*call);
    }

    fn transition(&mut self, instance: usize, change: &Change) {
        self.changes.push((instance, change.clone()));
    }
}

/// What a scenario of ten seconds comes to.
fn told(text: &str) -> (Told, Outcomes) {
    let text = format!("title = \"t\"\nduration = \"10s\"\n{text}");
    let scenario = Scenario::parse(&text).unwrap();
    let mut told = Told::default();
    let run = perform(&scenario, &Cancel::default(), Some(&mut told));
    let mut outcomes = Outcomes::default();
    for part in run.repetition.load.targets.iter().flat_map(|it| &it.parts) {
        outcomes += &part.outcomes;
    }
    assert_eq!(run.repetition.invalid, None);
    (told, outcomes)
}

fn seconds(time: Duration) -> f64 {
    time.as_secs_f64()
}

#[test]
fn a_closed_loop_sends_when_it_has_an_answer() {
    let (_, outcomes) = told(
        r#"
        [load]
        connections = 4
        [faults]
        phases = [{ name = "slow", latency = "10ms" }]
        "#,
    );
    // 10 ms at the downstream and 0.2 ms on the way: 980 requests of each client.
    assert!(
        (3916..=3924).contains(&outcomes[ClientOutcome::Ok]),
        "{outcomes:?}"
    );
}

#[test]
fn connections_bound_what_is_under_way_and_a_full_queue_sheds() {
    let (told, outcomes) = told(
        r#"
        [fleet]
        size = 1
        [load]
        process = "constant"
        rate = 100
        max_connections = 2
        queue = 3
        shed_limit = 1
        [faults]
        phases = [{ name = "slow", latency = "100ms" }]
        "#,
    );
    // Two connections do 20 a second; the others do not fit.
    assert!(
        (198..=206).contains(&outcomes[ClientOutcome::Ok]),
        "{outcomes:?}"
    );
    assert_eq!(
        outcomes[ClientOutcome::Ok] + outcomes[ClientOutcome::Shed],
        1000
    );
    let sent: Vec<_> = told.calls.iter().filter(|it| it.sent.is_some()).collect();
    for (place, call) in sent.iter().enumerate() {
        let before = &sent[..place];
        let beside = before.iter().filter(|it| it.ended > call.sent.unwrap());
        assert!(beside.count() < 2);
    }
    let waited = sent
        .iter()
        .map(|it| it.sent.unwrap().saturating_sub(it.planned));
    // Three wait for one of two connections, of which each is free once in 100 ms.
    assert!((0.14..=0.21).contains(&seconds(waited.max().unwrap())));
}

#[test]
fn a_client_that_leaves_cancels_the_call_and_the_breaker_learns_nothing() {
    let (told, outcomes) = told(
        r#"
        [fleet]
        call_timeout = "2s"
        [load]
        rate = 30
        timeout = "500ms"
        [faults]
        phases = [{ name = "slow", latency = "1s" }]
        "#,
    );
    assert!(told.changes.is_empty(), "{:?}", told.changes);
    assert!(outcomes.planned() > 200);
    assert_eq!(outcomes[ClientOutcome::Timeout], outcomes.planned());
    let first = told.calls.first().unwrap();
    assert_eq!(
        first.ended.saturating_sub(first.planned),
        Duration::from_millis(500)
    );
}

#[test]
fn a_failure_is_known_only_when_the_call_times_out() {
    let (told, outcomes) = told(
        r#"
        [breaker]
        consecutive_failures = 5
        [fleet]
        size = 1
        call_timeout = "400ms"
        [load]
        process = "constant"
        rate = 50
        [faults]
        phases = [{ name = "hangs", rules = ["hang"] }]
        rules.hang = { effects = [{ hang = {} }] }
        "#,
    );
    let (_, first) = &told.changes[0];
    assert_eq!(first.to, State::Open);
    // The fifth call leaves after 90 ms and is known to have failed 400 ms later.
    assert!((first.at_s - 0.49).abs() < 1e-9, "{}", first.at_s);
    assert!(
        outcomes[ClientOutcome::DownstreamError] >= 24,
        "they were under way"
    );
}

#[test]
fn the_hint_of_the_downstream_keeps_a_breaker_open() {
    let opened = |hint: &str| {
        let (told, _) = told(&format!(
            r#"
            [breaker]
            open_for = "500ms"
            jitter = 0.0
            max_open_for = "20s"
            [load]
            rate = 60
            [faults]
            phases = [{{ name = "down", failure_ratio = 1.0, failure_status = 503{hint} }}]
            "#
        ));
        told.changes[0].1.open_for_s.unwrap()
    };
    assert!((opened("") - 0.5).abs() < 1e-9);
    assert!((opened(", retry_after = \"4s\"") - 4.0).abs() < 1e-9);
}

#[test]
fn a_breaker_without_traffic_becomes_half_open_at_the_next_tick() {
    let (told, _) = told(
        r#"
        [breaker]
        open_for = "1s"
        jitter = 0.0
        [fleet]
        size = 1
        [load]
        rate = 100
        shape = "steps:100:1s,0.001:9s"
        [faults]
        phases = [{ name = "down", for = "1s", failure_ratio = 1.0 }, { name = "well" }]
        "#,
    );
    let (_, opened) = told.changes[0].clone();
    let (_, probes) = told.changes[1].clone();
    assert_eq!((opened.to, probes.to), (State::Open, State::HalfOpen));
    let late = probes.at_s - opened.at_s - 1.0;
    assert!((0.0..=0.05).contains(&late), "{late}");
}

#[test]
fn a_paused_instance_answers_late_and_holds_nothing_against_the_downstream() {
    let pause = |pause: &str| {
        told(&format!(
            r#"
            [breaker]
            consecutive_failures = 3
            slow_call_duration = "500ms"
            slow_call_rate_threshold = 0.3
            minimum_calls = 5
            [fleet]
            size = 1
            call_timeout = "600ms"
            [load]
            process = "constant"
            rate = 100
            {pause}
            [faults]
            phases = [{{ name = "slow", latency = "100ms" }}]
            "#
        ))
    };
    let (paused, outcomes) = pause("[[instance.A.pause]]\nat = \"2s\"\nfor = \"1500ms\"");
    assert!(paused.changes.is_empty(), "{:?}", paused.changes);
    assert_eq!(outcomes[ClientOutcome::Ok], outcomes.planned());
    let during = |call: &&CallEvent| (2.0..3.5).contains(&seconds(call.planned));
    let ended = paused
        .calls
        .iter()
        .filter(during)
        .map(|it| seconds(it.ended));
    // Who comes while it stands still is served after it goes on.
    assert!(ended.clone().all(|at| at >= 3.5), "{ended:?}");
    let (usual, _) = pause("");
    assert!(
        usual
            .calls
            .iter()
            .all(|it| seconds(it.ended.saturating_sub(it.planned)) < 0.101)
    );
}

#[test]
fn a_client_does_not_wait_for_a_paused_instance_longer_than_it_can() {
    let (told, outcomes) = told(
        r#"
        [fleet]
        size = 1
        [load]
        process = "constant"
        rate = 100
        timeout = "300ms"
        [[instance.A.pause]]
        at = "2s"
        for = "2s"
        [faults]
        phases = [{ name = "slow", latency = "10ms" }]
        "#,
    );
    // Those of the first 1.7 s of the pause, and one that was under way.
    assert!(
        (169..=172).contains(&outcomes[ClientOutcome::Timeout]),
        "{outcomes:?}"
    );
    let timeouts = told
        .calls
        .iter()
        .filter(|it| it.outcome == ClientOutcome::Timeout);
    for call in timeouts {
        assert_eq!(
            call.ended.saturating_sub(call.planned),
            Duration::from_millis(300)
        );
    }
}

#[test]
fn a_restart_resets_connections_refuses_new_ones_and_forgets() {
    let (told, outcomes) = told(
        r#"
        [breaker]
        open_for = "20s"
        max_open_for = "30s"
        [fleet]
        size = 1
        [load]
        process = "constant"
        rate = 100
        [[instance.A.restart]]
        at = "4s"
        for = "1s"
        [faults]
        phases = [{ name = "down", for = "2s", failure_ratio = 1.0, latency = "50ms" }, { name = "well", latency = "50ms" }]
        "#,
    );
    assert_eq!(outcomes[ClientOutcome::ConnectRefused], 100, "{outcomes:?}");
    let changes: Vec<_> = told
        .changes
        .iter()
        .map(|(_, it)| (it.to, it.cause))
        .collect();
    assert_eq!(changes.len(), 2, "{changes:?}");
    assert_eq!(changes[1], (State::Closed, Cause::Manual));
    assert!((told.changes[1].1.at_s - 4.0).abs() < 1e-9);
    // It serves again at once, although it would be open.
    assert_eq!(outcomes[ClientOutcome::Ok], 500);
    let reset = told
        .calls
        .iter()
        .filter(|it| it.outcome == ClientOutcome::Reset);
    assert_eq!(
        reset.count(),
        0,
        "the breaker was open: nothing was under way"
    );
}

#[test]
fn calls_under_way_are_reset_when_their_instance_restarts() {
    let (told, outcomes) = told(
        r#"
        [fleet]
        size = 2
        [load]
        process = "constant"
        choose = "round_robin"
        rate = 200
        [[instance.B.restart]]
        at = "5s"
        for = "10ms"
        [faults]
        phases = [{ name = "slow", latency = "100ms" }]
        "#,
    );
    // Ten were under way at B, and one came while it was down.
    assert_eq!(outcomes[ClientOutcome::Reset], 10, "{outcomes:?}");
    assert_eq!(outcomes[ClientOutcome::ConnectRefused], 1);
    let reset = told
        .calls
        .iter()
        .filter(|it| it.outcome == ClientOutcome::Reset);
    assert!(
        reset
            .into_iter()
            .all(|it| it.instance == 1 && it.ended == Duration::from_secs(5))
    );
}

#[test]
fn a_plan_whose_time_is_over_lets_go_of_calls_that_it_holds() {
    let (told, outcomes) = told(
        r#"
        [fleet]
        size = 1
        call_timeout = "8s"
        [load]
        process = "constant"
        rate = 10
        timeout = "9s"
        [faults]
        ttl = "3s"
        phases = [{ name = "hangs", rules = ["hang"] }]
        rules.hang = { effects = [{ hang = {} }] }
        "#,
    );
    assert_eq!(outcomes[ClientOutcome::Ok], outcomes.planned());
    let held = told.calls.iter().filter(|it| seconds(it.planned) < 3.0);
    assert!(held.clone().count() == 30);
    assert!(
        held.into_iter()
            .all(|it| it.ended == Duration::from_secs(3))
    );
}

#[test]
fn the_truth_changes_at_the_very_instant_that_the_plan_says() {
    let text = r#"
        title = "t"
        duration = "10s"
        [load]
        rate = 10
        [faults]
        phases = [
          { name = "well", for = "2345ms" },
          { name = "bad", for = "1111ms", failure_ratio = 0.7 },
          { name = "again" },
        ]
        "#;
    let scenario = Scenario::parse(text).unwrap();

    let fleet = perform(&scenario, &Cancel::default(), None)
        .repetition
        .fleet;

    assert_eq!(fleet.truths.len(), 1, "all instances have one truth");
    assert_eq!(
        fleet.truths[0].steps(),
        [(0.0, 0.0), (2.345, 0.7), (3.456, 0.0)]
    );
    let phases: Vec<_> = fleet
        .phases
        .iter()
        .map(|it| (it.from_s, it.until_s))
        .collect();
    assert_eq!(phases[..2], [(0.0, 2.345), (2.345, 3.456)]);
}
