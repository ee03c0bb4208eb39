//! Scenarios that are played on a running lab.

use end_to_end::eventually;
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
    for name in [
        "divergence",
        "fast-fail",
        "flapping",
        "partial-degradation",
        "thresholds",
    ] {
        assert!(playable.contains(&name), "{name} of {playable:?}");
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
