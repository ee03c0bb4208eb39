//! Settings of breakers that are changed while calls go on.

use end_to_end::{System, always_failing, eventually, healthy};
use serde_json::{Value, json};

use crate::Lab;

async fn settings(instance: &end_to_end::Client) -> Value {
    instance.get("/breaker").await.json()["settings"].clone()
}

#[tokio::test]
async fn a_setting_is_in_force_for_the_next_call_and_the_others_stay() {
    let flags = ["--consecutive-failures", "50", "--minimum-calls", "20"];
    let system = System::with_instances(&["A"], &always_failing(), &flags).await;
    let instance = system.instance(0);
    let before = settings(instance).await;
    instance.get("/call").await;
    assert_eq!(instance.state().await, "closed");

    let reply = instance
        .send(
            "PATCH",
            "/breaker/settings",
            &[],
            r#"{"consecutive_failures": 2}"#,
        )
        .await;

    assert_eq!(reply.status, 200, "{}", reply.body);
    let after = settings(instance).await;
    assert_eq!(after["consecutive_failures"], json!(2));
    let mut expected = before;
    expected["consecutive_failures"] = json!(2);
    assert_eq!(after, expected);
    // The failure before the change counts.
    assert_eq!(instance.get("/call").await.status, 502);
    assert_eq!(instance.state().await, "open");
    assert_eq!(instance.get("/call").await.status, 503);
}

#[tokio::test]
async fn a_change_that_is_refused_changes_nothing_and_says_what_to_write() {
    let system = System::with_instances(&["A"], &healthy(), &[]).await;
    let instance = system.instance(0);
    let before = settings(instance).await;

    for (body, code, said) in [
        (
            r#"{"open_for": "2s", "minimum_calls": 0}"#,
            "invalid_settings",
            &["instance A", "minimum_calls = 0", "it must be at least 1"][..],
        ),
        (
            r#"{"open_for": "2s", "max_open_for": "1s"}"#,
            "invalid_settings",
            &["max_open_for = 1s", "it must be"],
        ),
        (
            r#"{"consecutive_failures": "off", "failure_rate_threshold": "off"}"#,
            "invalid_settings",
            &["no trip rule is on: set at least one of"],
        ),
        (
            r#"{"open_four": "2s"}"#,
            "invalid_body",
            &["unknown key `open_four`; did you mean `open_for`?"],
        ),
        (
            r#"{"open_for": 3}"#,
            "invalid_body",
            &["open_for", "has no unit"],
        ),
        (
            r#"{"jitter": null}"#,
            "invalid_body",
            &["jitter = null", "leave the key out"],
        ),
        (
            "{}",
            "invalid_body",
            &["nothing is set", r#"{"open_for": "3s"}"#],
        ),
    ] {
        let reply = instance.send("PATCH", "/breaker/settings", &[], body).await;

        assert_eq!(reply.status, 400, "{body}: {}", reply.body);
        let error = &reply.json()["error"];
        assert_eq!(error["code"], code, "{body}");
        let message = error["message"].as_str().unwrap();
        for part in said {
            assert!(message.contains(part), "{body}: {message}");
        }
    }
    assert_eq!(settings(instance).await, before);
}

#[tokio::test]
async fn every_setting_that_is_shown_can_be_written_back() {
    let system = System::with_instances(&["A"], &healthy(), &[]).await;
    let instance = system.instance(0);
    let before = settings(instance).await;
    assert_eq!(before.as_object().unwrap().len(), 19);

    let reply = instance
        .send("PATCH", "/breaker/settings", &[], before.to_string())
        .await;

    assert_eq!(reply.status, 200, "{}", reply.body);
    assert_eq!(settings(instance).await, before);
}

#[tokio::test]
async fn the_lab_changes_one_breaker_or_all_or_none_and_tells_who_watches() {
    let lab = Lab::start(&[]).await;

    lab.done(
        "PATCH",
        "/api/instances/B/breaker/settings",
        r#"{"max_open_for": "2s"}"#,
    )
    .await;
    // Changes between two looks of the page have one mark.
    lab.marked("B: max_open_for = 2s").await;
    let of = async |place: usize, key: &str| settings(&lab.instances[place]).await[key].clone();
    assert_eq!(of(0, "max_open_for").await, json!("4s"));
    assert_eq!(of(1, "max_open_for").await, json!("2s"));

    // A setting that B refuses is changed on no instance.
    let (status, message) = lab
        .refused("PATCH", "/api/breaker/settings", r#"{"open_for": "3s"}"#)
        .await;
    assert_eq!(status, 400);
    assert!(message.contains("instance B"), "{message}");
    for place in 0..3 {
        assert_eq!(of(place, "open_for").await, json!("1s 500ms"));
    }

    let all = lab
        .done("PATCH", "/api/breaker/settings", r#"{"jitter": 0}"#)
        .await;
    assert_eq!(all["C"]["jitter"], json!(0.0));
    for place in 0..3 {
        assert_eq!(of(place, "jitter").await, json!(0.0));
    }
    lab.marked("all: jitter = 0.0").await;
    let state = lab.state().await;
    assert_eq!(
        state["instances"][1]["settings"]["max_open_for"],
        json!("2s")
    );
    assert_eq!(
        state["instances"][1]["breaker"]["max_open_for_s"],
        json!(2.0)
    );

    // Who tells the service itself is seen as well.
    let direct = r#"{"permitted_probes": 3}"#;
    lab.instances[2]
        .send("PATCH", "/breaker/settings", &[], direct)
        .await;
    lab.marked("C: permitted_probes = 3").await;
    eventually("the config metric follows", async || {
        let metrics = lab.instances[2].metrics().await;
        let info = metrics.with("circuit_breaker_config_info");
        info.keys()
            .any(|it| it.contains(r#"permitted_probes="3""#))
            .then_some(())
    })
    .await;
}
