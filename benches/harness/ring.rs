//! A closed loop of clients: each sends its next request when it has its answer.
//!
//! One thread goes round all connections: it reads the answer of one, sends the next request, and goes on to the next
//! connection. So as many requests as there are connections are always under way, and the load costs one read and one
//! write per request. The server is what is measured, so the same ring serves both of a pair.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use crate::now;

/// How long an answer may take. Longer than a busy machine lets a healthy service wait.
const PATIENCE: Duration = Duration::from_secs(20);
/// Shorter than the lab keeps an idle connection.
const IDLE: Duration = Duration::from_secs(2);
/// The largest answer that is read.
const ANSWER_BYTES: usize = 1024 * 1024;

/// Connections to one server, and the request that they send.
#[derive(Debug)]
pub struct Ring {
    server: SocketAddr,
    connections: Vec<Connection>,
    request: Vec<u8>,
    used: Instant,
}

/// One answer.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The status code.
    pub status: u16,
    /// Names and values of its headers, the names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

#[derive(Debug)]
struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
}

impl Ring {
    /// Connects `connections` times; requests are `GET path`.
    ///
    /// # Errors
    /// Where a connection is refused.
    pub fn new(server: SocketAddr, path: &str, connections: usize) -> io::Result<Self> {
        let open = || Connection::open(server);
        let connections: io::Result<_> = (0..connections).map(|_| open()).collect();
        Ok(Self {
            server,
            connections: connections?,
            request: request("GET", server, path, ""),
            used: now(),
        })
    }

    /// Prepares a turn: opens the connections again if they have been idle for so long that the server may have
    /// closed them, and makes one request on each.
    ///
    /// # Errors
    /// As those of [`turn`](Self::turn).
    pub fn prepare(&mut self, expected: u16) -> io::Result<()> {
        if self.used.elapsed() >= IDLE {
            for connection in &mut self.connections {
                *connection = Connection::open(self.server)?;
            }
        }
        self.turn(Duration::ZERO, expected).map(|_| ())
    }

    /// Sends requests for `length` and reads all answers. Says how many there were.
    ///
    /// # Errors
    /// Where a connection breaks, or an answer does not have the status `expected`.
    pub fn turn(&mut self, length: Duration, expected: u16) -> io::Result<u32> {
        let begin = now();
        for connection in &mut self.connections {
            connection.send(&self.request)?;
        }
        let mut answers = 0;
        loop {
            let over = begin.elapsed() >= length;
            for connection in &mut self.connections {
                let status = connection.answer()?.0;
                if status != expected {
                    let message = format!("the answer is {status}, not {expected}");
                    return Err(io::Error::other(message));
                }
                answers += 1;
                if !over {
                    connection.send(&self.request)?;
                }
            }
            if over {
                self.used = now();
                return Ok(answers);
            }
        }
    }
}

/// Sends one request on a connection of its own.
///
/// # Errors
/// Where the connection or the answer breaks off.
pub fn ask(method: &str, server: SocketAddr, path: &str, body: &str) -> io::Result<Answer> {
    let mut connection = Connection::open(server)?;
    connection.send(&request(method, server, path, body))?;
    let (status, head, length) = connection.answer()?;
    let text = String::from_utf8_lossy(&connection.buffer[..head]);
    let headers = text.lines().skip(1).filter_map(|line| {
        let (name, value) = line.split_once(':')?;
        Some((name.to_ascii_lowercase(), value.trim().to_owned()))
    });
    Ok(Answer {
        status,
        headers: headers.collect(),
        body: connection.buffer[head..head + length].to_vec(),
    })
}

fn request(method: &str, server: SocketAddr, path: &str, body: &str) -> Vec<u8> {
    let length = body.len();
    let rest = match length {
        0 => String::new(),
        _ => format!("content-type: application/json\r\ncontent-length: {length}\r\n"),
    };
    format!("{method} {path} HTTP/1.1\r\nhost: {server}\r\n{rest}\r\n{body}").into_bytes()
}

impl Connection {
    fn open(server: SocketAddr) -> io::Result<Self> {
        let stream = TcpStream::connect(server)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        Ok(Self {
            stream,
            buffer: vec![0; 4096],
        })
    }

    fn send(&mut self, request: &[u8]) -> io::Result<()> {
        self.stream.write_all(request)
    }

    /// Reads an answer to its end: its status, and the lengths of head and body.
    fn answer(&mut self) -> io::Result<(u16, usize, usize)> {
        let mut read = 0;
        loop {
            if read == self.buffer.len() {
                if read >= ANSWER_BYTES {
                    return Err(io::Error::other("the answer is too long"));
                }
                self.buffer.resize(2 * read, 0);
            }
            match self.stream.read(&mut self.buffer[read..])? {
                0 => return Err(io::ErrorKind::UnexpectedEof.into()),
                more => read += more,
            }
            if let Some((status, head, length)) = parse(&self.buffer[..read])
                && read >= head + length
            {
                return Ok((status, head, length));
            }
        }
    }
}

/// Status, and lengths of head and body, once the head is there.
fn parse(read: &[u8]) -> Option<(u16, usize, usize)> {
    let head = read.windows(4).position(|four| four == b"\r\n\r\n")? + 4;
    let text = std::str::from_utf8(&read[..head]).ok()?;
    let status = text.get(9..12)?.parse().ok()?;
    let length = text.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length")
            .then(|| value.trim().parse().ok())?
    });
    Some((status, head, length.unwrap_or(0)))
}
