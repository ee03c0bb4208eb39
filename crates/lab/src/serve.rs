//! How is a service kept up? Listening, bounds on what it takes on, and an orderly end.
//!
//! Connections, header size, header time, body size and body time are bounded. When all places are
//! taken, a new connection replaces the one that has been idle longest (as nginx does), so that ten
//! thousand silent clients cannot lock out a real one.

mod activity;
mod body;
mod entrance;
mod guard;
mod health;
mod host;
mod lines;
mod measured;
mod reply;
mod slow;
mod wire;

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::http::StatusCode;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use tower::ServiceExt;

use activity::{Activity, Connections};
pub(crate) use body::read_json;
use entrance::Entrance;
pub(crate) use entrance::{Listening, listen};
pub(crate) use guard::Control;
use guard::Peer;
pub(crate) use health::router;
pub(crate) use host::{Host, NoHost};
pub(crate) use lines::list;
pub(crate) use measured::Routes;
pub(crate) use reply::{error, json, text};
pub(crate) use wire::{Below, Cut, Door, Wire};

use crate::settings::Serving;
use crate::shutdown::Shutdown;

/// How long a connection may be without a request: silent, idle, or still sending a header.
const IDLE_TIME: Duration = Duration::from_secs(5);
/// How often connections are looked at for that. One sweep costs less than a timer per request.
const SWEEP: Duration = Duration::from_millis(500);
/// `ENFILE` and `EMFILE`, which have these numbers on every Unix.
const OUT_OF_FILES: [i32; 2] = [23, 24];
/// How long to wait before trying again when there is no room.
const RETRY_TIME: Duration = Duration::from_millis(10);
/// How many bytes a request's header may have.
const HEADER_BYTES: usize = 16 * 1024;
/// How long an idle connection is kept then, so that an answer just written leaves the buffer.
const FLUSH_TIME: Duration = Duration::from_millis(20);

/// How long a request may still take when its service stops listening.
const CLOSING_TIME: Duration = Duration::from_millis(50);

/// Answers requests with `router` until the shutdown begins, then lets those under way end.
pub(crate) async fn serve(
    listening: Listening,
    router: Router,
    settings: &Serving,
    shutdown: Shutdown,
) {
    serve_with(listening, router, settings, shutdown, Below::Nothing).await;
}

/// The same for a service that does something below HTTP.
pub(crate) async fn serve_with(
    listening: Listening,
    router: Router,
    settings: &Serving,
    mut shutdown: Shutdown,
    mut below: Below,
) {
    let mut house = House {
        connections: Connections::new(settings.max_connections),
        drain_time: settings.drain_time,
        tasks: JoinSet::new(),
        router,
        shutdown: shutdown.clone(),
    };
    let mut entrance = Entrance::new(listening);
    let mut sweep = tokio::time::interval(SWEEP);
    loop {
        tokio::select! {
            () = shutdown.begun() => break,
            door = below.changed() => {
                entrance.set(door);
                if door == Door::Closed {
                    house.connections.close_all();
                }
            }
            _ = sweep.tick() => {
                entrance.mend();
                house.connections.evict_idle_for(IDLE_TIME);
            }
            Some(_) = house.tasks.join_next() => {}
            accepted = entrance.accept(), if house.has_room() => match accepted {
                Ok((stream, peer)) => house.admit(stream, peer, below.wire()),
                Err(error) => house.recover(&error).await,
            },
            // All places are taken by requests: look again, one may have ended.
            () = sleep(RETRY_TIME), if !house.has_room() => house.connections.evict_longest_idle(),
        }
    }
    drop(entrance);
    while house.tasks.join_next().await.is_some() {}
}

/// A service with its connections.
struct House {
    connections: Connections,
    tasks: JoinSet<()>,
    router: Router,
    /// How long answers under way may take once the shutdown has begun.
    drain_time: Duration,
    shutdown: Shutdown,
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
            router: self.router.clone(),
            wire,
            activity,
            drain_time: self.drain_time,
            shutdown: self.shutdown.clone(),
        };
        self.tasks.spawn(connection.serve(stream));
        if !self.has_room() {
            self.connections.evict_longest_idle();
        }
    }

    /// Out of file descriptors is the one lasting error: idle connections give theirs back. Others
    /// concern the one connection that broke before it was accepted.
    async fn recover(&mut self, error: &io::Error) {
        if error
            .raw_os_error()
            .is_some_and(|code| OUT_OF_FILES.contains(&code))
        {
            tracing::warn!(%error, "closing idle connections to accept new ones");
            self.connections.evict_longest_idle();
            sleep(RETRY_TIME).await;
        }
    }
}

/// One connection.
struct Connection {
    peer: SocketAddr,
    router: Router,
    wire: Option<Wire>,
    activity: Arc<Activity>,
    drain_time: Duration,
    shutdown: Shutdown,
}

impl Connection {
    /// Serves it from its first byte to its end.
    async fn serve(mut self, stream: TcpStream) {
        let mut byte = [0];
        let spoken = tokio::select! {
            peeked = stream.peek(&mut byte) => matches!(peeked, Ok(1)),
            () = self.activity.evicted() => false,
            () = self.shutdown.begun() => false,
        };
        // Boxed, so that a connection that never says anything costs next to nothing.
        if spoken {
            Box::pin(self.converse(stream)).await;
        }
    }

    async fn converse(mut self, stream: TcpStream) {
        let (router, peer, wire) = (self.router, self.peer, self.wire.clone());
        let busy = Arc::clone(&self.activity);
        let service = service_fn(move |request: hyper::Request<Incoming>| {
            let answer = answer(router.clone(), request, peer, wire.clone());
            let busy = Arc::clone(&busy);
            async move {
                busy.begin();
                let answer = answer.await;
                answer.map(|answer| slow::ended_with_its_body(answer, busy))
            }
        });
        let mut serving = http1::Builder::new()
            .max_buf_size(HEADER_BYTES)
            .serve_connection(TokioIo::new(stream), service);
        tokio::select! {
            biased;
            // A broken connection is the client's affair: there is nobody left to tell.
            _ = &mut serving => return,
            how = cut(self.wire.as_ref()) => {
                let stream = serving.into_parts().io.into_inner();
                return wire::end(stream, how).await;
            }
            () = self.activity.evicted() => {}
            () = self.shutdown.begun() => {}
        }
        Pin::new(&mut serving).graceful_shutdown();
        let patience = match (self.activity.is_busy(), self.activity.is_closing()) {
            (true, true) => CLOSING_TIME,
            (true, false) => self.drain_time,
            (false, _) => FLUSH_TIME,
        };
        let last = timeout(patience, async {
            tokio::select! {
                biased;
                _ = &mut serving => None,
                how = cut(self.wire.as_ref()) => Some(how),
            }
        });
        if let Ok(Some(how)) = last.await {
            wire::end(serving.into_parts().io.into_inner(), how).await;
        }
    }
}

/// Returns once a handler has cut the connection, if it can.
async fn cut(wire: Option<&Wire>) -> Cut {
    match wire {
        Some(wire) => wire.is_cut().await,
        None => std::future::pending().await,
    }
}

async fn answer(
    router: Router,
    request: hyper::Request<Incoming>,
    peer: SocketAddr,
    wire: Option<Wire>,
) -> Result<axum::response::Response, Infallible> {
    if host::has_several(request.headers()) {
        let message = "a request must have one Host header";
        return Ok(error(StatusCode::BAD_REQUEST, "several_hosts", message));
    }
    let (mut request, rest) = body::shared(request);
    if guard::changes_something(request.method()) {
        request.extensions_mut().insert(Peer(peer));
    } else if let Some(wire) = wire {
        request.extensions_mut().insert(wire);
    }
    let answer = if body::announces_too_much(&request) {
        body::too_large()
    } else {
        router.oneshot(request).await?
    };
    if let Some(rest) = rest {
        rest.throw_away();
    }
    Ok(answer)
}
