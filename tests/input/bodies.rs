//! Bodies of requests: an early refusal comes before they are sent, and reaches a client that sends one all the same.

use end_to_end::{Client, System, healthy};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::{connection, raw, rest_of, status};

#[tokio::test]
async fn no_client_is_told_to_go_on_with_a_body_that_is_certainly_refused() {
    let system = System::with_instances(&[], &healthy(), &[]).await;
    for (head, expected) in [
        (
            "PUT /faults HTTP/1.1\r\nhost: localhost\r\ncontent-length: 99999999",
            413,
        ),
        (
            "PUT /nope HTTP/1.1\r\nhost: localhost\r\ncontent-length: 10",
            404,
        ),
        (
            "POST /faults HTTP/1.1\r\nhost: localhost\r\ncontent-length: 10",
            405,
        ),
        (
            "PUT /faults HTTP/1.1\r\nhost: evil.example\r\ntransfer-encoding: chunked",
            403,
        ),
    ] {
        let request = format!("{head}\r\nexpect: 100-continue\r\n\r\n");
        let mut stream = connection(&system.downstream).await;
        stream
            .write_all(request.as_bytes())
            .await
            .expect("it listens");
        let mut first = [0; 12];

        let read = tokio::time::timeout(end_to_end::LIMIT, stream.read_exact(&mut first)).await;

        read.expect("it answers").expect("it answers");
        assert_eq!(first, format!("HTTP/1.1 {expected}").as_bytes(), "{head}");
    }
    // Where the body is wanted, it is asked for.
    let plan = healthy();
    let length = plan.len();
    let mut stream = connection(&system.downstream).await;
    let head = format!(
        "PUT /faults HTTP/1.1\r\nhost: localhost\r\ncontent-length: {length}\r\n\
         expect: 100-continue\r\nconnection: close\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).await.expect("it listens");
    let mut first = [0; 25];
    stream.read_exact(&mut first).await.expect("it goes on");
    assert_eq!(&first, b"HTTP/1.1 100 Continue\r\n\r\n");
    stream.write_all(plan.as_bytes()).await.expect("it listens");
    assert_eq!(status(&rest_of(&mut stream).await), 200);
}

/// A chunked body of some megabytes, after this head.
async fn answer_to_chunks(client: &Client, head: &str) -> String {
    const CHUNK: usize = 64 * 1024;
    let mut stream = connection(client).await;
    let head = format!("{head}\r\ntransfer-encoding: chunked\r\nconnection: close\r\n\r\n");
    stream.write_all(head.as_bytes()).await.expect("it listens");
    let mut chunk = format!("{CHUNK:x}\r\n").into_bytes();
    chunk.extend_from_slice(&vec![b'x'; CHUNK]);
    chunk.extend_from_slice(b"\r\n");
    for _ in 0..64 {
        stream.write_all(&chunk).await.expect("it takes the body");
        tokio::task::yield_now().await;
    }
    stream
        .write_all(b"0\r\n\r\n")
        .await
        .expect("it takes the end");
    rest_of(&mut stream).await
}

#[tokio::test]
async fn an_early_refusal_reaches_a_client_that_still_writes_its_body() {
    let system = System::with_instances(&["A"], &healthy(), &[]).await;
    let instance = system.instance(0);
    for (client, head, expected) in [
        (
            &system.downstream,
            "PUT /faults HTTP/1.1\r\nhost: evil.example",
            403,
        ),
        (
            &system.downstream,
            "PUT /nope HTTP/1.1\r\nhost: localhost",
            404,
        ),
        (
            &system.downstream,
            "POST /faults HTTP/1.1\r\nhost: localhost",
            405,
        ),
        (
            &system.downstream,
            "PUT /faults HTTP/1.1\r\nhost: localhost",
            413,
        ),
        (
            &system.downstream,
            "DELETE /faults HTTP/1.1\r\nhost: localhost",
            200,
        ),
        (
            instance,
            "POST /breaker/reset HTTP/1.1\r\nhost: localhost",
            200,
        ),
        (instance, "GET /call HTTP/1.1\r\nhost: localhost", 200),
        (instance, "POST /healthz HTTP/1.1\r\nhost: localhost", 405),
    ] {
        let answer = answer_to_chunks(client, head).await;
        assert_eq!(status(&answer), expected, "{head}: {answer}");
    }
    let length = "PUT /faults HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ncontent-length: 2097152\r\n\r\n";
    let request = [length.as_bytes(), &vec![b'x'; 2 * 1024 * 1024]].concat();
    assert_eq!(status(&raw(&system.downstream, request).await), 413);
}
