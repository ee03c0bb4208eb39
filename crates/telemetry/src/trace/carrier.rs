//! The carrier of spans: an HTTP client on a thread of its own.
//!
//! The SDK exports from a thread without a runtime, and for all services of a process at once. So the requests run on
//! a thread of their own: no service waits for a collector, whatever its runtime looks like, and gRPC's connection
//! lives here as well.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use http::header::AUTHORIZATION;
use opentelemetry_http::{Bytes, HttpClient, HttpError, Request, Response};
use tokio::runtime::{Builder, Runtime};

use super::health::Health;
use super::partial_success::rejected_spans;

/// Bytes of a collector's answer that are read.
const ANSWER_BYTES: usize = 64 * 1024;
/// How long a connection may take. The time of the whole request is limited by the exporter.
const CONNECT_TIME: Duration = Duration::from_secs(5);

/// The thread that carries spans.
#[derive(Debug)]
pub(super) struct Carrier {
    runtime: Runtime,
}

impl Carrier {
    pub(super) fn start() -> std::io::Result<Self> {
        let runtime = Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("otlp")
            .enable_all()
            .build()?;
        Ok(Self { runtime })
    }

    /// A client whose requests run on this thread.
    ///
    /// It follows no redirect: headers with secrets are meant for the collector that was named.
    pub(super) fn client(
        &self,
        timeout: Duration,
        health: Arc<Health>,
    ) -> Result<Client, reqwest::Error> {
        let http = reqwest::Client::builder()
            .connect_timeout(CONNECT_TIME.min(timeout))
            .timeout(timeout)
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .build()?;
        let runtime = self.runtime.handle().clone();
        Ok(Client {
            http,
            runtime,
            health,
        })
    }

    #[cfg(feature = "otlp-grpc")]
    pub(super) fn enter(&self) -> tokio::runtime::EnterGuard<'_> {
        self.runtime.enter()
    }

    /// Ends the thread without waiting for what it does.
    pub(super) fn stop(self) {
        self.runtime.shutdown_background();
    }
}

/// Sends requests from the carrier's thread.
#[derive(Clone)]
pub(super) struct Client {
    http: reqwest::Client,
    runtime: tokio::runtime::Handle,
    /// Learns what the collector rejects while it answers 200.
    health: Arc<Health>,
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").finish_non_exhaustive()
    }
}

#[async_trait]
impl HttpClient for Client {
    async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let answer = self.runtime.spawn(send(self.http.clone(), request));
        let answer = answer.await??;
        if answer.status().is_success() {
            self.health.reject(rejected_spans(&answer));
        }
        Ok(answer)
    }
}

async fn send(
    http: reqwest::Client,
    request: Request<Bytes>,
) -> Result<Response<Bytes>, HttpError> {
    let mut request: reqwest::Request = request.try_into()?;
    with_credentials(&http, &mut request)?;
    // Errors name the URL, which may have a password in it.
    let sent = http.execute(request).await;
    let mut answer = sent.map_err(reqwest::Error::without_url)?;
    let mut body = Vec::new();
    while let Some(chunk) = answer.chunk().await.map_err(reqwest::Error::without_url)? {
        if body.len() + chunk.len() > ANSWER_BYTES {
            return Err("the collector's answer is too long".into());
        }
        body.extend_from_slice(&chunk);
    }
    let mut response = Response::builder().status(answer.status());
    if let Some(headers) = response.headers_mut() {
        *headers = std::mem::take(answer.headers_mut());
    }
    Ok(response.body(body.into())?)
}

/// Sends credentials in the endpoint's URL as HTTP's basic ones, which a request made of parts leaves out.
fn with_credentials(
    http: &reqwest::Client,
    request: &mut reqwest::Request,
) -> Result<(), reqwest::Error> {
    let plain = http.get(request.url().clone()).build()?;
    *request.url_mut() = plain.url().clone();
    if let Some(value) = plain.headers().get(AUTHORIZATION) {
        let headers = request.headers_mut();
        headers.entry(AUTHORIZATION).or_insert(value.clone());
    }
    Ok(())
}

/// `url` without the credentials that stand in it, and these as HTTP's basic ones; `None` where there are
/// none.
#[cfg(feature = "otlp-grpc")]
pub(super) fn credentials(url: &str) -> Option<(String, http::HeaderValue)> {
    // The client library knows how; this request is never sent.
    let plain = reqwest::Client::new().get(url).build().ok()?;
    let value = plain.headers().get(AUTHORIZATION)?;
    Some((plain.url().to_string(), value.clone()))
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::net::TcpListener;

    use super::*;

    #[test]
    fn credentials_reach_the_collector_and_no_redirect_is_followed() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let collector = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut head = Vec::new();
            while !head.ends_with(b"\r\n\r\n") {
                let mut byte = [0];
                stream.read_exact(&mut byte).unwrap();
                head.push(byte[0]);
            }
            let elsewhere =
                "HTTP/1.1 307 X\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n";
            stream.write_all(elsewhere.as_bytes()).unwrap();
            String::from_utf8(head).unwrap()
        });
        let carrier = Carrier::start().unwrap();
        let health = Arc::new(Health::new(1, String::new()));
        let client = carrier.client(CONNECT_TIME, health).unwrap();
        let request = Request::post(format!("http://user:pass@{address}/v1/traces"));
        let request = request.body(Bytes::new()).unwrap();

        let answer = carrier
            .runtime
            .block_on(client.send_bytes(request))
            .unwrap();

        assert_eq!(answer.status(), 307);
        let head = collector.join().unwrap();
        assert!(
            head.contains("authorization: Basic dXNlcjpwYXNz\r\n"),
            "{head}"
        );
    }
}
