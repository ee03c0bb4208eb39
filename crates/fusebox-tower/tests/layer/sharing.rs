//! The one breaker of a layer, which all its services share and which keeps requests away while
//! open.

use std::task::{Context, Poll, Waker};

use fusebox::{CallError, Outcome, RejectReason, State, Verdict};
use fusebox_tower::{BreakerLayer, ErrorsFail};
use tower::{Layer, Service};

use crate::rehearsal::{OPEN_FOR, Puppet, breaker, brittle, counted, now, saying};

#[test]
fn clones_and_applications_of_a_layer_share_one_circuit() {
    let (breaker, _) = breaker(brittle().consecutive_failures(3));
    let layer = BreakerLayer::new(breaker.clone());
    let mut service = layer.layer(Puppet::default());
    let mut clone = service.clone();
    let mut elsewhere = layer.clone().layer(Puppet::default());

    now(&mut service, saying(Err::<(), _>("broken"))).unwrap_err();
    now(&mut clone, saying(Err::<(), _>("broken"))).unwrap_err();
    assert_eq!(breaker.state(), State::Closed);
    now(&mut elsewhere, saying(Err::<(), _>("broken"))).unwrap_err();

    assert_eq!(breaker.state(), State::Open);
    assert_eq!(layer.breaker().state(), State::Open);
    assert_eq!(service.breaker().state(), State::Open);
}

#[test]
fn a_layer_that_is_applied_for_every_request_trips_too() {
    let (breaker, _) = breaker(brittle().consecutive_failures(3));
    let layer = BreakerLayer::new(breaker);
    let downstream = Puppet::default();

    let results: Vec<_> = (0..5)
        .map(|_| {
            now(
                &mut layer.layer(downstream.clone()),
                saying(Err::<(), _>("broken")),
            )
        })
        .collect();

    assert_eq!(results[..3], [Err(CallError::Failed("broken")); 3]);
    assert!(matches!(results[3], Err(CallError::Rejected(_))));
    assert!(matches!(results[4], Err(CallError::Rejected(_))));
    assert_eq!(downstream.calls(), 3);
}

#[test]
fn an_open_circuit_never_calls_the_inner_service() {
    let (breaker, clock) = breaker(brittle());
    let downstream = Puppet::default();
    let mut service = BreakerLayer::new(breaker.clone()).layer(downstream.clone());
    breaker.open();

    let result = now(&mut service, saying(Ok::<_, ()>("late")));

    let Err(CallError::Rejected(rejected)) = result else {
        panic!("{result:?}");
    };
    assert_eq!(rejected.reason, RejectReason::Open);
    assert_eq!(rejected.retry_after, Some(OPEN_FOR));
    assert_eq!(downstream.calls(), 0);

    clock.advance(OPEN_FOR);
    assert_eq!(now(&mut service, saying(Ok::<_, ()>("probe"))), Ok("probe"));
    assert_eq!(breaker.state(), State::Closed);
    assert_eq!(downstream.calls(), 1);
}

#[test]
fn a_closure_says_what_results_mean() {
    let (breaker, _) = breaker(brittle());
    let strict = |result: Result<&u32, &&str>| match result {
        Ok(0) => Verdict::FAILURE,
        Ok(_) => Verdict::Success,
        Err(_) => Verdict::Ignored,
    };
    let mut service = BreakerLayer::new(breaker.clone())
        .classifier(strict)
        .layer(Puppet::default());

    now(&mut service, saying(Err("nobody's fault"))).unwrap_err();
    assert_eq!(counted(&breaker, Outcome::Ignored), 1);
    assert_eq!(now(&mut service, saying(Ok(1))), Ok(1));
    assert_eq!(counted(&breaker, Outcome::Success), 1);
    assert_eq!(now(&mut service, saying(Ok(0))), Ok(0));
    assert_eq!(breaker.state(), State::Open);
}

#[test]
fn an_error_of_the_inner_services_readiness_is_judged_like_that_of_a_call() {
    #[derive(Clone)]
    struct Unconnected;
    impl Service<()> for Unconnected {
        type Response = ();
        type Error = &'static str;
        type Future = std::future::Ready<Result<(), &'static str>>;
        fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
            Poll::Ready(Err("connection refused"))
        }
        fn call(&mut self, (): ()) -> Self::Future {
            unreachable!("it is never ready")
        }
    }
    let (breaker, _) = breaker(brittle().consecutive_failures(2));
    let mut service = BreakerLayer::new(breaker.clone())
        .classifier(ErrorsFail)
        .layer(Unconnected);
    let mut cx = Context::from_waker(Waker::noop());

    for _ in 0..2 {
        assert_eq!(
            service.poll_ready(&mut cx),
            Poll::Ready(Err(CallError::Failed("connection refused"))),
        );
    }

    assert_eq!(breaker.state(), State::Open);
    // Ready to reject: an error would be for good.
    assert_eq!(service.poll_ready(&mut cx), Poll::Ready(Ok(())));
    let rejected = crate::rehearsal::poll_once(&mut service.call(()));
    assert!(matches!(rejected, Poll::Ready(Err(CallError::Rejected(_)))));
    assert_eq!(breaker.snapshot().totals.rejections(RejectReason::Open), 1);
}

#[test]
fn the_inner_service_stays_within_reach() {
    let (breaker, _) = breaker(brittle());
    let mut service = BreakerLayer::new(breaker).layer(Puppet::default());
    now(&mut service, saying(Ok::<_, ()>(()))).unwrap();

    assert_eq!(service.get_ref().calls(), 1);
    *service.get_mut() = Puppet::default();
    assert_eq!(service.into_inner().calls(), 0);
}
