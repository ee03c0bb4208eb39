//! The layer inside and around tower's own: what compiles, and what each order does.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use axum::error_handling::HandleErrorLayer;
use fusebox::{Breaker, CallError, Outcome, Rejected, State, Verdict};
use fusebox_tower::{
    BreakerLayer, ClassifyError, FastFailureLayer, HttpBreakerLayer, Readiness, find_cause,
};
use tower::balance::p2c::Balance;
use tower::buffer::BufferLayer;
use tower::discover::ServiceList;
use tower::limit::{ConcurrencyLimitLayer, GlobalConcurrencyLimitLayer};
use tower::load::Constant;
use tower::load_shed::{LoadShedLayer, error::Overloaded};
use tower::retry::{Policy, RetryLayer};
use tower::timeout::{TimeoutLayer, error::Elapsed};
use tower::util::BoxCloneSyncService;
use tower::{BoxError, Layer, Service, ServiceBuilder, ServiceExt, service_fn};

use crate::rehearsal::{OPEN_FOR, breaker, brittle, counted};

const SECOND: Duration = Duration::from_secs(1);

/// Fails the first calls and counts all.
#[derive(Clone, Default)]
struct Downstream(Arc<AtomicU32>);

impl Downstream {
    fn calls(&self) -> u32 {
        self.0.load(Ordering::SeqCst)
    }

    fn failing(
        &self,
    ) -> impl Service<u32, Response = u32, Error = BoxError, Future: Send> + Clone + use<> {
        let calls = Arc::clone(&self.0);
        service_fn(move |_: u32| {
            calls.fetch_add(1, Ordering::SeqCst);
            async { Err::<u32, BoxError>("broken".into()) }
        })
    }

    fn hanging(
        &self,
    ) -> impl Service<u32, Response = u32, Error = BoxError, Future: Send> + Clone + use<> {
        let calls = Arc::clone(&self.0);
        service_fn(move |_: u32| {
            calls.fetch_add(1, Ordering::SeqCst);
            std::future::pending::<Result<u32, BoxError>>()
        })
    }
}

/// Tries a few times, whatever the error; not after a rejection.
#[derive(Clone)]
struct Tries(u32);

impl<E: Into<BoxError> + AsRejection> Policy<u32, u32, E> for Tries {
    type Future = std::future::Ready<()>;

    fn retry(&mut self, _: &mut u32, result: &mut Result<u32, E>) -> Option<Self::Future> {
        let error = result.as_ref().err()?;
        if error.as_rejection().is_some() || self.0 == 0 {
            return None;
        }
        self.0 -= 1;
        Some(std::future::ready(()))
    }

    fn clone_request(&mut self, request: &u32) -> Option<u32> {
        Some(*request)
    }
}

trait AsRejection {
    fn as_rejection(&self) -> Option<&Rejected>;
}

impl<E> AsRejection for CallError<E> {
    fn as_rejection(&self) -> Option<&Rejected> {
        self.rejected()
    }
}

impl AsRejection for BoxError {
    fn as_rejection(&self) -> Option<&Rejected> {
        find_cause(&**self)
    }
}

fn tripping_at(failures: u32) -> Breaker {
    breaker(brittle().consecutive_failures(failures)).0
}

#[tokio::test]
async fn every_order_of_layers_compiles_and_answers() {
    let breaker = tripping_at(5);
    let protect = || BreakerLayer::new(breaker.clone());
    let echo = service_fn(async |number: u32| Ok::<_, BoxError>(number));
    let around: BoxCloneSyncService<u32, u32, BoxError> = ServiceBuilder::new()
        .layer(BoxCloneSyncService::layer())
        .map_err(BoxError::from)
        .layer(LoadShedLayer::new())
        .layer(BufferLayer::new(4))
        .layer(ConcurrencyLimitLayer::new(4))
        .layer(RetryLayer::new(Tries(1)))
        .layer(TimeoutLayer::new(SECOND))
        .layer(protect())
        .service(echo);
    let inside: BoxCloneSyncService<u32, u32, BoxError> = ServiceBuilder::new()
        .layer(BoxCloneSyncService::layer())
        .map_err(BoxError::from)
        .layer(protect())
        .layer(LoadShedLayer::new())
        .layer(BufferLayer::new(4))
        .layer(ConcurrencyLimitLayer::new(4))
        .layer(RetryLayer::new(Tries(1)))
        .layer(TimeoutLayer::new(SECOND))
        .service(echo);

    assert_eq!(around.oneshot(7).await.unwrap(), 7);
    assert_eq!(inside.oneshot(7).await.unwrap(), 7);
    assert_eq!(counted(&breaker, Outcome::Success), 2);
}

#[tokio::test]
async fn a_rejection_is_found_through_a_whole_stack() {
    let breaker = tripping_at(5);
    breaker.force_open();
    let service = ServiceBuilder::new()
        .layer(LoadShedLayer::new())
        .layer(BufferLayer::new(4))
        .layer(TimeoutLayer::new(SECOND))
        .layer(BreakerLayer::new(breaker))
        .service(Downstream::default().failing());

    let error = service.oneshot(7).await.unwrap_err();

    let rejected = find_cause::<Rejected>(&*error).expect("the rejection is in the chain");
    assert_eq!(rejected.reason, fusebox::RejectReason::ForcedOpen);
}

#[tokio::test(start_paused = true)]
async fn a_timeout_inside_is_a_failure_and_is_found_beneath() {
    let breaker = tripping_at(1);
    let service = ServiceBuilder::new()
        .layer(BreakerLayer::new(breaker.clone()))
        .layer(TimeoutLayer::new(SECOND))
        .service(Downstream::default().hanging());

    let error = service.oneshot(7).await.unwrap_err();

    assert!(find_cause::<Elapsed>(&error).is_some(), "{error:?}");
    assert_eq!(breaker.state(), State::Open);
}

#[tokio::test(start_paused = true)]
async fn a_timeout_outside_is_only_a_cancelled_call() {
    let breaker = tripping_at(1);
    let service = ServiceBuilder::new()
        .layer(TimeoutLayer::new(SECOND))
        .layer(BreakerLayer::new(breaker.clone()))
        .service(Downstream::default().hanging());

    assert!(service.oneshot(7).await.is_err());

    assert_eq!(counted(&breaker, Outcome::Cancelled), 1);
    assert_eq!(breaker.state(), State::Closed);
}

#[tokio::test]
async fn with_retries_outside_every_attempt_counts_and_a_trip_ends_them() {
    let (breaker, downstream) = (tripping_at(3), Downstream::default());
    let service = ServiceBuilder::new()
        .layer(RetryLayer::new(Tries(10)))
        .layer(BreakerLayer::new(breaker.clone()))
        .service(downstream.failing());

    let error = service.oneshot(7).await.unwrap_err();

    assert!(error.rejected().is_some());
    assert_eq!(downstream.calls(), 3);
    assert_eq!(counted(&breaker, Outcome::Failure), 3);
}

#[tokio::test]
async fn with_retries_inside_only_the_last_attempt_counts_and_none_is_spared() {
    let (breaker, downstream) = (tripping_at(3), Downstream::default());
    let service = ServiceBuilder::new()
        .layer(BreakerLayer::new(breaker.clone()))
        .layer(RetryLayer::new(Tries(10)))
        .service(downstream.failing());

    assert!(service.oneshot(7).await.is_err());

    assert_eq!(downstream.calls(), 11);
    assert_eq!(counted(&breaker, Outcome::Failure), 1);
}

/// Errors of tower's own layers say nothing about the downstream, except for a timeout.
#[derive(Clone, Copy)]
struct NotOverload;

impl ClassifyError<BoxError> for NotOverload {
    fn classify_error(&self, error: &BoxError) -> Verdict {
        match find_cause::<Overloaded>(&**error) {
            Some(_) => Verdict::Ignored,
            None => Verdict::FAILURE,
        }
    }
}

#[tokio::test]
async fn shedding_inside_counts_unless_it_is_told_apart() {
    for (ignore, outcome) in [(false, Outcome::Failure), (true, Outcome::Ignored)] {
        let breaker = tripping_at(9);
        let judge = move |result: Result<&u32, &BoxError>| match result {
            Err(error) if ignore => NotOverload.classify_error(error),
            result => Verdict::of(&result),
        };
        let service = ServiceBuilder::new()
            .layer(BreakerLayer::new(breaker.clone()).classifier(judge))
            .layer(LoadShedLayer::new())
            .layer(ConcurrencyLimitLayer::new(1))
            .service(Downstream::default().hanging());
        let mut first = service.clone();
        let _hangs = first.ready().await.unwrap().call(7);

        assert!(service.oneshot(7).await.is_err());

        assert_eq!(counted(&breaker, outcome), 1, "{outcome:?}");
    }
}

#[tokio::test]
async fn shedding_outside_never_reaches_the_breaker() {
    let breaker = tripping_at(1);
    let service = ServiceBuilder::new()
        .layer(LoadShedLayer::new())
        .layer(ConcurrencyLimitLayer::new(1))
        .layer(BreakerLayer::new(breaker.clone()))
        .service(Downstream::default().hanging());
    let mut first = service.clone();
    let _hangs = first.ready().await.unwrap().call(7);

    let error = service.oneshot(7).await.unwrap_err();

    assert!(error.is::<Overloaded>());
    assert_eq!(breaker.state(), State::Closed);
    assert_eq!(counted(&breaker, Outcome::Failure), 0);
}

#[tokio::test]
async fn an_open_circuit_does_not_break_a_buffer_around_it() {
    let (breaker, clock) = breaker(brittle());
    let service = ServiceBuilder::new()
        .layer(BufferLayer::new(4))
        .layer(BreakerLayer::new(breaker.clone()))
        .service(service_fn(async |number: u32| Ok::<_, BoxError>(number)));
    breaker.open();

    assert!(service.clone().oneshot(7).await.is_err());
    clock.advance(OPEN_FOR);

    assert_eq!(service.oneshot(7).await.unwrap(), 7);
}

/// Never ready, because its connection is lost.
#[derive(Clone)]
struct Lost;

impl Service<u32> for Lost {
    type Response = u32;
    type Error = BoxError;
    type Future = std::future::Ready<Result<u32, BoxError>>;

    fn poll_ready(
        &mut self,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Result<(), BoxError>> {
        std::task::Poll::Ready(Err("connection refused".into()))
    }

    fn call(&mut self, _: u32) -> Self::Future {
        panic!("a service that is not ready was called")
    }
}

#[tokio::test]
async fn an_open_circuit_over_a_lost_connection_does_not_break_a_buffer_either() {
    let breaker = tripping_at(1);
    breaker.open();
    let service = ServiceBuilder::new()
        .layer(BufferLayer::new(4))
        .layer(BreakerLayer::new(breaker))
        .service(Lost);

    for _ in 0..3 {
        let error = service.clone().oneshot(7).await.unwrap_err();
        assert!(find_cause::<Rejected>(&*error).is_some(), "{error:?}");
    }
}

#[tokio::test]
async fn a_balancer_goes_around_an_open_circuit_that_is_not_ready() {
    let protected = |number: u32| {
        let (breaker, _) = breaker(brittle());
        let service = BreakerLayer::new(breaker.clone())
            .readiness(Readiness::BackPressure)
            .layer(service_fn(move |_: u32| async move {
                Ok::<_, Infallible>(number)
            }));
        (breaker, Constant::new(service, 0))
    };
    let ((open, first), (_, second)) = (protected(1), protected(2));
    open.open();
    let mut balance = Balance::new(ServiceList::new([first, second]));

    for _ in 0..20 {
        let answer = balance.ready().await.unwrap().call(7).await;
        assert_eq!(answer.unwrap(), 2);
    }
}

#[tokio::test]
async fn http_layers_stack_too() {
    let breaker = tripping_at(1);
    let service = ServiceBuilder::new()
        .layer(BufferLayer::new(4))
        .layer(TimeoutLayer::new(SECOND))
        .layer(FastFailureLayer::new(HttpBreakerLayer::new(
            breaker.clone(),
        )))
        .layer(TimeoutLayer::new(SECOND))
        .service(service_fn(async |_: u32| {
            Ok::<_, BoxError>(http::Response::new(String::from("fine")))
        }));

    assert_eq!(service.clone().oneshot(7).await.unwrap().status(), 200);
    breaker.open();
    assert_eq!(service.oneshot(7).await.unwrap().status(), 503);
}

/// The statuses of two requests to a router at once.
async fn two_at_once(app: axum::Router) -> [u16; 2] {
    let ask = || {
        app.clone()
            .oneshot(http::Request::new(axum::body::Body::empty()))
    };
    let (one, other) = tokio::join!(ask(), ask());
    [one, other].map(|answer| answer.unwrap().status().as_u16())
}

#[tokio::test(start_paused = true)]
async fn under_axum_only_a_global_limit_is_one() {
    let works =
        || axum::Router::new().route("/", axum::routing::get(|| tokio::time::sleep(SECOND)));
    let shed = async |_: BoxError| axum::http::StatusCode::SERVICE_UNAVAILABLE;
    let sheds = (HandleErrorLayer::new(shed), LoadShedLayer::new());

    let for_each = works().layer((sheds.clone(), ConcurrencyLimitLayer::new(1)));
    assert_eq!(two_at_once(for_each).await, [200, 200]);
    let global = works().layer((sheds, GlobalConcurrencyLimitLayer::new(1)));
    assert_eq!(two_at_once(global).await, [200, 503]);
}
