//! Readiness: a service that is ready can be called, an open breaker answers at once, and an unused
//! turn goes to the next service.

use std::task::{Context, Poll, Waker};
use std::time::Duration;

use fusebox::{Breaker, CallError, Outcome, Rejected, State};
use fusebox_tower::{
    BreakerLayer, BreakerService, ErrorsFail, FastFailureLayer, GrpcBreakerLayer, Readiness,
};
use http::Response;
use tokio::time::{Instant, timeout};
use tower::limit::ConcurrencyLimitLayer;
use tower::{Layer, Service, ServiceBuilder, ServiceExt, service_fn};

use crate::rehearsal::{
    OPEN_FOR, Puppet, Sure, about_to_probe, breaker, brittle, call, counted, poll_once, saying,
    strings,
};

type Request = tokio::sync::oneshot::Receiver<Sure<()>>;

fn waiting(breaker: &Breaker) -> BreakerService<Puppet, ErrorsFail> {
    BreakerLayer::new(breaker.clone())
        .readiness(Readiness::BackPressure)
        .layer(Puppet::default())
}

#[tokio::test(start_paused = true)]
async fn during_a_ramp_a_ready_call_is_never_rejected() {
    let (breaker, clock) = breaker(brittle().ramp_up_for(Duration::from_secs(10)));
    breaker.try_acquire().unwrap().failure();
    clock.advance(OPEN_FOR);
    breaker.try_acquire().unwrap().success();
    let first = waiting(&breaker);

    for number in 0..100 {
        let mut service = first.clone();
        let ready = ServiceExt::<Request>::ready(&mut service);
        timeout(Duration::from_secs(60), ready)
            .await
            .unwrap()
            .unwrap();
        let result = service.call(saying(Sure::Ok(()))).await;
        assert!(result.is_ok(), "call {number}: {result:?}");
    }
}

/// Never ready, and rejects there; its call must not be made.
#[derive(Clone)]
struct RejectsWhenAsked(Rejected);

impl Service<()> for RejectsWhenAsked {
    type Response = Response<String>;
    type Error = CallError<&'static str>;
    type Future = std::future::Ready<Result<Self::Response, Self::Error>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Poll::Ready(Err(CallError::Rejected(self.0)))
    }

    fn call(&mut self, (): ()) -> Self::Future {
        panic!("a service that is not ready was called")
    }
}

#[test]
fn a_rejection_at_readiness_is_answered_without_calling_the_service() {
    let (breaker, _) = breaker(brittle());
    breaker.open();
    let rejected = breaker.try_acquire().unwrap_err();
    let rejecting = tower::layer::layer_fn(|inner: RejectsWhenAsked| inner);
    let mut service = FastFailureLayer::new(rejecting).layer(RejectsWhenAsked(rejected));

    for _ in 0..2 {
        let answer = crate::rehearsal::now(&mut service, ()).unwrap();
        assert_eq!(answer.status(), 503);
    }
}

#[test]
fn an_error_at_readiness_passes_through_the_fast_failure_layer() {
    let (breaker, _) = breaker(brittle().consecutive_failures(9));
    let mut service = FastFailureLayer::new(BreakerLayer::new(breaker)).layer(Unconnected);

    let ready = service.poll_ready(&mut Context::from_waker(Waker::noop()));

    assert_eq!(ready, Poll::Ready(Err("connection refused")));
}

#[derive(Clone)]
struct Unconnected;

impl Service<()> for Unconnected {
    type Response = Response<String>;
    type Error = &'static str;
    type Future = std::future::Ready<Result<Self::Response, Self::Error>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Poll::Ready(Err("connection refused"))
    }

    fn call(&mut self, (): ()) -> Self::Future {
        panic!("a service that is not ready was called")
    }
}

#[test]
fn an_error_at_readiness_of_a_grpc_service_counts() {
    let (breaker, _) = breaker(brittle());
    let mut service = GrpcBreakerLayer::new(breaker.clone()).layer(Unconnected);

    let ready = service.poll_ready(&mut Context::from_waker(Waker::noop()));

    assert_eq!(
        ready,
        Poll::Ready(Err(CallError::Failed("connection refused")))
    );
    assert_eq!(counted(&breaker, Outcome::Failure), 1);
    assert_eq!(breaker.state(), State::Open);
}

#[test]
fn an_open_circuit_over_a_full_concurrency_limit_answers_at_once() {
    let (breaker, _) = breaker(brittle());
    let mut service = ServiceBuilder::new()
        .layer(BreakerLayer::new(breaker.clone()))
        .layer(ConcurrencyLimitLayer::new(1))
        .service(Puppet::default());
    let (_answer, hangs) = strings::<Sure<()>>();
    let _hanging = call(&mut service, hangs);
    breaker.open();

    let mut call = service.clone().oneshot(saying(Sure::Ok(())));

    let Poll::Ready(result) = poll_once(&mut call) else {
        panic!("it waits");
    };
    assert!(matches!(result, Err(CallError::Rejected(_))), "{result:?}");
    let rejections = breaker.snapshot().totals;
    assert_eq!(rejections.rejections(fusebox::RejectReason::Open), 1);
}

#[tokio::test(start_paused = true)]
async fn a_trip_answers_those_who_wait_for_a_full_concurrency_limit() {
    let (breaker, _) = breaker(brittle());
    let mut service = ServiceBuilder::new()
        .layer(BreakerLayer::new(breaker.clone()))
        .layer(ConcurrencyLimitLayer::new(1))
        .service(Puppet::default());
    let (_answer, hangs) = strings::<Sure<()>>();
    let _hanging = call(&mut service, hangs);
    let waits = tokio::spawn(service.clone().oneshot(saying(Sure::Ok(()))));
    tokio::task::yield_now().await;

    breaker.open();

    let result = timeout(Duration::from_secs(3600), waits).await;
    let result = result.expect("an open circuit answers").unwrap();
    assert!(matches!(result, Err(CallError::Rejected(_))), "{result:?}");
}

#[test]
fn a_service_that_was_ready_to_reject_still_calls_nothing_that_is_not_ready() {
    let (breaker, clock) = breaker(brittle());
    let mut service = ServiceBuilder::new()
        .layer(BreakerLayer::new(breaker.clone()))
        .layer(ConcurrencyLimitLayer::new(1))
        .service(Puppet::default());
    let (answer, hangs) = strings::<Sure<()>>();
    let mut hanging = call(&mut service, hangs);
    breaker.open();
    let mut late = service.clone();
    let mut cx = Context::from_waker(Waker::noop());
    assert!(Service::<Request>::poll_ready(&mut late, &mut cx).is_ready());

    // The open period ends between readiness and call; the limit is still full.
    clock.advance(OPEN_FOR);
    let result = poll_once(&mut late.call(saying(Sure::Ok(()))));
    assert!(matches!(result, Poll::Ready(Err(CallError::Rejected(_)))));
    assert_eq!(breaker.snapshot().probes_in_flight, 0);

    // With a free place, the call is made.
    breaker.open_for(OPEN_FOR);
    assert!(Service::<Request>::poll_ready(&mut late, &mut cx).is_ready());
    answer.send(Sure::Ok(())).unwrap();
    assert!(poll_once(&mut hanging).is_ready());
    drop(hanging);
    clock.advance(OPEN_FOR);
    let result = poll_once(&mut late.call(saying(Sure::Ok(()))));
    assert!(matches!(result, Poll::Ready(Ok(()))), "{result:?}");
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .unwrap()
}

/// Opens the breaker and becomes ready again, on a runtime of its own.
fn wait_once(service: &mut BreakerService<Puppet, ErrorsFail>, breaker: &Breaker) {
    let runtime = runtime();
    breaker.open_for(Duration::from_millis(50));
    runtime.block_on(async {
        let ready = ServiceExt::<Request>::ready(service);
        timeout(Duration::from_secs(60), ready)
            .await
            .unwrap()
            .unwrap();
    });
    drop(runtime);
}

#[test]
fn a_service_may_wait_on_one_runtime_after_the_other() {
    let config = brittle().build().unwrap();
    let breaker = Breaker::with_clock("downstream", config, TokioTime::default());
    let mut service = waiting(&breaker);

    wait_once(&mut service, &breaker);
    wait_once(&mut service, &breaker);
}

#[test]
fn a_wait_that_began_on_one_runtime_ends_on_another() {
    let config = brittle().build().unwrap();
    let breaker = Breaker::with_clock("downstream", config, TokioTime::default());
    let mut service = waiting(&breaker);
    let (first, second) = (runtime(), runtime());
    first.block_on(async {
        breaker.open_for(Duration::from_millis(50));
        let ready = ServiceExt::<Request>::ready(&mut service);
        assert!(timeout(Duration::from_millis(1), ready).await.is_err());
    });

    // The first runtime is alive, but it is not running.
    second.block_on(async {
        let start = Instant::now();
        let ready = ServiceExt::<Request>::ready(&mut service);
        timeout(Duration::from_secs(60), ready)
            .await
            .unwrap()
            .unwrap();
        assert!(start.elapsed() <= Duration::from_millis(101));
    });
    drop(first);
}

/// The time of whichever runtime asks, and zero outside of one.
#[derive(Default)]
struct TokioTime(std::sync::OnceLock<Instant>);

impl fusebox::Clock for TokioTime {
    fn now(&self) -> Duration {
        self.0.get_or_init(Instant::now).elapsed()
    }
}

#[tokio::test(start_paused = true)]
async fn a_turn_that_an_idle_service_does_not_use_goes_to_the_next() {
    let (breaker, _) = about_to_probe();
    let mut idle = waiting(&breaker);
    let mut next = idle.clone();
    ServiceExt::<Request>::ready(&mut idle).await.unwrap();
    assert_eq!(breaker.snapshot().probes_free, 0);
    let start = Instant::now();

    let ready = ServiceExt::<Request>::ready(&mut next);
    timeout(Duration::from_secs(60), ready)
        .await
        .unwrap()
        .unwrap();

    assert!(
        start.elapsed() <= Duration::from_millis(201),
        "{:?}",
        start.elapsed()
    );
    next.call(saying(Sure::Ok(()))).await.unwrap();
    assert_eq!(breaker.state(), State::Closed);
}

#[tokio::test(start_paused = true)]
async fn a_turn_that_an_idle_service_does_not_use_goes_to_those_who_only_ask_the_breaker() {
    let (breaker, _) = about_to_probe();
    let mut idle = waiting(&breaker);
    ServiceExt::<Request>::ready(&mut idle).await.unwrap();
    assert!(breaker.try_acquire().is_err());

    tokio::time::sleep(Duration::from_millis(101)).await;

    breaker.try_acquire().unwrap().success();
    assert_eq!(breaker.state(), State::Closed);
    let result = idle.call(saying(Sure::Ok(()))).await;
    assert!(result.is_ok());
}

#[tokio::test(start_paused = true)]
async fn one_waiting_layer_applied_twice_closes() {
    let (breaker, _) = about_to_probe();
    let layer = BreakerLayer::new(breaker.clone()).readiness(Readiness::BackPressure);
    let mut service = layer.layer(layer.layer(service_fn(async |(): ()| Sure::Ok(()))));
    let start = Instant::now();

    let ready = service.ready();
    timeout(Duration::from_secs(60), ready)
        .await
        .unwrap()
        .unwrap();
    service.call(()).await.unwrap();

    assert_eq!(start.elapsed(), Duration::ZERO);
    assert_eq!(breaker.state(), State::Closed);
}
