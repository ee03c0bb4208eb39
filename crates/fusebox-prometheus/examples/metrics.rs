//! A service with one breaker per host, and its metrics at `/metrics`.
//!
//! `cargo run -p fusebox-prometheus --example metrics`, then `curl 127.0.0.1:3000/call/a.example` and
//! `curl 127.0.0.1:3000/metrics`.

use std::error::Error;
use std::num::NonZeroUsize;

use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::{Router, extract::Path, extract::State, routing::get};
use fusebox::{Config, Registry};
use fusebox_prometheus::{BreakerCollector, Metrics};

type Hosts = State<Registry<String>>;

/// In the place of a client: only hosts that end with `.example` answer.
async fn fetch(host: &str) -> Result<String, StatusCode> {
    let answers = host.ends_with(".example");
    let answer = answers.then(|| format!("{host} says hello\n"));
    std::future::ready(answer.ok_or(StatusCode::BAD_GATEWAY)).await
}

async fn call(State(hosts): Hosts, Path(host): Path<String>) -> Result<String, StatusCode> {
    let unavailable = StatusCode::SERVICE_UNAVAILABLE;
    let breaker = hosts.get(&host).map_err(|_full| unavailable)?;
    let permit = breaker.try_acquire().map_err(|_rejected| unavailable)?;
    let answer = fetch(&host).await;
    match &answer {
        Ok(_) => permit.success(),
        Err(_) => permit.failure(),
    };
    answer
}

async fn show(State(metrics): State<Metrics>, headers: HeaderMap) -> Response {
    let accept = headers.get(header::ACCEPT);
    let shown = metrics.expose(accept.and_then(|value| value.to_str().ok()));
    ([(header::CONTENT_TYPE, shown.content_type)], shown.body).into_response()
}

/// Visible, so that a test can call it too.
pub(crate) fn app() -> Result<Router, Box<dyn Error>> {
    let capacity = NonZeroUsize::new(10_000).ok_or("a registry holds at least one breaker")?;
    let hosts = Registry::new(capacity, Config::default());
    let breakers = BreakerCollector::new();
    breakers.add_registry("hosts", &hosts)?;
    let metrics = Metrics::new();
    metrics.register(breakers)?;
    let calls = Router::new().route("/call/{host}", get(call));
    let shown = Router::new().route("/metrics", get(show));
    Ok(calls.with_state(hosts).merge(shown.with_state(metrics)))
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:3000").await?;
    Ok(axum::serve(listener, app()?).await?)
}
