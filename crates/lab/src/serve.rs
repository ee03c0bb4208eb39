//! A long-running service: listening, limits on what it accepts, and an orderly end.
//!
//! Connections, header size, header time, body size and body time are bounded. When all places are taken, new
//! connections wait in the system's queue. The connections that have been idle longest give way to them once they
//! have been idle for a while, so that ten thousand silent clients cannot lock out a real one. A connection that is
//! new, or that has just got an answer, is about to be used and stays. A request that has been received is answered
//! in every case.

mod activity;
mod answers;
mod body;
mod entrance;
mod guard;
mod health;
mod host;
mod line;
mod lines;
mod reply;
mod routes;
mod slow;
mod wire;

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::Request;
use axum::http::StatusCode;
use futures_util::stream::FuturesUnordered;
use futures_util::{FutureExt, StreamExt};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{HttpService, service_fn};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout};

use activity::{Activity, Connections};
pub(crate) use answers::Answers;
pub(crate) use body::read_json;
use entrance::Entrance;
pub(crate) use entrance::{Listening, listen};
pub(crate) use guard::Control;
use guard::Peer;
pub(crate) use health::router;
pub(crate) use host::{Host, NoHost};
use line::Line;
pub(crate) use lines::list;
pub(crate) use reply::{constant, error, json, json_text, text};
pub(crate) use routes::Routes;
pub(crate) use wire::{Below, Cut, Door, Wire};

use crate::notice::Notice;
use crate::settings::Serving;
use crate::shortage::Shortage;
use crate::shutdown::Shutdown;

/// How long a connection may be without a request: silent, idle, or still sending a header.
const IDLE_TIME: Duration = Duration::from_secs(5);
/// How often connections are checked for that. One sweep costs less than a timer per request.
const SWEEP: Duration = Duration::from_millis(500);
/// How long to wait before trying again when there is no room.
const RETRY_TIME: Duration = Duration::from_millis(10);
/// How long a connection has to be idle before it gives way to a new one.
const GIVE_WAY: Duration = Duration::from_millis(250);
/// How long the service still listens to a connection that has to end: long enough to see what has arrived.
const LAST_LOOK: Duration = Duration::from_millis(2);
/// The most bytes of a request's header.
const HEADER_BYTES: usize = 16 * 1024;
/// How long an idle connection is kept then, so that an answer just written leaves the buffer.
const FLUSH_TIME: Duration = Duration::from_millis(20);

/// How long a request may still take when its service stops listening.
const CLOSING_TIME: Duration = Duration::from_millis(50);

/// Answers requests with `answers` until the shutdown begins, then lets requests under way end.
pub(crate) async fn serve(
    listening: Listening,
    answers: Answers,
    settings: &Serving,
    shutdown: Shutdown,
) {
    serve_with(listening, answers, settings, shutdown, Below::Nothing).await;
}

/// Does the same for a service that acts below HTTP.
pub(crate) async fn serve_with(
    listening: Listening,
    answers: Answers,
    settings: &Serving,
    mut shutdown: Shutdown,
    mut below: Below,
) {
    let mut house = House {
        connections: Connections::new(settings.max_connections),
        drain_time: settings.drain_time,
        tasks: JoinSet::new(),
        answers: Arc::new(answers),
        shutdown: shutdown.clone(),
        shortage: Notice::default(),
    };
    let mut newcomer = None;
    let mut entrance = Entrance::new(listening);
    let mut sweep = tokio::time::interval(SWEEP);
    loop {
        if house.has_room()
            && let Some((stream, peer)) = newcomer.take()
        {
            house.admit(stream, peer, below.wire());
        }
        tokio::select! {
            () = shutdown.begun() => break,
            door = below.changed() => {
                entrance.set(door);
                if door == Door::Closed {
                    newcomer = None;
                    house.connections.close_all();
                }
            }
            _ = sweep.tick() => {
                entrance.mend();
                house.connections.evict_idle_for(IDLE_TIME);
            }
            Some(_) = house.tasks.join_next() => {}
            // One connection is accepted to wait inside: only then is it known that any connection waits at all.
            accepted = entrance.accept(), if newcomer.is_none() => match accepted {
                Ok(accepted) => newcomer = Some(accepted),
                Err(error) => house.recover(&error, entrance.address()).await,
            },
            () = sleep(RETRY_TIME), if newcomer.is_some() => {
                house.connections.evict_longest_idle(GIVE_WAY);
            }
        }
    }
    // Who has come before the end may have sent a request already.
    let mut waiting = newcomer;
    while let Some((stream, peer)) = waiting {
        house.admit(stream, peer, below.wire());
        let more = entrance.accept().now_or_never().and_then(Result::ok);
        waiting = more.filter(|_| house.has_room());
    }
    drop(entrance);
    while house.tasks.join_next().await.is_some() {}
}

/// A service with its connections.
struct House {
    connections: Connections,
    tasks: JoinSet<()>,
    answers: Arc<Answers>,
    /// How long answers under way may take once the shutdown has begun.
    drain_time: Duration,
    shutdown: Shutdown,
    /// For the log: there is no file descriptor or no memory for a new connection, or the system refuses it.
    shortage: Notice,
}

impl House {
    fn has_room(&self) -> bool {
        self.tasks.len() < self.connections.limit()
    }

    fn admit(&mut self, stream: TcpStream, peer: SocketAddr, wire: Option<Wire>) {
        // Answers are small and whole: waiting to fill a packet only delays them.
        let _ = stream.set_nodelay(true);
        let activity = Arc::new(Activity::new());
        self.connections.add(&activity, self.tasks.len());
        let connection = Connection {
            peer,
            answers: Arc::clone(&self.answers),
            wire,
            activity,
            drain_time: self.drain_time,
            shutdown: self.shutdown.clone(),
        };
        self.tasks.spawn(connection.serve(stream));
    }

    /// A lasting cause, such as a shortage, needs a pause, and idle connections give their resources back. A new
    /// connection that has left again says nothing about the next one.
    async fn recover(&mut self, error: &io::Error, address: SocketAddr) {
        let left = [
            io::ErrorKind::ConnectionAborted,
            io::ErrorKind::ConnectionReset,
            io::ErrorKind::Interrupted,
        ];
        // EPROTO, by which accept(2) says so as well, has no kind.
        if left.contains(&error.kind()) || error.raw_os_error() == Some(71) {
            return;
        }
        let reason =
            Shortage::of(error).map_or("the system refuses new connections", Shortage::words);
        if let Some(times) = self.shortage.happens(Instant::now()) {
            tracing::warn!(
                %error,
                reason,
                %address,
                times,
                "cannot accept connections: new ones wait until others end"
            );
        }
        self.connections.evict_longest_idle(GIVE_WAY);
        sleep(RETRY_TIME).await;
    }
}

/// One connection.
struct Connection {
    peer: SocketAddr,
    answers: Arc<Answers>,
    wire: Option<Wire>,
    activity: Arc<Activity>,
    drain_time: Duration,
    shutdown: Shutdown,
}

impl Connection {
    /// Serves the connection from its first byte to its end.
    async fn serve(mut self, stream: TcpStream) {
        let spoken = tokio::select! {
            biased;
            spoken = has_spoken(&stream) => spoken,
            () = self.activity.evicted() => spoke_before(&stream).await,
            () = self.shutdown.begun() => spoke_before(&stream).await,
        };
        // Boxed, so that a connection that never says anything costs next to nothing.
        if spoken {
            Box::pin(self.converse(stream)).await;
        }
    }

    async fn converse(mut self, stream: TcpStream) {
        let (answers, peer, wire) = (self.answers, self.peer, self.wire.clone());
        let busy = Arc::clone(&self.activity);
        let service = service_fn(move |request: hyper::Request<Incoming>| {
            let busy = Arc::clone(&busy);
            busy.begin(request.version());
            let request = slow::watched_for_its_end(request, Arc::clone(&busy));
            let answer = answer(Arc::clone(&answers), request, peer, wire.clone());
            async move {
                let answer = answer.await;
                answer.map(|answer| slow::ended_with_its_body(answer, busy))
            }
        });
        let mut serving = http1::Builder::new()
            .max_buf_size(HEADER_BYTES)
            .serve_connection(
                TokioIo::new(Line::new(stream, Arc::clone(&self.activity))),
                service,
            );
        // Each request wakes this task several times; those who may end the connection are looked at only when
        // they have something to say.
        let mut ends = FuturesUnordered::from_iter([async {
            tokio::select! {
                biased;
                how = cut(self.wire.as_ref()) => Some(how),
                () = self.activity.evicted() => None,
                () = self.shutdown.begun() => None,
            }
        }]);
        let end = tokio::select! {
            biased;
            // A broken connection is the client's affair: there is no one left to tell.
            _ = &mut serving => return,
            end = ends.next() => end.flatten(),
        };
        drop(ends);
        let end = if end.is_some() {
            end
        } else {
            let farewell = Farewell {
                activity: &self.activity,
                wire: self.wire.as_ref(),
                drain_time: self.drain_time,
            };
            farewell.say(&mut serving).await
        };
        if let Some(how) = end {
            let line = serving.into_parts().io.into_inner();
            wire::end(line.into_stream(), how).await;
        }
    }
}

/// The end of a connection at this service's request: the answer under way is the last one.
struct Farewell<'a> {
    activity: &'a Activity,
    wire: Option<&'a Wire>,
    drain_time: Duration,
}

impl Farewell<'_> {
    /// Serves the last answer within its time limit; returns how a handler cut the connection meanwhile, if it did.
    async fn say<S>(self, mut serving: &mut http1::Connection<TokioIo<Line>, S>) -> Option<Cut>
    where
        S: HttpService<Incoming, ResBody = axum::body::Body>,
        S::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        if !self.activity.is_busy() {
            // A request that has arrived by now is not lost.
            let ended = timeout(LAST_LOOK, &mut serving).await.is_ok();
            if ended {
                return None;
            }
        }
        Pin::new(&mut *serving).graceful_shutdown();
        let patience = match (self.activity.is_busy(), self.activity.is_closing()) {
            (true, true) => CLOSING_TIME,
            (true, false) => self.drain_time,
            (false, _) => FLUSH_TIME,
        };
        let last = timeout(patience, async {
            tokio::select! {
                biased;
                _ = &mut serving => None,
                how = cut(self.wire) => Some(how),
            }
        });
        last.await.ok().flatten()
    }
}

/// Returns once a handler has cut the connection, if it can.
async fn cut(wire: Option<&Wire>) -> Cut {
    match wire {
        Some(wire) => wire.is_cut().await,
        None => std::future::pending().await,
    }
}

/// Returns `true` once a client has sent something, and `false` if nothing more can come.
async fn has_spoken(stream: &TcpStream) -> bool {
    matches!(stream.peek(&mut [0]).await, Ok(1))
}

/// Whether anything has arrived from a client by now.
async fn spoke_before(stream: &TcpStream) -> bool {
    timeout(LAST_LOOK, has_spoken(stream)).await == Ok(true)
}

async fn answer(
    answers: Arc<Answers>,
    request: Request,
    peer: SocketAddr,
    wire: Option<Wire>,
) -> Result<axum::response::Response, Infallible> {
    let (mut request, rest) = body::shared(request);
    if guard::changes_something(request.method()) {
        request.extensions_mut().insert(Peer(peer));
    } else if let Some(wire) = wire {
        request.extensions_mut().insert(wire);
    }
    let answer = if host::has_several(request.headers()) {
        let message = "a request must have exactly one Host header";
        error(StatusCode::BAD_REQUEST, "several_hosts", message)
    } else if body::announces_too_much(&request) {
        body::too_large()
    } else {
        answers.answer(request).await
    };
    if let Some(rest) = rest {
        rest.throw_away();
    }
    Ok(answer)
}

#[cfg(test)]
mod tests;
