//! Clients with which one service calls another.
//!
//! [`client`] is for whoever asks once. [`Downstream`] is for calls whose other side may do anything: what
//! it sends is read [in turns](InTurns), so that no answer, however long or endless, keeps the thread from
//! everybody else, nor the call from its own timeout.

mod turns;

use std::time::Duration;

use axum::http::header::{ACCEPT, AUTHORIZATION, HeaderValue};
use axum::http::{HeaderMap, Request, Response, Uri};
use bytes::Bytes;
use futures_util::future::BoxFuture;
use http_body_util::Empty;
use hyper::body::Incoming;
use hyper_util::client::legacy;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use reqwest::{Client, Url, redirect};
use tower::Service;

pub(crate) use turns::InTurns;

/// Shorter than a service keeps an idle connection, so that no request meets one that is closing.
const IDLE_TIME: Duration = Duration::from_secs(2);

/// A client for services on this machine: no proxy, no redirects.
pub(crate) fn client() -> Client {
    Client::builder()
        .no_proxy()
        .redirect(redirect::Policy::none())
        .pool_idle_timeout(IDLE_TIME)
        .build()
        .expect("a client without TLS can be built")
}

/// A client for a service that may misbehave.
#[derive(Clone, Debug)]
pub(crate) struct Downstream {
    http: legacy::Client<Connector, Empty<Bytes>>,
    /// The authorization that stands in its URL, if one does.
    authorization: Option<HeaderValue>,
}

impl Downstream {
    /// A client for the service at `url` and below.
    pub(crate) fn new(url: &Url) -> Self {
        let mut tcp = HttpConnector::new();
        tcp.set_nodelay(true);
        let http = legacy::Client::builder(TokioExecutor::new())
            .pool_idle_timeout(IDLE_TIME)
            .pool_timer(TokioTimer::new())
            .build(Connector { tcp });
        let request = client().get(url.clone()).build();
        Self {
            http,
            authorization: request
                .ok()
                .and_then(|request| request.headers().get(AUTHORIZATION).cloned()),
        }
    }

    /// Asks for `url`. Neither redirects nor a proxy are followed.
    pub(crate) async fn get(
        &self,
        url: &Url,
        mut headers: HeaderMap,
    ) -> Result<Response<Incoming>, legacy::Error> {
        headers
            .entry(ACCEPT)
            .or_insert(HeaderValue::from_static("*/*"));
        if let Some(authorization) = &self.authorization {
            headers.insert(AUTHORIZATION, authorization.clone());
        }
        let mut request = Request::new(Empty::new());
        // What a URL may hold, a URI may, too.
        *request.uri_mut() = url.as_str().parse::<Uri>().unwrap_or_default();
        *request.headers_mut() = headers;
        self.http.request(request).await
    }
}

/// Connects, and has what comes read in turns.
#[derive(Clone, Debug)]
struct Connector {
    tcp: HttpConnector,
}

impl Service<Uri> for Connector {
    type Response = TokioIo<InTurns>;
    type Error = <HttpConnector as Service<Uri>>::Error;
    type Future = BoxFuture<'static, Result<Self::Response, Self::Error>>;

    fn poll_ready(
        &mut self,
        cx: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Result<(), Self::Error>> {
        self.tcp.poll_ready(cx)
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        let connecting = self.tcp.call(uri);
        Box::pin(async move {
            let stream = connecting.await?.into_inner();
            Ok(TokioIo::new(InTurns::new(stream)))
        })
    }
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
}
