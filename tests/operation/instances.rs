//! Instances that are stopped and started again while the others go on.

use std::time::Duration;

use end_to_end::{Client, Process, Schema, Signal, empty_folder, eventually, result, text};
use serde_json::{Value, json};

use crate::Lab;

/// How many clients of B got no answer, and how many an answer.
async fn of_b(lab: &Client) -> [f64; 2] {
    let metrics = lab.metrics().await;
    let sum = |outcome: &str| {
        let labels = [r#"target="B""#, outcome];
        metrics.sum("load_generator_requests_total", &labels)
    };
    [sum(r#"outcome="connect_refused""#), sum(r#"outcome="ok""#)]
}

#[tokio::test]
async fn a_stopped_instance_is_not_there_and_comes_back_where_it_was() {
    let lab = Lab::start(&["--faults", "preset:calm"]).await;
    let b = &lab.instances[1];
    eventually("B answers the load", async || {
        (of_b(&lab.api).await[1] > 0.0).then_some(())
    })
    .await;

    let said = lab.done("POST", "/api/instances/B/stop", "").await;

    assert_eq!(said, json!({ "instance": "B", "running": false }));
    assert!(b.try_get("/healthz").await.is_none(), "somebody listens");
    assert_eq!(lab.instances[0].get("/call").await.status, 200);
    let [_, before] = of_b(&lab.api).await;
    eventually("the load finds nobody", async || {
        (of_b(&lab.api).await[0] > 5.0).then_some(())
    })
    .await;
    assert_eq!(of_b(&lab.api).await[1].to_string(), before.to_string());
    lab.marked("B stopped").await;
    assert_eq!(lab.state().await["instances"][1]["running"], json!(false));
    eventually("a line says so", async || {
        lab.process
            .lines()
            .iter()
            .any(|line| line.contains("A=closed B=stopped C=closed"))
            .then_some(())
    })
    .await;

    let said = lab.done("POST", "/api/instances/B/start", "").await;

    assert_eq!(said, json!({ "instance": "B", "running": true }));
    assert_eq!(b.get("/call").await.status, 200);
    lab.marked("B started").await;
    let history = lab.api.get("/api/history").await.json();
    let turns = history["o"].as_array().unwrap();
    assert_eq!(turns.len(), 2);
    assert_eq!((&turns[0][1], &turns[0][2]), (&json!(1), &json!(false)));
    assert!(turns[0][0].as_f64() < turns[1][0].as_f64(), "{turns:?}");
    assert_eq!(lab.state().await["instances"][1]["running"], json!(true));
    eventually("the load is answered again", async || {
        (of_b(&lab.api).await[1] > before).then_some(())
    })
    .await;
}

#[tokio::test]
async fn it_begins_anew_closed_with_the_settings_that_it_had() {
    let lab = Lab::start(&["--faults", "preset:calm"]).await;
    let b = &lab.instances[1];
    lab.done(
        "PATCH",
        "/api/instances/B/breaker/settings",
        r#"{"open_for": "3s"}"#,
    )
    .await;
    lab.done(
        "PUT",
        "/api/instances/B/breaker/mode",
        r#"{"mode": "forced_open"}"#,
    )
    .await;
    assert_eq!(b.state().await, "forced_open");

    lab.done("POST", "/api/instances/B/stop", "").await;
    lab.done("POST", "/api/instances/B/start", "").await;

    let breaker = b.get("/breaker").await.json();
    assert_eq!(breaker["state"], "closed");
    assert_eq!(breaker["settings"]["open_for"], "3s");
}

/// What operators ordered is gone with a stop; what the scenario wants is not.
#[tokio::test]
async fn it_begins_anew_in_the_mode_that_its_scenario_wants() {
    let folder = empty_folder(env!("CARGO_TARGET_TMPDIR"), "operation-mode");
    let out = folder.join("out");
    let run = [
        "run",
        "retry-storm",
        "--set",
        "instance.B.mode=metrics_only",
        "--plain",
        "--out",
    ];
    let lab = Lab::of(Process::start(&[&run[..], &[text(&out)]].concat())).await;
    let again = async |place: usize, name: &str| {
        for order in ["stop", "start"] {
            let path = format!("/api/instances/{name}/{order}");
            lab.done("POST", &path, "").await;
        }
        lab.instances[place].state().await
    };
    assert_eq!(lab.instances[1].state().await, "metrics_only");

    assert_eq!(again(1, "B").await, "metrics_only");

    // The same run without breakers is played on it: its mode is that of the next start.
    let without = "/api/scenarios/retry-storm-without-breakers";
    lab.done("POST", without, "").await;
    for (place, name) in [(0, "A"), (1, "B")] {
        assert_eq!(lab.instances[place].state().await, "disabled");
        assert_eq!(again(place, name).await, "disabled");
    }
}

/// The names and labels of all series that an instance exports, as often as they are there.
async fn series(instance: &Client) -> Vec<String> {
    let text = instance.get("/metrics").await.body;
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    let series = lines.filter_map(|line| line.rsplit_once(' '));
    let mut series: Vec<String> = series.map(|(series, _)| series.to_owned()).collect();
    series.sort_unstable();
    series
}

/// A counter that begins anew is a reset, which `rate()` knows; a series that is there twice is an error of the scrape.
#[tokio::test]
async fn it_exports_each_series_once_also_when_it_has_joined_its_fleet_again() {
    let lab = Lab::start(&["--coordination", "quorum", "--faults", "preset:flapping"]).await;
    let b = &lab.instances[1];
    let transitions = async || {
        let metrics = b.metrics().await;
        metrics.sum("circuit_breaker_transitions_total", &[])
    };
    eventually("B opens", async || {
        (transitions().await > 0.0).then_some(())
    })
    .await;
    let before = (series(b).await, transitions().await);

    for _ in 0..2 {
        lab.done("POST", "/api/instances/B/stop", "").await;
        lab.done("POST", "/api/instances/B/start", "").await;
    }

    let after = series(b).await;
    let twice = after.windows(2).find(|pair| pair[0] == pair[1]);
    assert_eq!(twice, None, "a series is there twice");
    let gone = before.0.iter().find(|one| !after.contains(one));
    assert_eq!(gone, None, "a series has ended");
    assert!(
        transitions().await >= before.1,
        "counters of the breaker go on"
    );
}

#[tokio::test]
async fn an_order_that_makes_no_sense_gets_a_sentence() {
    let lab = Lab::start(&[]).await;

    for (path, status, said) in [
        (
            "/api/instances/B/start",
            409,
            "instance B is already running",
        ),
        (
            "/api/instances/X/stop",
            404,
            "there is no instance `X`; there are A, B, C",
        ),
        ("/api/instances/X/start", 404, "there is no instance `X`"),
    ] {
        let (answered, message) = lab.refused("POST", path, "").await;
        assert_eq!(answered, status, "{path}");
        assert!(message.contains(said), "{path}: {message}");
    }
    lab.done("POST", "/api/instances/B/stop", "").await;
    for (method, path, body, said) in [
        (
            "POST",
            "/api/instances/B/stop",
            "",
            "instance B is already stopped",
        ),
        (
            "POST",
            "/api/instances/B/breaker/reset",
            "",
            "instance B is stopped: start it first",
        ),
        (
            "PATCH",
            "/api/instances/B/breaker/settings",
            r#"{"jitter": 0}"#,
            "POST /api/instances/B/start",
        ),
    ] {
        let (status, message) = lab.refused(method, path, body).await;
        assert_eq!(status, 409, "{path}");
        assert!(message.contains(said), "{path}: {message}");
    }
}

#[tokio::test]
async fn an_address_that_somebody_else_has_taken_meanwhile_is_said() {
    let lab = Lab::start(&[]).await;
    lab.done("POST", "/api/instances/B/stop", "").await;
    let address = lab.instances[1].base().trim_start_matches("http://");
    let other = std::net::TcpListener::bind(address).unwrap();

    let (status, message) = lab.refused("POST", "/api/instances/B/start", "").await;

    assert_eq!(status, 409);
    assert!(message.contains("is in use"), "{message}");
    drop(other);
    lab.done("POST", "/api/instances/B/start", "").await;
}

#[tokio::test]
async fn a_lab_with_a_stopped_instance_ends_in_time_and_its_summary_says_when() {
    let lab = Lab::start(&["--faults", "preset:calm"]).await;
    lab.done("POST", "/api/instances/B/stop", "").await;
    lab.marked("B stopped").await;
    let asked = tokio::time::Instant::now();

    lab.process.signal(Signal::Terminate);
    let ended = lab.process.ended(Duration::from_secs(20)).await;

    assert!(
        asked.elapsed() < Duration::from_secs(3),
        "{:?}",
        asked.elapsed()
    );
    assert!(ended.status.success(), "{ended:#?}");
    let says = |line: &String| line.starts_with("Stopped by an operator: B from ");
    assert!(ended.stdout.iter().any(says), "{:#?}", ended.stdout);
}

/// The states that a browser would put together are those of the breakers: none while it is stopped.
#[tokio::test]
async fn a_stop_is_no_transition() {
    let lab = Lab::start(&["--faults", "preset:calm"]).await;
    lab.done("POST", "/api/instances/B/stop", "").await;
    lab.done("POST", "/api/instances/B/start", "").await;
    lab.marked("B started").await;

    let history = lab.api.get("/api/history").await.json();

    let of_b = history["x"].as_array().into_iter().flatten();
    let of_b: Vec<&Value> = of_b.filter(|change| change[1] == 1).collect();
    assert!(of_b.is_empty(), "{of_b:?}");
}

#[tokio::test]
async fn the_result_of_a_run_says_when_an_instance_was_stopped() {
    let folder = empty_folder(env!("CARGO_TARGET_TMPDIR"), "operation-stopped");
    let out = folder.join("out");
    let run = [
        "run",
        "divergence",
        "--set",
        "duration=6s",
        "--plain",
        "--out",
    ];
    let lab = Lab::of(Process::start(&[&run[..], &[text(&out)]].concat())).await;
    lab.done("POST", "/api/instances/B/stop", "").await;
    lab.done("POST", "/api/instances/B/start", "").await;
    let history = lab
        .history_when("B is stopped and started", |history| {
            history["o"]
                .as_array()
                .is_some_and(|turns| turns.len() == 2)
        })
        .await;

    let ended = lab.process.ended(Duration::from_secs(60)).await;

    assert!(out.join("result.json").exists(), "{ended:#?}");
    let result = result(&out);
    Schema::of("result.schema.json").validate(&result);
    let instances = &result["repetitions"][0]["fleet"]["instances"];
    let turns = &history["o"];
    assert_eq!(instances[1]["stopped"], json!([[turns[0][0], turns[1][0]]]));
    assert_eq!(instances[0].get("stopped"), None);
}
