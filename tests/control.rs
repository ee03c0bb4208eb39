//! The orders of an operator over HTTP, and the refusal of those who may not give them.

use end_to_end::{Client, Process, System, healthy};

async fn one_instance(flags: &[&str]) -> System {
    System::with_instances(&["A"], &healthy(), flags).await
}

async fn set_mode(instance: &Client, mode: &str) {
    let body = format!(r#"{{"mode": "{mode}"}}"#);
    let reply = instance.put("/breaker/mode", &body).await;
    assert_eq!(reply.status, 200, "{}", reply.body);
}

#[tokio::test]
async fn a_forced_open_breaker_rejects_without_a_call_until_an_operator_resumes() {
    let system = one_instance(&[]).await;
    let instance = system.instance(0);

    set_mode(instance, "forced_open").await;
    let reply = instance.get("/call").await;
    assert_eq!(
        (reply.status, reply.header("x-breaker-state")),
        (503, "forced_open")
    );
    assert_eq!(reply.header("retry-after"), "", "nobody knows when");
    assert_eq!(instance.state().await, "forced_open");
    assert_eq!(system.received().await.to_string(), "0");
    let fast = instance.metrics().await;
    let fast = fast.sum(
        "circuit_breaker_fast_failures_total",
        &[r#"reason="forced_open""#],
    );
    assert_eq!(fast.to_string(), "1");

    set_mode(instance, "auto").await;
    assert_eq!(instance.get("/call").await.status, 200);
    assert_eq!(instance.state().await, "closed");
}

#[tokio::test]
async fn a_disabled_breaker_lets_everything_pass_and_metrics_only_reports_the_trip() {
    let system = one_instance(&["--consecutive-failures", "2"]).await;
    let instance = system.instance(0);
    let down = r#"{"phases": [{"name": "down", "failure_ratio": 1}]}"#;
    system.downstream.put("/faults", down).await;

    for (mode, would_trip) in [("disabled", 0), ("metrics_only", 1)] {
        set_mode(instance, mode).await;
        for _ in 0..5 {
            assert_eq!(instance.get("/call").await.status, 502, "{mode}");
        }
        let breaker = instance.get("/breaker").await.json();
        assert_eq!(breaker["state"], mode);
        assert_eq!(breaker["would_trip"], would_trip, "{mode}");
    }
}

#[tokio::test]
async fn a_reset_closes_an_open_breaker() {
    let flags = ["--consecutive-failures", "1", "--open-for", "10m"];
    let system = one_instance(&flags).await;
    let instance = system.instance(0);
    let down = r#"{"phases": [{"name": "down", "failure_ratio": 1, "failure_status": 503}]}"#;
    system.downstream.put("/faults", down).await;
    let failed = instance.get("/call").await;
    assert_eq!(
        (failed.status, &failed.json()["downstream_status"]),
        (502, &503.into())
    );
    assert_eq!(instance.get("/call").await.status, 503);
    system.downstream.send("DELETE", "/faults", &[], "").await;

    let reply = instance.send("POST", "/breaker/reset", &[], "").await;

    assert_eq!(
        (reply.status, &reply.json()["state"]),
        (200, &"closed".into())
    );
    assert_eq!(instance.get("/call").await.status, 200);
    let transitions = instance.get("/breaker").await.json()["transitions"].clone();
    let causes = transitions.as_array().expect("a list").iter();
    let causes: Vec<_> = causes
        .map(|transition| transition["cause"].clone())
        .collect();
    assert_eq!(causes, ["consecutive", "manual"]);
}

#[tokio::test]
async fn a_log_that_nobody_reads_delays_nobody() {
    let arguments = ["instance", "A", "--listen", "127.0.0.1:0"];
    let process = Process::start_with_unread_log(&arguments);
    let instance = Client::new(process.url("instance A").await);

    // Far more lines than a pipe holds.
    for _ in 0..1000 {
        set_mode(&instance, "forced_open").await;
        set_mode(&instance, "auto").await;
    }

    assert_eq!(instance.get("/healthz").await.status, 200);
}

#[tokio::test]
async fn a_head_request_is_counted_as_one() {
    let system = one_instance(&[]).await;
    let instance = system.instance(0);

    for path in ["/healthz", "/breaker", "/call"] {
        let reply = instance.send("HEAD", path, &[], "").await;

        assert_eq!((reply.status, &*reply.body), (200, ""));
        let metrics = instance.metrics().await;
        let route = format!("route=\"{path}\"");
        let counted = |method| {
            let labels = [&*route, method, r#"status="200""#];
            metrics.sum("http_server_request_duration_seconds_count", &labels)
        };
        assert_eq!(counted(r#"method="HEAD""#).to_string(), "1", "{path}");
        assert_eq!(counted(r#"method="GET""#).to_string(), "0", "{path}");
    }
}

#[tokio::test]
async fn a_retry_after_of_the_downstream_lengthens_the_open_period() {
    let flags = [
        "--consecutive-failures",
        "1",
        "--open-for",
        "1s",
        "--max-open-for",
        "60s",
    ];
    let system = one_instance(&flags).await;
    let down = r#"{"phases": [{"name": "down", "failure_ratio": 1, "retry_after_s": 30}]}"#;
    system.downstream.put("/faults", down).await;

    system.instance(0).get("/call").await;

    let retry_after = system.instance(0).get("/call").await;
    let seconds: u64 = retry_after
        .header("retry-after")
        .parse()
        .expect("whole seconds");
    // Never before the time that the downstream asked for; jitter adds up to a fifth, so that a fleet
    // does not come back in one moment.
    assert!((29..=36).contains(&seconds), "{seconds}");
}

#[tokio::test]
async fn foreign_pages_cannot_change_anything() {
    let system = one_instance(&[]).await;
    let instance = system.instance(0);
    let own = instance.base().to_owned();
    for (name, value, status) in [
        ("origin", "https://evil.example", 403),
        ("origin", "http://localhost:3000", 403),
        ("origin", "null", 403),
        ("host", "evil.example", 403),
        ("origin", own.as_str(), 200),
        ("host", "localhost", 200),
    ] {
        let headers = [(name, value)];
        let reply = instance.send("POST", "/breaker/reset", &headers, "").await;
        assert_eq!(reply.status, status, "{name}: {value}: {}", reply.body);
        let headers = [(name, value)];
        let faults = system
            .downstream
            .send("DELETE", "/faults", &headers, "")
            .await;
        let expected = if value == own { 403 } else { status };
        assert_eq!(
            faults.status, expected,
            "{name}: {value}: another port is another page"
        );
    }
    let read = instance
        .send("GET", "/breaker", &[("origin", "https://evil.example")], "")
        .await;
    assert_eq!(read.status, 200, "reading changes nothing");
}

#[tokio::test]
async fn with_a_token_nobody_changes_anything_without_it() {
    let system = one_instance(&["--control-token", "s3cret"]).await;
    let instance = system.instance(0);
    let reset = async |headers: &[(&str, &str)]| {
        instance
            .send("POST", "/breaker/reset", headers, "")
            .await
            .status
    };

    assert_eq!(reset(&[]).await, 401);
    assert_eq!(reset(&[("authorization", "Bearer wrong")]).await, 401);
    assert_eq!(reset(&[("authorization", "Bearer s3cret")]).await, 200);
    let page = [
        ("authorization", "Bearer s3cret"),
        ("origin", "https://evil.example"),
    ];
    assert_eq!(reset(&page).await, 403);
    assert_eq!(instance.get("/breaker").await.status, 200);
}
