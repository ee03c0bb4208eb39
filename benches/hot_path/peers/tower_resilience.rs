//! The cost of `tower-resilience-circuitbreaker`: an asynchronous lock, taken twice per call, and
//! a boxed future.
//!
//! Its time window keeps every call and goes through all of them at each call. Ten seconds of this load would hold
//! millions, so the window is made so short that it holds about a hundred.
//!
//! Open, its `poll_ready` sleeps for a millisecond whenever another thread holds the lock. The row
//! leaves `poll_ready` out: it would measure that sleep.

use std::hint::black_box;
use std::time::Duration;

use benches::{Name, Row};
use tower::Service;
use tower_resilience_circuitbreaker::{
    CircuitBreakerError, CircuitBreakerLayer, SlidingWindowType, circuit_breaker_builder,
};

use crate::FOR_EVER;
use crate::service::{Ready, call, finish};

pub(crate) const COUNT: Name = Name::new("tower-resilience", "count window of 100, ready service");
const TIME: Name = Name::new(
    "tower-resilience",
    "time window with about 100 calls, failure and slow ratio",
);
const OPEN: Name = Name::new("tower-resilience", "open, reject");

const ABOUT_A_HUNDRED_CALLS: Duration = Duration::from_micros(50);

pub(crate) fn rows() -> Vec<Row> {
    let count = || {
        let settings = circuit_breaker_builder()
            .failure_rate_threshold(0.9)
            .sliding_window_size(100)
            .wait_duration_in_open(FOR_EVER);
        settings.build().expect("valid")
    };
    let time = circuit_breaker_builder()
        .failure_rate_threshold(0.9)
        .slow_call_rate_threshold(0.9)
        .slow_call_duration_threshold(Duration::from_secs(1))
        .sliding_window_type(SlidingWindowType::TimeBased)
        .sliding_window_duration(ABOUT_A_HUNDRED_CALLS);
    vec![
        succeeding(COUNT, &count()),
        succeeding(TIME, &time.build().expect("valid")),
        rejected(OPEN, &count()),
    ]
}

fn succeeding(name: Name, layer: &CircuitBreakerLayer) -> Row {
    let service = layer.layer_fn(Ready);
    Row::new(name, move || {
        let mut service = service.clone();
        move || black_box(call(&mut service)).expect("closed")
    })
}

fn rejected(name: Name, layer: &CircuitBreakerLayer) -> Row {
    let service = layer.layer_fn(Ready);
    finish(service.force_open());
    Row::new(name, move || {
        let mut service = service.clone();
        move || {
            let answer = black_box(finish(service.call(())));
            assert!(matches!(answer, Err(CircuitBreakerError::OpenCircuit)));
        }
    })
}
