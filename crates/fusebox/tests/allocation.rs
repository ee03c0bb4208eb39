//! Does a call allocate anything? Without listeners, not one byte.

use std::alloc::System;
use std::num::NonZeroUsize;
use std::time::Duration;

use fusebox::{Breaker, Config, Registry, State, Window};
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

const CALLS: u32 = 10_000;

/// What `calls` allocates, after a first round that may fill caches.
fn allocated(calls: impl Fn()) -> usize {
    calls();
    let region = Region::new(ALLOCATOR);
    for _ in 0..CALLS {
        calls();
    }
    region.change().bytes_allocated
}

// One test, because other threads would be counted as well.
#[test]
fn no_call_allocates() {
    let windows = [
        Window::count(100),
        Window::count(100_000),
        Window::time(Duration::from_secs(10), 10),
    ];
    for window in windows {
        let config = Config::builder()
            .consecutive_failures(1_000_000)
            .failure_rate_threshold(1.0)
            .slow_call_rate_threshold(1.0)
            .slow_call_duration(Duration::from_secs(1))
            .window(window)
            .build()
            .unwrap();
        let breaker = Breaker::new("db", config);
        breaker.try_acquire().unwrap().success();

        let all_ends = || {
            breaker.try_acquire().unwrap().success();
            breaker.try_acquire().unwrap().failure();
            breaker.try_acquire().unwrap().ignore();
            drop(breaker.try_acquire().unwrap());
            let owned = breaker.try_acquire().unwrap().into_owned();
            owned.took(Duration::from_secs(2)).success();
            let hint = Duration::from_secs(1);
            breaker.try_acquire().unwrap().retry_after(hint).failure();
            breaker.call(|| Ok::<_, ()>(1)).unwrap();
        };
        assert_eq!(allocated(all_ends), 0, "{window:?}");
        assert_eq!(breaker.state(), State::Closed);

        let late = || {
            let permit = breaker.try_acquire().unwrap();
            breaker.reset();
            permit.success();
        };
        assert_eq!(allocated(late), 0, "late, {window:?}");

        breaker.force_open();
        let rejected = || assert!(breaker.try_acquire().is_err());
        assert_eq!(allocated(rejected), 0, "rejected, {window:?}");
    }

    let hosts: Registry<String> = Registry::new(NonZeroUsize::new(10).unwrap(), Config::default());
    let keyed = || {
        let breaker = hosts.get("a.example").unwrap();
        breaker.try_acquire().unwrap().success();
    };
    assert_eq!(allocated(keyed), 0, "by key");
}
