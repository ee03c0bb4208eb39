//! Instructions of the hot path, counted by Valgrind.
//!
//! A count is nearly the same on every run and every machine of one kind, however busy, so a change of a few per cent
//! is visible. It needs Linux, and two installations:
//!
//! ```sh
//! apt-get install valgrind
//! cargo install --locked gungraun-runner --version 0.20.0
//! cargo bench -p benches --bench instructions
//! ```
//!
//! The runner compares each count with that of the last run.
//! `cargo bench -p benches --bench system -- --instructions` counts what a request through an instance costs, beside
//! bare services.

#![expect(missing_docs, reason = "the macros of gungraun make items without any")]

use std::hint::black_box;
use std::time::Duration;

use fusebox::{Breaker, Config, Window};
use gungraun::prelude::*;

/// Calls per count.
const CALLS: u32 = 1000;

fn closed(window: Window) -> Breaker {
    let config = Config::builder().failure_rate_threshold(0.5).window(window);
    let breaker = Breaker::new("db", config.build().expect("valid"));
    breaker.try_acquire().expect("closed").success();
    breaker
}

fn open() -> Breaker {
    let breaker = closed(Window::count(100));
    breaker.force_open();
    breaker
}

#[library_benchmark]
#[bench::count_window(closed(Window::count(100)))]
#[bench::time_window(closed(Window::time(Duration::from_secs(10), 10)))]
fn success(breaker: Breaker) {
    for _ in 0..CALLS {
        black_box(&breaker).try_acquire().expect("closed").success();
    }
}

#[library_benchmark]
#[bench::open(open())]
fn rejection(breaker: Breaker) {
    for _ in 0..CALLS {
        assert!(black_box(&breaker).try_acquire().is_err());
    }
}

library_benchmark_group!(name = hot_path, benchmarks = [success, rejection]);
main!(library_benchmark_groups = hot_path);
