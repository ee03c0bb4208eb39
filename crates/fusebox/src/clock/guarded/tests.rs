//! Tests of [`Guarded`] on a simulated machine, whose cores can be out of step.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::sync::Mutex;

use super::*;
use crate::{Breaker, Config, State, Window};

const MICRO: u64 = 1_000;
const MILLI: u64 = 1_000_000;
const SECOND: u64 = 1_000_000_000;

/// Seven ticks last two nanoseconds, as at 3.5 GHz.
const TICKS: u64 = 7;
const NANOS: u64 = 2;

/// A machine: what time it is, and what the counter of the present core shows.
#[derive(Clone, Debug, Default)]
struct Machine(Arc<Mutex<Parts>>);

#[derive(Debug, Default)]
struct Parts {
    /// The reference's time.
    time: u64,
    /// The counters' time where nothing is wrong; differs from `time` after drifting and sleeping.
    counted: u64,
    /// By how many nanoseconds the counter of the present core is ahead.
    ahead: i64,
    /// How many millionths the counters are too fast.
    fast: i64,
    /// How long the thread loses its core before each of its next readings.
    interruptions: Vec<u64>,
}

impl Machine {
    /// A machine that has been up for an hour, and a clock on it.
    fn with_clock() -> (Self, Guarded<Self, Reference>) {
        let machine = Self::default();
        machine.pass(3600 * SECOND);
        let clock = machine.clock();
        (machine, clock)
    }

    fn clock(&self) -> Guarded<Self, Reference> {
        let tick = TickLength::of_2_pow_32_ticks((NANOS << 32) / TICKS);
        Guarded::new(self.clone(), tick, Reference(self.clone()))
    }

    fn parts<R>(&self, change: impl FnOnce(&mut Parts) -> R) -> R {
        change(&mut self.0.lock().unwrap())
    }

    fn pass(&self, nanos: u64) {
        self.parts(|it| it.pass(nanos));
    }

    /// The thread goes on on a core whose counter is this far ahead, or behind.
    fn change_core(&self, ahead: i64) {
        self.parts(|it| it.ahead = ahead);
    }

    fn time(&self) -> u64 {
        self.parts(|it| it.time)
    }
}

impl Parts {
    fn pass(&mut self, nanos: u64) {
        self.time += nanos;
        let drift = i128::from(nanos) * i128::from(self.fast) / 1_000_000;
        self.counted += nanos.saturating_add_signed(i64::try_from(drift).unwrap());
    }

    /// A reading takes time, and may have to wait for a core.
    fn begin_reading(&mut self) {
        let wait = self.interruptions.pop().unwrap_or(0);
        self.pass(20 + wait);
    }
}

impl Counter for Machine {
    fn ticks(&self) -> u64 {
        self.parts(|it| {
            it.begin_reading();
            it.counted.wrapping_add_signed(it.ahead).wrapping_mul(TICKS) / NANOS
        })
    }
}

/// The system's clock.
#[derive(Clone, Debug)]
struct Reference(Machine);

impl Clock for Reference {
    fn now(&self) -> Duration {
        Duration::from_nanos(self.0.parts(|it| {
            it.begin_reading();
            it.time
        }))
    }
}

/// By how many nanoseconds the clock has gone further than the machine since both were zero.
fn error(machine: &Machine, clock: &Guarded<Machine, Reference>, started: u64) -> i64 {
    let shown = clock.now_nanos();
    signed(shown) - signed(machine.time() - started)
}

fn close(error: i64) -> bool {
    // Some readings of 20 ns each.
    error.abs() <= 500
}

#[test]
fn a_sound_counter_is_read_for_ever() {
    let (machine, clock) = Machine::with_clock();
    let started = machine.time();
    // The rate was measured to 20 millionths; time synchronisation slews by 500.
    machine.parts(|it| it.fast = 520);

    for step in [20, MICRO, 400 * MICRO, 3 * MILLI, SECOND, 3600 * SECOND] {
        for _ in 0..500 {
            machine.pass(step);
            clock.now_nanos();
        }
    }

    assert!(clock.reads_counter());
    let passed = machine.time() - started;
    let error = error(&machine, &clock, started);
    assert!(error > 0, "it is the counter that was read");
    assert!(error.unsigned_abs() < passed / 1000, "{error} of {passed}");
}

#[test]
fn a_call_that_ends_on_a_core_out_of_step_takes_its_own_time() {
    for ahead in [10, -10, 1, -1, 1_000, -1_000, 3_600_000, -3_600_000].map(|it| it * 1_000_000) {
        let (machine, clock) = Machine::with_clock();
        for call in 0..100 {
            machine.change_core(if call % 2 == 0 { 0 } else { ahead });
            let granted = clock.now_nanos();
            machine.pass(100 * MICRO);
            machine.change_core(if call % 3 == 0 { 0 } else { ahead });

            let took = clock.now_nanos().saturating_sub(granted);

            assert!(
                took < 700 * MICRO,
                "{took} ns, call {call}, {ahead} ns ahead"
            );
        }
        assert!(!clock.reads_counter(), "{ahead} ns ahead");
    }
}

#[test]
fn a_breaker_finds_no_call_slow_because_cores_are_out_of_step() {
    let (machine, clock) = Machine::with_clock();
    let config = Config::builder()
        .slow_call_rate_threshold(0.1)
        .slow_call_duration(Duration::from_millis(5))
        .window(Window::count(10))
        .minimum_calls(1)
        .build()
        .unwrap();
    let breaker = Breaker::with_clock("db", config, clock);

    for call in 0..1_000_i64 {
        machine.change_core(call % 3 * 10_000_000);
        let permit = breaker.try_acquire().unwrap();
        machine.pass(MILLI);
        machine.change_core(call % 4 * 10_000_000);
        permit.success();
    }

    assert_eq!(breaker.state(), State::Closed);
    assert_eq!(breaker.snapshot().totals.slow_calls, 0);
}

#[test]
fn a_busy_clock_is_never_off_by_a_millisecond_whatever_the_cores_show() {
    for seed in 0..300 {
        let mut chance = fastrand::Rng::with_seed(seed);
        let (machine, clock) = Machine::with_clock();
        let started = machine.time();
        let cores: Vec<i64> = (0..4)
            .map(|_| chance.i64(-20_000_000..20_000_000))
            .collect();
        for reading in 0..200 {
            machine.pass(chance.u64(0..400 * MICRO));
            machine.change_core(*chance.choice(&cores).unwrap());

            let error = error(&machine, &clock, started);

            assert!(
                error.abs() < 1_000_000,
                "{error} ns, reading {reading}, seed {seed}"
            );
        }
    }
}

#[test]
fn no_reading_is_ahead_by_a_millisecond_however_rarely_the_clock_is_read() {
    for seed in 0..300 {
        let mut chance = fastrand::Rng::with_seed(seed);
        let (machine, clock) = Machine::with_clock();
        let started = machine.time();
        for reading in 0..200 {
            machine.pass(chance.u64(0..30 * MILLI));
            machine.change_core(*chance.choice(&[0, 10_000_000, -7_000_000]).unwrap());

            let error = error(&machine, &clock, started);

            assert!(
                error < 1_000_000,
                "{error} ns, reading {reading}, seed {seed}"
            );
        }
        assert!(!clock.reads_counter(), "seed {seed}");
    }
}

#[test]
fn cores_a_little_out_of_step_are_good_enough() {
    let (machine, clock) = Machine::with_clock();
    let started = machine.time();

    for reading in 0..10_000 {
        machine.pass(7 * MICRO);
        machine.change_core(reading % 5 * 50_000);
        let error = error(&machine, &clock, started);
        assert!((-500..=200_500).contains(&error), "{error} ns");
    }

    assert!(clock.reads_counter());
}

#[test]
fn a_chain_of_small_steps_does_not_hide_a_large_one() {
    let (machine, clock) = Machine::with_clock();

    for ahead in 0..20 {
        machine.change_core(ahead * 100_000);
        machine.pass(600 * MICRO);
        clock.now_nanos();
    }

    assert!(
        !clock.reads_counter(),
        "the first and the last are 2 ms apart"
    );
}

#[test]
fn a_counter_that_drifts_by_a_hundredth_is_given_up_before_it_is_a_millisecond_off() {
    for fast in [10_000, -10_000, 500_000, -500_000] {
        let (machine, clock) = Machine::with_clock();
        let started = machine.time();
        machine.parts(|it| it.fast = fast);

        for _ in 0..10_000 {
            machine.pass(50 * MICRO);
            let error = error(&machine, &clock, started);
            assert!(error.abs() < 1_000_000, "{error} ns, {fast} millionths");
        }

        assert!(!clock.reads_counter(), "{fast} millionths");
    }
}

#[test]
fn a_counter_that_is_reset_is_given_up_at_once() {
    let (machine, clock) = Machine::with_clock();
    let started = machine.time();
    machine.pass(SECOND);
    clock.now_nanos();

    machine.parts(|it| it.counted = 0);

    assert!(close(error(&machine, &clock, started)));
    assert!(!clock.reads_counter());
}

#[test]
fn a_counter_that_ran_on_while_the_machine_slept_is_given_up_at_once() {
    let (machine, clock) = Machine::with_clock();
    let started = machine.time();
    machine.pass(SECOND);
    clock.now_nanos();

    machine.parts(|it| it.counted += 8 * 3600 * SECOND);

    assert!(close(error(&machine, &clock, started)));
    assert!(!clock.reads_counter());
}

#[test]
fn a_counter_that_stood_while_time_went_on_is_given_up_within_half_a_millisecond() {
    let (machine, clock) = Machine::with_clock();
    let started = machine.time();
    machine.pass(SECOND);
    clock.now_nanos();

    machine.parts(|it| it.time += 8 * 3600 * SECOND);
    machine.pass(500 * MICRO);

    assert!(close(error(&machine, &clock, started)));
    assert!(!clock.reads_counter());
}

#[test]
fn what_was_found_wrong_is_not_believed_again_and_clones_know() {
    let (machine, clock) = Machine::with_clock();
    let (clone, started) = (clock.clone(), machine.time());
    machine.pass(SECOND);
    machine.change_core(10_000_000);
    clock.now_nanos();

    machine.change_core(0);

    assert!(!clone.reads_counter());
    for _ in 0..100 {
        machine.pass(10 * MICRO);
        assert!(close(error(&machine, &clone, started)));
    }
    machine.change_core(-3_600_000_000);
    assert!(close(error(&machine, &clone, started)));
}

#[test]
fn a_thread_that_loses_its_core_in_a_check_proves_nothing() {
    let (machine, clock) = Machine::with_clock();
    let started = machine.time();

    // Each check reads each clock several times; any of these readings may be late.
    for mask in 1..512_u32 {
        let wait = |reading: u32| {
            if mask >> reading & 1 == 1 {
                20 * MILLI
            } else {
                0
            }
        };
        machine.parts(|it| it.interruptions = (0..9).map(wait).collect());
        machine.pass(MILLI);
        let before = machine.time() - started;

        let shown = clock.now_nanos();

        let after = machine.time() - started;
        let right = before - 100..=after + 100;
        assert!(right.contains(&shown), "{shown} ns in {right:?}, {mask:b}");
    }
    machine.parts(|it| it.interruptions.clear());

    assert!(clock.reads_counter());
    assert!(close(error(&machine, &clock, started)));
}

#[test]
fn a_clock_made_while_the_machine_is_too_busy_to_look_reads_the_reference() {
    let machine = Machine::default();
    machine.pass(SECOND);
    machine.parts(|it| it.interruptions = vec![20 * MILLI; 20]);

    let clock = machine.clock();
    machine.parts(|it| it.interruptions.clear());

    assert!(!clock.reads_counter());
    let started = machine.time() - clock.now_nanos();
    machine.pass(SECOND);
    assert!(close(error(&machine, &clock, started)));
}

#[test]
fn a_visit_to_a_core_out_of_step_finds_it_out() {
    let (machine, clock) = Machine::with_clock();
    clock.check();
    assert!(clock.reads_counter());

    machine.change_core(-300_000);
    clock.check();

    assert!(!clock.reads_counter());
}
