//! Servers that misbehave, each in one way.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use end_to_end::nobody;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{Instant, sleep, sleep_until};

/// How a server answers each request.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Manner {
    /// With these bytes, and the connection stays open.
    Says(&'static str),
    /// With these bytes, and then the connection is closed.
    SaysAndLeaves(&'static str),
    /// Well, once on each connection, which is closed under the second request.
    AnswersOnce,
    /// Well once on each connection, then with these bytes, and then the connection is closed.
    AnswersThenSays(&'static str),
    /// Not at all, with the connection open.
    Hangs,
    /// Well, but not from one instant after the first request to another.
    Stalls(Duration, Duration),
}

pub(crate) const OK: &str = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";

/// A server on a free port. It ends with the test.
#[derive(Debug)]
pub(crate) struct Nasty {
    pub(crate) url: String,
    heads: Arc<Mutex<Vec<String>>>,
    connections: Arc<AtomicUsize>,
}

impl Nasty {
    pub(crate) async fn start(manner: Manner) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await;
        let listener = listener.expect("a port is free");
        let address = listener.local_addr().expect("it has an address");
        let heads = Arc::new(Mutex::new(Vec::new()));
        let first = Arc::new(Mutex::new(None));
        let kept = Arc::clone(&heads);
        let connections = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&connections);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                counted.fetch_add(1, Ordering::Relaxed);
                tokio::spawn(serve(stream, manner, Arc::clone(&kept), Arc::clone(&first)));
            }
        });
        Self {
            url: format!("http://{address}"),
            heads,
            connections,
        }
    }

    /// How many connections there have been.
    pub(crate) fn connections(&self) -> usize {
        self.connections.load(Ordering::Relaxed)
    }

    /// The heads of all requests so far.
    pub(crate) fn heads(&self) -> Vec<String> {
        let heads = self.heads.lock();
        heads.unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// An address without a listener.
pub(crate) fn refusing() -> String {
    nobody()
}

async fn serve(
    mut stream: TcpStream,
    manner: Manner,
    heads: Arc<Mutex<Vec<String>>>,
    first: Arc<Mutex<Option<Instant>>>,
) {
    let mut answered = false;
    while let Some(head) = head(&mut stream).await {
        heads
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(head);
        let first = *first
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get_or_insert_with(Instant::now);
        let (bytes, leaves) = match manner {
            Manner::Says(bytes) => (bytes, false),
            Manner::SaysAndLeaves(bytes) => (bytes, true),
            Manner::AnswersOnce if answered => return,
            Manner::AnswersThenSays(bytes) if answered => (bytes, true),
            Manner::AnswersOnce | Manner::AnswersThenSays(_) => (OK, false),
            Manner::Hangs => {
                sleep(Duration::from_secs(600)).await;
                return;
            }
            Manner::Stalls(from, to) => {
                if (from..to).contains(&first.elapsed()) {
                    sleep_until(first + to).await;
                }
                (OK, false)
            }
        };
        if stream.write_all(bytes.as_bytes()).await.is_err() || leaves {
            return;
        }
        answered = true;
    }
}

async fn head(stream: &mut TcpStream) -> Option<String> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.ok()?);
    }
    Some(String::from_utf8_lossy(&head).into_owned())
}
