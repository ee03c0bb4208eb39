//! Scenarios that are played on a running lab.

use std::time::Duration;

use end_to_end::{Process, Signal, empty_folder, eventually, result, text};
use serde_json::{Value, json};

use crate::Lab;

#[tokio::test]
async fn a_scenario_begins_now_with_its_faults_its_load_and_its_breakers() {
    let lab = Lab::start(&["--rate", "30", "--faults", "preset:calm"]).await;
    lab.done("PUT", "/api/load", r#"{"paused": true}"#).await;
    lab.done(
        "PUT",
        "/api/instances/C/breaker/mode",
        r#"{"mode": "forced_open"}"#,
    )
    .await;
    let run = lab.state().await["run"].clone();

    let said = lab.done("POST", "/api/scenarios/flapping", "").await;

    assert_eq!(said, json!({ "scenario": "flapping" }));
    let plan = lab.downstream.get("/faults").await.json();
    assert_eq!(plan["phases"][1]["name"], "half well");
    for instance in &lab.instances {
        let breaker = instance.get("/breaker").await.json();
        assert_eq!(breaker["settings"]["open_for"], "500ms");
        assert_eq!(breaker["state"], "closed");
    }
    let load = lab.api.get("/api/load").await.json();
    assert_eq!(
        (&load["rate"], &load["paused"]),
        (&json!(90.0), &json!(false))
    );
    lab.marked("scenario flapping").await;
    // The page keeps going: it is the same run, and the plan's clock began at the order.
    assert_eq!(lab.state().await["run"], run);
    let history = lab
        .history_when("its second phase begins", |history| {
            history["f"].as_array().is_some_and(|all| all.len() >= 3)
        })
        .await;
    let phases = history["f"].as_array().unwrap();
    let names: Vec<&Value> = phases.iter().map(|phase| &phase[1]).collect();
    assert_eq!(
        names[names.len() - 2..],
        [&json!("healthy"), &json!("half well")]
    );
    let at = |place: usize| phases[place][0].as_f64().unwrap();
    let first = at(phases.len() - 1) - at(phases.len() - 2);
    assert!((2.8..3.3).contains(&first), "{first}");
    eventually("breakers open under it", async || {
        (lab.instances[0].state().await != "closed").then_some(())
    })
    .await;
}

#[tokio::test]
async fn scenarios_are_listed_each_with_a_sentence_and_why_it_cannot_be_played_here() {
    let lab = Lab::start(&[]).await;

    let all = lab.api.get("/api/scenarios").await.json();

    let all = all.as_array().unwrap();
    assert!(all.len() >= 30, "{}", all.len());
    let playable: Vec<&str> = all
        .iter()
        .filter(|one| one["playable"] == true)
        .map(|one| one["name"].as_str().unwrap())
        .collect();
    for name in ["fast-fail", "flapping", "thresholds"] {
        assert!(playable.contains(&name), "{name} of {playable:?}");
    }
    // An order says the same as the list.
    for name in ["divergence", "partial-degradation"] {
        let listed = all.iter().find(|one| one["name"] == name).unwrap();
        let path = format!("/api/scenarios/{name}");
        let (_, refused) = lab.refused("POST", &path, "").await;
        let why = listed["why"].as_str().unwrap();
        assert!(refused.contains(why), "{refused}: {why}");
    }
    for one in all {
        assert!(!one["title"].as_str().unwrap().is_empty(), "{one}");
        assert_eq!(one["playable"] == false, one["why"].is_string(), "{one}");
    }
}

#[tokio::test]
async fn what_the_running_lab_cannot_play_is_refused_with_a_sentence_and_changes_nothing() {
    let lab = Lab::start(&["--faults", "preset:calm"]).await;
    let before = lab.downstream.get("/faults").await.json();

    for (name, status, said) in [
        ("flaping", 404, "did you mean `flapping`?"),
        (
            "total-outage",
            409,
            "it has 10 instances, and this lab has 3",
        ),
        (
            "metastable",
            409,
            "call_timeout of A is 250ms, and this lab's is 1s",
        ),
        (
            "partial-degradation",
            409,
            "its unhealthy_at is 0.2, and this lab's is 0.5, which is fixed while the lab runs",
        ),
        (
            "retry-storm",
            409,
            "another retries, which is fixed while the lab runs",
        ),
    ] {
        let (answered, message) = lab
            .refused("POST", &format!("/api/scenarios/{name}"), "")
            .await;
        assert_eq!(answered, status, "{name}: {message}");
        assert!(message.contains(said), "{name}: {message}");
        if status == 409 {
            assert!(
                message.contains(&format!("breaker-lab run {name}")),
                "{message}"
            );
        }
    }
    assert_eq!(lab.downstream.get("/faults").await.json(), before);
    let breaker = lab.instances[0].get("/breaker").await.json();
    assert_eq!(breaker["settings"]["open_for"], "1s 500ms");
}

/// Which openings were wrong cannot be known of a downstream whose health follows the load, whoever brought it.
#[tokio::test]
async fn a_plan_with_an_overload_model_that_an_operator_brings_is_in_the_result() {
    let folder = empty_folder(env!("CARGO_TARGET_TMPDIR"), "operation-overload");
    let out = folder.join("out");
    let run = [
        "run",
        "fast-fail",
        "--set",
        "duration=10m",
        "--set",
        "expectations=[]",
    ];
    let flags = [
        "--set",
        "load.lateness_limit=1h",
        "--plain",
        "--out",
        text(&out),
    ];
    let lab = Lab::of(Process::start(&[&run[..], &flags].concat())).await;
    let plan =
        r#"{"overload": {"workers": 4, "service": {"fixed": "5ms"}, "queue": {"limit": 100}}}"#;

    lab.done("PUT", "/api/faults", plan).await;
    lab.marked("faults: changed").await;
    lab.done("DELETE", "/api/faults", "").await;
    lab.process.signal(Signal::Interrupt);
    let ended = lab.process.ended(Duration::from_secs(30)).await;

    assert!(ended.status.success(), "{ended:#?}");
    let fleet = &result(&out)["repetitions"][0]["fleet"];
    assert_eq!(fleet["truth_follows_load"], true);
}
