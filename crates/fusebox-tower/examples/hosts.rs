//! A reqwest client with one breaker per host: a host that is down does not cut off the others.

use std::error::Error;
use std::num::NonZeroUsize;

use axum::{Router, http::StatusCode, routing::get};
use fusebox::{Config, Registry, State};
use fusebox_tower::{BreakerLayer, HttpClassifier, ReqwestErrors};
use reqwest::{Client, Method, Request, Url};
use tower::{Layer, ServiceExt};

type Hosts = Registry<String>;

/// A server that answers every request with `status`. Returns its host and port.
async fn server(status: StatusCode) -> std::io::Result<String> {
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await?;
    let address = listener.local_addr()?.to_string();
    let app = Router::new().route("/", get(move || async move { status }));
    tokio::spawn(async move { axum::serve(listener, app).await });
    Ok(address)
}

/// Host and port, and never the authority of a URL, which carries credentials.
fn key(url: &Url) -> Option<String> {
    Some(format!(
        "{}:{}",
        url.host_str()?,
        url.port_or_known_default()?
    ))
}

async fn fetch(hosts: &Hosts, client: &Client, url: &str) -> Result<StatusCode, Box<dyn Error>> {
    let url: Url = url.parse()?;
    let host = key(&url).ok_or("the URL names no host")?;
    // A layer is a handle to the breaker, cheap enough for each request.
    let classifier = HttpClassifier::new().errors(ReqwestErrors);
    let protect = BreakerLayer::new(hosts.get(&host)?).classifier(classifier);
    let request = Request::new(Method::GET, url);
    let response = protect.layer(client.clone()).oneshot(request).await?;
    Ok(response.status())
}

/// Visible, so that a test can run it too.
#[tokio::main(flavor = "current_thread")]
pub(crate) async fn main() -> Result<(), Box<dyn Error>> {
    let config = Config::builder().consecutive_failures(2).build()?;
    let hosts = Hosts::new(NonZeroUsize::MIN.saturating_add(999), config);
    let client = Client::new();
    let good = server(StatusCode::OK).await?;
    let bad = server(StatusCode::BAD_GATEWAY).await?;

    for user in ["", "", "user:secret@"] {
        let answer = fetch(&hosts, &client, &format!("http://{user}{bad}/")).await;
        assert_eq!(answer.is_err(), !user.is_empty(), "the third is rejected");
    }
    fetch(&hosts, &client, &format!("http://{good}/")).await?;
    assert_eq!(hosts.get(&bad)?.state(), State::Open);
    Ok(())
}
