//! The cost of `recloser`: a ring behind a spin lock, and an epoch to reach it.

use std::hint::black_box;
use std::sync::Arc;

use benches::{Name, Row};
use recloser::{Error, Recloser};

use crate::FOR_EVER;

pub(crate) const CLOSED: Name = Name::new("recloser", "ring of 100");
const OPEN: Name = Name::new("recloser", "open, reject");

pub(crate) fn rows() -> Vec<Row> {
    let closed = Arc::new(ring());
    let opened = Arc::new(ring());
    while !matches!(opened.call(|| Err::<(), ()>(())), Err(Error::Rejected)) {}
    vec![
        Row::new(CLOSED, move || {
            let breaker = Arc::clone(&closed);
            move || black_box(breaker.call(|| Ok::<(), ()>(()))).expect("closed")
        }),
        Row::new(OPEN, move || {
            let breaker = Arc::clone(&opened);
            move || {
                let answer = black_box(breaker.call(|| Ok::<(), ()>(())));
                assert!(matches!(answer, Err(Error::Rejected)), "it is open");
            }
        }),
    ]
}

fn ring() -> Recloser {
    Recloser::custom()
        .error_rate(0.9)
        .closed_len(100)
        .open_wait(FOR_EVER)
        .build()
}
