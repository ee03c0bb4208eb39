//! A reqwest client as the service behind a breaker.

use axum::{Router, http::StatusCode, routing::get};
use fusebox::{CallError, Outcome, State};
use fusebox_tower::{
    BreakerLayer, HttpBody, HttpBreakerLayer, HttpClassifier, ReqwestErrors, SharedClassifier,
};
use tower::{Layer, ServiceBuilder, ServiceExt};

use crate::rehearsal::{breaker, brittle, counted};

async fn server() -> String {
    let socket = tokio::net::TcpListener::bind(("127.0.0.1", 0))
        .await
        .unwrap();
    let address = socket.local_addr().unwrap();
    let busy = (StatusCode::SERVICE_UNAVAILABLE, [("retry-after", "30")]);
    let app = Router::new()
        .route("/fine", get(|| async { "fine" }))
        .route("/busy", get(move || async move { busy }));
    tokio::spawn(async move { axum::serve(socket, app).await });
    format!("http://{address}")
}

fn request(url: &str) -> reqwest::Request {
    reqwest::Request::new(reqwest::Method::GET, url.parse().unwrap())
}

#[tokio::test]
async fn the_answers_of_a_client_are_judged_as_they_are() {
    let (breaker, _) = breaker(brittle());
    let url = server().await;
    let client = BreakerLayer::new(breaker.clone())
        .classifier(HttpClassifier::new().errors(ReqwestErrors))
        .layer(reqwest::Client::new());

    let fine = client
        .clone()
        .oneshot(request(&format!("{url}/fine")))
        .await;
    assert_eq!(fine.unwrap().text().await.unwrap(), "fine");
    let busy = client
        .clone()
        .oneshot(request(&format!("{url}/busy")))
        .await;
    assert_eq!(busy.unwrap().status(), 503);
    let rejected = client.oneshot(request(&format!("{url}/fine"))).await;

    assert!(matches!(rejected, Err(CallError::Rejected(_))));
    assert_eq!(breaker.snapshot().retry_after().as_secs(), 30);
}

#[tokio::test]
async fn a_request_that_cannot_be_built_is_the_callers_and_a_refused_one_the_servers_fault() {
    let (breaker, _) = breaker(brittle());
    let shared = SharedClassifier::new(HttpClassifier::new().errors(ReqwestErrors));
    let client = BreakerLayer::new(breaker.clone())
        .classifier(shared)
        .layer(reqwest::Client::new());

    let no_such_scheme = client.clone().oneshot(request("gopher://localhost/")).await;
    assert!(matches!(no_such_scheme, Err(CallError::Failed(error)) if error.is_builder()));
    assert_eq!(counted(&breaker, Outcome::Ignored), 1);

    let socket = tokio::net::TcpListener::bind(("127.0.0.1", 0))
        .await
        .unwrap();
    let url = format!("http://{}/", socket.local_addr().unwrap());
    drop(socket);
    let refused = client.oneshot(request(&url)).await;
    assert!(matches!(refused, Err(CallError::Failed(error)) if error.is_connect()));
    assert_eq!(breaker.state(), State::Open);
}

#[tokio::test]
async fn answers_judged_at_their_end_can_become_those_of_the_client_again() {
    let (breaker, _) = breaker(brittle());
    let url = format!("{}/fine", server().await);
    let client = ServiceBuilder::new()
        .map_response(|answer: http::Response<HttpBody<reqwest::Body>>| {
            reqwest::Response::from(answer.map(reqwest::Body::wrap))
        })
        .layer(HttpBreakerLayer::new(breaker.clone()))
        .map_response(http::Response::<reqwest::Body>::from)
        .service(reqwest::Client::new());

    let answer = client.oneshot(request(&url)).await.unwrap();
    assert_ne!(answer.url().as_str(), url, "the URL is lost on the way");
    assert_eq!(counted(&breaker, Outcome::Success), 0);
    assert_eq!(answer.text().await.unwrap(), "fine");

    assert_eq!(counted(&breaker, Outcome::Success), 1);
}
