//! Paths with a slash at the end, and paths that would lead elsewhere.

use end_to_end::{System, healthy};

use crate::{raw, refusal_in, status};

#[tokio::test]
async fn a_slash_at_the_end_of_call_and_data_changes_nothing() {
    let system = System::with_instances(&["A"], &healthy(), &[]).await;

    assert_eq!(system.downstream.get("/data/").await.status, 200);
    assert_eq!(system.instance(0).get("/call/").await.status, 200);
    assert_eq!(system.received().await.to_string(), "2");
}

#[tokio::test]
async fn no_path_below_call_leaves_data_or_asks_the_breaker() {
    let system = System::with_instances(&["A"], &healthy(), &[]).await;
    let instance = system.instance(0);
    for path in [
        "/call/../faults",
        "/call/%2e%2e/faults",
        "/call/%2E./faults",
        "/call/.%2e/truth",
        "/call/orders/../../faults",
        "/call/..",
        "/call/..%2ffaults",
        "/call/..%5Cfaults",
        "/call/..\\faults",
        "/call/%2e%2e",
    ] {
        let request =
            format!("GET {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n");
        let answer = raw(instance, request).await;
        assert_eq!(status(&answer), 400, "{path}: {answer}");
        assert!(answer.contains("\"invalid_path\""), "{path}: {answer}");
    }

    let breaker = instance.metrics().await;
    let calls = breaker.sum("circuit_breaker_calls_total", &[]);
    assert_eq!(calls.to_string(), "0", "nothing was permitted");
    let asked = system.downstream.metrics().await;
    let others = asked.sum(
        "http_server_request_duration_seconds_count",
        &[r#"route="/faults""#, r#"method="GET""#],
    );
    assert_eq!(others.to_string(), "0", "nobody asked for the faults");
    // What stays below is as good as ever.
    for path in [
        "/call/orders/7",
        "/call/a..b",
        "/call/./x",
        "/call/...",
        "/call/%20x",
    ] {
        let request =
            format!("GET {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n");
        assert_eq!(status(&raw(instance, request).await), 200, "{path}");
    }
}

#[tokio::test]
async fn a_path_of_the_load_that_leaves_its_target_is_refused() {
    for path in [
        "call/../breaker",
        "../faults",
        "call/%2e%2e/breaker",
        "call/..%2fbreaker",
    ] {
        let said = refusal_in(&[], &["load", "--path", path, "--dry-run"]).await;
        assert!(said.contains(path) && said.contains(".."), "{said}");
    }
}
