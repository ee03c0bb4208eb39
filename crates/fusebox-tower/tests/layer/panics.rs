//! Panics, which are failures whoever catches them and wherever they happen.

use std::convert::Infallible;
use std::panic::{AssertUnwindSafe, catch_unwind};

use fusebox::{Outcome, State, Verdict};
use fusebox_tower::BreakerLayer;
use tower::{Layer, ServiceExt, service_fn};

use crate::rehearsal::{Puppet, Sure, breaker, brittle, call, counted, now, poll_once, saying};

#[test]
fn a_panic_of_the_inner_service_is_a_failure() {
    let (breaker, _) = breaker(brittle());
    let panics = service_fn(|(): ()| -> std::future::Ready<Sure<()>> { panic!("in the call") });
    let mut service = BreakerLayer::new(breaker.clone()).layer(panics);

    let caught = catch_unwind(AssertUnwindSafe(|| drop(call(&mut service, ()))));

    assert!(caught.is_err());
    assert_eq!(breaker.state(), State::Open);
}

#[test]
fn a_panic_of_the_inner_future_is_a_failure_even_if_it_is_dropped_later() {
    let (breaker, _) = breaker(brittle());
    let panics = service_fn(async |(): ()| -> Sure<()> { panic!("in the future") });
    let mut service = BreakerLayer::new(breaker.clone()).layer(panics);
    let mut future = Box::pin(call(&mut service, ()));

    let caught = catch_unwind(AssertUnwindSafe(|| poll_once(&mut future).is_ready()));

    assert!(caught.is_err());
    assert_eq!(breaker.state(), State::Open);
    drop(future);
    assert_eq!(counted(&breaker, Outcome::Failure), 1);
    assert_eq!(counted(&breaker, Outcome::Cancelled), 0);
}

#[test]
fn a_panic_of_the_classifier_is_a_failure() {
    let (breaker, _) = breaker(brittle());
    let confused = |_: Result<&(), &Infallible>| -> Verdict { panic!("in the classifier") };
    let mut service = BreakerLayer::new(breaker.clone())
        .classifier(confused)
        .layer(Puppet::default());

    let caught = catch_unwind(AssertUnwindSafe(|| now(&mut service, saying(Sure::Ok(())))));

    assert!(caught.is_err());
    assert_eq!(counted(&breaker, Outcome::Failure), 1);
}

#[tokio::test]
async fn a_panic_in_a_spawned_task_is_a_failure() {
    let (breaker, _) = breaker(brittle());
    let panics = service_fn(async |(): ()| -> Sure<()> { panic!("in a task") });
    let service = BreakerLayer::new(breaker.clone()).layer(panics);

    let joined = tokio::spawn(async move { service.oneshot(()).await }).await;

    assert!(joined.unwrap_err().is_panic());
    assert_eq!(counted(&breaker, Outcome::Failure), 1);
}

#[test]
fn a_panic_is_a_failure_even_if_a_rejection_further_inside_caused_it() {
    let ((outer, _), (inner, _)) = (breaker(brittle()), breaker(brittle()));
    inner.force_open();
    let inner = BreakerLayer::new(inner).layer(Puppet::default());
    let unwraps = service_fn(move |(): ()| {
        let result = now(&mut inner.clone(), saying(Sure::Ok(())));
        result.expect("the inner call is made");
        std::future::ready(Sure::Ok(()))
    });
    let mut service = BreakerLayer::new(outer.clone()).layer(unwraps);

    let caught = catch_unwind(AssertUnwindSafe(|| drop(call(&mut service, ()))));

    assert!(caught.is_err());
    assert_eq!(outer.state(), State::Open);
    assert_eq!(counted(&outer, Outcome::Failure), 1);
}
