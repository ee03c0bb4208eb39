//! The clients with which one service calls another.
//!
//! [`client`] is for single requests. [`Downstream`] is for calls whose other side may do anything: what it sends is
//! read [in turns](InTurns), so that no answer, however long or endless, blocks the thread for others or keeps the
//! call from its own timeout.
//!
//! A healthy server may close a kept-alive connection at the moment in which a request leaves. [`Downstream::get`]
//! sends such a request again on a fresh connection, as RFC 9110 allows for idempotent methods (section 9.2.2) and
//! HTTP clients do. A fresh connection that breaks is a failure, and so is one that breaks after an answer [has
//! begun](Heard). Both requests have the same [`CALL_ID`], so that a service that counts calls can tell that they are
//! one.

mod connector;
mod driven_connection;
mod heard_socket;
mod names;
mod pool;
mod socket_in_turns;
mod wakers;

use std::error::Error;
use std::hash::{BuildHasher, RandomState};
use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use axum::http::header::{ACCEPT, AUTHORIZATION, HOST, HeaderName, HeaderValue};
use axum::http::{HeaderMap, Request, Response, StatusCode, Uri};
use bytes::Bytes;
use http_body_util::Empty;
use hyper::body::Incoming;
use reqwest::{Url, redirect};

use connector::Connector;
pub(crate) use connector::LookingUp;
pub(crate) use driven_connection::{Driven, Unanswered as NoHead};
pub(crate) use heard_socket::{Begun, Heard};
pub(crate) use names::Names;
use pool::Pool;
pub(crate) use socket_in_turns::InTurns;

/// The header with the key, by which the downstream tells its shards apart.
pub(crate) const REQUEST_KEY: HeaderName = HeaderName::from_static("x-request-key");

/// Headers that a request has room for without growing.
const HEADERS: usize = 8;
/// Shorter than a service keeps an idle connection, so that no request meets one that is closing.
const IDLE_TIME: Duration = Duration::from_secs(2);

/// The header by which a call is known again that is sent once more.
pub(crate) const CALL_ID: HeaderName = HeaderName::from_static("x-call-id");

/// A client for services on this machine: no proxy, no redirects.
pub(crate) fn client() -> reqwest::Client {
    reqwest::Client::builder()
        .no_proxy()
        .redirect(redirect::Policy::none())
        .pool_idle_timeout(IDLE_TIME)
        .build()
        .expect("a client without TLS can be built")
}

/// A client for a service that may misbehave.
///
/// It sends requests on connections that are kept alive, and once more on a fresh one.
#[derive(Debug)]
pub(crate) struct Downstream {
    pool: Pool,
    connector: Connector,
    /// What every request says.
    headers: HeaderMap,
    /// The id of the next call.
    next: AtomicU64,
}

/// The answer to a request that came to its end, or was read up to a limit.
#[derive(Debug)]
pub(crate) struct Answered {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
}

/// Why there is no whole answer.
#[derive(Debug)]
pub(crate) enum Unanswered {
    /// No connection came about.
    Connect(BoxError),
    /// The connection broke, or what came was no answer.
    Broken(BoxError),
}

type BoxError = Box<dyn Error + Send + Sync>;

impl Downstream {
    /// A client for the service at `url` and below.
    pub(crate) fn new(url: &Url) -> Self {
        let request = client().get(url.clone()).build();
        let authorization = request
            .ok()
            .and_then(|request| request.headers().get(AUTHORIZATION).cloned());
        let mut headers = HeaderMap::with_capacity(HEADERS);
        headers.extend(host(url).map(|value| (HOST, value)));
        headers.extend(authorization.map(|value| (AUTHORIZATION, value)));
        headers.insert(ACCEPT, HeaderValue::from_static("*/*"));
        Self {
            pool: Pool::default(),
            connector: Connector::new(Names::of_system(), url),
            headers,
            // Any number, so that calls from before a restart are others.
            next: RandomState::new().hash_one(()).into(),
        }
    }

    /// Says this in every request, too.
    pub(crate) fn with_header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.insert(name, value);
        self
    }

    /// The headers of a request to this service, to which others may be added.
    pub(crate) fn headers(&self) -> HeaderMap {
        self.headers.clone()
    }

    /// Asks for `path`, and reads up to `limit` bytes of the answer. Neither redirects nor a proxy are
    /// followed. Whoever does not wait for the end is told whether the host was still being looked up.
    pub(crate) async fn get(
        &self,
        path: Uri,
        mut headers: HeaderMap,
        limit: usize,
        looking_up: &LookingUp,
    ) -> Result<Answered, Unanswered> {
        let id = self.next.fetch_add(1, Ordering::Relaxed);
        headers.insert(CALL_ID, HeaderValue::from(id));
        let mut request = Request::new(Empty::new());
        *request.uri_mut() = path;
        *request.headers_mut() = headers;
        if let Some(mut connection) = self.pool.take().await {
            let again = request.clone();
            let sent = if connection.ready().await {
                connection.send(request).await
            } else {
                Err(NoHead::Unsent(Box::new(request)))
            };
            match sent {
                Ok(response) => return self.read(connection, response, limit).await,
                Err(NoHead::Broken(error)) if !was_closed(&error) || connection.has_begun() => {
                    return Err(Unanswered::Broken(error.into()));
                }
                Err(NoHead::Broken(_)) => request = again,
                Err(NoHead::Unsent(unsent)) => request = *unsent,
            }
        }
        let mut connection = self.connect(looking_up).await?;
        match connection.send(request).await {
            Ok(response) => self.read(connection, response, limit).await,
            Err(NoHead::Broken(error)) => Err(Unanswered::Broken(error.into())),
            Err(NoHead::Unsent(_)) => Err(Unanswered::Broken("it was closed".into())),
        }
    }

    /// Ends connections that have been idle for long. Comes at regular times.
    pub(crate) fn sweep(&self) {
        self.pool.sweep();
    }

    async fn connect(&self, looking_up: &LookingUp) -> Result<Driven, Unanswered> {
        let stream = self.connector.connect(looking_up).await;
        let stream = stream.map_err(Unanswered::Connect)?;
        let connection = Driven::new(stream).await;
        connection.map_err(|error| Unanswered::Broken(error.into()))
    }

    async fn read(
        &self,
        mut connection: Driven,
        response: Response<Incoming>,
        limit: usize,
    ) -> Result<Answered, Unanswered> {
        let (head, mut body) = response.into_parts();
        let answered = Answered {
            status: head.status,
            headers: head.headers,
        };
        let mut read = 0;
        while let Some(frame) = connection.frame(&mut body).await {
            let frame = frame.map_err(|error| Unanswered::Broken(error.into()))?;
            read += frame.data_ref().map_or(0, Bytes::len);
            if read > limit {
                // With so much left to say, the connection is of no more use.
                return Ok(answered);
            }
        }
        self.pool.keep(connection);
        Ok(answered)
    }
}

/// What a URL asks of its host.
pub(crate) fn path(url: &Url) -> Uri {
    let parsed = match url.query() {
        None => url.path().parse(),
        Some(query) => format!("{}?{query}", url.path()).parse(),
    };
    // What a URL may hold, a URI may, too.
    parsed.unwrap_or_default()
}

/// The host as requests name it, with its port where that is not the usual one.
fn host(url: &Url) -> Option<HeaderValue> {
    let name = url.host_str()?;
    let text = match url.port() {
        Some(port) => format!("{name}:{port}"),
        None => name.to_owned(),
    };
    HeaderValue::from_str(&text).ok()
}

/// Whether the connection ended before the head of an answer was there.
fn was_closed(error: &hyper::Error) -> bool {
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

#[cfg(test)]
mod tests;
