//! The duration of a call, which comes from its own caller's readings of the clock.
//!
//! A thread may stop running at any moment: between its reading of the clock and the lock, or while
//! it waits for the lock. The time that other threads read meanwhile must not count towards its
//! call.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use fusebox::{Breaker, Clock, ClockSteps, Config, ConfigBuilder, State};

const fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

/// What a caller reads, in order; something may happen right after a reading, before the caller
/// goes on.
#[derive(Clone)]
struct Script {
    readings: Arc<Mutex<VecDeque<(Duration, After)>>>,
    breaker: Arc<OnceLock<Breaker>>,
}

#[derive(Clone, Copy)]
enum After {
    Nothing,
    /// Another thread reads a later time and uses the breaker.
    SomebodyElseAt(Duration),
}

impl Clock for Script {
    fn now(&self) -> Duration {
        let next = self.readings.lock().unwrap().pop_front();
        let (now, after) = next.expect("the script says what is read");
        if let After::SomebodyElseAt(later) = after {
            self.readings
                .lock()
                .unwrap()
                .push_front((later, After::Nothing));
            self.breaker.get().unwrap().poll_transitions();
        }
        now
    }

    fn steps(&self) -> ClockSteps {
        ClockSteps::OnlyForward
    }
}

fn scripted(config: ConfigBuilder) -> (Breaker, Script) {
    let script = Script {
        readings: Arc::default(),
        breaker: Arc::default(),
    };
    // Two readings: when it is made, and when it is first shown.
    script.says([(ms(0), After::Nothing), (ms(0), After::Nothing)]);
    let breaker = Breaker::with_clock("db", config.build().unwrap(), script.clone());
    script.breaker.set(breaker.clone()).unwrap();
    (breaker, script)
}

impl Script {
    fn says<const N: usize>(&self, readings: [(Duration, After); N]) {
        *self.readings.lock().unwrap() = readings.into();
    }
}

fn slow_over(limit: Duration) -> ConfigBuilder {
    Config::builder()
        .slow_call_rate_threshold(1.0)
        .slow_call_duration(limit)
        .minimum_calls(1)
        .open_for(ms(1000))
        .half_open_for(ms(60_000))
        .jitter(0.0)
}

#[test]
fn a_failure_that_waits_for_the_lock_is_as_slow_as_it_was_when_it_ended() {
    let (breaker, script) = scripted(
        slow_over(ms(100))
            .failure_rate_threshold(1.0)
            .minimum_calls(2),
    );
    script.says([
        (ms(0), After::Nothing),
        (ms(50), After::SomebodyElseAt(ms(500))),
        (ms(500), After::Nothing),
    ]);

    breaker.try_acquire().unwrap().failure();

    assert_eq!(breaker.snapshot().totals.slow_calls(), 0);
}

#[test]
fn a_probe_of_fifty_milliseconds_is_no_slow_one_because_its_thread_was_preempted() {
    let (breaker, script) = scripted(slow_over(ms(100)));
    script.says([(ms(0), After::Nothing)]);
    breaker.half_open();

    // It reads 10, does not run until others have read 460, and is granted the probe then.
    script.says([
        (ms(10), After::SomebodyElseAt(ms(460))),
        (ms(470), After::Nothing),
    ]);
    let probe = breaker.try_acquire().unwrap();
    // It ends at 520, and others read 900 before it has the lock.
    script.says([(ms(520), After::SomebodyElseAt(ms(900)))]);
    probe.success();

    assert_eq!(breaker.state(), State::Closed);
}

#[test]
fn a_call_that_was_slow_is_slow() {
    let (breaker, script) = scripted(slow_over(ms(100)));
    script.says([(ms(0), After::Nothing)]);
    let permit = breaker.try_acquire().unwrap();

    script.says([(ms(101), After::Nothing)]);
    permit.success();

    assert_eq!(breaker.state(), State::Open);
}
