//! The limits of the machine: the steps that no breaker with shared state or a clock can avoid.

use std::hint::black_box;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use benches::{Name, Row};

pub(crate) const OWN_WORD: Name = Name::new("limit", "`fetch_add`, a word per thread");
pub(crate) const ONE_WORD: Name = Name::new("limit", "`fetch_add`, one word");
pub(crate) const NOW: Name = Name::new("limit", "`Instant::now`");
const COUNTER: Name = Name::new("limit", "time-stamp counter (quanta, raw)");

/// Alone on its cache lines: processors fetch pairs of 64 bytes.
#[derive(Default)]
#[repr(align(128))]
struct Word(AtomicU64);

pub(crate) fn rows() -> Vec<Row> {
    let one = Arc::new(Word::default());
    let counter = quanta::Clock::new();
    vec![
        Row::new(OWN_WORD, || {
            let own = Box::new(Word::default());
            move || add(&own)
        }),
        Row::new(ONE_WORD, move || {
            let one = Arc::clone(&one);
            move || add(&one)
        }),
        Row::new(NOW, || || now()),
        Row::new(COUNTER, move || {
            let counter = counter.clone();
            move || {
                black_box(counter.raw());
            }
        }),
    ]
}

fn add(word: &Word) {
    black_box(word.0.fetch_add(1, Ordering::Relaxed));
}

#[expect(clippy::disallowed_methods, reason = "its cost is the question")]
fn now() {
    black_box(Instant::now());
}
