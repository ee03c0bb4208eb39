//! The one outcome of a permit, whoever holds it and however it ends.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::thread;
use std::time::Duration;

use fusebox::{Breaker, Config, ManualClock, Outcome, Permit, State};

fn breaker() -> (Breaker, ManualClock) {
    let config = Config::builder()
        .consecutive_failures(2)
        .open_for(Duration::from_secs(1))
        .max_open_for(Duration::from_secs(10))
        .jitter(0.0)
        .build()
        .unwrap();
    let clock = ManualClock::new();
    (Breaker::with_clock("db", config, clock.clone()), clock)
}

fn outcomes(breaker: &Breaker) -> [u64; 5] {
    let totals = breaker.snapshot().totals;
    std::array::from_fn(|place| totals.calls(Outcome::ALL[place]))
}

// pitfall 14
#[test]
fn each_way_to_answer_is_counted_once() {
    let (breaker, _clock) = breaker();

    assert_eq!(breaker.try_acquire().unwrap().success(), Outcome::Success);
    assert_eq!(breaker.try_acquire().unwrap().failure(), Outcome::Failure);
    assert_eq!(breaker.try_acquire().unwrap().ignore(), Outcome::Ignored);
    drop(breaker.try_acquire().unwrap());

    assert_eq!(outcomes(&breaker), [1, 1, 1, 1, 0]);
}

#[test]
fn an_owned_permit_is_the_same_permit() {
    let (breaker, _clock) = breaker();
    let permit = breaker.try_acquire().unwrap();
    let (state, generation) = (permit.state(), permit.generation());

    let owned: Permit<'static> = permit
        .retry_after(Duration::from_secs(7))
        .into_owned()
        .into_owned();

    assert_eq!(
        outcomes(&breaker),
        [0; 5],
        "a change of owner is no outcome"
    );
    assert_eq!((owned.state(), owned.generation()), (state, generation));
    breaker.try_acquire().unwrap().failure();
    thread::spawn(move || owned.failure()).join().unwrap();
    assert_eq!(outcomes(&breaker), [0, 2, 0, 0, 0]);
    assert_eq!(breaker.snapshot().deadline, Some(Duration::from_secs(7)));
}

#[test]
fn an_owned_permit_may_outlive_every_handle_to_its_breaker() {
    let (breaker, _clock) = breaker();
    let permit = breaker.try_acquire().unwrap().into_owned();

    drop(breaker);

    assert_eq!(permit.success(), Outcome::Success);
}

// pitfall 2
#[test]
fn a_permit_dropped_by_a_panic_on_another_thread_is_a_failure() {
    let (breaker, _clock) = breaker();
    let permit = breaker.try_acquire().unwrap().into_owned();

    let thread = thread::spawn(move || {
        let _held = permit;
        resume_unwind(Box::new("the call panicked"));
    });

    assert!(thread.join().is_err());
    assert_eq!(outcomes(&breaker), [0, 1, 0, 0, 0]);
}

/// Makes a call while a panic unwinds, as clean-up code may do.
struct CallsInDrop<'a>(&'a Breaker);

impl Drop for CallsInDrop<'_> {
    fn drop(&mut self) {
        assert!(thread::panicking());
        drop(self.0.try_acquire().unwrap());
        self.0.try_acquire().unwrap().success();
    }
}

#[test]
fn a_permit_granted_and_dropped_while_unwinding_is_cancelled_not_failed() {
    let (breaker, _clock) = breaker();

    let unwound = catch_unwind(AssertUnwindSafe(|| {
        let _cleans_up = CallsInDrop(&breaker);
        resume_unwind(Box::new("elsewhere"))
    }));

    assert!(unwound.is_err());
    assert_eq!(outcomes(&breaker), [1, 0, 0, 1, 0]);
}

// pitfall 11
#[test]
fn late_outcome_of_an_old_generation_is_dropped() {
    let (breaker, clock) = breaker();
    let late: Vec<_> = (0..4).map(|_| breaker.try_acquire().unwrap()).collect();
    breaker.open();
    clock.advance(Duration::from_secs(1));
    let probe = breaker.try_acquire().unwrap();
    assert_eq!(probe.state(), State::HalfOpen);
    let before = breaker.snapshot();

    let [success, failure, ignored, dropped] = late.try_into().unwrap();
    assert_eq!(success.success(), Outcome::Late);
    assert_eq!(failure.failure(), Outcome::Late);
    assert_eq!(ignored.ignore(), Outcome::Late);
    drop(dropped);

    let after = breaker.snapshot();
    assert_eq!(outcomes(&breaker), [0, 0, 0, 0, 4]);
    assert_eq!(after.generation, before.generation);
    assert_eq!(after.probes_in_flight, 1);
    assert_eq!(after.window, before.window);
    assert_eq!(probe.success(), Outcome::Success);
}

// pitfall 7
#[test]
fn late_outcomes_free_no_slot_of_a_later_half_open_period() {
    let (breaker, clock) = breaker();
    let old: Vec<_> = (0..5).map(|_| breaker.try_acquire().unwrap()).collect();
    breaker.open();
    clock.advance(Duration::from_secs(1));
    let _probe = breaker.try_acquire().unwrap();

    for permit in old {
        permit.ignore();
        assert!(breaker.try_acquire().is_err());
    }

    assert_eq!(breaker.snapshot().probes_in_flight, 1);
}

// pitfall 12
#[test]
fn a_call_that_outlives_the_window_counts_where_it_ends() {
    let (breaker, clock) = breaker();
    let slow: Vec<_> = (0..2).map(|_| breaker.try_acquire().unwrap()).collect();
    clock.advance(Duration::from_secs(3600));

    for permit in slow {
        assert_eq!(permit.failure(), Outcome::Failure);
    }

    assert_eq!(breaker.state(), State::Open);
}

#[test]
fn an_owned_permit_keeps_what_was_said_of_its_call() {
    let config = Config::builder()
        .consecutive_failures(1)
        .slow_call_duration(Duration::from_secs(1))
        .jitter(0.0)
        .build()
        .unwrap();
    let breaker = Breaker::with_clock("db", config, ManualClock::new());
    let permit = breaker.try_acquire().unwrap();
    let (took, wait) = (Duration::from_secs(2), Duration::from_secs(30));

    permit.took(took).retry_after(wait).into_owned().failure();

    let snapshot = breaker.snapshot();
    assert_eq!(snapshot.totals.slow_calls(), 1);
    assert_eq!(snapshot.retry_after(), wait);
}

#[test]
fn breakers_and_permits_are_safe_to_use_after_a_panic() {
    fn unwinds_safely<T: std::panic::UnwindSafe + std::panic::RefUnwindSafe>() {}
    unwinds_safely::<Breaker>();
    unwinds_safely::<fusebox::Permit<'static>>();
    let (breaker, _clock) = breaker();

    // Without a word that says "I know what I do".
    let panicked = std::panic::catch_unwind(|| breaker.call(|| -> Result<(), ()> { panic!("no") }));

    assert!(panicked.is_err());
    assert_eq!(outcomes(&breaker)[1], 1);
}
