//! Back-pressure: a service waits for its turn, and no turn is lost.

use std::time::Duration;

use fusebox::{Breaker, CallError, Clock, DroppedPermit, Outcome, State};
use fusebox_tower::{BreakerLayer, BreakerService, ErrorsFail, Readiness};
use tokio::task::{JoinHandle, yield_now};
use tokio::time::{Instant, timeout};
use tower::{Layer, Service, ServiceExt};

use crate::rehearsal::{
    OPEN_FOR, Puppet, Sure, about_to_probe, breaker, brittle, call, counted, poll_once, saying,
    strings,
};

type Waiting = BreakerService<Puppet, ErrorsFail>;

fn service(breaker: &Breaker) -> Waiting {
    BreakerLayer::new(breaker.clone())
        .readiness(Readiness::BackPressure)
        .layer(Puppet::default())
}

type Request = tokio::sync::oneshot::Receiver<Sure<()>>;

/// Waits until the service is ready, though not for ever.
async fn ready(service: &mut Waiting) {
    let ready = ServiceExt::<Request>::ready(service);
    let ready = timeout(Duration::from_secs(60), ready).await;
    ready.expect("the service becomes ready").unwrap();
}

fn is_ready_now(service: &mut Waiting) -> bool {
    poll_once(&mut ServiceExt::<Request>::ready(service)).is_ready()
}

/// A task that becomes ready and keeps its turn.
fn queue(mut service: Waiting) -> JoinHandle<Waiting> {
    tokio::spawn(async move {
        ready(&mut service).await;
        service
    })
}

/// The runtime's paused clock as the breaker's.
struct PausedTime(Instant);

impl Clock for PausedTime {
    fn now(&self) -> Duration {
        self.0.elapsed()
    }
}

fn breaker_on_paused_time(open_for: Duration) -> Breaker {
    let config = brittle().open_for(open_for).build().unwrap();
    Breaker::with_clock("downstream", config, PausedTime(Instant::now()))
}

#[tokio::test(start_paused = true)]
async fn while_calls_pass_it_is_ready_at_once_and_reserves_nothing() {
    let (breaker, _) = breaker(brittle().dropped_permit(DroppedPermit::Failure));
    let mut service = service(&breaker);

    assert!(is_ready_now(&mut service));
    drop(service);

    assert_eq!(breaker.state(), State::Closed);
    let none = |&outcome: &Outcome| counted(&breaker, outcome) == 0;
    assert!(Outcome::ALL.iter().all(none));
}

#[tokio::test(start_paused = true)]
async fn it_becomes_ready_when_the_open_period_ends() {
    for open_for in [Duration::from_millis(40), Duration::from_millis(1_230)] {
        let breaker = breaker_on_paused_time(open_for);
        let mut service = service(&breaker);
        breaker.open();
        let start = Instant::now();

        ready(&mut service).await;

        let late = start.elapsed().checked_sub(open_for).unwrap();
        assert!(late <= Duration::from_millis(2), "{late:?} late");
        service.call(saying(Sure::Ok(()))).await.unwrap();
        assert_eq!(breaker.state(), State::Closed);
    }
}

#[tokio::test(start_paused = true)]
async fn an_operators_change_wakes_it_at_once() {
    let (breaker, _) = breaker(brittle());
    breaker.force_open();
    let waiting = queue(service(&breaker));
    let other = queue(service(&breaker));
    yield_now().await;
    let start = Instant::now();

    breaker.resume();

    waiting.await.unwrap();
    other.await.unwrap();
    assert_eq!(start.elapsed(), Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn it_notices_a_freed_probe_though_nothing_wakes_it() {
    let (breaker, _) = about_to_probe();
    let probe = breaker.try_acquire().unwrap();
    let waiting = queue(service(&breaker));
    yield_now().await;
    let start = Instant::now();

    drop(probe);

    waiting.await.unwrap();
    assert!(start.elapsed() <= Duration::from_millis(101));
}

#[tokio::test(start_paused = true)]
async fn while_it_waits_each_look_counts_as_one_rejection() {
    let (breaker, _) = breaker(brittle());
    breaker.force_open();
    let mut service = service(&breaker);

    for _ in 0..100 {
        assert!(!is_ready_now(&mut service));
    }

    let rejections = breaker.snapshot().totals;
    assert_eq!(rejections.rejections(fusebox::RejectReason::ForcedOpen), 1);
    let ready = ServiceExt::<Request>::ready(&mut service);
    let never = timeout(Duration::from_secs(3600), ready).await;
    assert!(never.is_err());
}

#[tokio::test(start_paused = true)]
async fn a_ready_service_holds_the_probe_that_its_call_uses() {
    let (breaker, _) = about_to_probe();
    let mut service = service(&breaker);

    ready(&mut service).await;
    ready(&mut service).await;
    assert_eq!(breaker.snapshot().probes_in_flight, 1);
    assert!(breaker.try_acquire().is_err());
    service.call(saying(Sure::Ok(()))).await.unwrap();

    assert_eq!(breaker.state(), State::Closed);
    assert_eq!(counted(&breaker, Outcome::Success), 1);
}

#[tokio::test(start_paused = true)]
async fn clones_never_share_a_reservation() {
    let (breaker, _) = about_to_probe();
    let mut service = service(&breaker);
    ready(&mut service).await;

    let mut clone = service.clone();
    assert!(!is_ready_now(&mut clone));
    assert_eq!(breaker.snapshot().probes_in_flight, 1);
    drop(clone);

    assert_eq!(breaker.snapshot().probes_in_flight, 1);
    service.call(saying(Sure::Ok(()))).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn dropping_a_ready_service_gives_its_probe_back_and_wakes_the_others() {
    let (breaker, _) = breaker(brittle().dropped_permit(DroppedPermit::Failure));
    breaker.half_open();
    let mut first = service(&breaker);
    ready(&mut first).await;
    let second = queue(first.clone());
    yield_now().await;
    let start = Instant::now();

    drop(first);

    second.await.unwrap();
    assert_eq!(start.elapsed(), Duration::ZERO);
    assert_eq!(breaker.state(), State::HalfOpen);
}

#[tokio::test(start_paused = true)]
async fn a_reservation_that_has_gone_stale_is_replaced_at_the_call() {
    let (breaker, _) = about_to_probe();
    let mut service = service(&breaker);
    ready(&mut service).await;

    breaker.reset();
    breaker.half_open();
    assert_eq!(breaker.snapshot().probes_in_flight, 0);
    let call = service.call(saying(Sure::Ok(())));

    assert_eq!(breaker.snapshot().probes_in_flight, 1);
    call.await.unwrap();
    assert_eq!(breaker.state(), State::Closed);
}

#[tokio::test(start_paused = true)]
async fn a_reservation_that_outlived_the_half_open_period_does_not_reach_the_inner_service() {
    let (breaker, clock) = about_to_probe();
    let mut service = service(&breaker);
    ready(&mut service).await;

    clock.advance(Duration::from_secs(10));
    let result = service.call(saying(Sure::Ok(()))).await;

    assert!(matches!(result, Err(CallError::Rejected(_))), "{result:?}");
    assert_eq!(service.get_ref().calls(), 0);
    assert_eq!(breaker.state(), State::Open);
    assert!(!is_ready_now(&mut service));
}

#[tokio::test(start_paused = true)]
async fn a_trip_between_readiness_and_call_is_a_rejection() {
    let (breaker, _) = breaker(brittle());
    let mut service = service(&breaker);
    ready(&mut service).await;

    breaker.open();

    let result = service.call(saying(Sure::Ok(()))).await;
    assert!(matches!(result, Err(CallError::Rejected(_))));
    assert_eq!(service.get_ref().calls(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_cancelled_wait_leaves_nothing_behind() {
    let (breaker, clock) = breaker(brittle());
    breaker.open();
    let mut impatient = service(&breaker);

    let wait = timeout(Duration::from_millis(10), ready(&mut impatient)).await;
    assert!(wait.is_err());
    drop(impatient);
    clock.advance(OPEN_FOR);

    assert_eq!(breaker.poll_transitions(), State::HalfOpen);
    assert_eq!(breaker.snapshot().probes_free, 1);
}

#[tokio::test(start_paused = true)]
async fn a_call_that_is_dropped_gives_the_reserved_probe_back() {
    let (breaker, _) = about_to_probe();
    let mut service = service(&breaker);
    let (_answer, request) = strings::<Sure<()>>();
    ready(&mut service).await;

    let mut call = call(&mut service, request);
    assert!(poll_once(&mut call).is_pending());
    drop(call);

    assert_eq!(counted(&breaker, Outcome::Cancelled), 1);
    assert_eq!(breaker.snapshot().probes_free, 1);
}

#[tokio::test(start_paused = true)]
async fn more_services_than_there_is_room_for_all_get_their_turn() {
    let (breaker, _) = breaker(brittle());
    breaker.force_open();
    let first = service(&breaker);
    let waiting: Vec<_> = (0..1_100).map(|_| queue(first.clone())).collect();
    yield_now().await;
    let start = Instant::now();

    breaker.resume();

    for service in waiting {
        service.await.unwrap();
    }
    assert!(start.elapsed() <= Duration::from_millis(101));
}

#[tokio::test(start_paused = true)]
async fn a_task_that_has_used_up_its_budget_keeps_its_reservation_until_its_time_is_over() {
    let (breaker, _) = about_to_probe();
    let mut service = service(&breaker);
    let task = async {
        while tokio::task::coop::has_budget_remaining() {
            tokio::task::coop::consume_budget().await;
        }
        assert!(is_ready_now(&mut service));
        assert_eq!(breaker.snapshot().probes_in_flight, 1);

        tokio::task::yield_now().await;
        assert_eq!(breaker.snapshot().probes_in_flight, 1, "after the yield");

        tokio::time::sleep(Duration::from_millis(101)).await;
        assert_eq!(breaker.snapshot().probes_in_flight, 0, "after its time");
    };

    task.await;
}
