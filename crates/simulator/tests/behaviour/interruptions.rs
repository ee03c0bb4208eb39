//! Interruptions of instances: pauses, which do not count against the downstream, and restarts, which forget.

use std::time::Duration;

use experiment::events::CallEvent;
use experiment::outcome::ClientOutcome;
use fusebox::{Cause, State};

use crate::told::{seconds, told};

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
