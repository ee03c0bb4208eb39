//! The HTTP client with which one service calls another.
//!
//! A connection that was kept alive may be closed by a healthy server in the moment in which a request
//! leaves. [`Client::get`] sends such a request once more on a fresh connection, as RFC 9110 allows for
//! idempotent methods (section 9.2.2) and HTTP clients do. A fresh connection that breaks is a failure.

use std::cell::Cell;
use std::error::Error;
use std::io;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::header::HeaderMap;
use reqwest::{ClientBuilder, Response, Url, redirect};
use tower::{Layer, Service};

use crate::shortage::Unresolved;

/// Shorter than a service keeps an idle connection, so that no request meets one that is closing.
const IDLE_TIME: Duration = Duration::from_secs(2);

tokio::task_local! {
    /// Whether a connection was asked for while the present request was sent.
    static CONNECTED: Cell<bool>;
}

/// Sends requests on connections that are kept alive, and once more on a fresh one.
#[derive(Clone, Debug)]
pub(crate) struct Client {
    kept_alive: reqwest::Client,
    fresh: reqwest::Client,
}

impl Client {
    pub(crate) fn new() -> Self {
        let fresh = builder().pool_max_idle_per_host(0);
        Self {
            kept_alive: builder()
                .connector_layer(NoteConnections)
                .build()
                .expect("a client without TLS can be built"),
            fresh: fresh.build().expect("a client without TLS can be built"),
        }
    }

    /// Sends a `GET`, and waits for the head of the answer.
    pub(crate) async fn get(&self, url: Url, headers: HeaderMap) -> reqwest::Result<Response> {
        let again = (url.clone(), headers.clone());
        let sent = async {
            let answer = self.kept_alive.get(url).headers(headers).send().await;
            (answer, CONNECTED.with(Cell::get))
        };
        let (answer, connected) = CONNECTED.scope(Cell::new(false), sent).await;
        match answer {
            Err(error) if !connected && was_closed(&error) => {
                let (url, headers) = again;
                self.fresh.get(url).headers(headers).send().await
            }
            answer => answer,
        }
    }
}

/// A client for services on this machine.
pub(crate) fn client() -> reqwest::Client {
    builder()
        .build()
        .expect("a client without TLS can be built")
}

/// No proxy, no redirects: the caller sees what the service answered.
fn builder() -> ClientBuilder {
    reqwest::Client::builder()
        .no_proxy()
        .redirect(redirect::Policy::none())
        .pool_idle_timeout(IDLE_TIME)
        .dns_resolver(Arc::new(SystemResolver))
}

/// Whether the connection ended before the head of an answer came.
fn was_closed(error: &reqwest::Error) -> bool {
    let mut cause: Option<&(dyn Error + 'static)> = Some(error);
    while let Some(error) = cause {
        if let Some(error) = error.downcast_ref::<hyper::Error>()
            && error.is_incomplete_message()
        {
            return true;
        }
        if let Some(error) = error.downcast_ref::<io::Error>() {
            return matches!(
                error.kind(),
                io::ErrorKind::ConnectionReset
                    | io::ErrorKind::ConnectionAborted
                    | io::ErrorKind::BrokenPipe
            );
        }
        cause = error.source();
    }
    false
}

/// Asks the system for addresses, and marks its failures so that they are not taken for the service's.
struct SystemResolver;

impl Resolve for SystemResolver {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await;
            let addresses: Vec<_> = found.map_err(Unresolved)?.collect();
            let addresses: Addrs = Box::new(addresses.into_iter());
            Ok(addresses)
        })
    }
}

/// Notes in [`CONNECTED`] that a connection is asked for.
#[derive(Clone, Copy, Debug)]
struct NoteConnections;

impl<S> Layer<S> for NoteConnections {
    type Service = Noting<S>;

    fn layer(&self, inner: S) -> Noting<S> {
        Noting(inner)
    }
}

#[derive(Clone, Debug)]
struct Noting<S>(S);

impl<R, S: Service<R>> Service<R> for Noting<S> {
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.0.poll_ready(cx)
    }

    fn call(&mut self, request: R) -> S::Future {
        // Nobody listens where a connection is made beside a request.
        let _ = CONNECTED.try_with(|connected| connected.set(true));
        self.0.call(request)
    }
}
