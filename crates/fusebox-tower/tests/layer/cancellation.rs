//! Cancelled calls, which count as nothing at whatever stage they are dropped.

use fusebox::{CallError, Outcome, State};
use fusebox_tower::BreakerLayer;
use tower::Layer;

use crate::rehearsal::{
    Puppet, Sure, about_to_probe, breaker, brittle, call, counted, now, poll_once, saying, strings,
};

#[test]
fn a_call_that_is_dropped_before_its_first_poll_is_cancelled() {
    let (breaker, _) = about_to_probe();
    let mut service = BreakerLayer::new(breaker.clone()).layer(Puppet::default());

    let call = call(&mut service, saying(Sure::Ok(())));
    assert_eq!(breaker.snapshot().probes_free, 0);
    drop(call);

    assert_eq!(breaker.snapshot().probes_free, 1);
    assert_eq!(counted(&breaker, Outcome::Cancelled), 1);
    assert_eq!(breaker.state(), State::HalfOpen);
}

#[test]
fn a_call_that_is_dropped_under_way_is_cancelled() {
    let (breaker, _) = about_to_probe();
    let mut service = BreakerLayer::new(breaker.clone()).layer(Puppet::default());
    let (_answer, request) = strings::<Sure<()>>();

    let mut first = call(&mut service, request);
    assert!(poll_once(&mut first).is_pending());
    assert!(matches!(
        now(&mut service, saying(Sure::Ok(()))),
        Err(CallError::Rejected(_))
    ));
    drop(first);

    // The slot is free again: the next probe closes the circuit.
    assert_eq!(now(&mut service, saying(Sure::Ok(()))), Ok(()));
    assert_eq!(counted(&breaker, Outcome::Cancelled), 1);
    assert_eq!(breaker.state(), State::Closed);
}

#[test]
fn a_call_that_has_ended_gives_its_slot_back_before_its_future_is_dropped() {
    let (breaker, _) = about_to_probe();
    let mut service = BreakerLayer::new(breaker.clone()).layer(Puppet::default());

    let mut probe = call(&mut service, saying(Sure::Ok(())));
    assert!(poll_once(&mut probe).is_ready());

    assert_eq!(breaker.state(), State::Closed);
    drop(probe);
    assert_eq!(counted(&breaker, Outcome::Cancelled), 0);
}

#[test]
fn a_rejected_call_holds_nothing() {
    let (breaker, _) = breaker(brittle());
    let mut service = BreakerLayer::new(breaker.clone()).layer(Puppet::default());
    breaker.force_open();

    drop(call(&mut service, saying(Sure::Ok(()))));

    assert_eq!(counted(&breaker, Outcome::Cancelled), 0);
}

#[test]
fn a_call_that_outlives_its_generation_is_late() {
    let (breaker, _) = breaker(brittle());
    let mut service = BreakerLayer::new(breaker.clone()).layer(Puppet::default());
    let (answer, request) = strings();

    let mut slow = call(&mut service, request);
    breaker.reset();
    answer.send(Err::<(), _>("broken")).unwrap();
    assert!(poll_once(&mut slow).is_ready());

    assert_eq!(counted(&breaker, Outcome::Late), 1);
    assert_eq!(breaker.state(), State::Closed);
}

#[test]
fn services_and_calls_can_move_between_threads() {
    fn can_move<T: Send + Sync + 'static>(_: &T) {}
    let (breaker, _) = breaker(brittle());
    let mut service = BreakerLayer::new(breaker).layer(Puppet::default());

    can_move(&service);
    can_move(&call(&mut service, saying(Sure::Ok(()))));
}
