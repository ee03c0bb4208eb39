//! A viewer without a browser: one connection, from which events are read, or not.

use std::time::Duration;

use end_to_end::LIMIT;
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::timeout;

/// An event of the stream.
#[derive(Clone, Debug)]
pub(crate) struct Event {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) data: Value,
}

impl Event {
    /// The number of its tick.
    pub(crate) fn number(&self) -> u64 {
        let number = self.id.rsplit_once('-').map(|(_, number)| number.parse());
        number.expect("an id has a number").expect("it is one")
    }
}

/// One viewer.
pub(crate) struct Viewer {
    stream: TcpStream,
    unread: Vec<u8>,
    /// Bytes that have been read so far, head and all.
    pub(crate) bytes: usize,
}

impl Viewer {
    /// Watches the lab at `url`, after the event with the id `last`, if any. Returns the status line, too.
    pub(crate) async fn at(url: &str, last: Option<&str>) -> (String, Self) {
        let address = url.trim_start_matches("http://").to_owned();
        let socket = TcpSocket::new_v4().expect("there are sockets");
        // Who does not read fills little of the system's memory.
        socket.set_recv_buffer_size(4096).expect("a small buffer");
        let to = address.parse().expect("an address");
        let mut stream = socket.connect(to).await.expect("the lab listens");
        let last = last.map_or(String::new(), |id| format!("Last-Event-ID: {id}\r\n"));
        // HTTP/1.0: the body comes as it is, until the end of the connection.
        let asked = format!("GET /api/events HTTP/1.0\r\nHost: {address}\r\n{last}\r\n");
        let sent = stream.write_all(asked.as_bytes()).await;
        sent.expect("the lab takes a request");
        let mut viewer = Self {
            stream,
            unread: Vec::new(),
            bytes: 0,
        };
        let head = viewer.until(b"\r\n\r\n").await.expect("the lab answers");
        let status = head.lines().next().unwrap_or_default().to_owned();
        (status, viewer)
    }

    /// The next event; none at the end.
    pub(crate) async fn next(&mut self) -> Option<Event> {
        let text = self.until(b"\n\n").await?;
        let field = |name: &str| {
            let mut lines = text.lines();
            lines
                .find_map(|line| line.strip_prefix(name))
                .unwrap_or_default()
        };
        Some(Event {
            id: field("id: ").to_owned(),
            name: field("event: ").to_owned(),
            data: serde_json::from_str(field("data: ")).expect("data is JSON"),
        })
    }

    /// The next event of this name.
    pub(crate) async fn next_named(&mut self, name: &str) -> Event {
        loop {
            let event = self.next().await.expect("the stream goes on");
            if event.name == name {
                return event;
            }
        }
    }

    /// What comes up to and without this mark; none at the end.
    async fn until(&mut self, mark: &[u8]) -> Option<String> {
        loop {
            let found = self.unread.windows(mark.len()).position(|it| it == mark);
            if let Some(at) = found {
                let rest = self.unread.split_off(at + mark.len());
                let text = std::mem::replace(&mut self.unread, rest);
                return Some(String::from_utf8_lossy(&text[..at]).into_owned());
            }
            let mut more = vec![0; 65_536];
            let read = timeout(LIMIT, self.stream.read(&mut more)).await;
            let read = read
                .expect("the lab says something")
                .ok()
                .filter(|it| *it > 0)?;
            self.bytes += read;
            self.unread.extend_from_slice(&more[..read]);
        }
    }

    /// Reads what comes for so long, and counts it.
    pub(crate) async fn bytes_in(&mut self, span: Duration) -> usize {
        let before = self.bytes;
        let _ = timeout(span, async { while self.until(b"\n\n").await.is_some() {} }).await;
        self.bytes - before
    }
}
