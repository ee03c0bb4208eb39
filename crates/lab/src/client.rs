//! Clients with which one service calls another.
//!
//! [`client`] is for whoever asks once. [`Downstream`] is for calls whose other side may do anything: what
//! it sends is read [in turns](InTurns), so that no answer, however long or endless, keeps the thread from
//! everybody else, nor the call from its own timeout.
//!
//! A connection that was kept alive may be closed by a healthy server in the moment in which a request
//! leaves. [`Downstream::get`] sends such a request once more on a fresh connection, as RFC 9110 allows for
//! idempotent methods (section 9.2.2) and HTTP clients do. A fresh connection that breaks is a failure, and
//! so is one that breaks when an answer [has begun](Heard). Both requests have the same [`CALL_ID`], so that
//! a service that counts calls can tell that they are one.

mod connector;
mod heard;
mod names;
mod turns;

use std::borrow::Cow;
use std::cell::Cell;
use std::error::Error;
use std::hash::{BuildHasher, RandomState};
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use axum::http::header::{ACCEPT, AUTHORIZATION, HeaderName, HeaderValue};
use axum::http::{Extensions, HeaderMap, Request, Response, Uri};
use bytes::Bytes;
use http_body_util::Empty;
use hyper::body::Incoming;
use hyper_util::client::legacy;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use reqwest::{Url, redirect};

use connector::{CONNECTED, Connector};
pub(crate) use heard::{Begun, Heard};
pub(crate) use names::Names;
pub(crate) use turns::InTurns;

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
#[derive(Clone, Debug)]
pub(crate) struct Downstream {
    kept_alive: Http,
    fresh: Http,
    /// The authorization that stands in its URL, if one does.
    authorization: Option<HeaderValue>,
    /// The id of the next call.
    next: Arc<AtomicU64>,
}

type Http = legacy::Client<Connector, Empty<Bytes>>;

impl Downstream {
    /// A client for the service at `url` and below.
    pub(crate) fn new(url: &Url) -> Self {
        let mut builder = legacy::Client::builder(TokioExecutor::new());
        builder
            .pool_idle_timeout(IDLE_TIME)
            .pool_timer(TokioTimer::new());
        let request = client().get(url.clone()).build();
        let connector = Connector::new(Names::of_system());
        Self {
            kept_alive: builder.build(connector.clone()),
            fresh: builder.pool_max_idle_per_host(0).build(connector),
            authorization: request
                .ok()
                .and_then(|request| request.headers().get(AUTHORIZATION).cloned()),
            // Any number, so that calls from before a restart are others.
            next: Arc::new(RandomState::new().hash_one(()).into()),
        }
    }

    /// Asks for `url`, and waits for the head of the answer. Neither redirects nor a proxy are followed.
    pub(crate) async fn get(
        &self,
        url: &Url,
        mut headers: HeaderMap,
    ) -> Result<Response<Incoming>, legacy::Error> {
        headers
            .entry(ACCEPT)
            .or_insert(HeaderValue::from_static("*/*"));
        let id = self.next.fetch_add(1, Ordering::Relaxed);
        headers.insert(CALL_ID, HeaderValue::from(id));
        if let Some(authorization) = &self.authorization {
            headers.insert(AUTHORIZATION, authorization.clone());
        }
        let mut request = Request::new(Empty::new());
        *request.uri_mut() = uri_of(url);
        *request.headers_mut() = headers;
        let again = request.clone();
        let sent = async {
            let answer = self.kept_alive.request(request).await;
            (answer, CONNECTED.with(Cell::get))
        };
        let (answer, connected) = CONNECTED.scope(Cell::new(false), sent).await;
        match answer {
            Err(error) if !connected && was_closed(&error) && !has_begun(&error) => {
                self.fresh.request(again).await
            }
            answer => answer,
        }
    }
}

/// Whether something of an answer came on the connection that failed.
fn has_begun(error: &legacy::Error) -> bool {
    let mut extras = Extensions::new();
    if let Some(connection) = error.connect_info() {
        connection.get_extras(&mut extras);
    }
    extras.get::<Begun>().is_some_and(Begun::is)
}

/// The URI of a request. A name and a password are in its header; in the URI, the pool of connections would
/// write them into the log.
fn uri_of(url: &Url) -> Uri {
    let mut plain = Cow::Borrowed(url);
    if !url.username().is_empty() || url.password().is_some() {
        let plain = plain.to_mut();
        // Refused only where there is no host, and thus no name.
        let _ = plain.set_username("");
        let _ = plain.set_password(None);
    }
    // What a URL may hold, a URI may, too.
    plain.as_str().parse().unwrap_or_default()
}

/// Whether the connection ended before the head of an answer was there.
fn was_closed(error: &legacy::Error) -> bool {
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
mod tests {
    use super::*;

    #[test]
    fn a_name_and_a_password_in_the_url_are_sent_as_the_header_that_they_mean() {
        let of = |url: &str| Downstream::new(&url.parse().unwrap()).authorization;

        assert_eq!(of("http://127.0.0.1:1/data"), None);
        let header = of("http://me:secret@127.0.0.1:1/data").unwrap();
        assert_eq!(header, "Basic bWU6c2VjcmV0");
        assert!(header.is_sensitive());
    }

    #[test]
    fn the_pool_of_connections_never_sees_a_name_or_a_password() {
        for (url, uri) in [
            (
                "http://me:secret@127.0.0.1:1/data?x",
                "http://127.0.0.1:1/data?x",
            ),
            ("http://me@h/data", "http://h/data"),
            ("http://h:1/data", "http://h:1/data"),
        ] {
            assert_eq!(uri_of(&url.parse().unwrap()).to_string(), uri);
        }
    }
}
