//! The allocations of a call: without listeners there are none.
//!
//! Only this thread's allocations count. An allocator that counted the whole process would count
//! the test harness's threads as well.

use std::hint::black_box;
use std::num::NonZeroUsize;
use std::time::Duration;

use allocation_counter::measure;
use fusebox::{Breaker, Config, Registry, State, Window};

const CALLS: u32 = 10_000;

/// How many bytes `calls` allocates, after a first round that may fill caches.
fn allocated(calls: impl Fn()) -> u64 {
    calls();
    let all = measure(|| (0..CALLS).for_each(|_| calls()));
    all.bytes_total
}

#[test]
fn what_a_call_allocates_is_counted() {
    assert_eq!(
        allocated(|| drop(black_box(Box::new(1_u64)))),
        u64::from(CALLS) * 8
    );
}

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
