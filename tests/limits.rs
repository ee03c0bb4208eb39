//! The limits on what a service accepts: ten thousand connections, slow clients, large bodies.

use std::time::Duration;

use end_to_end::{Client, Process, System, eventually, healthy, nobody};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout};

/// More memory than any of this may cost, in MiB.
const BOUND: u64 = 400;

async fn instance(flags: &[&str]) -> (Process, Client) {
    let nobody = nobody();
    let base = ["instance", "A", "--listen", "127.0.0.1:0"];
    let process = Process::start(&[&base[..], &["--downstream", &nobody], flags].concat());
    let client = Client::new(process.url("instance A").await);
    (process, client)
}

fn address(client: &Client) -> &str {
    client.base().trim_start_matches("http://")
}

/// Opens connections that say `words` and then nothing more.
async fn connections(client: &Client, count: usize, words: &[u8]) -> Vec<TcpStream> {
    let wanted = count as u64 + 500;
    let granted = rlimit::increase_nofile_limit(wanted).expect("the limit can be read");
    assert!(
        granted >= wanted,
        "this test needs {wanted} open files: `ulimit -Hn` allows {granted}"
    );
    let mut open = Vec::with_capacity(count);
    for _ in 0..count {
        let mut stream = TcpStream::connect(address(client))
            .await
            .expect("it accepts");
        stream.write_all(words).await.expect("it listens");
        open.push(stream);
    }
    open
}

/// Whether the other side has closed the connection.
async fn is_closed(stream: &mut TcpStream) -> bool {
    let mut rest = [0; 1024];
    loop {
        match timeout(Duration::from_millis(1), stream.read(&mut rest)).await {
            Ok(Ok(0) | Err(_)) => return true,
            Ok(Ok(_)) => {}
            Err(_) => return false,
        }
    }
}

/// A new client is served within seconds.
async fn assert_serves(client: &Client) {
    let fresh = Client::new(client.base().to_owned());
    let began = Instant::now();
    assert_eq!(fresh.get("/healthz").await.status, 200);
    assert_eq!(
        fresh.get("/call").await.status,
        502,
        "there is no downstream"
    );
    assert!(
        began.elapsed() < Duration::from_secs(10),
        "{:?}",
        began.elapsed()
    );
}

fn assert_memory(process: &Process) {
    let resident = process.resident_mib();
    assert!(resident < BOUND, "{resident} MiB");
}

#[tokio::test]
async fn ten_thousand_silent_connections_lock_nobody_out_and_are_closed() {
    let (process, client) = instance(&[]).await;
    let mut open = connections(&client, 10_000, b"").await;

    assert_serves(&client).await;
    assert_memory(&process);
    for stream in open.iter_mut().step_by(100) {
        closed_in_time(stream).await;
    }
}

#[tokio::test]
async fn headers_that_never_end_are_cut_off() {
    let (process, client) = instance(&[]).await;
    let mut open = connections(&client, 2_000, b"GET /call HTTP/1.1\r\nHost: x\r\nx-slow: ").await;
    let writer = open.pop().expect("there are some");
    let (mut reading, mut writing) = writer.into_split();
    let dripping = tokio::spawn(async move {
        while writing.write_all(b"x").await.is_ok() {
            tokio::task::yield_now().await;
            let _ = timeout(Duration::from_millis(50), std::future::pending::<()>()).await;
        }
    });

    assert_serves(&client).await;
    assert_memory(&process);
    for stream in open.iter_mut().step_by(20) {
        closed_in_time(stream).await;
    }
    let mut rest = Vec::new();
    let ended = timeout(Duration::from_secs(30), reading.read_to_end(&mut rest)).await;
    ended.expect("who drips is cut off too").ok();
    dripping.abort();
}

async fn closed_in_time(stream: &mut TcpStream) {
    let began = Instant::now();
    while !is_closed(stream).await {
        assert!(
            began.elapsed() < Duration::from_secs(30),
            "it holds the connection"
        );
    }
}

#[tokio::test]
async fn a_full_house_makes_room_for_a_new_client() {
    let (_process, client) = instance(&["--max-connections", "50"]).await;
    let _silent = connections(&client, 500, b"").await;

    assert_serves(&client).await;
}

#[tokio::test]
async fn connections_in_use_survive_a_full_house() {
    let flags = ["--max-connections", "20", "--call-timeout", "2s"];
    let hang = r#"{"phases": [{"name": "hang", "hang_ratio": 1}]}"#;
    let system = System::with_instances(&["A"], hang, &flags).await;
    let client = system.instance(0).clone();
    let calls: Vec<_> = (0..4)
        .map(|_| {
            let caller = Client::new(client.base().to_owned());
            tokio::spawn(async move { caller.get("/call").await.status })
        })
        .collect();
    eventually("four calls are under way", async || {
        (system.received().await >= 4.0).then_some(())
    })
    .await;

    let _silent = connections(&client, 200, b"").await;

    for call in calls {
        assert_eq!(call.await.expect("it is answered"), 504);
    }
}

#[tokio::test]
async fn large_bodies_are_refused_and_cost_no_memory() {
    let system = System::with_instances(&["A"], &healthy(), &[]).await;
    let large = vec![b' '; 10 * 1024 * 1024];
    for (client, process) in [
        (&system.downstream, &system.downstream_process),
        (system.instance(0), &system.instances[0].2),
    ] {
        let path = if client.base() == system.downstream.base() {
            "/faults"
        } else {
            "/breaker/mode"
        };
        let announced = client.send("PUT", path, &[], large.clone()).await;
        assert_eq!(announced.status, 413, "{}", announced.body);
        assert_eq!(announced.json()["error"]["code"], "body_too_large");

        let unannounced = raw(client, &chunked(&format!("PUT {path}"))).await;
        assert!(unannounced.starts_with("HTTP/1.1 413"), "{unannounced}");
        let with_get = raw(client, &chunked("GET /healthz")).await;
        assert!(
            with_get.is_empty() || with_get.starts_with("HTTP/1.1 200"),
            "{with_get}"
        );

        assert_eq!(client.get("/healthz").await.status, 200);
        assert_memory(process);
    }
    let with_call = system
        .instance(0)
        .send("GET", "/call", &[], large.clone())
        .await;
    assert_eq!(with_call.status, 413);
    assert_eq!(system.instance(0).get("/call").await.status, 200);
}

/// Sends bytes as they are and reads what comes back until the connection ends.
async fn raw(client: &Client, bytes: &[u8]) -> String {
    let stream = TcpStream::connect(address(client))
        .await
        .expect("it accepts");
    let (mut reading, mut writing) = stream.into_split();
    let bytes = bytes.to_vec();
    let sending = tokio::spawn(async move {
        // A refused client may find the connection closed before everything is sent.
        let _ = writing.write_all(&bytes).await;
        writing
    });
    let mut answer = Vec::new();
    let ended = timeout(Duration::from_secs(30), reading.read_to_end(&mut answer)).await;
    let _ = ended.expect("the connection ends");
    drop(sending);
    String::from_utf8_lossy(&answer).into_owned()
}

/// A body of 10 MiB whose length is not announced.
fn chunked(method_and_path: &str) -> Vec<u8> {
    let head = format!(
        "{method_and_path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\
         Transfer-Encoding: chunked\r\n\r\n"
    );
    let mut request = head.into_bytes();
    for _ in 0..160 {
        request.extend_from_slice(b"10000\r\n");
        request.resize(request.len() + 0x10000, b' ');
        request.extend_from_slice(b"\r\n");
    }
    request.extend_from_slice(b"0\r\n\r\n");
    request
}

#[tokio::test]
async fn garbage_gets_no_further_than_the_parser() {
    let (process, client) = instance(&[]).await;
    let mut endless_header = b"GET /healthz HTTP/1.1\r\nHost: x\r\nx-long: ".to_vec();
    endless_header.resize(1024 * 1024, b'x');
    endless_header.extend_from_slice(b"\r\n\r\n");

    let garbage = raw(&client, b"\x16\x03\x01 what is this\r\n\r\n").await;
    let long = raw(&client, &endless_header).await;

    assert!(
        garbage.is_empty() || garbage.starts_with("HTTP/1.1 400"),
        "{garbage}"
    );
    assert!(
        long.is_empty() || long.starts_with("HTTP/1.1 431"),
        "{long}"
    );
    assert_serves(&client).await;
    assert_memory(&process);
}
