//! The promises of a breaker on a coarse clock, and the promises of the clocks themselves.

use std::time::Duration;

use fusebox::{Breaker, Clock, ClockSteps, Config, ManualClock, RejectReason, State, Window};

/// The kernel's tick at 100 ticks a second, the coarsest there is.
const TICK: Duration = Duration::from_millis(10);
const MICRO: Duration = Duration::from_micros(1);

/// Shows the time of the last tick.
#[derive(Clone)]
struct Ticking(ManualClock);

impl Clock for Ticking {
    fn now(&self) -> Duration {
        let ticks = self.0.now().as_millis() / TICK.as_millis();
        TICK * u32::try_from(ticks).expect("a test is short")
    }

    fn steps(&self) -> ClockSteps {
        ClockSteps::OnlyForward
    }
}

fn breaker(config: Config) -> (Breaker, ManualClock) {
    let time = ManualClock::new();
    // Between two ticks.
    time.set(TICK * 1_000 + TICK / 3);
    let breaker = Breaker::with_clock("db", config, Ticking(time.clone()));
    (breaker, time)
}

fn chance() -> impl Iterator<Item = (u64, fastrand::Rng)> {
    (0..500).map(|seed| (seed, fastrand::Rng::with_seed(seed)))
}

#[test]
fn an_open_period_on_a_coarse_clock_is_right_to_a_tick_and_every_rejection_says_how_long() {
    for (seed, mut chance) in chance() {
        let open_for = MICRO * chance.u32(1..200_000);
        let config = Config::builder()
            .consecutive_failures(1)
            .open_for(open_for)
            .jitter(0.0)
            .build()
            .unwrap();
        let (breaker, time) = breaker(config);
        time.advance(MICRO * chance.u32(0..50_000));
        breaker.try_acquire().unwrap().failure();
        let opened = time.now();

        let mut rejections = 0;
        let probe = loop {
            match breaker.try_acquire() {
                Ok(probe) => break probe,
                Err(rejected) => {
                    let left = rejected.retry_after.unwrap();
                    assert_eq!(rejected.reason, RejectReason::Open);
                    assert!(
                        left > Duration::ZERO && left <= open_for,
                        "{left:?}, seed {seed}"
                    );
                    let end = time.now() + left;
                    let right = opened + open_for;
                    assert!(
                        end + TICK > right && end < right + TICK,
                        "{left:?}, seed {seed}"
                    );
                    rejections += 1;
                    time.advance(MICRO * chance.u32(1..3_000));
                }
            }
        };

        let lasted = time.now().saturating_sub(opened);
        assert_eq!(probe.state(), State::HalfOpen);
        assert!(
            lasted > open_for.saturating_sub(TICK),
            "{lasted:?}, seed {seed}"
        );
        let stride = MICRO * 3_000;
        assert!(lasted < open_for + TICK + stride, "{lasted:?}, seed {seed}");
        let counted = breaker.snapshot().totals.rejections(RejectReason::Open);
        assert_eq!(
            counted, rejections,
            "every rejection is counted, seed {seed}"
        );
    }
}

#[test]
fn a_caller_that_waits_as_told_on_a_coarse_clock_waits_at_most_one_tick_more() {
    for (seed, mut chance) in chance() {
        let open_for = MICRO * chance.u32(1..200_000);
        let config = Config::builder()
            .consecutive_failures(1)
            .open_for(open_for)
            .jitter(0.0)
            .build()
            .unwrap();
        let (breaker, time) = breaker(config);
        breaker.try_acquire().unwrap().failure();
        time.advance(open_for / 3);
        let Err(told) = breaker.try_acquire() else {
            continue; // Shorter than a tick.
        };
        time.advance(told.retry_after.unwrap());

        if let Err(again) = breaker.try_acquire() {
            let left = again.retry_after.unwrap();
            assert!(left < TICK, "{left:?}, seed {seed}");
            time.advance(TICK);
            assert!(breaker.try_acquire().is_ok(), "seed {seed}");
        }
    }
}

#[test]
fn at_exactly_the_deadline_a_coarse_clock_shows_the_next_call_is_admitted() {
    let config = Config::builder()
        .consecutive_failures(1)
        .open_for(TICK * 5)
        .jitter(0.0)
        .build()
        .unwrap();
    let (breaker, time) = breaker(config);
    breaker.try_acquire().unwrap().failure();

    time.set(TICK * 1_004 + Duration::from_nanos(9_999_999));
    let early = breaker.try_acquire().map(drop).unwrap_err();
    time.set(TICK * 1_005);

    assert_eq!(early.retry_after, Some(TICK));
    assert_eq!(breaker.try_acquire().unwrap().state(), State::HalfOpen);
}

#[test]
fn a_call_on_a_coarse_clock_is_slow_or_not_to_a_tick() {
    let threshold = TICK * 10;
    for (seed, mut chance) in chance() {
        let config = Config::builder()
            .slow_call_rate_threshold(1.0)
            .slow_call_duration(threshold)
            .window(Window::count(100))
            .minimum_calls(100)
            .build()
            .unwrap();
        let (breaker, time) = breaker(config);
        time.advance(MICRO * chance.u32(0..50_000));
        let took = MICRO * chance.u32(0..250_000);

        let permit = breaker.try_acquire().unwrap();
        time.advance(took);
        permit.success();

        let slow = breaker.snapshot().totals.slow_calls() == 1;
        if took >= threshold + TICK * 2 {
            assert!(slow, "{took:?}, seed {seed}");
        }
        if took + TICK <= threshold {
            assert!(!slow, "{took:?}, seed {seed}");
        }
    }
}

#[test]
fn a_time_window_on_a_coarse_clock_counts_every_call_and_forgets_none_early() {
    for (seed, mut chance) in chance() {
        let config = Config::builder()
            .failure_rate_threshold(1.0)
            .window(Window::time(TICK * 100, 10))
            .minimum_calls(1_000)
            .build()
            .unwrap();
        let (breaker, time) = breaker(config);
        let mut calls = Vec::new();
        for _ in 0..100 {
            time.advance(MICRO * chance.u32(0..60_000));
            breaker.try_acquire().unwrap().failure();
            calls.push(time.now());
        }

        let now = time.now();
        let within = |age| calls.iter().filter(|&&call| now < call + age).count() as u64;
        let counted = breaker.snapshot().window.calls;
        // A window covers between nine and ten of its ten buckets.
        assert!(counted >= within(TICK * 89), "{counted}, seed {seed}");
        assert!(counted <= within(TICK * 101), "{counted}, seed {seed}");
    }
}

#[cfg(feature = "coarse")]
mod coarse {
    use fusebox::{CoarseClock, SystemClock};

    use super::*;

    #[test]
    fn its_error_is_at_most_the_longest_tick_of_a_kernel() {
        let error = CoarseClock::resolution();

        assert!(error > Duration::ZERO && error <= TICK, "{error:?}");
    }

    #[test]
    fn it_goes_forward_beside_the_system_clock_within_its_error() {
        // A host that takes the core away delays the kernel's tick, so the best of some trials.
        let within = (0..20).any(|_| {
            let coarse = CoarseClock::new();
            let system = SystemClock::new();
            let (mut ticks, mut last, mut within) = (0, coarse.now(), true);
            while ticks < 5 {
                let before = system.now();
                let now = coarse.now();
                assert!(now >= last);
                // The origins differ by up to one error as well.
                let error = CoarseClock::resolution();
                within &= now + error > before && now < system.now() + error;
                ticks += u32::from(now > last);
                last = now;
            }
            within
        });
        assert!(within);
    }

    #[test]
    fn its_steps_go_only_forward() {
        assert_eq!(CoarseClock::new().steps(), ClockSteps::OnlyForward);
    }
}

#[cfg(feature = "tsc")]
mod tsc {
    use std::thread;

    use fusebox::{SystemClock, TscClock};

    use super::*;

    #[test]
    fn threads_on_all_cores_read_what_the_system_clock_shows() {
        let system = SystemClock::new();
        let clock = TscClock::new();
        let began = system.now();

        thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    for _ in 0..2_000 {
                        let before = system.now();
                        let shown = clock.now();
                        let after = system.now();
                        // 0.5 ms of a window, and 0.4 % of the time since the origin.
                        let error = Duration::from_millis(1) + after / 250;
                        assert!(shown + began + error > before, "{shown:?}");
                        assert!(shown < after + error, "{shown:?}");
                    }
                });
            }
        });
    }

    #[test]
    fn clones_share_the_origin() {
        let clock = TscClock::new();
        let clone = clock.clone();

        let [first, second, third] = [clock.now(), clone.now(), clock.now()];

        assert!(first <= second && second <= third);
        assert_eq!(clone.steps(), ClockSteps::OnlyForward);
        assert_eq!(clock.reads_counter(), clone.reads_counter());
    }
}
