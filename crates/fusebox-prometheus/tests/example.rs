//! The example, which answers as its text says.

use axum::body::{Body, to_bytes};
use axum::http::Request;
use tower::ServiceExt;

#[path = "../examples/metrics.rs"]
#[expect(dead_code, reason = "main is for cargo run")]
mod metrics_example;

#[tokio::test]
async fn one_breaker_per_host_is_shown_at_metrics() {
    let app = metrics_example::app().unwrap();
    let get = async |path: &str| {
        let request = Request::get(path).body(Body::empty()).unwrap();
        let response = app.clone().oneshot(request).await.unwrap();
        let status = response.status().as_u16();
        let body = to_bytes(response.into_body(), usize::MAX).await.unwrap();
        (status, String::from_utf8(body.to_vec()).unwrap())
    };
    for _ in 0..20 {
        assert_eq!(get("/call/a.example").await.0, 200);
        get("/call/down").await;
    }
    assert_eq!(get("/call/down").await.0, 503);

    let (status, shown) = get("/metrics").await;

    assert_eq!(status, 200);
    for line in [
        r#"circuit_breaker_state{breaker="down",state="open"} 1"#,
        r#"circuit_breaker_state{breaker="a.example",state="closed"} 1"#,
        r#"circuit_breaker_calls_total{breaker="a.example",outcome="success"} 20"#,
        r#"circuit_breaker_registry_breakers{registry="hosts"} 2"#,
    ] {
        assert!(shown.contains(&format!("\n{line}\n")), "{line}\n{shown}");
    }
}
