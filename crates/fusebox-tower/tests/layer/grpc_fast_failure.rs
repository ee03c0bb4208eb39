//! The answer to a rejected gRPC call, and gRPC breakers inside each other.

use fusebox::{Outcome, State};
use fusebox_tower::{FastFailureLayer, GrpcBreakerLayer, grpc_fast_failure_response};
use http::Response;
use http_body::Body;
use tower::Layer;

use crate::rehearsal::{Puppet, Sure, breaker, brittle, counted, now, saying};

#[test]
fn a_rejection_is_unavailable_in_the_headers_with_nothing_to_follow() {
    let (breaker, _) = breaker(brittle());
    breaker.open();
    let mut service =
        FastFailureLayer::grpc(GrpcBreakerLayer::new(breaker)).layer(Puppet::default());

    let request = saying(Sure::Ok(Response::new(String::from("not called"))));
    let answer = now(&mut service, request).unwrap();

    assert_eq!(answer.status(), 200);
    assert_eq!(answer.headers()["content-type"], "application/grpc");
    assert_eq!(answer.headers()["grpc-status"], "14");
    assert_eq!(answer.headers()["grpc-retry-pushback-ms"], "1000");
    assert!(answer.body().is_end_stream());
}

#[test]
fn there_is_no_time_to_come_back_where_no_time_leads_out() {
    let (breaker, _) = breaker(brittle());
    breaker.force_open();

    let answer = grpc_fast_failure_response(&breaker.try_acquire().unwrap_err());

    assert!(!answer.headers().contains_key("grpc-retry-pushback-ms"));
    assert_eq!(
        answer.headers()["grpc-message"],
        "circuit breaker is forced_open"
    );
}

#[test]
fn a_rejected_grpc_call_is_no_evidence_for_a_breaker_around_it() {
    let ((outer, _), (inner, _)) = (breaker(brittle()), breaker(brittle()));
    inner.force_open();
    let mut service = GrpcBreakerLayer::new(outer.clone())
        .layer(FastFailureLayer::grpc(GrpcBreakerLayer::new(inner)).layer(Puppet::default()));

    let request = saying(Sure::Ok(Response::new(String::new())));
    let answer = now(&mut service, request).unwrap();

    assert_eq!(answer.headers()["grpc-status"], "14");
    assert_eq!(outer.state(), State::Closed);
    assert_eq!(counted(&outer, Outcome::Ignored), 1);
}

#[tokio::test]
async fn a_rejected_grpc_call_in_another_task_is_none_either() {
    let ((outer, _), (inner, _)) = (breaker(brittle()), breaker(brittle()));
    inner.force_open();
    let empty = tower::service_fn(async |(): ()| Sure::Ok(Response::new(String::new())));
    let inside = FastFailureLayer::grpc(GrpcBreakerLayer::new(inner)).layer(empty);
    let service = GrpcBreakerLayer::new(outer.clone()).layer(tower::buffer::Buffer::new(inside, 1));

    let answer = tower::ServiceExt::oneshot(service, ()).await.unwrap();

    assert_eq!(answer.headers()["grpc-status"], "14");
    assert_eq!(counted(&outer, Outcome::Ignored), 1);
}
