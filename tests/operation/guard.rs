//! The guard of orders: no page but the lab's own may give them and, with a token, only those who know it.

use crate::Lab;

const ORDERS: [(&str, &str, &str); 9] = [
    (
        "PATCH",
        "/api/instances/A/breaker/settings",
        r#"{"jitter": 0.1}"#,
    ),
    ("PATCH", "/api/breaker/settings", r#"{"jitter": 0.1}"#),
    ("POST", "/api/instances/A/stop", ""),
    ("POST", "/api/instances/A/start", ""),
    ("PUT", "/api/load", r#"{"rate": 50}"#),
    ("POST", "/api/scenarios/calm", ""),
    ("PUT", "/api/fleet/mode", r#"{"mode": "auto"}"#),
    ("PUT", "/api/coordination", r#"{"mode": "local"}"#),
    ("POST", "/api/scenarios/flapping", ""),
];

#[tokio::test]
async fn pages_of_other_sites_give_no_order() {
    let lab = Lab::start(&[]).await;

    for (method, path, body) in ORDERS {
        for header in [
            ("origin", "https://evil.example"),
            ("host", "evil.example"),
            ("sec-fetch-site", "cross-site"),
        ] {
            let reply = lab.api.send(method, path, &[header], body).await;
            assert_eq!(reply.status, 403, "{path} {header:?}: {}", reply.body);
        }
    }
    let own = [("origin", lab.api.base())];
    let reply = lab
        .api
        .send("PUT", "/api/load", &own, r#"{"rate": 50}"#)
        .await;
    assert_eq!(reply.status, 200, "{}", reply.body);
    for path in ["/api/load", "/api/scenarios", "/api/coordination"] {
        let foreign = [("host", "evil.example")];
        let reply = lab.api.send("GET", path, &foreign, "").await;
        assert_eq!(reply.status, 403, "{path}");
    }
    // A service refuses them as well.
    let reply = lab.instances[0]
        .send(
            "PATCH",
            "/breaker/settings",
            &[("origin", "https://evil.example")],
            r#"{"jitter": 0.1}"#,
        )
        .await;
    assert_eq!(reply.status, 403);
}

#[tokio::test]
async fn with_a_token_orders_need_it() {
    let lab = Lab::start(&["--control-token", "s3cret"]).await;

    for (method, path, body) in ORDERS {
        let reply = lab.api.send(method, path, &[], body).await;
        assert_eq!(reply.status, 401, "{path}: {}", reply.body);
    }
    let known = [("authorization", "Bearer s3cret")];
    let settings = "/api/instances/A/breaker/settings";
    for (method, path, body) in [
        ("PATCH", settings, r#"{"jitter": 0.1}"#),
        ("POST", "/api/instances/B/stop", ""),
        ("PUT", "/api/load", r#"{"rate": 50}"#),
    ] {
        let reply = lab.api.send(method, path, &known, body).await;
        assert_eq!(reply.status, 200, "{path}: {}", reply.body);
    }
}
