//! A service without free places: new connections wait, and a request that has been received is answered.

use std::time::Duration;

use end_to_end::{Client, LIMIT, Process};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::{interval, timeout};

const CLOSING: &[u8] = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
const LASTING: &[u8] = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n";

async fn full(places: &str) -> (Process, Client) {
    let base = ["unreliable", "--listen", "127.0.0.1:0"];
    let process = Process::start(&[&base[..], &["--max-connections", places]].concat());
    let client = Client::new(process.url("unreliable service").await);
    (process, client)
}

async fn connect(client: &Client) -> TcpStream {
    let address = client.base().trim_start_matches("http://");
    TcpStream::connect(address).await.expect("it listens")
}

/// Sends `request` and reads the first bytes of the answer.
async fn ask(stream: &mut TcpStream, request: &[u8]) -> String {
    let mut answer = vec![0; 4096];
    if stream.write_all(request).await.is_err() {
        return "the connection is closed".to_owned();
    }
    match timeout(LIMIT, stream.read(&mut answer)).await {
        Ok(Ok(count)) => String::from_utf8_lossy(&answer[..count]).into_owned(),
        Ok(Err(error)) => error.to_string(),
        Err(_) => "no answer".to_owned(),
    }
}

/// What clients do that take a moment between connecting and asking.
async fn a_moment() {
    let mut moment = interval(Duration::from_millis(5));
    moment.tick().await;
    moment.tick().await;
}

#[tokio::test]
async fn one_place_serves_one_client_at_a_time_every_time() {
    let (_process, client) = full("1").await;

    for number in 0..100 {
        let mut stream = connect(&client).await;
        a_moment().await;
        let answer = ask(&mut stream, CLOSING).await;

        assert!(answer.starts_with("HTTP/1.1 200"), "{number}: {answer}");
    }
}

#[tokio::test]
async fn three_times_as_many_clients_as_places_all_get_their_answers() {
    let (_process, client) = full("64").await;
    let mut clients = JoinSet::new();
    for _ in 0..192 {
        let client = client.clone();
        clients.spawn(async move {
            let mut answers = Vec::new();
            for _ in 0..5 {
                let mut stream = connect(&client).await;
                a_moment().await;
                answers.push(ask(&mut stream, CLOSING).await);
            }
            answers
        });
    }

    let answers = clients.join_all().await.concat();

    let lost: Vec<&String> = answers
        .iter()
        .filter(|answer| !answer.starts_with("HTTP/1.1 200"))
        .collect();
    assert!(
        lost.is_empty(),
        "{} of {}: {:?}",
        lost.len(),
        answers.len(),
        lost.first()
    );
}

#[tokio::test]
async fn connections_that_are_kept_give_way_when_they_have_been_idle_for_a_while() {
    let (_process, client) = full("2").await;
    let mut kept = Vec::new();
    for _ in 0..10 {
        let mut stream = connect(&client).await;
        let answer = ask(&mut stream, LASTING).await;
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
        kept.push(stream);
    }
}

#[tokio::test]
async fn out_of_file_descriptors_newcomers_wait_and_the_log_says_so_once() {
    let base = [
        "unreliable",
        "--listen",
        "127.0.0.1:0",
        "--max-connections",
        "1000",
    ];
    // As many as it needs at least, and fewer than clients come.
    let process = Process::start_with_files(128, &base);
    let client = Client::new(process.url("unreliable service").await);
    let mut clients = JoinSet::new();
    for _ in 0..300 {
        let client = client.clone();
        clients.spawn(async move {
            let mut stream = connect(&client).await;
            a_moment().await;
            ask(&mut stream, LASTING).await
        });
    }

    let answers = clients.join_all().await;

    let lost = answers
        .iter()
        .filter(|answer| !answer.starts_with("HTTP/1.1 200"));
    assert_eq!(lost.count(), 0, "{:#?}", process.log());
    let warnings = process
        .log()
        .iter()
        .filter(|line| line.contains("os error 24"))
        .count();
    assert_eq!(warnings, 1, "{:#?}", process.log());
}
