//! The answer to a rejected HTTP call, in an axum router too.

use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::response::IntoResponse;
use axum::routing::get;
use fusebox::{Breaker, State};
use fusebox_tower::{
    BreakerLayer, FastFailure, FastFailureLayer, HttpClassifier, fast_failure_response,
};
use http::{Request, Response, StatusCode};
use http_body_util::BodyExt;
use tower::{Layer, ServiceExt};

use crate::rehearsal::{OPEN_FOR, Puppet, breaker, brittle, now, saying};

/// The `Retry-After` of a breaker that has just opened for this long.
fn retry_after(open_for: Duration) -> String {
    let (breaker, _) = breaker(brittle().open_for(open_for));
    breaker.open();
    let response = fast_failure_response(&breaker.try_acquire().unwrap_err());
    String::from(response.headers()["retry-after"].to_str().unwrap())
}

#[test]
fn retry_after_is_in_whole_seconds_rounded_up_and_at_least_one() {
    assert_eq!(retry_after(Duration::from_nanos(1)), "1");
    assert_eq!(retry_after(Duration::from_millis(999)), "1");
    assert_eq!(retry_after(Duration::from_secs(1)), "1");
    assert_eq!(retry_after(Duration::from_millis(1_001)), "2");
    assert_eq!(retry_after(Duration::from_secs(60)), "60");
}

#[test]
fn retry_after_is_absent_where_no_time_leads_out() {
    let (breaker, _) = breaker(brittle());
    breaker.force_open();

    let response = fast_failure_response(&breaker.try_acquire().unwrap_err());

    assert_eq!(response.status(), 503);
    assert!(!response.headers().contains_key("retry-after"));
}

#[tokio::test]
async fn a_fast_failure_is_an_axum_response() {
    let (breaker, _) = breaker(brittle());
    breaker.open();

    let response = FastFailure(breaker.try_acquire().unwrap_err()).into_response();

    assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(response.headers()["retry-after"], "1");
    assert_eq!(response.headers()["content-type"], "application/json");
    let body = response.into_body().collect().await.unwrap().to_bytes();
    assert_eq!(
        body,
        r#"{"error":{"code":"circuit_open","message":"circuit breaker is open, retry after 1s"}}"#,
    );
}

#[test]
fn errors_of_the_inner_service_are_passed_on_unchanged() {
    let (breaker, _) = breaker(brittle());
    let protect = BreakerLayer::new(breaker);
    let mut service = FastFailureLayer::new(protect).layer(Puppet::default());
    let broken = || saying(Err::<Response<String>, _>("broken"));

    assert_eq!(now(&mut service, broken()).unwrap_err(), "broken");
    assert_eq!(now(&mut service, broken()).unwrap().status(), 503);
}

fn router(breaker: &Breaker) -> Router {
    let protect = BreakerLayer::new(breaker.clone()).classifier(HttpClassifier::new());
    Router::new()
        .route(
            "/broken",
            get(|| async { StatusCode::INTERNAL_SERVER_ERROR }),
        )
        .route("/fine", get(|| async { "fine" }))
        .layer(FastFailureLayer::new(protect))
        .route("/unprotected", get(|| async { "fine" }))
}

async fn get_status(router: &Router, path: &str) -> StatusCode {
    let request = Request::get(path).body(Body::empty()).unwrap();
    let response = router.clone().oneshot(request).await.unwrap();
    response.status()
}

#[tokio::test]
async fn the_routes_of_an_axum_router_share_the_circuit_of_its_layer() {
    let (breaker, clock) = breaker(brittle().consecutive_failures(2));
    let router = router(&breaker);

    assert_eq!(get_status(&router, "/broken").await, 500);
    assert_eq!(get_status(&router, "/fine").await, 200);
    assert_eq!(get_status(&router, "/broken").await, 500);
    assert_eq!(get_status(&router, "/broken").await, 500);
    assert_eq!(get_status(&router, "/broken").await, 503);
    assert_eq!(get_status(&router, "/fine").await, 503);
    assert_eq!(get_status(&router, "/unprotected").await, 200);

    clock.advance(OPEN_FOR);
    assert_eq!(get_status(&router, "/fine").await, 200);
    assert_eq!(breaker.state(), State::Closed);
}
