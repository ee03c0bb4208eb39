//! A load that is changed while it runs.

use std::time::Duration;

use end_to_end::{Client, empty_folder, text, within};
use serde_json::json;
use tokio::time::{Instant, sleep};

use crate::Lab;

async fn planned(lab: &Client) -> f64 {
    let metrics = lab.metrics().await;
    metrics.sum("load_generator_planned_total", &[])
}

/// Requests per second over about a second.
async fn rate(lab: &Client) -> f64 {
    let (before, began) = (planned(lab).await, Instant::now());
    sleep(Duration::from_millis(900)).await;
    let after = planned(lab).await;
    (after - before) / began.elapsed().as_secs_f64()
}

#[tokio::test]
async fn another_rate_leaves_from_the_next_request_on_and_a_pause_sends_nothing() {
    let lab = Lab::start(&["--rate", "30", "--faults", "preset:calm"]).await;
    assert_eq!(lab.api.get("/api/load").await.json()["rate"], json!(30.0));

    let said = lab.done("PUT", "/api/load", r#"{"rate": 300}"#).await;
    assert_eq!(
        (&said["rate"], &said["paused"]),
        (&json!(300.0), &json!(false))
    );
    within(
        Duration::from_secs(20),
        "300 requests leave in a second",
        async || {
            let rate = rate(&lab.api).await;
            (200.0..420.0).contains(&rate).then_some(())
        },
    )
    .await;

    lab.done("PUT", "/api/load", r#"{"paused": true}"#).await;
    within(
        Duration::from_secs(20),
        "nothing leaves any more",
        async || (rate(&lab.api).await < 1.0).then_some(()),
    )
    .await;
    assert_eq!(lab.api.get("/api/load").await.json()["paused"], json!(true));

    lab.done("PUT", "/api/load", r#"{"paused": false}"#).await;
    within(
        Duration::from_secs(20),
        "the plan goes on where it stood",
        async || {
            let rate = rate(&lab.api).await;
            // What was due during the pause does not leave at once.
            (200.0..420.0).contains(&rate).then_some(())
        },
    )
    .await;
    for mark in ["load: 300 calls/s", "load paused", "load resumed"] {
        lab.marked(mark).await;
    }
    let state = lab.state().await;
    assert_eq!(state["load"]["rate"], json!(300.0));
    assert_eq!(state["rate"], json!(30.0), "that of the start");
}

#[tokio::test]
async fn what_a_load_cannot_be_is_refused() {
    let lab = Lab::start(&["--rate", "30"]).await;

    for (body, said) in [
        ("{}", r#"write {"rate": 200} or {"paused": true}"#),
        (
            r#"{"rate": 0}"#,
            "rate = 0 is not allowed: it must be from 0.001 to 100000 per second",
        ),
        (r#"{"rate": 1e9}"#, "rate = 1000000000 is not allowed"),
        (r#"{"rat": 5}"#, "did you mean `rate`?"),
        (r#"{"paused": "yes"}"#, "paused"),
    ] {
        let (status, message) = lab.refused("PUT", "/api/load", body).await;
        assert_eq!(status, 400, "{body}");
        assert!(message.contains(said), "{body}: {message}");
    }
    assert_eq!(lab.api.get("/api/load").await.json()["rate"], json!(30.0));
}

/// A lab with this section `[load]` in its settings file.
async fn with_load(name: &str, load: &str) -> Lab {
    let file = empty_folder(env!("CARGO_TARGET_TMPDIR"), name).join("lab.toml");
    std::fs::write(&file, format!("[load]\n{load}\n")).unwrap();
    Lab::start(&["--config", text(&file), "--faults", "preset:calm"]).await
}

#[tokio::test]
async fn a_closed_loop_can_be_paused_and_has_no_rate() {
    let lab = with_load("operation-closed", "connections = 2").await;

    let (status, message) = lab
        .refused("PUT", "/api/load", r#"{"rate": 50, "paused": true}"#)
        .await;
    assert_eq!(status, 400);
    assert!(message.contains("the answers set the pace"), "{message}");
    assert!(rate(&lab.api).await > 5.0);

    lab.done("PUT", "/api/load", r#"{"paused": true}"#).await;
    within(Duration::from_secs(20), "its clients wait", async || {
        (rate(&lab.api).await < 1.0).then_some(())
    })
    .await;
    lab.done("PUT", "/api/load", r#"{"paused": false}"#).await;
    within(Duration::from_secs(20), "its clients go on", async || {
        (rate(&lab.api).await > 5.0).then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_load_whose_plan_is_over_takes_another_rate_and_loses_its_shape() {
    let shape = r#"shape = "ramp:from=100,to=0,over=1s""#;
    let lab = with_load("operation-shape", shape).await;
    assert_eq!(
        lab.api.get("/api/load").await.json()["shape"],
        "ramp:from=100,over=1s,to=0"
    );
    within(Duration::from_secs(20), "the plan is over", async || {
        (planned(&lab.api).await > 20.0 && rate(&lab.api).await < 1.0).then_some(())
    })
    .await;

    let said = lab.done("PUT", "/api/load", r#"{"rate": 100}"#).await;

    assert_eq!(said["shape"], "constant");
    within(
        Duration::from_secs(20),
        "100 requests leave in a second",
        async || (rate(&lab.api).await > 60.0).then_some(()),
    )
    .await;
}
