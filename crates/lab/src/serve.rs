//! How is a service kept up? Listening, bounds on what it takes on, and an orderly end.
//!
//! Connections, header size, header time, body size and body time are bounded. When all places are
//! taken, a new connection replaces the one that has been idle longest (as nginx does), so that ten
//! thousand silent clients cannot lock out a real one.

mod activity;
mod body;
mod guard;
mod health;
mod measured;
mod reply;

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use tower::ServiceExt;

use activity::{Activity, Connections};
pub(crate) use body::read_json;
pub(crate) use guard::Control;
use guard::Peer;
pub(crate) use health::router;
pub(crate) use measured::Routes;
pub(crate) use reply::{error, json, text};

use crate::failure::Failure;
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
/// Connections that the kernel keeps for us until we accept them.
const BACKLOG: u32 = 4096;

/// A socket that listens; nothing is accepted yet.
#[derive(Debug)]
pub(crate) struct Listening {
    listener: TcpListener,
    pub(crate) address: SocketAddr,
}

/// Listens on `address` for `who`. `flag` tells the user how to choose another address.
pub(crate) fn listen(address: SocketAddr, who: &str, flag: &str) -> Result<Listening, Failure> {
    let bound =
        bind(address).map_err(|error| Failure::usage(refusal(address, who, flag, &error)))?;
    let address = bound
        .local_addr()
        .map_err(|error| Failure::runtime(error.to_string()))?;
    Ok(Listening {
        listener: bound,
        address,
    })
}

fn bind(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() {
        TcpSocket::new_v4()?
    } else {
        TcpSocket::new_v6()?
    };
    // On Windows this would let two processes share a port.
    #[cfg(unix)]
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

fn refusal(address: SocketAddr, who: &str, flag: &str, error: &io::Error) -> String {
    let port = address.port();
    match error.kind() {
        io::ErrorKind::AddrInUse => format!(
            "port {port} on {} is taken, so {who} cannot listen there; perhaps another breaker-lab \
             is running (`ss -ltnp 'sport = :{port}'` shows who holds it): end it, or choose \
             another port with {flag}",
            address.ip(),
        ),
        _ => format!("{who} cannot listen on {address}: {error}; choose another with {flag}"),
    }
}

/// Answers requests with `router` until the shutdown begins, then lets those under way end.
pub(crate) async fn serve(
    listening: Listening,
    router: Router,
    settings: &Serving,
    mut shutdown: Shutdown,
) {
    let mut house = House {
        connections: Connections::new(settings.max_connections),
        drain_time: settings.drain_time,
        tasks: JoinSet::new(),
        router,
        shutdown: shutdown.clone(),
    };
    let mut sweep = tokio::time::interval(SWEEP);
    loop {
        tokio::select! {
            () = shutdown.begun() => break,
            _ = sweep.tick() => house.connections.evict_idle_for(IDLE_TIME),
            Some(_) = house.tasks.join_next() => {}
            accepted = listening.listener.accept(), if house.has_room() => match accepted {
                Ok((stream, peer)) => house.admit(stream, peer),
                Err(error) => house.recover(&error).await,
            },
            // All places are taken by requests: look again, one may have ended.
            () = sleep(RETRY_TIME), if !house.has_room() => house.connections.evict_longest_idle(),
        }
    }
    drop(listening);
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

    fn admit(&mut self, stream: TcpStream, peer: SocketAddr) {
        // Answers are small and whole: waiting to fill a packet only delays them.
        let _ = stream.set_nodelay(true);
        let activity = Arc::new(Activity::new());
        self.connections.add(&activity, self.tasks.len());
        let connection = Connection {
            peer,
            router: self.router.clone(),
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
        let (router, peer) = (self.router, self.peer);
        let busy = Arc::clone(&self.activity);
        let service = service_fn(move |request: hyper::Request<Incoming>| {
            let answer = answer(router.clone(), request, peer);
            let busy = Arc::clone(&busy);
            async move {
                busy.begin();
                let answer = answer.await;
                busy.end();
                answer
            }
        });
        let serving = http1::Builder::new()
            .max_buf_size(HEADER_BYTES)
            .serve_connection(TokioIo::new(stream), service);
        let mut serving = std::pin::pin!(serving);
        tokio::select! {
            biased;
            // A broken connection is the client's affair: there is nobody left to tell.
            _ = serving.as_mut() => return,
            () = self.activity.evicted() => {}
            () = self.shutdown.begun() => {}
        }
        serving.as_mut().graceful_shutdown();
        let patience = if self.activity.is_busy() {
            self.drain_time
        } else {
            FLUSH_TIME
        };
        let _ = timeout(patience, serving).await;
    }
}

async fn answer(
    router: Router,
    request: hyper::Request<Incoming>,
    peer: SocketAddr,
) -> Result<axum::response::Response, Infallible> {
    let mut request: Request = request.map(Body::new);
    if body::announces_too_much(&request) {
        return Ok(body::refuse(request).await);
    }
    if guard::changes_something(request.method()) {
        request.extensions_mut().insert(Peer(peer));
    }
    router.oneshot(request).await
}
