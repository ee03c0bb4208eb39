//! A downstream that never ends an answer, which costs only the calls that wait for it.

use std::io::{Read, Write};
use std::net::TcpListener;

use end_to_end::{Client, Process};
use tokio::task::JoinSet;
use tokio::time::{Duration, timeout};

/// Answers every request with interim answers without end. Returns its URL.
fn endless() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("it is bound");
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { return };
            std::thread::spawn(move || {
                let _ = stream.read(&mut [0; 1024]);
                let words = b"HTTP/1.1 100 Continue\r\n\r\n".repeat(10_000);
                while stream.write_all(&words).is_ok() {}
            });
        }
    });
    format!("http://{address}")
}

#[tokio::test]
async fn interim_answers_without_end_time_out_and_keep_nobody_else_waiting() {
    let process = Process::start(&[
        "instance",
        "A",
        "--listen",
        "127.0.0.1:0",
        "--downstream",
        &endless(),
        "--call-timeout",
        "2s",
    ]);
    let client = Client::new(process.url("instance A").await);
    let mut calls = JoinSet::new();
    for _ in 0..4 {
        let client = client.clone();
        calls.spawn(async move { client.get("/call").await.status });
    }

    // Far more than it takes, far less than it took.
    let patience = Duration::from_secs(10);
    let mut served = 0;
    let answers = timeout(patience, async {
        let mut answers = Vec::new();
        while answers.len() < 4 {
            tokio::select! {
                Some(call) = calls.join_next() => answers.push(call.expect("it is answered")),
                alive = client.get("/healthz") => served += u32::from(alive.status == 200),
            }
        }
        answers
    })
    .await;

    assert_eq!(answers, Ok(vec![504; 4]), "each call within its own time");
    assert!(served > 4, "{served} others were served meanwhile");
}
