//! A run that somebody drives and ends early: its result and its reports say what was ordered, when, and what held.

use std::time::Duration;

use end_to_end::{Process, Schema, Signal, empty_folder, eventually, read, result, text};
use serde_json::{Value, json};

use crate::Lab;

/// A run of this scenario that goes on until somebody ends it.
async fn begun(name: &str, flags: &[&str]) -> (Lab, std::path::PathBuf) {
    let folder = empty_folder(env!("CARGO_TARGET_TMPDIR"), &format!("operation-{name}"));
    let out = folder.join("out");
    let run = [
        "run",
        "fast-fail",
        "--set",
        "duration=10m",
        "--set",
        "expectations=[]",
        "--set",
        "load.lateness_limit=1h",
        "--plain",
        "--out",
        text(&out),
    ];
    let lab = Lab::of(Process::start(&[&run[..], flags].concat())).await;
    (lab, out)
}

/// Whether a mark has this text, or one that begins so.
fn is_of(mark: &Value, text: &str) -> bool {
    mark[2].as_str().is_some_and(|it| it.starts_with(text))
}

/// Ends a run as Ctrl-C does.
async fn interrupted(lab: Lab) {
    lab.process.signal(Signal::Interrupt);
    let ended = lab.process.ended(Duration::from_secs(30)).await;
    assert!(ended.status.success(), "{ended:#?}");
}

/// Gives orders through the lab, and waits for their marks; those of settings come with what follows.
async fn order_through(lab: &Lab) {
    for (method, path, body, mark) in [
        (
            "PUT",
            "/api/instances/A/breaker/mode",
            r#"{"mode": "forced_open"}"#,
            "A: forced open",
        ),
        ("POST", "/api/instances/A/breaker/reset", "", "A: reset"),
        (
            "PATCH",
            "/api/breaker/settings",
            r#"{"open_for": "3s"}"#,
            "all: open_for = 3s, max_open_for = 6s",
        ),
        (
            "PATCH",
            "/api/instances/B/breaker/settings",
            r#"{"open_for": "5s"}"#,
            "B: max_open_for = 5s, open_for = 5s",
        ),
        ("PUT", "/api/load", r#"{"rate": 30}"#, "load: 30 calls/s"),
        ("POST", "/api/instances/B/stop", "", "B stopped"),
        ("POST", "/api/instances/B/start", "", "B started"),
        ("DELETE", "/api/faults", "", "faults cleared"),
    ] {
        lab.done(method, path, body).await;
        if !path.ends_with("/settings") {
            lab.marked(mark).await;
        }
    }
}

/// Gives orders to the instance C itself, past the lab. Returns the history that has them.
async fn order_past(lab: &Lab) -> Value {
    for (method, path, body) in [
        ("PUT", "/breaker/mode", r#"{"mode": "forced_open"}"#),
        ("PATCH", "/breaker/settings", r#"{"open_for": "4s"}"#),
    ] {
        let done = lab.instances[2].send(method, path, &[], body.to_owned());
        let done = done.await;
        assert_eq!(done.status, 200, "{}", done.body);
    }
    lab.history_when("C is forced open and set otherwise", |history| {
        let has = |key: &str, is: fn(&Value) -> bool| {
            history[key]
                .as_array()
                .is_some_and(|all| all.iter().any(is))
        };
        has("x", |it| it[1] == 2 && it[4] == "forced_open")
            && has("m", |it| is_of(it, "C: open_for = 4s"))
    })
    .await
}

/// Whether the orders of a result are those that were given.
fn assert_are_those_given(orders: &Value) {
    let source = |text: &str| {
        let mut marks = orders["marks"].as_array().unwrap().iter();
        marks
            .find(|mark| is_of(mark, text))
            .map(|mark| mark[3].clone())
    };
    for text in [
        "A: reset",
        "faults cleared",
        "all: open_for = 3s",
        "B: max_open_for = 5s, open_for = 5s",
        "load: 30 calls/s",
        "B stopped",
    ] {
        assert_eq!(source(text), Some("lab".into()), "{text}: {orders}");
    }
    assert_eq!(source("C: open_for = 4s"), Some("seen".into()));
    let settings = orders["settings"].as_array().unwrap();
    let held: Vec<Value> = settings
        .iter()
        .map(|row| json!([row[1], row[2]["open_for"]]))
        .collect();
    assert_eq!(held.len(), 4, "{held:?}");
    assert_eq!(held[1], json!([[0, 1, 2], "3s"]));
    assert_eq!(held[2..], [json!([[1], "5s"]), json!([[2], "4s"])]);
    assert_ne!(held[0][1], "3s");
    let load = orders["load"].as_array().unwrap();
    assert_eq!(load.last().unwrap()[1], 30.0);
}

#[tokio::test]
async fn an_interrupted_run_has_its_orders_in_the_result_and_in_its_reports() {
    let (lab, out) = begun("recorded", &[]).await;
    order_through(&lab).await;
    let history = order_past(&lab).await;
    interrupted(lab).await;

    let result = result(&out);
    Schema::of("result.schema.json").validate(&result);
    let run = &result["repetitions"][0];
    assert_eq!(run["cut_short"], true);
    let orders = &run["orders"];
    // As the live page had them.
    let marks: Vec<Value> = orders["marks"]
        .as_array()
        .unwrap()
        .iter()
        .map(|mark| json!([mark[0], mark[1], mark[2]]))
        .collect();
    assert_eq!(json!(marks), history["m"]);
    assert_are_those_given(orders);

    let (html, markdown) = (read(&out.join("report.html")), read(&out.join("report.md")));
    for part in [
        "B stopped",
        "A: reset",
        "load: 30 calls/s",
        "C: closed → forced open",
        "at the instance",
    ] {
        assert!(html.contains(part), "{part}");
        assert!(markdown.contains(part), "{part}: {markdown}");
    }
    assert!(out.join("timeline.svg").exists());
}

/// What the metrics of all instances have counted, by kind of event.
async fn counted_by(lab: &Lab) -> std::collections::BTreeMap<&'static str, f64> {
    let mut counted = std::collections::BTreeMap::new();
    for instance in &lab.instances {
        let metrics = instance.metrics().await;
        for (kind, name, labels) in [
            ("adopted", "circuit_breaker_fleet_adoptions_total", ""),
            ("vetoed", "circuit_breaker_fleet_vetoes_total", ""),
            (
                "succeeded",
                "circuit_breaker_fleet_leases_total",
                "outcome=\"succeeded\"",
            ),
            (
                "failed",
                "circuit_breaker_fleet_leases_total",
                "outcome=\"failed\"",
            ),
            (
                "void",
                "circuit_breaker_fleet_leases_total",
                "outcome=\"void\"",
            ),
            ("fell_back", "circuit_breaker_fleet_fallbacks_total", ""),
        ] {
            *counted.entry(kind).or_insert(0.0) += metrics.sum(name, &[labels]);
        }
    }
    counted
}

#[tokio::test]
async fn an_interrupted_run_of_a_fleet_counts_as_its_metrics_did() {
    let flags = [
        "--set",
        "coordination.mode=quorum",
        "--set",
        "coordination.suspicion_run=3",
        "--set",
        "breaker.open_for=300ms",
        "--set",
        "breaker.failure_rate_threshold=off",
        "--set",
        "breaker.consecutive_failures=30",
        "--set",
        "load.rate=120",
    ];
    let (lab, out) = begun("metrics", &flags).await;
    eventually("all three vote", async || {
        let breaker = lab.instances[0].get("/breaker").await.json();
        (breaker["fleet"]["votes"]["voters"] == 3).then_some(())
    })
    .await;
    let down =
        r#"{"phases": [{"name": "down", "failure_ratio": 1, "for": "3s"}, {"name": "well"}]}"#;
    lab.done("PUT", "/api/faults", down).await;
    let closed = |state: &Value| state["state"] == "closed";
    eventually("a lease, and a calm fleet", async || {
        let mut leases = 0.0;
        for instance in &lab.instances {
            let metrics = instance.metrics().await;
            leases += metrics.sum(
                "circuit_breaker_fleet_leases_total",
                &["outcome=\"succeeded\""],
            );
            if !closed(&instance.get("/breaker").await.json()) {
                return None;
            }
        }
        (leases >= 1.0).then_some(())
    })
    .await;
    let counted = counted_by(&lab).await;
    interrupted(lab).await;

    let run = &result(&out)["repetitions"][0];
    let course = &run["coordination"]["course"];
    let events = course["events"].as_array().unwrap();
    let told = |kind: &str| {
        let is = |event: &&Value| event[2] == kind || (event[2] == "probed" && event[3] == kind);
        events.iter().filter(is).count()
    };
    for (kind, count) in counted {
        #[expect(clippy::cast_precision_loss, reason = "few events")]
        let of_kind = told(kind) as f64;
        assert!(
            (of_kind - count).abs() < 0.5,
            "{kind}: {of_kind} and {count}: {events:?}"
        );
    }
    let opened = course["views"].as_array().unwrap().iter();
    assert!(opened.into_iter().any(|view| view[1] == "open"));
    assert!(read(&out.join("report.md")).contains("Its first verdict came at"));
}
