//! The usefulness of every process alone: with a downstream that is absent, killed or hanging, with clients that
//! leave, and in a shutdown under load.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use end_to_end::{Client, Process, Signal, System, always_failing, eventually, healthy};
use tokio::task::JoinSet;
use tokio::time::Instant;

const QUICK: [&str; 6] = [
    "--open-for",
    "200ms",
    "--max-open-for",
    "200ms",
    "--consecutive-failures",
    "3",
];

/// An address that nobody listens on, for now.
fn free_address() -> String {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port is free");
    listener
        .local_addr()
        .expect("it has an address")
        .to_string()
}

async fn instance_of(downstream: &str, flags: &[&str]) -> (Process, Client) {
    let base = [
        "instance",
        "A",
        "--listen",
        "127.0.0.1:0",
        "--downstream",
        downstream,
    ];
    let process = Process::start(&[&base, flags].concat());
    let client = Client::new(process.url("instance A").await);
    (process, client)
}

async fn calls(instance: &Client, outcome: &str) -> u64 {
    let breaker = instance.get("/breaker").await.json();
    breaker["calls"][outcome]
        .as_u64()
        .expect("outcomes are counted")
}

#[tokio::test]
async fn an_instance_starts_without_its_downstream_and_recovers_when_it_comes() {
    let address = free_address();
    let (_process, instance) = instance_of(&format!("http://{address}"), &QUICK).await;

    let reply = instance.get("/call").await;
    assert_eq!(reply.status, 502, "{}", reply.body);
    assert_eq!(reply.json()["error"]["code"], "downstream_failure");
    eventually("the breaker opens", async || {
        (instance.get("/call").await.status == 503).then_some(())
    })
    .await;
    assert!(calls(&instance, "failure").await >= 3);

    let _downstream = Process::start(&["unreliable", "--listen", &address]);

    eventually("the instance serves", async || {
        let reply = instance.get("/call").await;
        (reply.status == 200 && reply.header("x-breaker-state") == "closed").then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_killed_downstream_opens_the_breaker_and_its_return_closes_it() {
    let address = free_address();
    let listen = ["unreliable", "--listen", &address];
    let downstream = Process::start(&listen);
    let (_process, instance) = instance_of(&format!("http://{address}"), &QUICK).await;
    eventually("the instance serves", async || {
        (instance.get("/call").await.status == 200).then_some(())
    })
    .await;

    downstream.signal(Signal::Kill);
    eventually("the instance fails fast", async || {
        (instance.get("/call").await.status == 503).then_some(())
    })
    .await;
    drop(downstream);
    let _downstream = Process::start(&listen);

    eventually("the instance serves again", async || {
        let reply = instance.get("/call").await;
        (reply.status == 200 && reply.header("x-breaker-state") == "closed").then_some(())
    })
    .await;
}

#[tokio::test]
async fn without_traffic_an_open_breaker_still_becomes_half_open() {
    let system = System::with_instances(&["A"], &always_failing(), &QUICK).await;
    let instance = system.instance(0);
    for _ in 0..3 {
        instance.get("/call").await;
    }

    eventually("half-open by time alone", async || {
        let breaker = instance.get("/breaker").await.json();
        let moved = breaker["transitions"]
            .as_array()?
            .iter()
            .any(|it| it["to"] == "half_open");
        moved.then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_hanging_downstream_is_a_timeout_and_a_failure() {
    let hang = r#"{"phases": [{"name": "hang", "hang_ratio": 1}]}"#;
    let flags = ["--call-timeout", "200ms", "--consecutive-failures", "3"];
    let system = System::with_instances(&["A"], hang, &flags).await;
    let instance = system.instance(0);

    for failures in 1..=3 {
        let began = Instant::now();
        let reply = instance.get("/call").await;

        assert_eq!(reply.status, 504, "{}", reply.body);
        assert_eq!(reply.json()["error"]["code"], "downstream_timeout");
        assert!(began.elapsed() >= Duration::from_millis(200));
        assert_eq!(calls(instance, "failure").await, failures);
    }
    assert_eq!(instance.get("/call").await.status, 503);
}

#[tokio::test]
async fn a_client_that_leaves_cancels_its_call_and_holds_no_probe() {
    let hang = r#"{"phases": [{"name": "hang", "hang_ratio": 1}]}"#;
    let flags = [
        "--call-timeout",
        "10m",
        "--permitted-probes",
        "1",
        "--half-open-for",
        "10m",
    ];
    let flags = [flags.as_slice(), &QUICK].concat();
    let system = System::with_instances(&["A"], hang, &flags).await;
    let instance = system.instance(0);

    // One call in closed, then failures, then a probe that its client gives up.
    leave_during_a_call(&system).await;
    system.downstream.put("/faults", &always_failing()).await;
    eventually("the breaker opens", async || {
        (instance.get("/call").await.status == 503).then_some(())
    })
    .await;
    system.downstream.put("/faults", hang).await;
    eventually("half-open by time alone", async || {
        (instance.state().await == "half_open").then_some(())
    })
    .await;
    leave_during_a_call(&system).await;
    system.downstream.put("/faults", &healthy()).await;

    eventually("the next probes close the breaker", async || {
        instance.get("/call").await;
        (instance.state().await == "closed").then_some(())
    })
    .await;
    let series = instance.metrics().await;
    let cancelled = [r#"outcome="cancelled""#];
    let counted = series.sum("circuit_breaker_calls_total", &cancelled);
    let measured = series.sum("circuit_breaker_call_duration_seconds_count", &cancelled);
    assert_eq!(
        (counted.to_string(), measured.to_string()),
        ("2".into(), "2".into())
    );
}

/// Begins a call, waits until the downstream has it, and hangs up.
async fn leave_during_a_call(system: &System) {
    let instance = system.instance(0);
    let (cancelled, received) = (calls(instance, "cancelled").await, system.received().await);
    let caller = instance.clone();
    let call = tokio::spawn(async move { caller.get("/call").await });
    eventually("the downstream has the call", async || {
        (system.received().await > received).then_some(())
    })
    .await;

    call.abort();

    eventually("the call is cancelled", async || {
        (calls(instance, "cancelled").await > cancelled).then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_shutdown_under_load_loses_no_answered_request() {
    // Slow enough that there are calls under way at any moment.
    let slow = r#"{"phases": [{"name": "slow", "latency_ms": 100}]}"#;
    let system = System::with_instances(&["A"], slow, &[]).await;
    let instance = system.instance(0).clone();
    let answers = Arc::new(AtomicU64::new(0));
    let mut clients = JoinSet::new();
    for _ in 0..32 {
        let (instance, answers) = (instance.clone(), Arc::clone(&answers));
        clients.spawn(async move {
            while let Some(reply) = instance.try_get("/call").await {
                assert!(
                    matches!(reply.status, 200 | 502 | 503 | 504),
                    "{}",
                    reply.status
                );
                assert!(reply.json()["outcome"].is_string(), "a whole answer");
                answers.fetch_add(1, Ordering::Relaxed);
            }
        });
    }
    eventually("the load is running", async || {
        (answers.load(Ordering::Relaxed) > 200).then_some(())
    })
    .await;

    let (_, _, process) = system.instances.into_iter().next().expect("there is one");
    let asked = Instant::now();
    process.signal(Signal::Terminate);
    let ended = process.ended(Duration::from_secs(20)).await;
    assert!(
        asked.elapsed() < Duration::from_secs(3),
        "{:?}",
        asked.elapsed()
    );
    while let Some(client) = clients.join_next().await {
        client.expect("clients do not fail");
    }

    assert!(ended.status.success(), "{ended:#?}");
    let last = ended.stdout.last().expect("it says what it did");
    let numbers = last.split(|letter: char| !letter.is_ascii_digit());
    let numbers: Vec<u64> = numbers.filter_map(|number| number.parse().ok()).collect();
    let [permitted, fast, left] = numbers.as_slice() else {
        panic!("three numbers: {last}");
    };
    assert_eq!(*left, 0, "no call was cut off: {last}");
    assert_eq!(permitted + fast, answers.load(Ordering::Relaxed), "{last}");
}
