//! The end of a leader: a breaker is never held for ever, whatever becomes of it.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use fusebox::{Breaker, Cause, CloseRamp, Config, Interest, ManualClock, State};
use fusebox_fleet::bind::Bound;
use fusebox_fleet::{Action, BreakerState, Epoch, Event};

const SECOND: Duration = Duration::from_secs(1);
const HOLD: Action = Action::Hold {
    epoch: Epoch::new(7),
};

fn breaker() -> (Breaker, ManualClock) {
    let clock = ManualClock::new();
    let config = Config::builder()
        .without_failure_rate()
        .consecutive_failures(2)
        .open_for(3 * SECOND)
        .jitter(0.0);
    let config = config.build().unwrap();
    (Breaker::with_clock("db", config, clock.clone()), clock)
}

/// Ways into each stage in which the fleet keeps a breaker from closing.
fn stages() -> [fn(&Bound); 3] {
    [
        |_| {},
        |bound| assert!(bound.breaker().fleet().grant_probe(9 * SECOND).is_some()),
        |bound| {
            let fleet = bound.breaker().fleet();
            assert!(fleet.release(9 * SECOND, CloseRamp::AsConfigured));
        },
    ]
}

fn last_cause(breaker: &Breaker) -> Cause {
    breaker.snapshot().transitions.last().unwrap().cause
}

fn recovers_by_itself(breaker: &Breaker, clock: &ManualClock) {
    assert_eq!(breaker.snapshot().hold, None);
    assert_eq!(last_cause(breaker), Cause::EngineLost);
    clock.advance(3 * SECOND);
    breaker.try_acquire().unwrap().success();
    assert_eq!(breaker.state(), State::Closed);
}

#[test]
fn a_held_breaker_whose_leader_is_dropped_recovers_by_itself() {
    for enter in stages() {
        let (breaker, clock) = breaker();
        let mut bound = Bound::new(breaker.clone());
        bound.apply(&HOLD);
        enter(&bound);

        drop(bound);

        recovers_by_itself(&breaker, &clock);
    }
}

#[test]
fn so_it_does_when_its_host_panics() {
    let (breaker, clock) = breaker();
    let host = || {
        let mut bound = Bound::new(breaker.clone());
        bound.apply(&HOLD);
        panic!("a host that is broken");
    };

    catch_unwind(AssertUnwindSafe(host)).unwrap_err();

    recovers_by_itself(&breaker, &clock);
}

#[test]
fn a_new_leader_ends_what_a_forgotten_one_left() {
    for enter in stages() {
        let (breaker, clock) = breaker();
        let mut bound = Bound::new(breaker.clone());
        bound.apply(&HOLD);
        enter(&bound);
        std::mem::forget(bound);

        let _new = Bound::new(breaker.clone());

        recovers_by_itself(&breaker, &clock);
    }
}

#[test]
fn a_leader_that_goes_touches_nothing_that_the_fleet_does_not_hold() {
    let states: [fn(&Breaker); 4] = [
        |_| {},
        |breaker| breaker.open(),
        |breaker| breaker.half_open(),
        |breaker| breaker.force_open(),
    ];
    for enter in states {
        let (breaker, _) = breaker();
        let bound = Bound::new(breaker.clone());
        enter(&breaker);
        let before = breaker.generation();

        drop(bound);

        assert_eq!(breaker.generation(), before);
    }
}

#[test]
fn a_leader_hears_that_another_one_gave_the_breaker_up() {
    let (breaker, _) = breaker();
    let events = breaker.events(Interest::Changes, 10);
    let mut bound = Bound::new(breaker.clone());
    let other = Bound::new(breaker.clone());
    bound.apply(&HOLD);
    assert_eq!(hear(&mut bound, &events), []);

    drop(other);

    let told = [Event::Breaker(BreakerState::Open)];
    assert_eq!(hear(&mut bound, &events), told);
    // What it gives up itself, its member knows.
    breaker.reset();
    assert_eq!(hear(&mut bound, &events).len(), 1);
    bound.apply(&HOLD);
    let wait = SECOND;
    assert_eq!(bound.apply(&Action::LoseEngine { wait }), None);
    assert_eq!(hear(&mut bound, &events), []);
}

#[test]
fn what_happened_before_a_hold_does_not_hide_the_hold_from_the_member() {
    let (breaker, _) = breaker();
    let events = breaker.events(Interest::Changes, 10);
    let mut bound = Bound::new(breaker.clone());
    // It trips, an operator closes it, and the member, which has heard neither, holds it.
    for _ in 0..2 {
        breaker.try_acquire().unwrap().failure();
    }
    breaker.reset();
    assert_eq!(bound.apply(&HOLD), None);
    assert!(breaker.snapshot().hold.is_some());

    // Told of the reset, the member would take the breaker for closed, and never release it.
    assert_eq!(hear(&mut bound, &events), []);
    breaker.reset();
    let told = [Event::Breaker(BreakerState::Closed)];
    assert_eq!(hear(&mut bound, &events), told);
}

#[test]
fn a_member_whose_order_does_not_apply_hears_what_the_breaker_is() {
    let (breaker, clock) = breaker();
    let mut bound = Bound::new(breaker.clone());
    let lose = Action::LoseEngine { wait: SECOND };
    let closed = Some(Event::Breaker(BreakerState::Closed));
    // The turn has ended in the breaker, and the member does not know yet.
    bound.apply(&HOLD);
    let after = SECOND;
    assert_eq!(bound.apply(&Action::Release { after }), None);
    clock.advance(SECOND);
    assert_eq!(bound.apply(&lose), closed);
    assert_eq!(bound.apply(&Action::Release { after }), closed);

    breaker.force_open();
    let overridden = Some(Event::Breaker(BreakerState::Overridden));
    assert_eq!(bound.apply(&HOLD), overridden);
    breaker.reset();
    for _ in 0..2 {
        breaker.try_acquire().unwrap().failure();
    }
    let open = Some(Event::Breaker(BreakerState::Open));
    assert_eq!(bound.apply(&HOLD), open);
}

fn hear(bound: &mut Bound, events: &fusebox::Events) -> Vec<Event> {
    let mut heard = Vec::new();
    while let Some(fusebox::Event::Transition(transition)) = events.try_next() {
        heard.extend(bound.heard(&transition));
    }
    heard
}
