//! The allocations of a call through the layer: none, permitted or rejected.
//!
//! Only this thread's allocations count. An allocator that counted the whole process would count
//! the test harness's threads as well.

use std::convert::Infallible;
use std::future::{Future, Ready, ready};
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use allocation_counter::measure;
use fusebox::{Breaker, Config};
use fusebox_tower::{BreakerLayer, HttpClassifier};
use http::Response;
use tower::{Layer, Service, service_fn};

fn call<S: Service<()>>(service: &mut S) -> Result<S::Response, S::Error> {
    let mut context = Context::from_waker(Waker::noop());
    assert!(service.poll_ready(&mut context).is_ready());
    match pin!(service.call(())).poll(&mut context) {
        Poll::Ready(answer) => answer,
        Poll::Pending => panic!("the service answers at once"),
    }
}

/// How many bytes many calls allocate, after a first one that may fill caches.
fn allocated<S: Service<()>>(service: &mut S) -> u64 {
    drop(call(service));
    let all = measure(|| (0..1000).for_each(|_| drop(call(service))));
    all.bytes_total
}

#[test]
fn what_a_call_allocates_is_counted() {
    let mut boxing = service_fn(|()| ready(Ok::<_, Infallible>(Box::new(1_u64))));

    assert_eq!(allocated(&mut boxing), 1000 * 8);
}

#[test]
fn no_call_through_the_layer_allocates() {
    let breaker = Breaker::new("inventory", Config::default());
    let layer = BreakerLayer::new(breaker.clone()).classifier(HttpClassifier::new());
    let inner = service_fn(|()| ready(Ok::<_, Infallible>(Response::new(()))));
    let mut service = layer.layer(inner);

    assert_eq!(allocated(&mut service), 0, "permitted");
    breaker.force_open();
    assert_eq!(allocated(&mut service), 0, "rejected");
}

/// Never ready, as a full concurrency limit.
struct Busy;

impl Service<()> for Busy {
    type Response = ();
    type Error = Infallible;
    type Future = Ready<Result<(), Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Pending
    }

    fn call(&mut self, (): ()) -> Self::Future {
        panic!("a service that is not ready was called")
    }
}

#[test]
fn a_layer_for_each_request_allocates_nothing() {
    let breaker = Breaker::new("inventory", Config::default());
    let request = || {
        let inner = service_fn(|()| ready(Ok::<_, Infallible>(Response::new(()))));
        let layer = BreakerLayer::new(breaker.clone()).classifier(HttpClassifier::new());
        drop(call(&mut layer.layer(inner)));
    };
    request();

    assert_eq!(measure(|| (0..1000).for_each(|_| request())).bytes_total, 0);
}

#[test]
fn a_layer_for_each_request_whose_service_is_busy_leaves_no_listener_behind() {
    let breaker = Breaker::new("inventory", Config::default());
    let request = || {
        let mut service = BreakerLayer::new(breaker.clone()).layer(Busy);
        let mut context = Context::from_waker(Waker::noop());
        assert!(service.poll_ready(&mut context).is_pending());
    };
    request();

    assert_eq!(
        measure(|| (0..1000).for_each(|_| request())).bytes_current,
        0
    );
}
