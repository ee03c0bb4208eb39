//! Calls that end badly, whose spans say how, and how long they really took.

use std::time::Duration;

use end_to_end::{Client, Collector, Mood, Process, eventually, traces};

use crate::{to, trace_with, traced_downstream};

#[tokio::test]
async fn a_timeout_and_a_client_that_leaves_are_told_with_their_real_duration() {
    const HANGING: &str =
        r#"{"seed": 1, "phases": [{"name": "hang", "hang_ratio": 1, "hang_ms": 30000}]}"#;
    const LIMIT: Duration = Duration::from_millis(400);
    let collector = Collector::start(Mood::Taking);
    let [flag, endpoint] = to(&collector);
    let (_unreliable, downstream) = traced_downstream(&collector, HANGING).await;
    let base = [
        "instance",
        "A",
        "--listen",
        "127.0.0.1:0",
        "--downstream",
        downstream.base(),
    ];
    let process =
        Process::start(&[&base[..], &["--call-timeout", "400ms", &flag, &endpoint]].concat());
    let instance = Client::new(process.url("instance").await);

    assert_eq!(instance.get("/call").await.status, 504);

    let trace = trace_with(&collector, "the timeout", |span| {
        span.get("error.type") == "504"
    })
    .await;
    let trace = eventually("the whole trace", async || {
        let all = traces(&collector.spans());
        all.get(&trace[0].trace_id)
            .filter(|trace| trace.len() == 4)
            .cloned()
    })
    .await;
    let kinds: Vec<_> = trace.iter().map(|span| span.get("error.type")).collect();
    assert_eq!(kinds, ["504", "timeout", "timeout", "cancelled"]);
    for span in &trace[..3] {
        assert!(span.failed && span.lasted >= LIMIT, "{span:#?}");
    }
    // The downstream is told that the client has stopped waiting, a moment after it began.
    assert!(
        trace[3].failed && trace[3].lasted >= LIMIT / 2,
        "{:#?}",
        trace[3]
    );

    let impatient = Duration::from_millis(150);
    let left = tokio::time::timeout(impatient, instance.get("/call")).await;
    assert!(left.is_err(), "the call hangs");
    let trace = trace_with(&collector, "the client that left", |span| {
        span.get("circuit_breaker.outcome") == "cancelled"
    })
    .await;
    for span in trace.iter().filter(|span| span.instance == "A") {
        assert!(
            span.failed && span.get("error.type") == "cancelled",
            "{span:#?}"
        );
        assert!(
            span.lasted >= impatient / 2 && span.lasted < LIMIT,
            "{span:#?}"
        );
    }
}

#[tokio::test]
async fn a_downstream_that_is_not_there_is_a_connection_error() {
    let collector = Collector::start(Mood::Taking);
    let [flag, endpoint] = to(&collector);
    let nobody = end_to_end::nobody();
    let process = Process::start(&[
        "instance",
        "A",
        "--listen",
        "127.0.0.1:0",
        "--downstream",
        &nobody,
        &flag,
        &endpoint,
    ]);

    Client::new(process.url("instance").await)
        .get("/call")
        .await;

    let trace = trace_with(&collector, "the call", |span| span.kind == "client").await;
    let kinds: Vec<_> = trace.iter().map(|span| span.get("error.type")).collect();
    assert_eq!(kinds, ["502", "connect", "connect"]);
}
