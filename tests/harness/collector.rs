//! An OTLP collector of our own, over HTTP and gRPC, with the official messages.
//!
//! It shares no code with the SDK that sends: only the generated protobuf types. It lives on a thread
//! with a runtime of its own, so that dropping it breaks every connection, as a crash would.

use std::io::Read;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use flate2::read::GzDecoder;
use opentelemetry_proto::tonic::collector::trace::v1::trace_service_server::{
    TraceService, TraceServiceServer,
};
use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTracePartialSuccess, ExportTraceServiceRequest, ExportTraceServiceResponse,
};
use prost::Message;
use tokio::net::TcpListener;
use tokio::runtime::{Builder, Runtime};
use tonic::codec::CompressionEncoding;
use tonic::transport::server::TcpIncoming;

use crate::eventually;
use crate::span::Span;

/// What the collector does with a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mood {
    /// Takes it at once.
    Taking,
    /// Accepts it after this time.
    Slow(Duration),
    /// Never answers.
    Hanging,
    /// Says that it cannot now.
    Unavailable,
    /// Says that it never will.
    Rejecting,
    /// Accepts it, except for this many of its spans.
    Partly(i64),
    /// The same, in words of JSON, whatever it was asked in. By HTTP only.
    PartlyInJson(i64),
    /// Redirects to another address. Over HTTP only.
    Redirecting(SocketAddr),
}

/// A running collector. Dropped, it breaks all connections.
#[derive(Debug)]
pub struct Collector {
    runtime: Option<Runtime>,
    http: SocketAddr,
    grpc: SocketAddr,
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    /// Batches that came compressed.
    compressed: AtomicUsize,
    /// What each request had as its authorization, or nothing.
    authorizations: Mutex<Vec<String>>,
    mood: Mutex<Mood>,
    spans: Mutex<Vec<Span>>,
}

impl Collector {
    /// Starts one on ports of the system's choice.
    pub fn start(mood: Mood) -> Self {
        let free = SocketAddr::from(([127, 0, 0, 1], 0));
        Self::start_at(free, free, mood)
    }

    /// Starts one where another one was.
    ///
    /// # Panics
    /// If the addresses are taken.
    pub fn start_again(addresses: (SocketAddr, SocketAddr)) -> Self {
        Self::start_at(addresses.0, addresses.1, Mood::Taking)
    }

    fn start_at(http: SocketAddr, grpc: SocketAddr, mood: Mood) -> Self {
        let shared = Arc::new(Shared {
            compressed: AtomicUsize::new(0),
            authorizations: Mutex::default(),
            mood: Mutex::new(mood),
            spans: Mutex::default(),
        });
        let runtime = Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .expect("a runtime can be built");
        let listen = |address: SocketAddr| {
            let listener = std::net::TcpListener::bind(address).expect("the port is free");
            listener.set_nonblocking(true).expect("a socket can wait");
            let address = listener.local_addr().expect("it has an address");
            let _inside = runtime.enter();
            let listener = TcpListener::from_std(listener).expect("it is a socket");
            (listener, address)
        };
        let ((http_listener, http), (grpc_listener, grpc)) = (listen(http), listen(grpc));
        let routes = Router::new()
            .route("/v1/traces", post(receive_http))
            .with_state(Arc::clone(&shared));
        runtime.spawn(async move { axum::serve(http_listener, routes).await });
        let service = TraceServiceServer::new(Grpc(Arc::clone(&shared)))
            .accept_compressed(CompressionEncoding::Gzip);
        runtime.spawn(
            tonic::transport::Server::builder()
                .add_service(service)
                .serve_with_incoming(TcpIncoming::from(grpc_listener)),
        );
        Self {
            runtime: Some(runtime),
            http,
            grpc,
            shared,
        }
    }

    /// The base URL for HTTP.
    pub fn http(&self) -> String {
        format!("http://{}", self.http)
    }

    /// The base URL for gRPC.
    pub fn grpc(&self) -> String {
        format!("http://{}", self.grpc)
    }

    /// Where it listens, by HTTP and by gRPC.
    pub fn addresses(&self) -> (SocketAddr, SocketAddr) {
        (self.http, self.grpc)
    }

    /// Changes what it does with the next batches.
    pub fn set_mood(&self, mood: Mood) {
        *lock(&self.shared.mood) = mood;
    }

    /// All spans that it took.
    pub fn spans(&self) -> Vec<Span> {
        lock(&self.shared.spans).clone()
    }

    /// The authorization of each request that came, empty where it had none.
    pub fn authorizations(&self) -> Vec<String> {
        lock(&self.shared.authorizations).clone()
    }

    /// How many batches came compressed.
    pub fn compressed(&self) -> usize {
        self.shared.compressed.load(Ordering::Relaxed)
    }

    /// Waits until it has spans that `look` accepts.
    pub async fn spans_until(&self, what: &str, look: impl Fn(&[Span]) -> bool) -> Vec<Span> {
        eventually(what, async || {
            let spans = self.spans();
            look(&spans).then_some(spans)
        })
        .await
    }
}

impl Drop for Collector {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

impl Shared {
    fn note_authorization(&self, authorization: Option<&[u8]>) {
        let text = String::from_utf8_lossy(authorization.unwrap_or_default());
        lock(&self.authorizations).push(text.into_owned());
    }

    /// How many spans of a batch it rejects while it takes the others.
    fn rejected(&self) -> i64 {
        match *lock(&self.mood) {
            Mood::Partly(spans) | Mood::PartlyInJson(spans) => spans,
            _ => 0,
        }
    }

    /// Takes a batch as the mood is; the status otherwise.
    async fn take(&self, request: ExportTraceServiceRequest) -> Result<(), StatusCode> {
        let mood = *lock(&self.mood);
        match mood {
            Mood::Taking | Mood::Partly(_) | Mood::PartlyInJson(_) => {}
            Mood::Redirecting(_) => return Err(StatusCode::TEMPORARY_REDIRECT),
            Mood::Slow(time) => tokio::time::sleep(time).await,
            Mood::Hanging => std::future::pending().await,
            Mood::Unavailable => return Err(StatusCode::SERVICE_UNAVAILABLE),
            Mood::Rejecting => return Err(StatusCode::BAD_REQUEST),
        }
        lock(&self.spans).extend(Span::all_of(request));
        Ok(())
    }
}

async fn receive_http(
    State(shared): State<Arc<Shared>>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let protobuf = "application/x-protobuf";
    let authorization = headers.get("authorization");
    shared.note_authorization(authorization.map(HeaderValue::as_bytes));
    if headers.get("content-type").is_none_or(|it| it != protobuf) {
        return StatusCode::UNSUPPORTED_MEDIA_TYPE.into_response();
    }
    let body = match headers.get("content-encoding") {
        None => body,
        Some(encoding) if encoding == "gzip" => {
            shared.compressed.fetch_add(1, Ordering::Relaxed);
            inflated(&body)
        }
        Some(_) => return StatusCode::UNSUPPORTED_MEDIA_TYPE.into_response(),
    };
    let Ok(request) = ExportTraceServiceRequest::decode(body) else {
        return StatusCode::BAD_REQUEST.into_response();
    };
    match shared.take(request).await {
        Ok(()) if matches!(*lock(&shared.mood), Mood::PartlyInJson(_)) => {
            // 64-bit numbers are text in protobuf's JSON.
            let answer = format!(
                r#"{{"partialSuccess": {{"rejectedSpans": "{}", "errorMessage": "no"}}}}"#,
                shared.rejected()
            );
            ([("content-type", "application/json")], answer).into_response()
        }
        Ok(()) => {
            let answer = answer(shared.rejected()).encode_to_vec();
            ([("content-type", protobuf)], answer).into_response()
        }
        Err(status) => match *lock(&shared.mood) {
            Mood::Redirecting(to) => {
                let location = format!("http://{to}/v1/traces");
                (status, [("location", location)]).into_response()
            }
            _ => status.into_response(),
        },
    }
}

fn answer(rejected: i64) -> ExportTraceServiceResponse {
    ExportTraceServiceResponse {
        partial_success: (rejected > 0).then(|| ExportTracePartialSuccess {
            rejected_spans: rejected,
            error_message: "no".to_owned(),
        }),
    }
}

fn inflated(body: &[u8]) -> Bytes {
    let mut inflated = Vec::new();
    GzDecoder::new(body)
        .read_to_end(&mut inflated)
        .expect("what says that it is gzip is gzip");
    inflated.into()
}

struct Grpc(Arc<Shared>);

#[tonic::async_trait]
impl TraceService for Grpc {
    async fn export(
        &self,
        request: tonic::Request<ExportTraceServiceRequest>,
    ) -> Result<tonic::Response<ExportTraceServiceResponse>, tonic::Status> {
        if request.metadata().contains_key("grpc-encoding") {
            self.0.compressed.fetch_add(1, Ordering::Relaxed);
        }
        let authorization = request.metadata().get("authorization");
        self.0
            .note_authorization(authorization.map(tonic::metadata::MetadataValue::as_bytes));
        match self.0.take(request.into_inner()).await {
            Ok(()) => Ok(tonic::Response::new(answer(self.0.rejected()))),
            Err(StatusCode::SERVICE_UNAVAILABLE) => Err(tonic::Status::unavailable("not now")),
            Err(_) => Err(tonic::Status::invalid_argument("never")),
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Addresses without a listener, at which connections are refused.
///
/// # Panics
/// If no port is free.
pub fn nobody() -> String {
    let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).expect("a port is free");
    format!(
        "http://{}",
        listener.local_addr().expect("it has an address")
    )
}
