//! A silent name server, which costs the calls that need it, and delays neither the service nor its end.

use std::net::UdpSocket;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use end_to_end::{Client, LIMIT, Process, Signal, binary, eventually};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::process::Command;
use tokio::time::Instant;

/// How long an end may take, as the README promises.
const PROMISED: Duration = Duration::from_secs(3);

/// A name server that takes every question and never answers.
struct Silent {
    socket: UdpSocket,
    /// The `/etc/resolv.conf` of the processes that are to ask it.
    configuration: PathBuf,
}

impl Drop for Silent {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.configuration);
    }
}

impl Silent {
    /// The system asks name servers at port 53 only, and reads their addresses from `/etc` only. Not every user may
    /// bind that port or mount a file over that one.
    fn start(test: u8) -> Result<Self, String> {
        let address = format!("127.53.{}.{test}", std::process::id() % 200 + 1);
        let socket = UdpSocket::bind((&*address, 53));
        let socket = socket.map_err(|error| format!("{address}:53: {error}"))?;
        let nonblocking = socket.set_nonblocking(true);
        nonblocking.expect("a socket need not block");
        let name = format!("breaker-lab-resolv-{}-{test}", std::process::id());
        let configuration = std::env::temp_dir().join(name);
        let lines = format!("nameserver {address}\noptions timeout:30 attempts:2\n");
        std::fs::write(&configuration, lines).expect("a temporary file can be written");
        let silent = Self {
            socket,
            configuration,
        };
        let mut tried = std::process::Command::new("unshare");
        tried.args(["--map-root-user", "--mount", "sh", "-c", &silent.mounts()]);
        match tried.status() {
            Ok(status) if status.success() => Ok(silent),
            Ok(status) => Err(format!("a mount of one's own: {status}")),
            Err(error) => Err(format!("unshare: {error}")),
        }
    }

    fn mounts(&self) -> String {
        format!(
            "mount --bind {} /etc/resolv.conf",
            self.configuration.display()
        )
    }

    /// Starts `breaker-lab` with this name server.
    fn asked_by(&self, arguments: &[&str]) -> Process {
        // What others asked is no question of this one.
        while self.socket.recv_from(&mut [0; 512]).is_ok() {}
        let mut command = Command::new("unshare");
        let script = format!("{} && exec \"$0\" \"$@\"", self.mounts());
        command.args(["--map-root-user", "--mount", "sh", "-c", &script]);
        command.arg(binary()).args(arguments).env_remove("RUST_LOG");
        Process::start_other(command, "`unshare` is in the package util-linux")
    }

    /// Returns once it has been asked.
    async fn asked(&self) {
        eventually("the name server is asked", async || {
            self.socket.recv_from(&mut [0; 512]).ok()
        })
        .await;
    }
}

/// A silent name server, or nothing where the system does not permit one. What the parts do is shown by tests
/// beside the code, too: `client::names` and `main`.
#[expect(
    clippy::print_stderr,
    reason = "whoever reads the tests has to know what they did not show"
)]
fn silent(test: u8) -> Option<Silent> {
    match Silent::start(test) {
        Ok(silent) => Some(silent),
        Err(why) => {
            eprintln!("not shown here, for want of a name server of one's own: {why}");
            None
        }
    }
}

#[tokio::test]
async fn scrapes_are_answered_and_sigterm_ends_an_instance_whose_downstream_has_a_name_nobody_knows()
 {
    let Some(server) = silent(1) else { return };
    let process = server.asked_by(&[
        "instance",
        "A",
        "--listen",
        "127.0.0.1:0",
        "--downstream",
        "http://downstream.silent.test:9000",
        "--call-timeout",
        "200ms",
    ]);
    let client = Client::new(process.url("instance A").await);
    let mut calls = tokio::task::JoinSet::new();
    for _ in 0..600 {
        let client = client.clone();
        calls.spawn(async move { client.get("/call").await.status });
    }
    server.asked().await;
    let answers = calls.join_all().await;

    // No call was made, so nothing is known about the downstream: its breaker has no reason to open.
    assert!(answers.iter().all(|status| *status == 500), "{answers:?}");
    let breaker = client.get("/breaker").await.json();
    assert_eq!(breaker["state"], "closed", "{breaker}");
    // More calls than there are threads for what blocks.
    let scraped = tokio::time::timeout(LIMIT, client.get("/metrics")).await;
    assert_eq!(scraped.expect("a scrape is answered").status, 200);
    let began = Instant::now();
    process.signal(Signal::Terminate);
    let ended = process.ended(LIMIT).await;

    assert!(began.elapsed() < PROMISED, "{:?}", began.elapsed());
    assert!(ended.status.success(), "{ended:#?}");
}

#[tokio::test]
async fn sigterm_ends_whatever_waits_for_a_name() {
    let Some(server) = silent(2) else { return };
    let load = [
        "load",
        "--target",
        "A=http://a.silent.test:9000",
        "--rate",
        "50",
    ];
    let collector = [
        "unreliable",
        "--listen",
        "127.0.0.1:0",
        "--otlp-endpoint",
        "http://collector.silent.test:4318",
    ];
    let control = [
        "faults",
        "--url",
        "http://control.silent.test:9000",
        "truth",
    ];
    for arguments in [&load[..], &collector, &control] {
        let process = server.asked_by(arguments);
        if arguments[0] == "unreliable" {
            let client = Client::new(process.url("unreliable service").await);
            let parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
            client
                .send("GET", "/data", &[("traceparent", parent)], "")
                .await;
        }
        server.asked().await;

        let began = Instant::now();
        process.signal(Signal::Terminate);
        process.ended(LIMIT).await;

        assert!(
            began.elapsed() < PROMISED,
            "{arguments:?}: {:?}",
            began.elapsed()
        );
    }
}

/// A server that closes each connection after its answer: its URL, and how often it has answered.
async fn closing() -> (String, Arc<AtomicU64>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let port = listener.local_addr().expect("it has an address").port();
    let answers = Arc::new(AtomicU64::new(0));
    let count = Arc::clone(&answers);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let count = Arc::clone(&count);
            tokio::spawn(async move {
                if answered(stream).await.is_ok() {
                    count.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
    });
    (format!("http://localhost:{port}"), answers)
}

/// Answers one request.
async fn answered(mut stream: TcpStream) -> std::io::Result<()> {
    let mut request = Vec::new();
    while !request.ends_with(b"\r\n\r\n") {
        request.push(stream.read_u8().await?);
    }
    let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
    stream.write_all(answer).await
}

#[tokio::test]
async fn a_target_whose_name_nobody_knows_keeps_no_other_target_waiting() {
    let Some(server) = silent(3) else { return };
    // Each request needs a connection, and each connection a look-up.
    let (healthy, answers) = closing().await;
    let targets = ["A=http://a.silent.test:9000", &format!("B={healthy}")];
    let load = server.asked_by(&[
        "load",
        "--target",
        targets[0],
        "--target",
        targets[1],
        "--rate",
        "100",
        "--timeout",
        "500ms",
    ]);
    server.asked().await;

    eventually("the other target is called", async || {
        (answers.load(Ordering::Relaxed) >= 100).then_some(())
    })
    .await;
    load.signal(Signal::Terminate);
    let ended = load.ended(LIMIT).await;

    let table = ended.stdout.join("\n");
    assert!(table.contains("own_shortage"), "{table}");
}
