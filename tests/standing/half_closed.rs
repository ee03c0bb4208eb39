//! Clients that have finished sending and closed their half of the connection: each gets its answer, with a body or
//! without.

use std::time::Duration;

use end_to_end::{Client, LIMIT, System};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{interval, timeout};

/// A request without its version: `METHOD PATH`, and the body.
type Request<'a> = (&'a str, &'a [u8]);

/// The way in which the length of a body is given.
#[derive(Clone, Copy, Debug)]
enum Length {
    Announced,
    Chunked,
}

/// When the body is sent.
#[derive(Clone, Copy, Debug)]
enum Pace {
    Together,
    AMomentAfterTheHead,
}

/// The head and the body as they are sent.
fn written((line, body): Request<'_>, version: &str, length: Length) -> [Vec<u8>; 2] {
    let (field, body) = match length {
        Length::Announced => (format!("Content-Length: {}", body.len()), body.to_vec()),
        Length::Chunked => {
            let mut chunks = Vec::new();
            for piece in body.chunks(5000) {
                chunks.extend(format!("{:x}\r\n", piece.len()).into_bytes());
                chunks.extend([piece, b"\r\n"].concat());
            }
            chunks.extend(b"0\r\n\r\n");
            ("Transfer-Encoding: chunked".to_owned(), chunks)
        }
    };
    let head = format!("{line} HTTP/{version}\r\nHost: localhost\r\n{field}\r\n\r\n");
    [head.into_bytes(), body]
}

/// Sends it, closes this half, and reads what comes until the other half is closed.
async fn half_closed(client: &Client, [head, body]: &[Vec<u8>; 2], pace: Pace) -> String {
    let address = client.base().trim_start_matches("http://");
    let mut stream = TcpStream::connect(address).await.expect("it listens");
    match pace {
        Pace::Together => {
            let all = [&head[..], body].concat();
            stream.write_all(&all).await.expect("it listens");
        }
        Pace::AMomentAfterTheHead => {
            stream.write_all(head).await.expect("it listens");
            a_moment().await;
            stream.write_all(body).await.expect("it listens");
        }
    }
    stream.shutdown().await.expect("a half can be closed");
    let mut answer = Vec::new();
    let read = timeout(LIMIT, stream.read_to_end(&mut answer)).await;
    assert!(matches!(read, Ok(Ok(_))), "{read:?}");
    String::from_utf8_lossy(&answer).into_owned()
}

/// What clients do that take a moment between head and body.
async fn a_moment() {
    let mut moment = interval(Duration::from_millis(5));
    moment.tick().await;
    moment.tick().await;
}

/// The status of the answer, interim answers aside.
fn status(answer: &str) -> &str {
    let heads = answer.split("HTTP/1.").skip(1);
    let mut statuses = heads.filter_map(|head| head.split(' ').nth(1));
    statuses.find(|status| *status != "100").unwrap_or("none")
}

const SLOW: &str = r#"{"seed": 1, "phases": [{"name": "slow", "latency_ms": 300}]}"#;

#[tokio::test]
async fn a_client_that_has_said_all_and_closed_its_half_gets_its_answer() {
    let system = System::with_instances(&["A"], SLOW, &[]).await;
    for (client, path) in [(&system.downstream, "/data"), (system.instance(0), "/call")] {
        for version in ["1.1", "1.0"] {
            let head = format!("GET {path} HTTP/{version}\r\nHost: localhost\r\n\r\n");
            let request = [head.into_bytes(), Vec::new()];
            let answer = half_closed(client, &request, Pace::Together).await;

            let of_version = format!("HTTP/{version} 200");
            assert!(answer.contains(&of_version), "{path}: {answer}");
        }
    }
}

#[tokio::test]
async fn a_body_before_the_end_of_its_clients_half_changes_nothing_of_that() {
    let system = System::with_instances(&["A"], SLOW, &[]).await;
    let long = format!("{SLOW}{}", " ".repeat(30_000));
    let of_service: [(Request<'_>, &str); 9] = [
        (("PUT /faults", SLOW.as_bytes()), "200"),
        (("PUT /faults", long.as_bytes()), "200"),
        (("PUT /faults", b"{\"seed\": "), "400"),
        (("PATCH /faults", br#"{"seed": 2}"#), "200"),
        (("POST /faults/dry-run", SLOW.as_bytes()), "200"),
        (("DELETE /faults", b""), "200"),
        (("PUT /nothing", SLOW.as_bytes()), "404"),
        (("GET /healthz", b"what is this?"), "200"),
        (("PUT /faults", SLOW.as_bytes()), "200"),
    ];
    let of_instance: [(Request<'_>, &str); 4] = [
        (("PUT /breaker/mode", br#"{"mode": "auto"}"#), "200"),
        (("PUT /breaker/mode", br#"{"mode": "away"}"#), "400"),
        (("POST /breaker/reset", b""), "200"),
        (("GET /call", b"what is this?"), "200"),
    ];
    let data: [(Request<'_>, &str); 1] = [(("GET /data", b"what is this?"), "200")];
    for (client, requests) in [
        (&system.downstream, &of_service[..]),
        (&system.downstream, &data),
        (system.instance(0), &of_instance),
    ] {
        for (request, expected) in requests {
            for (version, length) in [
                ("1.1", Length::Announced),
                ("1.0", Length::Announced),
                ("1.1", Length::Chunked),
            ] {
                for pace in [Pace::Together, Pace::AMomentAfterTheHead] {
                    let request_is = written(*request, version, length);
                    let answer = half_closed(client, &request_is, pace).await;

                    let shown = (request.0, version, length, pace);
                    assert_eq!(status(&answer), *expected, "{shown:?}: {answer}");
                }
            }
        }
    }
}

#[tokio::test]
async fn a_body_that_breaks_off_is_told_so_at_once() {
    let system = System::with_instances(&["A"], SLOW, &[]).await;
    let long = format!("{SLOW}{}", " ".repeat(30_000));
    for (client, line) in [
        (&system.downstream, "PUT /faults"),
        (system.instance(0), "PUT /breaker/mode"),
    ] {
        for length in [Length::Announced, Length::Chunked] {
            let mut request = written((line, long.as_bytes()), "1.1", length);
            for kept in [20_000, 10, 0] {
                request[1].truncate(request[1].len().min(kept));
                let answer = half_closed(client, &request, Pace::AMomentAfterTheHead).await;

                // When the time for bodies is over, the status is 408.
                let shown = (line, length, kept);
                assert_eq!(status(&answer), "400", "{shown:?}: {answer}");
                assert!(answer.contains("incomplete_body"), "{shown:?}: {answer}");
            }
        }
    }
}
