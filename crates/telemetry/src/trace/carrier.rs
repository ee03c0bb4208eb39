//! The carrier of spans: an HTTP client on a thread of its own.
//!
//! The SDK exports from a thread without a runtime, and all services of a process at once. So the
//! requests run here, beside the services: none of them waits for a collector, whatever the shape
//! of its runtime, and gRPC's connection lives here as well.

use std::fmt;
use std::time::Duration;

use async_trait::async_trait;
use opentelemetry_http::{Bytes, HttpClient, HttpError, Request, Response};
use tokio::runtime::{Builder, Runtime};

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
    pub(super) fn client(&self, timeout: Duration) -> Result<Client, reqwest::Error> {
        let http = reqwest::Client::builder()
            .connect_timeout(CONNECT_TIME.min(timeout))
            .timeout(timeout)
            .no_proxy()
            .build()?;
        let runtime = self.runtime.handle().clone();
        Ok(Client { http, runtime })
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
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").finish_non_exhaustive()
    }
}

#[async_trait]
impl HttpClient for Client {
    async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        self.runtime.spawn(send(self.http.clone(), request)).await?
    }
}

async fn send(
    http: reqwest::Client,
    request: Request<Bytes>,
) -> Result<Response<Bytes>, HttpError> {
    // Errors name the URL, which may have a password in it.
    let sent = http.execute(request.try_into()?).await;
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
