//! The log, which reports an external cause once a minute, however often it occurs.

use std::net::{SocketAddr, TcpListener};

use end_to_end::{Client, Process, eventually};

/// The data port is closed in every other fortieth of a second.
const FLAPPING: &str = r#"{"loop": true, "phases": [{"name": "there", "for_ms": 25},
    {"name": "away", "for_ms": 25, "rules": ["refuse"]}], "rules": {"refuse": {"effects": [{"refuse": {}}]}}}"#;

#[tokio::test]
async fn a_port_that_somebody_else_has_taken_is_said_once_however_often_it_is_tried() {
    let process = Process::start(&["unreliable", "--listen", "127.0.0.1:0"]);
    let control = Client::new(process.url("fault control").await);
    let data = process.url("unreliable service").await;
    let address: SocketAddr = data
        .trim_start_matches("http://")
        .parse()
        .expect("the URL has an address");
    let refusing = FLAPPING.replace("\"rules\": [\"refuse\"]", "\"failure_ratio\": 0");
    let refused = control.put("/faults", &refusing).await;
    assert_eq!(refused.status, 200, "{}", refused.body);
    let taken = eventually("the port is free", async || TcpListener::bind(address).ok()).await;

    let accepted = control.put("/faults", FLAPPING).await;
    assert_eq!(accepted.status, 200, "{}", accepted.body);
    // Fifty times there would be a listener, were it not for the port.
    let mut before = String::new();
    for turn in 0..100 {
        let truth = eventually("the next phase", async || {
            let truth = control.get("/truth").await.json();
            let phase = truth["phase"].as_str()?.to_owned();
            (phase != before).then_some(phase)
        });
        before = truth.await;
        assert!(["there", "away"].contains(&&*before), "{turn}: {before}");
    }

    let log = process.log();
    let said = log
        .iter()
        .filter(|line| line.contains("cannot listen again yet"));
    assert_eq!(said.count(), 1, "{log:#?}");
    drop(taken);
    eventually("it listens again", async || {
        std::net::TcpStream::connect(address).ok()
    })
    .await;
}
