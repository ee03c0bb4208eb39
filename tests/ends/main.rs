//! The end of the program, which comes within three seconds, whatever is being computed.
//!
//! The promise is about real time, so each test has the machine to itself: they are a program of their own, in which
//! they take turns.

use std::time::Duration;

use end_to_end::{Client, LIMIT, Process, Signal, eventually};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::sync::Mutex;
use tokio::task::JoinSet;
use tokio::time::Instant;

/// How long an end may take, as the README promises.
const PROMISED: Duration = Duration::from_secs(3);

/// Whose turn it is.
static TURN: Mutex<()> = Mutex::const_new(());

/// A plan within all limits whose preview takes long.
fn costly() -> String {
    let delay = |number: u32| {
        format!(
            r#""r{number}": {{"gate": {{"bernoulli": 0.5}}, "effects":
               [{{"delay": {{"lognormal": {{"median_ms": 50, "p99_ms": 900}}}}}}]}}"#
        )
    };
    let rules: Vec<String> = (0..16).map(delay).collect();
    format!(r#"{{"seed": 1, "rules": {{{}}}}}"#, rules.join(", "))
}

#[tokio::test]
async fn sigterm_ends_a_service_within_three_seconds_while_dry_runs_are_computed() {
    let _turn = TURN.lock().await;
    let process = Process::start(&["unreliable", "--listen", "127.0.0.1:0"]);
    let client = Client::new(process.url("unreliable service").await);
    let plan = costly();
    let mut asked = JoinSet::new();
    for _ in 0..4 {
        let (client, plan) = (client.clone(), plan.clone());
        asked.spawn(async move { client.send("POST", "/faults/dry-run", &[], plan).await });
    }
    eventually("a dry run is computed", async || {
        (workers(process.id()) > 0).then_some(())
    })
    .await;

    let began = Instant::now();
    process.signal(Signal::Terminate);
    let ended = process.ended(LIMIT).await;

    assert!(began.elapsed() < PROMISED, "{:?}", began.elapsed());
    assert!(ended.status.success(), "{ended:#?}");
}

/// How many threads the process has whose name is that of workers, which compute.
fn workers(id: u32) -> usize {
    let tasks = std::fs::read_dir(format!("/proc/{id}/task")).expect("there is a /proc");
    let names =
        tasks.filter_map(|task| std::fs::read_to_string(task.ok()?.path().join("comm")).ok());
    names.filter(|name| name.starts_with("tokio")).count()
}

#[tokio::test]
async fn sigterm_ends_a_service_within_three_seconds_while_it_is_flooded_with_requests() {
    let _turn = TURN.lock().await;
    let process = Process::start(&["unreliable", "--listen", "127.0.0.1:0"]);
    let client = Client::new(process.url("unreliable service").await);
    // What others may ask for over and over, more at once than can be answered in a long time.
    let callers: Vec<String> = (0..250)
        .map(|number| format!("\"caller-{number}\""))
        .collect();
    let plan = costly().replacen(
        '{',
        &format!("{{\"callers\": [{}], ", callers.join(", ")),
        1,
    );
    let accepted = client.put("/faults", &plan).await;
    assert_eq!(accepted.status, 200, "{}", accepted.body);
    let address = client.base().trim_start_matches("http://").to_owned();
    let mut open = Vec::new();
    for path in ["/faults", "/faults/presets", "/truth", "/metrics"].repeat(25) {
        let request = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n").repeat(200);
        let mut stream = TcpStream::connect(&address).await.expect("it listens");
        let _ = stream.write_all(request.as_bytes()).await;
        open.push(stream);
    }

    let began = Instant::now();
    process.signal(Signal::Terminate);
    process.ended_unread(LIMIT).await;

    assert!(began.elapsed() < PROMISED, "{:?}", began.elapsed());
    drop(open);
}
