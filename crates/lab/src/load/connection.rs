//! One connection to a target, and the result of one exchange on it.
//!
//! The worker that has the connection also drives it, so that a request needs no second task. If the target closed a
//! kept connection before a byte of an answer came, the request is sent again on a new one: it is a `GET`, every HTTP
//! client does so (RFC 9110, section 9.2.2), and a server that closes idle connections is healthy. Whatever happens
//! on the new connection is the outcome.

use std::error::Error;
use std::future::poll_fn;
use std::io;
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use experiment::outcome::ClientOutcome;
use http_body_util::Empty;
use hyper::body::Incoming;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::time::{Instant, Sleep, sleep_until};

use super::record::Gauge;
use super::request::{Attempt, Ended};
use crate::client::{Driven, Heard, InTurns, Names, NoHead};
use crate::shortage::Shortage;

/// Shorter than a service keeps an idle connection, so that no request meets one that is closing.
const IDLE_TIME: Duration = Duration::from_secs(2);

/// The destination of connections.
#[derive(Clone, Debug)]
pub(super) struct Endpoint {
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) names: Names,
    /// The timeout of one attempt, including the connection.
    pub(super) patience: Duration,
    /// Counts the open connections.
    pub(super) open: Gauge,
    /// Whether one ever came about.
    pub(super) reached: Arc<AtomicBool>,
    /// The resource that this process ran out of first, if any.
    pub(super) shortage: Arc<OnceLock<Shortage>>,
}

impl Endpoint {
    /// The party that is to blame for a missing connection.
    fn blame(&self, error: &io::Error) -> ClientOutcome {
        Shortage::behind(error).map_or(ClientOutcome::ConnectRefused, |shortage| {
            self.lacks(shortage)
        })
    }

    fn lacks(&self, shortage: Shortage) -> ClientOutcome {
        self.shortage.get_or_init(|| shortage);
        ClientOutcome::OwnShortage
    }
}

/// Makes a client with at most one connection.
#[derive(Debug)]
pub(super) struct Client {
    endpoint: Endpoint,
    connection: Option<Connection>,
    /// Whether the address of the target is being looked up.
    looking_up: bool,
    limit: TimeLimit,
}

impl Client {
    pub(super) fn new(endpoint: Endpoint) -> Self {
        Self {
            endpoint,
            connection: None,
            looking_up: false,
            limit: TimeLimit::default(),
        }
    }

    /// Sends one request and reads the answer to its end.
    pub(super) async fn exchange(&mut self, attempt: &Attempt<'_>) -> Ended {
        let until = Instant::now() + self.endpoint.patience;
        self.looking_up = false;
        let mut limit = std::mem::take(&mut self.limit);
        let ended = limit.hold(until, self.exchange_patiently(attempt)).await;
        self.limit = limit;
        match ended {
            Some(ended) => ended,
            // A name server that is silent says as little of the target as one that knows no such name.
            None if self.looking_up => Ended::without_answer(self.endpoint.lacks(Shortage::Name)),
            // The connection, on which an answer may still come, has been dropped.
            None => Ended::without_answer(ClientOutcome::Timeout),
        }
    }

    async fn exchange_patiently(&mut self, attempt: &Attempt<'_>) -> Ended {
        if let Some(mut connection) = self.reusable() {
            match connection.exchange(attempt.request()).await {
                Exchanged::Ended(ended) if ended.outcome != ClientOutcome::Reset => {
                    return self.keep(connection, ended);
                }
                Exchanged::Ended(_) | Exchanged::Unsent => {}
            }
        }
        let mut connection = match self.open().await {
            Ok(connection) => connection,
            Err(error) => return Ended::without_answer(self.endpoint.blame(&error)),
        };
        match connection.exchange(attempt.request()).await {
            Exchanged::Ended(ended) => self.keep(connection, ended),
            Exchanged::Unsent => Ended::without_answer(ClientOutcome::Reset),
        }
    }

    async fn open(&mut self) -> io::Result<Connection> {
        let Endpoint {
            names, host, port, ..
        } = &self.endpoint;
        self.looking_up = true;
        let addresses = names.find(host, *port).await;
        self.looking_up = false;
        let addresses = addresses.map_err(io::Error::other)?;
        Connection::open(&self.endpoint, &addresses).await
    }

    fn reusable(&mut self) -> Option<Connection> {
        let connection = self.connection.take()?;
        let fresh = !connection.driven.is_done() && connection.used.elapsed() < IDLE_TIME;
        fresh.then_some(connection)
    }

    fn keep(&mut self, connection: Connection, ended: Ended) -> Ended {
        // Where the answer broke off, so has the connection.
        let whole = !matches!(
            ended.outcome,
            ClientOutcome::Reset | ClientOutcome::Truncated | ClientOutcome::Protocol
        );
        if whole && !connection.driven.is_done() {
            self.connection = Some(connection);
        }
        ended
    }

    /// Watches the idle connection, so that it is closed when the other side closes it. Never returns.
    pub(super) async fn watch(&mut self) {
        if let Some(connection) = &mut self.connection {
            poll_fn(|cx| connection.driven.drive(cx)).await;
            self.connection = None;
        }
        std::future::pending::<()>().await;
    }
}

/// A connection and its state.
#[derive(Debug)]
struct Connection {
    driven: Driven,
    used: Instant,
    open: Gauge,
}

enum Exchanged {
    Ended(Ended),
    /// Not a byte of it was written.
    Unsent,
}

/// A time limit for consecutive attempts, with one timer for all of them.
///
/// Setting and cancelling a timer for each request costs a tenth of the request. This timer stays where it is while
/// attempts end in time, and is moved only when it fires: it is never set too late, because each attempt has the same
/// timeout, or a longer one if it began later.
#[derive(Debug, Default)]
struct TimeLimit {
    timer: Option<Pin<Box<Sleep>>>,
}

impl TimeLimit {
    /// The result of `future` before `until`.
    async fn hold<T>(&mut self, until: Instant, future: impl Future<Output = T>) -> Option<T> {
        let mut future = pin!(future);
        poll_fn(|cx| match future.as_mut().poll(cx) {
            Poll::Ready(output) => Poll::Ready(Some(output)),
            Poll::Pending => self.is_over(until, cx).map(|()| None),
        })
        .await
    }

    fn is_over(&mut self, until: Instant, cx: &mut Context<'_>) -> Poll<()> {
        let timer = self
            .timer
            .get_or_insert_with(|| Box::pin(sleep_until(until)));
        while timer.as_mut().poll(cx).is_ready() {
            if Instant::now() >= until {
                return Poll::Ready(());
            }
            timer.as_mut().reset(until);
        }
        Poll::Pending
    }
}

impl Connection {
    async fn open(endpoint: &Endpoint, addresses: &[SocketAddr]) -> io::Result<Self> {
        let stream = TcpStream::connect(addresses).await?;
        stream.set_nodelay(true)?;
        let heard = Heard::new(InTurns::new(stream));
        let driven = Driven::new(TokioIo::new(heard)).await;
        let driven = driven.map_err(io::Error::other)?;
        endpoint.open.add(1);
        endpoint.reached.store(true, Ordering::Relaxed);
        Ok(Self {
            driven,
            used: Instant::now(),
            open: endpoint.open.clone(),
        })
    }

    async fn exchange(&mut self, request: Request<Empty<Bytes>>) -> Exchanged {
        if !self.driven.ready().await {
            return Exchanged::Unsent;
        }
        let response = match self.driven.send(request).await {
            Ok(response) => response,
            Err(NoHead::Unsent(_)) => return Exchanged::Unsent,
            Err(NoHead::Broken(error)) => return Exchanged::Ended(self.broken(&error)),
        };
        let ended = self.read(response).await;
        self.used = Instant::now();
        Exchanged::Ended(ended)
    }

    async fn read(&mut self, response: Response<Incoming>) -> Ended {
        let status = response.status().as_u16();
        let from_breaker = response.headers().contains_key("x-breaker-state");
        let mut body = response.into_body();
        while let Some(frame) = self.driven.frame(&mut body).await {
            if let Err(error) = frame {
                let outcome = if is_nonsense(&error) {
                    ClientOutcome::Protocol
                } else {
                    ClientOutcome::Truncated
                };
                return Ended {
                    outcome,
                    status: Some(status),
                };
            }
        }
        Ended {
            outcome: ClientOutcome::of_status(status, from_breaker),
            status: Some(status),
        }
    }

    /// What came in place of the head of an answer.
    fn broken(&self, error: &hyper::Error) -> Ended {
        Ended::without_answer(if error.is_parse() || is_nonsense(error) {
            ClientOutcome::Protocol
        } else if self.driven.has_begun() {
            ClientOutcome::Truncated
        } else {
            ClientOutcome::Reset
        })
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.open.add(-1);
    }
}

/// Whether the data makes no sense, such as a chunk without a size; otherwise the connection broke off.
fn is_nonsense(error: &hyper::Error) -> bool {
    let mut source = error.source();
    while let Some(cause) = source {
        if let Some(error) = cause.downcast_ref::<io::Error>() {
            return matches!(
                error.kind(),
                io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput
            );
        }
        source = cause.source();
    }
    false
}

#[cfg(test)]
mod tests {
    use telemetry::trace::Tracer;

    use super::super::request::Requests;
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_name_server_that_is_silent_is_no_fault_of_the_target() {
        let shortage = Arc::default();
        let mut client = Client::new(Endpoint {
            host: "silent.test".to_owned(),
            port: 80,
            names: Names::silent(),
            patience: Duration::from_secs(1),
            open: Gauge::default(),
            reached: Arc::default(),
            shortage: Arc::clone(&shortage),
        });

        let url = "http://silent.test".parse().unwrap();
        let requests = Requests::new(&url, Tracer::default());
        let ended = client.exchange(&requests.next(1).0).await;

        assert_eq!(ended, Ended::without_answer(ClientOutcome::OwnShortage));
        assert_eq!(shortage.get(), Some(&Shortage::Name));
    }

    #[tokio::test(start_paused = true)]
    async fn each_attempt_has_its_own_limit_though_they_share_a_timer() {
        let mut limit = TimeLimit::default();
        let patience = Duration::from_secs(1);
        for (takes, comes) in [(300, true), (900, true), (1500, false), (999, true)] {
            let began = Instant::now();
            let answer = tokio::time::sleep(Duration::from_millis(takes));
            let held = limit.hold(began + patience, answer).await;

            assert_eq!(held.is_some(), comes, "{takes} ms");
            assert_eq!(began.elapsed().as_millis(), u128::from(takes.min(1000)));
        }
    }
}
