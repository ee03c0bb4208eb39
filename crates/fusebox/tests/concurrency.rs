//! The promises of one breaker that many threads use.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Barrier};
use std::thread;
use std::time::Duration;

use fusebox::{
    Breaker, Clock, Config, ConfigBuilder, ManualClock, Outcome, RejectReason, Snapshot, State,
    Window,
};

const THREADS: u32 = 4;

fn settings() -> ConfigBuilder {
    Config::builder()
        .consecutive_failures(3)
        .failure_rate_threshold(0.5)
        .window(Window::count(20))
        .minimum_calls(10)
        .open_for(Duration::from_nanos(50))
        .jitter(0.0)
        .probe_count(3, 1)
}

fn breaker(settings: ConfigBuilder) -> (Breaker, ManualClock) {
    let clock = ManualClock::new();
    let breaker = Breaker::with_clock("db", settings.build().unwrap(), clock.clone());
    (breaker, clock)
}

/// Runs `work` on several threads that start together.
fn together(work: impl Fn(u32) + Sync) {
    let start = Barrier::new(THREADS as usize);
    thread::scope(|scope| {
        for thread in 0..THREADS {
            let (work, start) = (&work, &start);
            scope.spawn(move || {
                start.wait();
                work(thread);
            });
        }
    });
}

fn transitions(snapshot: &Snapshot) -> u64 {
    State::ALL
        .iter()
        .flat_map(|&from| State::ALL.iter().map(move |&to| (from, to)))
        .map(|(from, to)| snapshot.totals.transitions(from, to))
        .sum()
}

// pitfalls 6 and 7
#[test]
fn concurrent_threads_never_hold_more_probes_than_permitted() {
    let (breaker, _clock) = breaker(settings().probe_count(1000, 1000).permitted_probes(3));
    let (running, most) = (AtomicU32::new(0), AtomicU32::new(0));
    breaker.half_open();

    together(|thread| {
        for call in 0..1000 {
            let Ok(permit) = breaker.try_acquire() else {
                thread::yield_now();
                continue;
            };
            assert_eq!(permit.state(), State::HalfOpen);
            most.fetch_max(running.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
            thread::yield_now();
            running.fetch_sub(1, Ordering::SeqCst);
            if (call + thread) % 2 == 0 {
                permit.ignore();
            } else {
                drop(permit);
            }
        }
    });

    let most = most.into_inner();
    assert!((1..=3).contains(&most), "{most} probes at once");
    assert_eq!(breaker.snapshot().probes_in_flight, 0);
    assert_eq!(breaker.snapshot().probes_free, 3);
}

// pitfall 38
#[test]
fn every_call_and_rejection_is_counted_once_under_concurrency() {
    let (breaker, clock) = breaker(settings());
    let (answered, refused) = (AtomicU64::new(0), AtomicU64::new(0));

    together(|thread| {
        for call in 0..2000_u32 {
            clock.advance(Duration::from_nanos(7));
            match breaker.try_acquire() {
                Ok(permit) => {
                    answered.fetch_add(1, Ordering::Relaxed);
                    match (call.wrapping_mul(2_654_435_761) >> 7).wrapping_add(thread) % 5 {
                        0 | 1 => drop(permit.success()),
                        2 => drop(permit.failure()),
                        3 => drop(permit.ignore()),
                        _ => drop(permit),
                    }
                }
                Err(_) => {
                    refused.fetch_add(1, Ordering::Relaxed);
                }
            }
        }
    });

    let totals = breaker.snapshot().totals;
    let ended: u64 = Outcome::ALL
        .iter()
        .map(|&outcome| totals.calls(outcome))
        .sum();
    let rejected: u64 = RejectReason::ALL
        .iter()
        .map(|&reason| totals.rejections(reason))
        .sum();
    assert_eq!(ended, answered.into_inner());
    assert_eq!(rejected, refused.into_inner());
    assert_eq!(ended + rejected, 2000 * u64::from(THREADS));
}

// pitfall 38
#[test]
fn every_snapshot_of_a_contended_breaker_agrees_with_itself() {
    let (breaker, clock) = breaker(settings());
    let done = AtomicBool::new(false);

    thread::scope(|scope| {
        scope.spawn(|| {
            together(|_| {
                for call in 0..2000 {
                    clock.advance(Duration::from_nanos(7));
                    if let Ok(permit) = breaker.try_acquire() {
                        if call % 4 == 0 {
                            permit.success();
                        } else {
                            permit.failure();
                        }
                    }
                }
            });
            done.store(true, Ordering::SeqCst);
        });
        let mut last = Duration::ZERO;
        loop {
            let finished = done.load(Ordering::SeqCst);
            let snapshot = breaker.snapshot();
            let spent: Duration = State::ALL
                .iter()
                .map(|&state| snapshot.totals.time_in(state))
                .sum();
            assert_eq!(
                spent, snapshot.at,
                "times per state sum to the time that passed"
            );
            assert!(snapshot.at >= last, "time never runs back");
            assert_eq!(snapshot.generation.get(), transitions(&snapshot));
            assert!(snapshot.probes_in_flight + snapshot.probes_free <= 3);
            assert_eq!(
                snapshot.state == State::Open,
                snapshot.open_until().is_some()
            );
            last = snapshot.at;
            if finished {
                break;
            }
        }
    });
}

/// A clock that panics when told to.
struct Faulty {
    broken: Arc<AtomicBool>,
}

impl Clock for Faulty {
    fn now(&self) -> Duration {
        if self.broken.load(Ordering::SeqCst) {
            resume_unwind(Box::new("clock"));
        }
        Duration::ZERO
    }
}

#[test]
fn a_panicking_clock_poisons_nothing() {
    let broken = Arc::new(AtomicBool::new(false));
    let clock = Faulty {
        broken: Arc::clone(&broken),
    };
    let breaker = Breaker::with_clock("db", settings().build().unwrap(), clock);
    broken.store(true, Ordering::SeqCst);

    let asked = catch_unwind(AssertUnwindSafe(|| drop(breaker.try_acquire())));
    let read = catch_unwind(AssertUnwindSafe(|| drop(breaker.snapshot())));
    broken.store(false, Ordering::SeqCst);

    assert!(asked.is_err() && read.is_err());
    assert_eq!(breaker.snapshot().state, State::Closed);
    assert_eq!(breaker.try_acquire().unwrap().success(), Outcome::Success);
}
