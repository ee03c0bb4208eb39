//! A server whose answer never ends: the connection ends instead, and memory does not grow.

use std::time::Duration;

use fusebox_fleet::Opinion;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::time::timeout;

use crate::fleet::Fleet;

/// The most bytes of one answer that are read, including what the sockets in between hold.
const TAKEN: usize = 16 << 20;

/// What a server that is never stopped would send.
const ALL: usize = 48 << 20;

/// How an answer begins, and how it goes on for ever.
const ENDLESS: [(&str, &[u8], &[u8]); 14] = [
    ("no end of line", b"", b"garbage "),
    ("an error without an end", b"-ERR ", b"and so on "),
    ("a length of 2^40", b"$1099511627776\r\n", b"x"),
    ("a list of 2^40", b"*1099511627776\r\n", b":1\r\n"),
    ("a map of 2^40", b"%1099511627776\r\n", b":1\r\n"),
    ("lists in lists", b"", b"*2\r\n:1\r\n"),
    (
        "news without an end",
        b">1000000000\r\n$7\r\nmessage\r\n",
        b"$1\r\nx\r\n",
    ),
    // What the library reads as the same lengths, and as the same lines.
    ("a length with its sign", b"$+1099511627776\r\n", b"x"),
    ("a length after a blank", b"$ 1099511627776\r\n", b"x"),
    ("a list with its sign", b"*+1000000000\r\n", b":1\r\n"),
    ("a text of less than nothing", b"=-1\r\n", b"x"),
    ("an error of less than nothing", b"!-1\r\n", b"x"),
    ("a line of half ends", b"+", b"\n"),
    ("an error of half ends", b"-ERR ", b"and\n"),
];

const GREETING: &[u8] = b"%1\r\n$5\r\nproto\r\n:3\r\n";

/// Answers well, if at all, as often as it is said, and then without an end. Tells how much it could send.
async fn flood(
    mut connection: TcpStream,
    answers_well: usize,
    (begin, go_on): (&[u8], &[u8]),
    told: mpsc::UnboundedSender<usize>,
) {
    let mut room = [0; 4096];
    for _ in 0..answers_well {
        let Ok(1..) = connection.read(&mut room).await else {
            return;
        };
        if connection.write_all(GREETING).await.is_err() {
            return;
        }
    }
    let Ok(1..) = connection.read(&mut room).await else {
        return;
    };
    let chunk = go_on.repeat(65_536 / go_on.len());
    let mut sent = 0;
    if connection.write_all(begin).await.is_err() {
        return;
    }
    while sent < ALL && connection.write_all(&chunk).await.is_ok() {
        sent += chunk.len();
    }
    let _ = told.send(sent); // or the test has ended
}

async fn takes(
    answers_well: usize,
    (name, begin, go_on): (&'static str, &'static [u8], &'static [u8]),
) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let (told, mut hears) = mpsc::unbounded_channel();
    let server = tokio::spawn(async move {
        while let Ok((connection, _)) = listener.accept().await {
            tokio::spawn(flood(
                connection,
                answers_well,
                (begin, go_on),
                told.clone(),
            ));
        }
    });
    let fleet = Fleet::new(port, "");

    let told = fleet.say(1, Opinion::Fine).await.unwrap_err().to_string();
    let sent = timeout(Duration::from_secs(60), hears.recv())
        .await
        .unwrap();

    assert!(told.contains("not available"), "{name}: {told}");
    let sent = sent.unwrap();
    assert!(
        sent < TAKEN,
        "{name}, after {answers_well} answers: {sent} bytes were taken in"
    );
    server.abort();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_greeting_without_an_end_is_cut_off() {
    for endless in ENDLESS {
        takes(0, endless).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_without_an_end_is_cut_off() {
    for endless in ENDLESS {
        takes(1, endless).await;
    }
}
