//! The cost of our tower layer over a ready service.
//!
//! A row wraps [`Ready`](crate::service::Ready) and makes calls with
//! [`service::call`](crate::service::call), like the rows of tower-resilience.

use std::hint::black_box;
use std::time::Duration;

use benches::{Name, Row};
use fusebox::{Breaker, Config, TscClock, Window};
use fusebox_tower::BreakerLayer;
use tower::Layer;

use crate::FOR_EVER;
use crate::service::{Ready, call};

pub(crate) const CLOSED: Name = Name::new("fusebox-tower", "count window of 100, ready service");
const TIME: Name = Name::new(
    "fusebox-tower",
    "time window 10 s / 10 buckets, failure and slow ratio, `TscClock`",
);
const OPEN: Name = Name::new("fusebox-tower", "open, reject");

pub(crate) fn rows() -> Vec<Row> {
    let ratio = || Config::builder().failure_rate_threshold(0.9);
    let count = ratio().window(Window::count(100)).open_for(FOR_EVER);
    let count = count.build().expect("valid");
    let slow = ratio()
        .slow_call_rate_threshold(0.9)
        .slow_call_duration(Duration::from_secs(1));
    let time = Breaker::with_clock("bench", slow.build().expect("valid"), TscClock::new());
    let opened = Breaker::new("bench", count.clone());
    opened.open();
    vec![
        calling(CLOSED, Breaker::new("bench", count), Result::is_ok),
        calling(TIME, time, Result::is_ok),
        calling(OPEN, opened, Result::is_err),
    ]
}

fn calling<E>(name: Name, breaker: Breaker, expected: fn(&Result<(), E>) -> bool) -> Row
where
    BreakerLayer: Layer<Ready>,
    <BreakerLayer as Layer<Ready>>::Service:
        tower::Service<(), Response = (), Error = E> + Clone + Send + Sync + 'static,
    E: 'static,
{
    let service = BreakerLayer::new(breaker).layer(Ready);
    Row::new(name, move || {
        let mut service = service.clone();
        move || assert!(expected(&black_box(call(&mut service))))
    })
}
