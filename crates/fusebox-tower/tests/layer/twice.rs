//! One layer applied twice, which acts as one layer at readiness too: an error there counts once.

use std::task::{Context, Poll, Waker};

use fusebox::{Breaker, Outcome, State};
use fusebox_tower::{BreakerLayer, GrpcBreakerLayer, HttpBreakerLayer, Readiness};
use http::Response;
use tower::{Layer, Service};

use crate::rehearsal::{OPEN_FOR, breaker, brittle, counted};

/// A service that cannot be reached: an error at readiness, made by `cause`.
#[derive(Clone)]
struct Unconnected<F>(F);

impl<F: FnMut() -> &'static str> Service<()> for Unconnected<F> {
    type Response = Response<String>;
    type Error = &'static str;
    type Future = std::future::Ready<Result<Self::Response, Self::Error>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Poll::Ready(Err((self.0)()))
    }

    fn call(&mut self, (): ()) -> Self::Future {
        panic!("a service that is not ready was called")
    }
}

fn unconnected() -> Unconnected<impl FnMut() -> &'static str + Clone> {
    Unconnected(|| "connection refused")
}

fn is_refused<S: Service<()>>(mut service: S) -> bool {
    let ready = service.poll_ready(&mut Context::from_waker(Waker::noop()));
    matches!(ready, Poll::Ready(Err(_)))
}

fn patient() -> Breaker {
    breaker(brittle().consecutive_failures(9)).0
}

#[test]
fn an_error_at_readiness_counts_once() {
    for readiness in [Readiness::Error, Readiness::BackPressure] {
        let breaker = patient();
        let layer = BreakerLayer::new(breaker.clone()).readiness(readiness);

        assert!(is_refused(layer.layer(layer.layer(unconnected()))));

        assert_eq!(counted(&breaker, Outcome::Failure), 1, "{readiness:?}");
    }
}

#[test]
fn an_error_at_readiness_of_an_http_service_counts_once() {
    let breaker = patient();
    let layer = HttpBreakerLayer::new(breaker.clone());

    assert!(is_refused(layer.layer(layer.layer(unconnected()))));

    assert_eq!(counted(&breaker, Outcome::Failure), 1);
}

#[test]
fn an_error_at_readiness_of_a_grpc_service_counts_once() {
    let breaker = patient();
    let layer = GrpcBreakerLayer::new(breaker.clone());

    assert!(is_refused(layer.layer(layer.layer(unconnected()))));

    assert_eq!(counted(&breaker, Outcome::Failure), 1);
}

#[test]
fn an_error_at_readiness_is_one_bad_probe_and_not_two() {
    let (breaker, _) = breaker(brittle().probe_count(2, 2));
    breaker.half_open();
    let layer = BreakerLayer::new(breaker.clone());

    assert!(is_refused(layer.layer(layer.layer(unconnected()))));

    assert_eq!(breaker.state(), State::HalfOpen);
}

#[test]
fn an_error_at_readiness_around_another_breakers_layer_counts_once_for_each() {
    let (outer, inner) = (patient(), patient());
    let (around, between) = (
        BreakerLayer::new(outer.clone()),
        BreakerLayer::new(inner.clone()),
    );

    let service = around.layer(between.layer(around.layer(unconnected())));
    assert!(is_refused(service));

    assert_eq!(counted(&outer, Outcome::Failure), 1);
    assert_eq!(counted(&inner, Outcome::Failure), 1);
}

#[test]
fn a_late_look_at_a_service_that_is_refused_counts_nothing() {
    let (breaker, clock) = breaker(brittle());
    let layer = BreakerLayer::new(breaker.clone());
    let mut service = layer.layer(layer.layer(unconnected()));
    breaker.open();
    let ready = service.poll_ready(&mut Context::from_waker(Waker::noop()));
    assert!(matches!(ready, Poll::Ready(Ok(()))));

    // The open period ends between readiness and call.
    clock.advance(OPEN_FOR);
    drop(service.call(()));

    assert_eq!(counted(&breaker, Outcome::Failure), 0);
    assert_eq!(breaker.snapshot().probes_in_flight, 0);
}

#[test]
fn a_rejection_that_causes_an_error_at_readiness_is_no_evidence() {
    let (outer, other) = (patient(), patient());
    other.force_open();
    let connects = Unconnected(move || match other.call(|| Ok::<_, ()>(())) {
        Ok(()) => "connected",
        Err(_) => "no name server",
    });

    assert!(is_refused(BreakerLayer::new(outer.clone()).layer(connects)));

    assert_eq!(counted(&outer, Outcome::Failure), 0);
    assert_eq!(counted(&outer, Outcome::Ignored), 1);
}
