//! The places of a concurrency limit inside the breaker, of which rejected calls take none.

use std::task::{Context, Poll, Waker};
use std::time::Duration;

use fusebox::{Breaker, CallError};
use fusebox_tower::{BreakerLayer, Readiness};
use tokio::sync::oneshot;
use tokio::time::timeout;
use tower::limit::ConcurrencyLimitLayer;
use tower::{Service, ServiceBuilder, ServiceExt, service_fn};

use crate::rehearsal::{
    OPEN_FOR, Puppet, Sure, about_to_probe, breaker, brittle, call, poll_once, saying, strings,
};

const SOON: Duration = Duration::from_secs(1);

/// One place behind the breaker, for all clones.
fn limited(
    breaker: &Breaker,
    readiness: Readiness,
) -> impl Service<(), Response = (), Error = CallError<std::convert::Infallible>, Future: Send>
+ Clone
+ Send
+ 'static {
    ServiceBuilder::new()
        .layer(BreakerLayer::new(breaker.clone()).readiness(readiness))
        .layer(ConcurrencyLimitLayer::new(1))
        .service(service_fn(async |()| Sure::Ok(())))
}

#[tokio::test(start_paused = true)]
async fn a_call_that_is_rejected_takes_no_place() {
    let (breaker, _) = breaker(brittle());
    let service = limited(&breaker, Readiness::Error);
    breaker.force_open();
    let mut idle = service.clone();
    let result = idle.ready().await.unwrap().call(()).await;
    assert!(matches!(result, Err(CallError::Rejected(_))));
    breaker.reset();

    let other = timeout(SOON, service.oneshot(())).await;

    assert!(matches!(other, Ok(Ok(()))), "{other:?}");
    idle.ready().await.unwrap().call(()).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_service_that_waits_for_the_circuit_takes_no_place() {
    let (breaker, _) = breaker(brittle());
    let service = limited(&breaker, Readiness::BackPressure);
    breaker.force_open();
    let mut idle = service.clone();
    assert!(timeout(SOON, idle.ready()).await.is_err());
    breaker.reset();

    let other = timeout(SOON, service.oneshot(())).await;

    assert!(matches!(other, Ok(Ok(()))), "{other:?}");
    idle.ready().await.unwrap().call(()).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_call_that_is_one_probe_too_many_takes_no_place() {
    let (breaker, _) = about_to_probe();
    let service = limited(&breaker, Readiness::Error);
    let probe = breaker.try_acquire().unwrap();
    let mut idle = service.clone();
    assert!(idle.ready().await.unwrap().call(()).await.is_err());
    probe.success();

    let other = timeout(SOON, service.oneshot(())).await;

    assert!(matches!(other, Ok(Ok(()))), "{other:?}");
}

#[tokio::test(start_paused = true)]
async fn a_place_of_a_call_that_the_ramp_rejects_is_free_when_the_clone_is_dropped() {
    let (breaker, clock) = breaker(brittle().ramp_up_for(Duration::from_secs(100)));
    breaker.try_acquire().unwrap().failure();
    clock.advance(OPEN_FOR);
    breaker.try_acquire().unwrap().success();
    let service = limited(&breaker, Readiness::Error);
    let mut rejected = service.clone();
    while rejected.ready().await.unwrap().call(()).await.is_ok() {}
    let mut other = service.clone();
    assert!(timeout(SOON, other.ready()).await.is_err(), "it is kept");

    drop(rejected);

    assert!(timeout(SOON, other.ready()).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_turn_that_waits_when_the_circuit_trips_is_free_when_the_clone_is_dropped() {
    let (breaker, _) = breaker(brittle());
    let service = limited(&breaker, Readiness::Error);
    let mut holds = service.clone();
    holds.ready().await.unwrap();
    let mut waits = service.clone();
    assert!(timeout(SOON, waits.ready()).await.is_err());
    breaker.force_open();
    assert!(waits.ready().await.unwrap().call(()).await.is_err());
    breaker.reset();
    drop(holds);
    let mut other = service.clone();
    assert!(timeout(SOON, other.ready()).await.is_err(), "it is kept");

    drop(waits);

    assert!(timeout(SOON, other.ready()).await.is_ok());
}

#[test]
fn a_call_turned_away_does_not_reach_a_full_limit_from_inside_a_call_of_its_breaker() {
    let (breaker, _) = breaker(brittle());
    let mut service = ServiceBuilder::new()
        .layer(BreakerLayer::new(breaker.clone()))
        .layer(ConcurrencyLimitLayer::new(1))
        .service(Puppet::default());
    let (_answer, hangs) = strings::<Sure<()>>();
    let _hanging = call(&mut service, hangs);
    let mut late = service.clone();
    breaker.force_open();
    let ready = Service::<oneshot::Receiver<Sure<()>>>::poll_ready(
        &mut late,
        &mut Context::from_waker(Waker::noop()),
    );
    assert!(ready.is_ready(), "it will reject");
    breaker.reset();

    let result = breaker.call(|| {
        let mut answer = late.call(saying(Sure::Ok(())));
        match poll_once(&mut answer) {
            Poll::Ready(result) => result,
            Poll::Pending => panic!("it waits"),
        }
    });

    assert!(
        matches!(result, Err(CallError::Failed(CallError::Rejected(_)))),
        "{result:?}"
    );
    assert_eq!(service.get_ref().get_ref().calls(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_place_taken_before_a_rejection_is_free_when_the_clone_is_dropped() {
    let (breaker, _) = breaker(brittle());
    let service = limited(&breaker, Readiness::Error);
    let mut one_call = service.clone();
    one_call.ready().await.unwrap();
    breaker.force_open();
    assert!(one_call.call(()).await.is_err());
    breaker.reset();
    let mut other = service.clone();
    assert!(timeout(SOON, other.ready()).await.is_err(), "it is kept");

    drop(one_call);

    assert!(timeout(SOON, other.ready()).await.is_ok());
}
