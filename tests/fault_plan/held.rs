//! The end of a plan: a call that waits for its faults or its queue is answered at once.

use std::time::Duration;

use end_to_end::{Client, Reply, eventually};
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::service;

/// Far longer than a busy machine takes to answer, far shorter than what the plans want.
const SOON: Duration = Duration::from_secs(25);

/// One caller for each way to be held for a minute: by the phase, by rules, and by the body.
const HOLDING: &str = r#"{
    "phases": [{"name": "frozen", "for_ms": 60000, "rules": ["a", "b", "c", "d", "e"]},
               {"name": "then"}],
    "rules": {
        "a": {"match": {"caller": "hang"}, "effects": [{"hang": {"max_ms": 60000}}]},
        "b": {"match": {"caller": "stall"}, "effects": [{"stall": {}}]},
        "c": {"match": {"caller": "delay"}, "effects": [{"delay": {"fixed": {"ms": 60000}}}]},
        "d": {"match": {"caller": "slow"}, "effects": [{"slow_body": {"over_ms": 60000}}]},
        "e": {"match": {"caller": "late"}, "effects": [{"delay": {"fixed": {"ms": 60000}}}, {"reset": {}}]}}}"#;
const HELD: [&str; 5] = ["hang", "stall", "delay", "slow", "late"];

/// Work of a minute for one worker: the first call is at work, the others wait.
const BUSY: &str = r#"{"overload": {"workers": 1, "service": {"fixed": {"ms": 60000}}}}"#;
/// The same by the phase alone, and by what every answer takes.
const PHASE: &str =
    r#"{"phases": [{"name": "x", "hang_ratio": 1, "hang_ms": 60000, "latency_ms": 1}]}"#;
const BASE: &str = r#"{"base": {"delay": {"fixed": {"ms": 60000}}}}"#;

/// Calls as these callers, and returns when the service has received this many calls in all.
async fn hold(
    client: &Client,
    callers: &[&'static str],
    all: u32,
) -> JoinSet<(&'static str, Reply)> {
    let mut calls = JoinSet::new();
    for caller in callers {
        let (client, caller) = (client.clone(), *caller);
        calls.spawn(async move {
            let headers = [("x-caller", caller)];
            (caller, client.send("GET", "/data", &headers, "").await)
        });
    }
    eventually("all calls have come", async || {
        let come = client.metrics().await;
        let come = come.sum("unreliable_service_requests_total", &[]);
        (come >= f64::from(all)).then_some(())
    })
    .await;
    calls
}

/// All of them are answered soon, and well: as `/truth` says of a call that is made now.
async fn released(client: &Client, mut calls: JoinSet<(&'static str, Reply)>, how: &str) {
    let all = async {
        while let Some(call) = calls.join_next().await {
            let (caller, reply) = call.expect("a call does not panic");
            assert_eq!(reply.status, 200, "{how}, {caller}: {}", reply.body);
            assert_eq!(reply.json()["data"], "here you are", "{how}, {caller}");
        }
    };
    let ended = timeout(SOON, all).await;
    assert!(ended.is_ok(), "{how}: calls are held still");
    let truth = client.get("/truth").await.json();
    for (caller, one) in truth["callers"].as_object().expect("callers") {
        assert_eq!(one["p_fail"], 0.0, "{how}, {caller}");
    }
    assert_eq!(truth.pointer("/overload/queue_depth"), None, "{how}");
}

#[tokio::test]
async fn a_plan_that_is_cleared_or_replaced_lets_go_of_all_it_holds() {
    for (plan, callers, all) in [
        (HOLDING, &HELD[..], 5),
        (BUSY, &["first", "second", "third"], 3),
        (PHASE, &["A"], 1),
        (BASE, &["A"], 1),
    ] {
        let (_system, client) = service(plan).await;
        let calls = hold(&client, callers, all).await;

        client.send("DELETE", "/faults", &[], "").await;

        released(&client, calls, plan).await;
    }
    let (_system, client) = service(HOLDING).await;
    let calls = hold(&client, &HELD, 5).await;

    client
        .put("/faults", r#"{"phases": [{"name": "calm"}]}"#)
        .await;

    released(&client, calls, "replaced").await;
}

#[tokio::test]
async fn a_patch_lets_go_of_what_it_takes_back_and_of_nothing_else() {
    let (_system, client) = service(HOLDING).await;
    let mut other = hold(&client, &["hang"], 1).await;
    let calls = hold(&client, &["stall", "delay", "slow", "late"], 5).await;

    let patch = r#"{"rules": {"b": null, "c": {"match": {"caller": "x"}},
        "d": {"effects": [{"slow_body": {"over_ms": 1}}]}},
        "phases": [{"name": "frozen", "for_ms": 60000, "rules": ["a", "c", "d"]},
                   {"name": "then", "rules": ["e"]}]}"#;
    let reply = client.send("PATCH", "/faults", &[], patch).await;
    assert_eq!(reply.status, 200, "{}", reply.body);

    let all = async {
        let mut calls = calls;
        while let Some(call) = calls.join_next().await {
            let (caller, reply) = call.expect("a call does not panic");
            assert_eq!(reply.status, 200, "{caller}: {}", reply.body);
        }
    };
    assert!(timeout(SOON, all).await.is_ok(), "calls are held still");
    let held = timeout(Duration::from_millis(200), other.join_next()).await;
    assert!(held.is_err(), "its rule is as it was: {held:?}");
}

#[tokio::test]
async fn what_ends_by_itself_lets_go_too() {
    let ttl = r#""ttl_ms": 1500"#;
    let rule =
        format!(r#"{{"rules": {{"a": {{"effects": [{{"hang": {{"max_ms": 60000}}}}], {ttl}}}}}}}"#);
    let plan = BUSY.replacen('{', &format!("{{{ttl}, "), 1);
    for plan in [rule, plan] {
        let (_system, client) = service(&plan).await;
        let calls = hold(&client, &["A", "B"], 2).await;

        // The plan is not read meanwhile.
        released(&client, calls, &plan).await;
    }
}
