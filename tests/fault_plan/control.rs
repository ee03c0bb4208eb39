//! Reading, replacing, changing and trying out plans over HTTP.

use end_to_end::{Process, eventually};

use super::{always, service};

#[tokio::test]
async fn a_patch_changes_a_part_and_a_refused_one_nothing() {
    let (_system, client) = service(
        r#"{"phases": [{"name": "calm"}], "rules": {
            "bursts": {"gate": {"bernoulli": 0.2}, "effects": [{"status": {"code": 500}}]}}}"#,
    )
    .await;

    let patch = r#"{"rules": {"bursts": {"gate": {"bernoulli": 1}}}}"#;
    let reply = client.send("PATCH", "/faults", &[], patch).await;
    assert_eq!(reply.status, 200, "{}", reply.body);
    assert_eq!(reply.json()["rules"]["bursts"]["gate"]["bernoulli"], 1.0);
    assert_eq!(client.get("/data").await.status, 500);

    for (bad, word) in [
        (
            r#"{"rules": {"bursts": {"gate": {"rho": 7}}}}"#,
            "rules.bursts.gate.rho: 7",
        ),
        (
            r#"{"rules": {"bursts": {"efects": []}}}"#,
            "did you mean `effects`?",
        ),
        ("[1]", "a merge patch must be an object"),
    ] {
        let reply = client.send("PATCH", "/faults", &[], bad).await;
        assert_eq!(reply.status, 400, "{bad}");
        assert!(reply.body.contains(word), "{bad}: {}", reply.body);
    }
    assert_eq!(client.get("/data").await.status, 500);

    let without = r#"{"rules": {"bursts": null}}"#;
    assert_eq!(
        client.send("PATCH", "/faults", &[], without).await.status,
        200
    );
    assert_eq!(client.get("/data").await.status, 200);
}

#[tokio::test]
async fn the_etag_keeps_two_operators_apart() {
    let (_system, client) = service(r#"{"phases": [{"name": "calm"}]}"#).await;
    let tag = client.get("/faults").await.header("etag").to_owned();
    let down = r#"{"phases": [{"name": "down", "failure_ratio": 1}]}"#;

    let first = client
        .send("PUT", "/faults", &[("if-match", &tag)], down)
        .await;
    assert_eq!(first.status, 200);
    assert_ne!(first.header("etag"), tag);
    for method in ["PUT", "PATCH", "DELETE"] {
        let late = client
            .send(method, "/faults", &[("if-match", &tag)], down)
            .await;
        assert_eq!(late.status, 412, "{method}: {}", late.body);
    }
    let odd = client
        .send("PUT", "/faults", &[("if-match", "x")], down)
        .await;
    assert_eq!(odd.status, 400, "{}", odd.body);

    assert_eq!(client.get("/data").await.status, 500);
}

#[tokio::test]
async fn an_injection_with_a_time_to_live_reverts_by_itself() {
    let (_system, client) = service(r#"{"phases": [{"name": "calm"}]}"#).await;
    let down = r#"{"phases": [{"name": "down", "failure_ratio": 1}], "ttl_ms": 400}"#;
    client.put("/faults", down).await;
    assert_eq!(client.get("/data").await.status, 500);

    eventually("the old plan is back", async || {
        (client.get("/data").await.status == 200).then_some(())
    })
    .await;

    assert_eq!(
        client.get("/faults").await.json()["phases"][0]["name"],
        "calm"
    );
}

#[tokio::test]
async fn a_dry_run_shows_what_a_plan_would_do_and_applies_nothing() {
    let (_system, client) = service(r#"{"phases": [{"name": "calm"}]}"#).await;
    let before = client.get("/faults").await.body;
    let plan = r#"{"phases": [{"name": "down", "for_ms": 1000, "failure_ratio": 1}, {"name": "up", "for_ms": 1000}],
                   "loop": true}"#;

    let reply = client.send("POST", "/faults/dry-run", &[], plan).await;

    assert_eq!(reply.status, 200, "{}", reply.body);
    let shown = reply.json();
    assert_eq!(shown["phases"][1]["start_ms"], 1000);
    assert_eq!(shown["callers"][0]["caller"], "A");
    assert_eq!(shown["callers"][0]["points"][0]["p_fail"], 1.0);
    assert_eq!(client.get("/faults").await.body, before);
    let refused = client.send("POST", "/faults/dry-run", &[], "{}").await;
    assert_eq!(refused.status, 400, "{}", refused.body);
}

#[tokio::test]
async fn every_preset_is_listed_and_can_be_applied() {
    let (_system, client) = service(r#"{"phases": [{"name": "calm"}]}"#).await;
    let presets = client.get("/faults/presets").await.json();
    let presets = presets.as_array().expect("a list");
    assert_eq!(presets.len(), 13);

    for preset in presets {
        let name = preset["name"].as_str().expect("a name");
        let path = format!("/faults/presets/{name}");
        let reply = client.send("POST", &path, &[], "").await;
        assert_eq!(reply.status, 200, "{name}: {}", reply.body);
        assert_eq!(reply.json(), preset["plan"], "{name}");
    }

    let reply = client
        .send("POST", "/faults/presets/metastabel", &[], "")
        .await;
    assert_eq!(reply.status, 404);
    assert!(
        reply.body.contains("did you mean `metastable`?"),
        "{}",
        reply.body
    );
    let schema = client.get("/faults/schema").await.json();
    assert!(schema["properties"]["rules"].is_object(), "{schema}");
}

#[tokio::test]
async fn the_new_control_routes_are_guarded_like_the_old_ones() {
    let arguments = [
        "unreliable",
        "--listen",
        "127.0.0.1:0",
        "--control-token",
        "s3cret",
    ];
    let process = Process::start(&arguments);
    let client = end_to_end::Client::new(process.url("unreliable service").await);
    let plan = always(r#"{"reset": {}}"#);

    for (method, path) in [
        ("PUT", "/faults"),
        ("PATCH", "/faults"),
        ("DELETE", "/faults"),
        ("POST", "/faults/dry-run"),
        ("POST", "/faults/presets/reset"),
    ] {
        let reply = client.send(method, path, &[], plan.clone()).await;
        assert_eq!(reply.status, 401, "{method} {path}");
        let foreign = [
            ("authorization", "Bearer s3cret"),
            ("origin", "https://evil.example"),
        ];
        let reply = client.send(method, path, &foreign, plan.clone()).await;
        assert_eq!(reply.status, 403, "{method} {path}");
    }
    assert_eq!(client.get("/data").await.status, 200);
}
