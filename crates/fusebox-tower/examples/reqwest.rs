//! A reqwest client that stops calling a server that fails.

use axum::{Router, http::StatusCode, routing::get};
use fusebox::{Breaker, CallError, Config};
use fusebox_tower::{BreakerLayer, HttpClassifier, ReqwestErrors};
use tower::{Layer, Service, ServiceExt};

/// A server that answers every request with 503 and asks for half a minute. Returns its address.
async fn broken_server() -> std::io::Result<String> {
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await?;
    let url = format!("http://{}/", listener.local_addr()?);
    let busy = (StatusCode::SERVICE_UNAVAILABLE, [("retry-after", "30")]);
    let app = Router::new().route("/", get(move || async move { busy }));
    tokio::spawn(async move { axum::serve(listener, app).await });
    Ok(url)
}

/// Visible, so that a test can run it too.
#[tokio::main(flavor = "current_thread")]
#[expect(clippy::print_stdout, reason = "an example shows what happens")]
pub(crate) async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let url = broken_server().await?;
    let config = Config::builder().consecutive_failures(2).build()?;
    let classifier = HttpClassifier::new().errors(ReqwestErrors);
    let protect = BreakerLayer::new(Breaker::new("server", config)).classifier(classifier);
    // A client of reqwest is a service itself.
    let mut client = protect.layer(reqwest::Client::new());

    for attempt in 1..=4 {
        let request = reqwest::Request::new(reqwest::Method::GET, url.parse()?);
        match client.ready().await?.call(request).await {
            Ok(response) => println!("{attempt}: the server answered {}", response.status()),
            Err(CallError::Failed(error)) => println!("{attempt}: no answer: {error}"),
            Err(CallError::Rejected(rejected)) => println!("{attempt}: not called: {rejected}"),
        }
    }
    Ok(())
}
