//! Effects of a fault plan as a client sees them, byte by byte.

use std::io::ErrorKind;
use std::time::Duration;

use end_to_end::{Client, eventually};
use experiment::faults::WrittenEffect;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::Instant;

use super::{always, service};

async fn connect(client: &Client) -> std::io::Result<TcpStream> {
    let address = client.base().trim_start_matches("http://");
    TcpStream::connect(address).await
}

/// What comes back on a connection of its own, and how it ended.
async fn raw(client: &Client) -> (String, Option<ErrorKind>) {
    raw_of(client, "anyone").await
}

async fn raw_of(client: &Client, caller: &str) -> (String, Option<ErrorKind>) {
    let mut stream = connect(client).await.expect("somebody listens");
    let request = format!(
        "GET /data HTTP/1.1\r\nhost: localhost\r\nx-caller: {caller}\r\nconnection: close\r\n\r\n"
    );
    let sent = stream.write_all(request.as_bytes()).await;
    sent.expect("a request can be sent");
    let mut bytes = Vec::new();
    let ended = stream.read_to_end(&mut bytes).await;
    let text = String::from_utf8_lossy(&bytes).into_owned();
    (text, ended.err().map(|error| error.kind()))
}

/// Control and health are answered on the same port, whatever happens to data.
async fn assert_controllable(client: &Client) {
    for path in ["/healthz", "/readyz", "/metrics", "/faults", "/truth"] {
        assert_eq!(client.get(path).await.status, 200, "{path}");
    }
}

#[tokio::test]
async fn a_status_comes_with_its_body_headers_and_retry_after() {
    let (_system, client) = service(&always(
        r#"{"status": {"code": 503, "retry_after_s": 7, "body": "busy", "headers": {"x-why": "test"}}}"#,
    ))
    .await;

    let reply = client.get("/data").await;

    assert_eq!((reply.status, &*reply.body), (503, "busy"));
    assert_eq!(reply.header("retry-after"), "7");
    assert_eq!(reply.header("x-why"), "test");
    assert_eq!(client.get("/data/below").await.status, 503);
    assert_controllable(&client).await;
}

#[tokio::test]
async fn a_reset_connection_is_reset() {
    let (_system, client) = service(&always(r#"{"reset": {}}"#)).await;

    let (text, error) = raw(&client).await;

    assert_eq!((&*text, error), ("", Some(ErrorKind::ConnectionReset)));
    assert_controllable(&client).await;
}

#[tokio::test]
async fn a_closed_connection_ends_without_a_byte_and_without_an_error() {
    let (_system, client) = service(&always(r#"{"close": {}}"#)).await;

    assert_eq!(raw(&client).await, (String::new(), None));
    assert_controllable(&client).await;
}

#[tokio::test]
async fn garbage_is_no_http() {
    let (_system, client) = service(&always(r#"{"garbage": {}}"#)).await;

    let (text, error) = raw(&client).await;

    assert!(!text.is_empty() && !text.contains("HTTP/1.1"), "{text}");
    assert_eq!(error, None);
    assert_controllable(&client).await;
}

#[tokio::test]
async fn a_truncated_answer_breaks_off_within_its_body() {
    let (_system, client) = service(&always(r#"{"truncate": {"share": 0.5}}"#)).await;

    let (text, error) = raw(&client).await;

    let (head, body) = text.split_once("\r\n\r\n").expect("there is a head");
    assert!(head.starts_with("HTTP/1.1 200"), "{head}");
    let length = head
        .lines()
        .find_map(|line| line.strip_prefix("content-length: "));
    let length: usize = length
        .expect("it says how long it is")
        .parse()
        .expect("a number");
    assert!(!body.is_empty() && body.len() < length, "{body}");
    assert_eq!(error, None);
    assert!(client.try_get("/data").await.is_none());
    assert_controllable(&client).await;
}

#[tokio::test]
async fn a_wrong_body_comes_with_a_good_status() {
    let (_system, client) = service(&always(r#"{"wrong_body": {}}"#)).await;

    let reply = client.get("/data").await;
    assert_eq!(
        (reply.status, reply.json()["error"].is_object()),
        (200, true)
    );

    client
        .put("/faults", &always(r#"{"wrong_body": {"kind": "garbage"}}"#))
        .await;
    let reply = client.get("/data").await;
    assert_eq!(reply.status, 200);
    assert!(serde_json::from_str::<serde_json::Value>(&reply.body).is_err());
    assert_controllable(&client).await;
}

#[tokio::test]
async fn a_slow_body_has_its_head_at_once_and_its_end_when_the_time_is_up() {
    let (_system, client) = service(&always(r#"{"slow_body": {"over_ms": 600}}"#)).await;
    let mut stream = connect(&client).await.expect("somebody listens");
    let began = Instant::now();
    let request = "GET /data HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n";
    stream
        .write_all(request.as_bytes())
        .await
        .expect("it can be sent");

    let mut first = [0; 12];
    stream.read_exact(&mut first).await.expect("the head comes");
    let head = began.elapsed();
    let mut rest = String::new();
    stream
        .read_to_string(&mut rest)
        .await
        .expect("the rest comes");

    assert_eq!(&first, b"HTTP/1.1 200");
    assert!(began.elapsed() >= Duration::from_millis(600));
    assert!(
        head + Duration::from_millis(300) < began.elapsed(),
        "{head:?}"
    );
    assert_controllable(&client).await;
}

#[tokio::test]
async fn a_hang_is_answered_504_when_its_time_is_up() {
    let (_system, client) = service(&always(r#"{"hang": {"max_ms": 150}}"#)).await;
    let began = Instant::now();

    let reply = client.get("/data").await;

    assert_eq!(reply.status, 504);
    assert!(began.elapsed() >= Duration::from_millis(150));
}

#[tokio::test]
async fn a_stalled_answer_comes_when_the_phase_ends() {
    let (_system, client) = service(
        r#"{"phases": [{"name": "frozen", "for_ms": 700, "rules": ["r"]}, {"name": "thawed"}],
            "rules": {"r": {"effects": [{"stall": {}}]}}}"#,
    )
    .await;

    assert_eq!(client.get("/data").await.status, 200);

    let truth = client.get("/truth").await.json();
    assert_eq!(truth["phase"], "thawed");
}

#[tokio::test]
async fn a_small_delay_is_never_early_and_is_exported_as_it_was_measured() {
    let (_system, client) = service(&always(r#"{"delay": {"fixed": {"ms": 5}}}"#)).await;
    for _ in 0..60 {
        let began = Instant::now();
        client.get("/data").await;
        let took = began.elapsed();
        assert!(took >= Duration::from_millis(5), "{took:?}");
    }

    let series = client.metrics().await;
    let name = "unreliable_service_injected_delay_seconds";
    let count = series.sum(&format!("{name}_count"), &[]);
    let sum = series.sum(&format!("{name}_sum"), &[]);
    assert_eq!(count.to_string(), "60");
    assert!(sum >= 0.3, "{sum}");
}

#[tokio::test]
async fn a_service_that_refuses_closes_its_door_but_not_that_of_its_control() {
    let (system, client) = service(r#"{"phases": [{"name": "calm"}]}"#).await;
    let control = Client::new(system.downstream_process.url("fault control").await);
    assert_eq!(control.get("/data").await.status, 404);
    let mut held = connect(&client).await.expect("somebody listens");

    let accepted = client.put("/faults", &always(r#"{"refuse": {}}"#)).await;
    assert_eq!(accepted.status, 200, "the answer is still given");
    eventually("nobody listens", async || {
        let error = connect(&client).await.err()?;
        (error.kind() == ErrorKind::ConnectionRefused).then_some(())
    })
    .await;
    let ended = held.read(&mut [0]).await;
    assert!(
        matches!(ended, Ok(0) | Err(_)),
        "open connections are closed"
    );
    assert_controllable(&control).await;
    let series = control.metrics().await;
    assert!(series.sum("unreliable_service_truth", &[]) > 0.999);

    assert_eq!(control.send("DELETE", "/faults", &[], "").await.status, 200);
    eventually("it listens again", async || client.try_get("/data").await).await;
}

#[tokio::test]
async fn a_refusal_that_has_to_see_the_call_resets_it() {
    let (_system, client) =
        service(r#"{"rules": {"r": {"match": {"caller": "A"}, "effects": [{"refuse": {}}]}}}"#)
            .await;

    let (_, error) = raw_of(&client, "B").await;
    assert_eq!(error, None, "nobody else is refused");
    let (text, error) = raw_of(&client, "A").await;
    assert_eq!((&*text, error), ("", Some(ErrorKind::ConnectionReset)));
    let of_a = client
        .send("GET", "/healthz", &[("x-caller", "A")], "")
        .await;
    assert_eq!(of_a.status, 200, "control is not affected");
}

#[tokio::test]
async fn an_overloaded_service_turns_away_who_finds_the_queue_full_and_wastes_work() {
    let (_system, client) = service(
        r#"{"overload": {"workers": 1, "service": {"fixed": {"ms": 400}}, "queue": {"limit": 1}}}"#,
    )
    .await;
    let ask = || {
        let client = client.clone();
        tokio::spawn(async move { client.get("/data").await.status })
    };

    let leaving = ask();
    eventually("a worker is busy", async || {
        let series = client.metrics().await;
        let busy = series.sum("unreliable_service_busy_workers", &[]);
        (busy > 0.5).then_some(())
    })
    .await;
    let waiting = ask();
    eventually("one waits", async || {
        let series = client.metrics().await;
        (series.sum("unreliable_service_queue_depth", &[]) > 0.5).then_some(())
    })
    .await;
    assert_eq!(client.get("/data").await.status, 503);
    leaving.abort();

    assert_eq!(waiting.await.expect("it is answered"), 200);
    let series = client.metrics().await;
    let wasted = series.sum("unreliable_service_wasted_work_seconds_total", &[]);
    assert!((wasted - 0.4).abs() < 0.01, "{wasted}");
    let labels = [r#"rule="overload""#, r#"effect="full""#];
    let full = series.sum("unreliable_service_injected_total", &labels);
    assert_eq!(full.to_string(), "1");
}

#[test]
fn every_effect_is_seen_by_a_client_in_this_file() {
    // The refusal of an unknown effect lists those that are known; one is the other name of a slow body.
    let refused = serde_json::from_str::<WrittenEffect>(r#"{"nothing": {}}"#);
    let refused = refused.expect_err("there is no such effect").to_string();
    let known = refused.split('`').skip(1).step_by(2).skip(1);
    let tests = include_str!("effects.rs");
    for effect in known.filter(|effect| *effect != "bandwidth") {
        let always = format!("{{\"{effect}\": {{");
        assert!(tests.contains(&always), "no test here sees {effect}");
    }
}
