//! Clients: closed loops, connections, queues, and how long they wait.

use std::time::Duration;

use experiment::outcome::ClientOutcome;

use crate::told::{seconds, told};

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
