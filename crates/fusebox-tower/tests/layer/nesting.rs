//! Layers inside layers: a rejection is no evidence, and one breaker around itself makes one call.

use fusebox::{Breaker, CallError, Outcome, State};
use fusebox_tower::{BreakerLayer, FastFailureLayer, GrpcBreakerLayer, HttpClassifier};
use http::Response;
use tower::buffer::BufferLayer;
use tower::{Layer, ServiceBuilder, ServiceExt, service_fn};

use crate::rehearsal::{
    OPEN_FOR, Puppet, Sure, about_to_probe, breaker, brittle, counted, now, saying,
};

fn closed() -> Breaker {
    breaker(brittle()).0
}

fn forced_open() -> Breaker {
    let breaker = closed();
    breaker.force_open();
    breaker
}

fn heard_no_evidence(outer: &Breaker) {
    assert_eq!(outer.state(), State::Closed);
    assert_eq!(counted(outer, Outcome::Ignored), 1);
    assert_eq!(counted(outer, Outcome::Failure), 0);
}

#[test]
fn a_rejection_by_an_inner_layer_is_no_evidence_for_the_outer_one() {
    let (outer, inner) = (closed(), forced_open());
    let mut service = ServiceBuilder::new()
        .layer(BreakerLayer::new(outer.clone()))
        .layer(BreakerLayer::new(inner))
        .service(Puppet::default());

    let result = now(&mut service, saying(Sure::Ok(())));

    assert!(matches!(
        result,
        Err(CallError::Failed(CallError::Rejected(_)))
    ));
    heard_no_evidence(&outer);
}

#[test]
fn a_rejection_in_other_words_is_no_evidence_either() {
    let (outer, inner) = (closed(), forced_open());
    let mut service = ServiceBuilder::new()
        .layer(BreakerLayer::new(outer.clone()))
        .map_err(|_| "service unavailable")
        .layer(BreakerLayer::new(inner))
        .service(Puppet::default());

    let result = now(&mut service, saying(Sure::Ok(())));

    assert_eq!(result, Err(CallError::Failed("service unavailable")));
    heard_no_evidence(&outer);
}

#[test]
fn a_fast_failure_is_no_evidence() {
    let (outer, inner) = (closed(), forced_open());
    let mut service = ServiceBuilder::new()
        .layer(BreakerLayer::new(outer.clone()).classifier(HttpClassifier::new()))
        .layer(FastFailureLayer::new(BreakerLayer::new(inner)))
        .service(Puppet::default());

    let answer = now(&mut service, saying(Sure::Ok(Response::new(String::new()))));

    assert_eq!(answer.unwrap().status(), 503);
    heard_no_evidence(&outer);
}

#[tokio::test]
async fn a_rejection_from_another_task_is_no_evidence() {
    let (outer, inner) = (closed(), forced_open());
    let service = ServiceBuilder::new()
        .layer(BreakerLayer::new(outer.clone()))
        .layer(BufferLayer::new(1))
        .layer(BreakerLayer::new(inner))
        .service(service_fn(async |(): ()| Ok::<_, std::io::Error>(())));

    let result = service.oneshot(()).await;

    assert!(matches!(result, Err(CallError::Failed(_))), "{result:?}");
    heard_no_evidence(&outer);
}

#[tokio::test]
async fn a_fast_failure_from_another_task_is_no_evidence() {
    let (outer, inner) = (closed(), forced_open());
    let service = ServiceBuilder::new()
        .layer(BreakerLayer::new(outer.clone()).classifier(HttpClassifier::new()))
        .layer(BufferLayer::new(1))
        .layer(FastFailureLayer::new(BreakerLayer::new(inner)))
        .service(service_fn(async |(): ()| {
            Ok::<_, std::io::Error>(Response::new(String::new()))
        }));

    assert_eq!(service.oneshot(()).await.unwrap().status(), 503);
    heard_no_evidence(&outer);
}

#[test]
fn one_layer_applied_twice_is_one_call_and_closes() {
    let (breaker, _) = about_to_probe();
    let layer = BreakerLayer::new(breaker.clone());
    let mut service = layer.layer(layer.layer(Puppet::default()));

    assert_eq!(now(&mut service, saying(Sure::Ok(7))), Ok(7));

    assert_eq!(breaker.state(), State::Closed);
    assert_eq!(counted(&breaker, Outcome::Success), 1);
}

#[test]
fn one_layer_applied_twice_counts_a_failure_once() {
    let (breaker, _) = breaker(brittle().consecutive_failures(2));
    let layer = BreakerLayer::new(breaker.clone());
    let mut service = layer.layer(layer.layer(Puppet::default()));

    assert!(now(&mut service, saying(Err::<(), _>("broken"))).is_err());

    assert_eq!(counted(&breaker, Outcome::Failure), 1);
    assert_eq!(breaker.state(), State::Closed);
}

#[test]
fn one_grpc_layer_applied_twice_closes() {
    let (breaker, _) = about_to_probe();
    let layer = GrpcBreakerLayer::new(breaker.clone());
    let mut service = layer.layer(layer.layer(Puppet::default()));
    let mut answer = Response::new(String::new());
    answer.headers_mut().insert("grpc-status", 0.into());

    assert!(now(&mut service, saying(Sure::Ok(answer))).is_ok());

    assert_eq!(breaker.state(), State::Closed);
    assert_eq!(counted(&breaker, Outcome::Success), 1);
}

#[test]
fn a_layer_inside_a_call_of_its_own_breaker_passes() {
    let (breaker, _) = about_to_probe();
    let mut service = BreakerLayer::new(breaker.clone()).layer(Puppet::default());

    let result = breaker.call(|| now(&mut service, saying(Sure::Ok(7))));

    assert_eq!(result, Ok(7));
    assert_eq!(breaker.state(), State::Closed);
}

#[test]
fn an_outer_probe_that_meets_an_open_inner_circuit_waits_for_a_better_one() {
    let ((outer, clock), inner) = (breaker(brittle()), forced_open());
    outer.open();
    clock.advance(OPEN_FOR);
    let mut service = ServiceBuilder::new()
        .layer(BreakerLayer::new(outer.clone()))
        .layer(BreakerLayer::new(inner.clone()))
        .service(Puppet::default());

    assert!(now(&mut service, saying(Sure::Ok(()))).is_err());
    assert_eq!(outer.state(), State::HalfOpen);
    inner.resume();

    assert!(now(&mut service, saying(Sure::Ok(()))).is_ok());
    assert_eq!(outer.state(), State::Closed);
}

#[tokio::test]
async fn a_rejection_next_to_a_good_answer_is_no_evidence() {
    let (outer, one, other) = (closed(), forced_open(), closed());
    let one = BreakerLayer::new(one).layer(service_fn(async |(): ()| Sure::Ok(())));
    let other = BreakerLayer::new(other).layer(service_fn(async |(): ()| Sure::Ok(())));
    let both = service_fn(move |(): ()| {
        let (one, other) = (one.clone(), other.clone());
        async move {
            let (one, other) = tokio::join!(one.oneshot(()), other.oneshot(()));
            one.and(other).map_err(|_| "a part is missing")
        }
    });
    let service = BreakerLayer::new(outer.clone()).layer(both);

    assert!(service.oneshot(()).await.is_err());

    heard_no_evidence(&outer);
}
