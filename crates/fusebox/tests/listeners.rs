//! The promises to listeners: every event once, in order; and from them: they can do no harm.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::{Arc, Barrier, Mutex, mpsc};
use std::thread;
use std::time::Duration;

use fusebox::{Breaker, Cause, Config, Event, ManualClock, Outcome, State, Transition};

fn flapping() -> (Breaker, ManualClock) {
    let config = Config::builder()
        .consecutive_failures(1)
        .open_for(Duration::from_nanos(1))
        .backoff_factor(1.0)
        .jitter(0.0)
        .build()
        .unwrap();
    let clock = ManualClock::new();
    (Breaker::with_clock("db", config, clock.clone()), clock)
}

/// Collects what `breaker` tells.
fn listen(breaker: &Breaker) -> Arc<Mutex<Vec<Transition>>> {
    let told = Arc::new(Mutex::new(Vec::new()));
    let sink = Arc::clone(&told);
    breaker.add_listener(move |_: &str, event: &Event| {
        if let Event::Transition(transition) = event {
            sink.lock().unwrap().push(*transition);
        }
    });
    told
}

/// Each transition begins where the one before it ended, one generation later.
fn assert_chained(transitions: &[Transition]) {
    let (mut state, mut generation) = (State::Closed, 0);
    for transition in transitions {
        assert_eq!(transition.from, state);
        assert_eq!(transition.generation.get(), generation + 1);
        (state, generation) = (transition.to, transition.generation.get());
    }
}

fn transitions(breaker: &Breaker) -> u64 {
    let totals = breaker.snapshot().totals;
    State::ALL
        .iter()
        .flat_map(|&from| State::ALL.iter().map(move |&to| (from, to)))
        .map(|(from, to)| totals.transitions(from, to))
        .sum()
}

#[test]
fn many_threads_flapping_one_breaker_tell_every_transition_once_and_in_order() {
    let (breaker, clock) = flapping();
    let told = listen(&breaker);
    let round = Barrier::new(4);

    thread::scope(|scope| {
        for thread in 0..4 {
            let (breaker, clock, round) = (&breaker, &clock, &round);
            scope.spawn(move || {
                for call in 0..500 {
                    // A thread that tells events may be preempted. A round makes fewer events than
                    // may wait.
                    if call % 50 == 0 {
                        round.wait();
                    }
                    clock.advance(Duration::from_nanos(1));
                    if let Ok(permit) = breaker.try_acquire() {
                        if (call + thread) % 3 == 0 {
                            permit.success();
                        } else {
                            permit.failure();
                        }
                    }
                }
            });
        }
    });

    let told = told.lock().unwrap();
    assert!(told.len() > 100, "the breaker hardly moved: {}", told.len());
    assert_eq!(breaker.snapshot().events_lost, 0);
    assert_eq!(told.len() as u64, transitions(&breaker));
    assert_chained(&told);
}

#[test]
fn a_transition_carries_its_cause_time_and_figures() {
    let (breaker, clock) = flapping();
    let told = listen(&breaker);
    clock.advance(Duration::from_secs(3));

    breaker.try_acquire().unwrap().failure();

    let told = told.lock().unwrap();
    let [trip] = told.as_slice() else {
        panic!("one transition: {told:?}")
    };
    assert_eq!((trip.from, trip.to), (State::Closed, State::Open));
    assert_eq!(trip.cause, Cause::ConsecutiveFailures);
    assert_eq!(trip.at, Duration::from_secs(3));
    assert_eq!(trip.consecutive_failures, 1);
    assert_eq!(trip.open_for, Some(Duration::from_nanos(1)));
    assert_eq!(breaker.snapshot().transitions, [*trip]);
    drop(told);
    let trips = |breaker: &Breaker| {
        let totals = breaker.snapshot().totals;
        let trips = Cause::TRIPS.iter().map(|&cause| totals.trips(cause));
        trips.collect::<Vec<_>>()
    };
    assert_eq!(trips(&breaker), [1, 0, 0, 0, 0, 0, 0, 0, 0]);
    clock.advance(Duration::from_nanos(1));
    breaker.try_acquire().unwrap().failure();
    breaker.force_open();
    assert_eq!(trips(&breaker), [1, 0, 0, 1, 0, 0, 1, 0, 0]);
    assert_eq!(breaker.snapshot().totals.trips(Cause::WaitElapsed), 0);
}

// pitfall 10
#[test]
fn a_panicking_listener_is_counted_and_harms_nobody() {
    let (breaker, clock) = flapping();
    breaker.add_listener(|_: &str, _: &Event| resume_unwind(Box::new("listener")));
    let told = listen(&breaker);

    assert_eq!(breaker.try_acquire().unwrap().failure(), Outcome::Failure);
    clock.advance(Duration::from_nanos(1));
    assert_eq!(breaker.try_acquire().unwrap().success(), Outcome::Success);

    assert_eq!(breaker.snapshot().listener_panics, 3);
    assert_eq!(told.lock().unwrap().len(), 3);
    assert_eq!(breaker.state(), State::Closed);
}

#[test]
fn a_listener_may_panic_while_the_call_itself_unwinds() {
    let (breaker, _clock) = flapping();
    breaker.add_listener(|_: &str, _: &Event| resume_unwind(Box::new("listener")));

    let unwound = catch_unwind(AssertUnwindSafe(|| {
        breaker.call(|| -> Result<(), ()> { resume_unwind(Box::new("call")) })
    }));

    let payload = unwound.unwrap_err();
    assert_eq!(payload.downcast_ref(), Some(&"call"));
    assert_eq!(breaker.state(), State::Open);
    assert_eq!(breaker.snapshot().listener_panics, 1);
}

/// Whether dropping it panics, as a panic's payload may.
struct Explosive;

impl Drop for Explosive {
    fn drop(&mut self) {
        if !thread::panicking() {
            resume_unwind(Box::new("payload"));
        }
    }
}

#[test]
fn a_panic_whose_payload_panics_too_silences_no_later_event() {
    let (breaker, _clock) = flapping();
    breaker.add_listener(|_: &str, _: &Event| resume_unwind(Box::new(Explosive)));
    let told = listen(&breaker);

    breaker.force_open();
    breaker.reset();

    assert_eq!(told.lock().unwrap().len(), 2);
}

// pitfall 42
#[test]
fn a_listener_may_read_and_change_the_breaker_and_order_is_kept() {
    let (breaker, _clock) = flapping();
    let own = breaker.clone();
    let (seen, snapshots) = mpsc::channel();
    breaker.add_listener(move |_: &str, event: &Event| {
        let Event::Transition(transition) = event else {
            return;
        };
        let _ = seen.send((*transition, own.snapshot()));
        if transition.to == State::Open {
            own.reset();
            own.try_acquire().unwrap().success();
        }
    });
    // Registered later, so it would see the nested change first if telling were recursive.
    let told = listen(&breaker);

    breaker.try_acquire().unwrap().failure();

    let path: Vec<_> = told.lock().unwrap().iter().map(|told| told.to).collect();
    assert_eq!(path, [State::Open, State::Closed]);
    assert_chained(&told.lock().unwrap());
    for (transition, snapshot) in snapshots.try_iter() {
        assert!(snapshot.generation >= transition.generation);
    }
}

#[test]
fn a_listener_may_add_a_listener() {
    let (breaker, _clock) = flapping();
    let own = breaker.clone();
    let told = Arc::new(Mutex::new(Vec::new()));
    let sink = Arc::clone(&told);
    breaker.add_listener(move |_: &str, _: &Event| {
        let sink = Arc::clone(&sink);
        own.add_listener(move |name: &str, _: &Event| sink.lock().unwrap().push(name.to_owned()));
    });

    breaker.force_open();
    assert_eq!(
        told.lock().unwrap().len(),
        0,
        "from now on, not from before"
    );
    breaker.disable();

    assert_eq!(*told.lock().unwrap(), ["db"]);
}

#[test]
fn a_slow_listener_delays_no_other_thread() {
    let (breaker, _clock) = flapping();
    let (entered, is_in) = mpsc::channel();
    let (release, released) = mpsc::channel::<()>();
    let released = Mutex::new(released);
    breaker.add_listener(move |_: &str, event: &Event| {
        if matches!(event, Event::Transition(transition) if transition.to == State::ForcedOpen) {
            entered.send(()).unwrap();
            released.lock().unwrap().recv().unwrap();
        }
    });
    let told = listen(&breaker);

    thread::scope(|scope| {
        scope.spawn(|| breaker.force_open());
        is_in.recv().unwrap();
        // The listener sits in its event; this thread works on, and leaves its events behind.
        breaker.reset();
        assert_eq!(breaker.call(|| Ok::<_, ()>(7)), Ok(7));
        assert_eq!(breaker.snapshot().state, State::Closed);
        assert_eq!(told.lock().unwrap().len(), 0);
        release.send(()).unwrap();
    });

    let told = told.lock().unwrap();
    assert_eq!(told.len(), 2);
    assert_chained(&told);
}

#[test]
fn a_would_be_trip_is_told_once_per_stay_in_metrics_only() {
    let (breaker, _clock) = flapping();
    let (sender, causes) = mpsc::channel();
    breaker.add_listener(move |_: &str, event: &Event| {
        if let Event::WouldTrip(report) = event {
            let _ = sender.send(report.cause);
        }
    });

    for _ in 0..2 {
        breaker.metrics_only();
        for _ in 0..3 {
            breaker.try_acquire().unwrap().failure();
        }
        breaker.resume();
    }

    let causes: Vec<_> = causes.try_iter().collect();
    assert_eq!(causes, [Cause::ConsecutiveFailures; 2]);
    assert_eq!(breaker.snapshot().totals.would_trip(), 2);
}
