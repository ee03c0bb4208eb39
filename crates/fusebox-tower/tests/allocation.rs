//! Does a call through the layer allocate anything? Not one byte, permitted or rejected.

use std::alloc::System;
use std::convert::Infallible;
use std::future::{Future, ready};
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use fusebox::{Breaker, Config};
use fusebox_tower::{BreakerLayer, HttpClassifier};
use http::Response;
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};
use tower::{Layer, Service, service_fn};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

fn call<S: Service<()>>(service: &mut S) -> Result<S::Response, S::Error> {
    let mut context = Context::from_waker(Waker::noop());
    assert!(service.poll_ready(&mut context).is_ready());
    match pin!(service.call(())).poll(&mut context) {
        Poll::Ready(answer) => answer,
        Poll::Pending => panic!("the service answers at once"),
    }
}

/// What many calls allocate, after a first one that may fill caches.
fn allocated<S: Service<()>>(service: &mut S) -> usize {
    drop(call(service));
    let region = Region::new(ALLOCATOR);
    for _ in 0..1000 {
        drop(call(service));
    }
    region.change().bytes_allocated
}

// One test, because other threads would be counted as well.
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
