//! The cost of `failsafe`: one lock around a policy, taken twice per call.

use std::hint::black_box;

use benches::{Name, Row};
use failsafe::failure_policy::{FailurePolicy, consecutive_failures};
use failsafe::{CircuitBreaker, Config, Error, StateMachine, backoff};

use crate::FOR_EVER;

const CONSECUTIVE: Name = Name::new("failsafe", "consecutive");
const DEFAULT: Name = Name::new(
    "failsafe",
    "its default: success rate over 30 s or consecutive",
);
const OPEN: Name = Name::new("failsafe", "open, reject");

pub(crate) fn rows() -> Vec<Row> {
    let consecutive = |failures| {
        Config::new().failure_policy(consecutive_failures(failures, backoff::constant(FOR_EVER)))
    };
    let opened = consecutive(1).build();
    opened.on_error();
    vec![
        succeeding(CONSECUTIVE, consecutive(5).build()),
        succeeding(DEFAULT, Config::new().build()),
        rejected(OPEN, opened),
    ]
}

fn succeeding<P>(name: Name, breaker: StateMachine<P, ()>) -> Row
where
    P: FailurePolicy + Send + 'static,
{
    Row::new(name, move || {
        let breaker = breaker.clone();
        move || black_box(breaker.call(|| Ok::<(), ()>(()))).expect("closed")
    })
}

fn rejected<P>(name: Name, breaker: StateMachine<P, ()>) -> Row
where
    P: FailurePolicy + Send + 'static,
{
    Row::new(name, move || {
        let breaker = breaker.clone();
        move || {
            let answer = black_box(breaker.call(|| Ok::<(), ()>(())));
            assert!(matches!(answer, Err(Error::Rejected)), "it is open");
        }
    })
}
