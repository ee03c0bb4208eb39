//! The bare services with which the lab is compared: the cost of a service without breaker, metrics and traces.
//!
//! This same program runs them, as `system peer KIND …`, each in a process of its own with one thread, as an instance
//! of the lab runs. They use `axum`, `hyper` and `reqwest` in the most direct way.

use std::io::{self, Write};
use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::serve::ListenerExt;
use bytes::Bytes;
use serde::Serialize;
use tokio::net::TcpListener;

/// The header in which a caller says who it is, as the lab's instances do.
const CALLER: HeaderName = HeaderName::from_static("x-caller");
/// How long a proxied call may take, as the measured instances are told.
const CALL_TIMEOUT: Duration = Duration::from_secs(20);

/// Runs the peer that `arguments` name, for ever.
pub(crate) fn run(arguments: &[String]) -> io::Result<()> {
    let routes = match arguments {
        [kind, status, body, headers @ ..] if kind == "answer" => fixed(status, body, headers)?,
        [kind] if kind == "downstream" => downstream(),
        [kind] if kind == "collector" => Router::new().route("/v1/traces", post(collect)),
        [kind, url] if kind == "proxy" => proxy(url)?,
        _ => return Err(io::Error::other(format!("there is no peer {arguments:?}"))),
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(serve(routes))
}

async fn serve(routes: Router) -> io::Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let mut output = io::stdout();
    writeln!(output, "peer on http://{address}")?;
    output.flush()?;
    let prompt = listener.tap_io(|stream| {
        // As in the lab: answers are small and whole.
        let _ = stream.set_nodelay(true);
    });
    axum::serve(prompt, routes).await
}

/// Answers `GET /call` with these bytes.
fn fixed(status: &str, body: &str, headers: &[String]) -> io::Result<Router> {
    let status = StatusCode::from_str(status).map_err(io::Error::other)?;
    let body = Bytes::copy_from_slice(body.as_bytes());
    let mut map = HeaderMap::new();
    for header in headers {
        let (name, value) = header.split_once(": ").unwrap_or((header, ""));
        let name = HeaderName::from_str(name).map_err(io::Error::other)?;
        let value = HeaderValue::from_str(value).map_err(io::Error::other)?;
        map.insert(name, value);
    }
    let answer = move || -> std::future::Ready<Response> {
        let mut response = Response::new(Body::from(body.clone()));
        *response.status_mut() = status;
        *response.headers_mut() = map.clone();
        std::future::ready(response)
    };
    Ok(Router::new().route("/call", get(answer)))
}

/// Answers every path with a small body, and `GET /count` with how many answers there were.
fn downstream() -> Router {
    let count = Arc::new(AtomicU64::new(0));
    let shown = Arc::clone(&count);
    Router::new()
        .route(
            "/count",
            get(async move || shown.load(Ordering::Relaxed).to_string()),
        )
        .fallback(async move || {
            count.fetch_add(1, Ordering::Relaxed);
            ([(CONTENT_TYPE, "application/json")], "{\"value\":42}\n")
        })
}

/// Takes whatever spans come.
async fn collect(_spans: Bytes) -> Response {
    ([(CONTENT_TYPE, "application/x-protobuf")], Bytes::new()).into_response()
}

/// What an instance of the lab answers.
#[derive(Serialize)]
struct Answer<'a> {
    instance: &'a str,
    breaker_state: &'a str,
    outcome: &'a str,
    downstream_status: u16,
    duration_ms: f64,
}

#[derive(Clone)]
struct Proxy {
    client: reqwest::Client,
    url: reqwest::Url,
}

/// Answers `GET /call` with the outcome of a call to `url`.
fn proxy(url: &str) -> io::Result<Router> {
    let client = reqwest::Client::builder()
        .no_proxy()
        .timeout(CALL_TIMEOUT)
        .build()
        .map_err(io::Error::other)?;
    let url = url.parse().map_err(io::Error::other)?;
    let routes = Router::new().route("/call", get(call));
    Ok(routes.with_state(Proxy { client, url }))
}

async fn call(State(proxy): State<Proxy>) -> Response {
    let began = benches::now();
    let request = proxy.client.get(proxy.url).header(CALLER, "A");
    let Ok(answer) = request.send().await else {
        return StatusCode::BAD_GATEWAY.into_response();
    };
    let status = answer.status();
    if answer.bytes().await.is_err() || !status.is_success() {
        return StatusCode::BAD_GATEWAY.into_response();
    }
    let answer = Answer {
        instance: "A",
        breaker_state: "closed",
        outcome: "success",
        downstream_status: status.as_u16(),
        duration_ms: (began.elapsed().as_secs_f64() * 1e6).round() / 1e3,
    };
    let state = [("x-breaker-state", "closed")];
    (state, axum::Json(answer)).into_response()
}
