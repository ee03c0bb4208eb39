//! The breaker in a trace: its actions are in the trace of the call that caused them.

use end_to_end::{Collector, Mood, always_failing, eventually};

use crate::{PARENT, trace_with, traced};

#[tokio::test]
async fn an_opening_is_an_event_and_its_probe_leads_back_to_it() {
    let collector = Collector::start(Mood::Taking);
    let flags = ["--consecutive-failures", "2", "--open-for", "100ms"];
    let system = traced(&collector, &always_failing(), &flags).await;
    let instance = system.instance(0);

    for _ in 0..2 {
        assert_eq!(instance.get("/call").await.status, 502);
    }
    let rejected = instance.get("/call").await;
    eventually("a probe", async || {
        (instance.get("/call").await.status == 502).then_some(())
    })
    .await;

    assert_eq!(rejected.status, 503);
    let opened = trace_with(&collector, "the opening", |span| {
        let event = span.event("circuit_breaker.transition");
        event.is_some_and(|event| event["circuit_breaker.transition.from"] == "closed")
    })
    .await;
    let call = opened
        .iter()
        .find(|span| span.name == "circuit_breaker.call")
        .expect("a call");
    let event = call
        .event("circuit_breaker.transition")
        .expect("the event is the call's");
    for (key, value) in [
        ("circuit_breaker.transition.to", "open"),
        ("circuit_breaker.transition.cause", "consecutive"),
        ("circuit_breaker.consecutive_failures", "2"),
        ("circuit_breaker.window.failures", "2"),
        ("circuit_breaker.generation", "1"),
    ] {
        assert_eq!(event[key], value, "{key}");
    }
    assert!(call.failed && call.get("error.type") == "500", "{call:#?}");
    assert_eq!(call.get("circuit_breaker.generation"), "0");

    let probed = trace_with(&collector, "the probe", |span| {
        span.get("circuit_breaker.state") == "half_open"
    })
    .await;
    let probe = probed
        .iter()
        .find(|span| span.name == "circuit_breaker.call")
        .expect("a call");
    assert_eq!(probe.links, [(call.trace_id.clone(), call.span_id.clone())]);
}

#[tokio::test]
async fn a_fast_failure_is_a_short_trace_that_says_why() {
    let collector = Collector::start(Mood::Taking);
    let flags = ["--consecutive-failures", "1", "--open-for", "10m"];
    let system = traced(&collector, &always_failing(), &flags).await;

    system.instance(0).get("/call").await;
    assert_eq!(system.instance(0).get("/call").await.status, 503);

    let trace = trace_with(&collector, "the rejection", |span| {
        span.get("circuit_breaker.outcome") == "rejected"
    })
    .await;
    let [server, call] = trace.as_slice() else {
        panic!("no client span: {trace:#?}");
    };
    assert!(
        server.failed && server.get("error.type") == "503",
        "{server:#?}"
    );
    assert_eq!(call.get("circuit_breaker.state"), "open");
    let why = call.event("circuit_breaker.rejected").expect("it says why");
    assert_eq!(why["circuit_breaker.reject.reason"], "open");
    let wait: u64 = why["circuit_breaker.retry_after_ms"]
        .parse()
        .expect("a number");
    assert!((1..=600_000).contains(&wait), "{wait}");
}

#[tokio::test]
async fn a_line_of_the_log_carries_the_id_of_its_trace() {
    let collector = Collector::start(Mood::Taking);
    for format in ["text", "json"] {
        let flags = ["--consecutive-failures", "1", "--log-format", format];
        let system = traced(&collector, &always_failing(), &flags).await;
        let parent = format!("{PARENT}-01");
        let headers = [("traceparent", &*parent)];

        system.instance(0).send("GET", "/call", &headers, "").await;

        let line = eventually("a line about the opening", async || {
            let log = system.instances[0].2.log();
            log.into_iter()
                .find(|line| line.contains("circuit breaker transition"))
        })
        .await;
        let trace_id = &PARENT[3..35];
        if format == "json" {
            let line: serde_json::Value = serde_json::from_str(&line).expect("one JSON object");
            assert_eq!(line["trace_id"], trace_id);
            assert_eq!(line["level"], "INFO");
            assert_eq!(line["message"], "circuit breaker transition");
            assert_eq!(line["to"], "open");
            assert_eq!(line["generation"], 1);
        } else {
            assert!(line.ends_with(&format!(" trace_id={trace_id}")), "{line}");
        }
    }
}

#[tokio::test]
async fn a_trip_that_is_only_reported_is_an_event_too() {
    let collector = Collector::start(Mood::Taking);
    let flags = ["--consecutive-failures", "1"];
    let system = traced(&collector, &always_failing(), &flags).await;
    let instance = system.instance(0);
    instance.put("/breaker/mode", "\"metrics_only\"").await;

    instance.get("/call").await;

    let trace = trace_with(&collector, "the report", |span| {
        span.event("circuit_breaker.would_trip").is_some()
    })
    .await;
    let call = trace
        .iter()
        .find(|span| span.name == "circuit_breaker.call");
    let call = call.expect("the event is the call's");
    let event = call
        .event("circuit_breaker.would_trip")
        .expect("it is there");
    assert_eq!(event["circuit_breaker.transition.cause"], "consecutive");
    assert_eq!(call.get("circuit_breaker.state"), "metrics_only");
}
