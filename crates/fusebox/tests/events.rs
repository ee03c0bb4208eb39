//! The stream of events: one for everything that happens, bounded, and never waited for.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::sync::{Arc, Mutex, mpsc};
use std::thread;
use std::time::Duration;

use fusebox::{
    Breaker, Cause, Config, Event, Interest, Listener, ManualClock, Outcome, RejectReason, State,
};

fn breaker() -> (Breaker, ManualClock) {
    let config = Config::builder()
        .consecutive_failures(1)
        .open_for(Duration::from_secs(1))
        .jitter(0.0)
        .build()
        .unwrap();
    let clock = ManualClock::new();
    (Breaker::with_clock("db", config, clock.clone()), clock)
}

fn kind(event: &Event) -> &'static str {
    match event {
        Event::Transition(_) => "transition",
        Event::Rejected(_) => "rejected",
        Event::Late { .. } => "late",
        Event::WouldTrip(_) => "would trip",
        _ => "something else",
    }
}

fn kinds(events: &fusebox::Events) -> Vec<&'static str> {
    std::iter::from_fn(|| events.try_next())
        .map(|event| kind(&event))
        .collect()
}

#[test]
fn one_stream_tells_of_transitions_rejections_late_results_and_would_be_trips_in_order() {
    let (breaker, clock) = breaker();
    let events = breaker.events(Interest::Everything, 100);
    let late = breaker.try_acquire().unwrap();

    breaker.try_acquire().unwrap().failure();
    breaker.try_acquire().unwrap_err();
    assert_eq!(late.success(), Outcome::Late);
    clock.advance(Duration::from_secs(1));
    let probe = breaker.try_acquire().unwrap();
    breaker.try_acquire().unwrap_err();
    drop(probe);
    breaker.metrics_only();
    breaker.try_acquire().unwrap().failure();

    assert_eq!(
        kinds(&events),
        [
            "transition",
            "rejected",
            "late",
            "transition",
            "rejected",
            "transition",
            "would trip",
        ]
    );
    assert_eq!(events.lost(), 0);
}

#[test]
fn events_carry_what_happened() {
    let (breaker, _clock) = breaker();
    let events = breaker.events(Interest::Everything, 100);
    let late = breaker.try_acquire().unwrap();
    breaker.try_acquire().unwrap().failure();
    let rejected = breaker.try_acquire().unwrap_err();
    late.failure();

    let Some(Event::Transition(trip)) = events.try_next() else {
        panic!("a transition first")
    };
    assert_eq!(
        (trip.cause, trip.to),
        (Cause::ConsecutiveFailures, State::Open)
    );
    assert_eq!(events.try_next(), Some(Event::Rejected(rejected)));
    let Some(Event::Late { generation }) = events.next_within(Duration::ZERO) else {
        panic!("the late result then")
    };
    assert_eq!(generation.get(), 0);
    assert_eq!(events.next_within(Duration::ZERO), None);
}

#[test]
fn a_would_be_trip_carries_rule_and_figures() {
    let (breaker, _clock) = breaker();
    breaker.metrics_only();
    let events = breaker.events(Interest::Changes, 10);

    breaker.try_acquire().unwrap().failure();

    let Some(Event::WouldTrip(report)) = events.try_next() else {
        panic!("a would-be trip")
    };
    assert_eq!(report.cause, Cause::ConsecutiveFailures);
    assert_eq!(report.consecutive_failures, 1);
}

#[test]
fn who_wants_changes_is_told_of_no_single_call() {
    let (breaker, _clock) = breaker();
    let everything = breaker.events(Interest::Everything, 100);
    let changes = breaker.events(Interest::Changes, 100);

    breaker.force_open();
    for _ in 0..3 {
        breaker.try_acquire().unwrap_err();
    }

    assert_eq!(kinds(&changes), ["transition"]);
    assert_eq!(kinds(&everything).len(), 4);
}

#[test]
fn a_full_stream_loses_new_events_and_counts_them() {
    let (breaker, _clock) = breaker();
    let events = breaker.events(Interest::Everything, 2);

    breaker.force_open();
    for _ in 0..9 {
        breaker.try_acquire().unwrap_err();
    }

    assert_eq!(kinds(&events), ["transition", "rejected"]);
    assert_eq!(events.lost(), 8);
}

#[test]
fn a_stream_that_was_dropped_is_told_nothing_more_and_costs_no_more() {
    let (breaker, _clock) = breaker();
    let dropped = breaker.events(Interest::Everything, 1);
    drop(dropped);
    breaker.force_open();

    // The rejections that follow have no receiver: none is lost, because none is told.
    let calls = if cfg!(miri) { 100 } else { 5000 };
    for _ in 0..calls {
        breaker.try_acquire().unwrap_err();
    }

    let snapshot = breaker.snapshot();
    assert_eq!(snapshot.events_lost, 0);
    assert_eq!(snapshot.totals.rejections(RejectReason::ForcedOpen), calls);
}

#[test]
fn after_a_stream_was_dropped_rejections_are_no_events_that_wait_for_anybody() {
    let (breaker, _clock) = breaker();
    breaker.force_open();
    drop(breaker.events(Interest::Everything, 1));
    let (entered, is_in) = mpsc::channel();
    let (release, may_go) = mpsc::channel::<()>();
    let may_go = Mutex::new(may_go);
    breaker.add_listener(move |_: &str, _: &Event| {
        let _ = entered.send(());
        let _ = may_go.lock().unwrap().recv();
    });

    thread::scope(|scope| {
        scope.spawn(|| breaker.reset());
        is_in.recv().unwrap();
        breaker.force_open();
        for _ in 0..600 {
            breaker.try_acquire().unwrap_err();
        }
        assert_eq!(breaker.snapshot().events_lost, 0, "none of them waits");
        drop(release);
    });
}

/// Wants to be told of every call.
struct Curious(Arc<Mutex<Vec<&'static str>>>);

impl Listener for Curious {
    fn on_event(&self, name: &str, event: &Event) {
        assert_eq!(name, "db");
        self.0.lock().unwrap().push(kind(event));
    }

    fn interest(&self) -> Interest {
        Interest::Everything
    }
}

#[test]
fn a_listener_may_ask_for_everything() {
    let (breaker, _clock) = breaker();
    let told = Arc::new(Mutex::new(Vec::new()));
    breaker.add_listener(Curious(Arc::clone(&told)));

    breaker.force_open();
    breaker.try_acquire().unwrap_err();

    assert_eq!(*told.lock().unwrap(), ["transition", "rejected"]);
}

// pitfalls 42 and 46
#[test]
fn a_listener_that_hangs_makes_no_memory_grow_and_no_caller_wait() {
    let (breaker, _clock) = breaker();
    let (entered, is_in) = mpsc::channel();
    let (release, may_go) = mpsc::channel::<()>();
    let may_go = Mutex::new(may_go);
    breaker.add_listener(move |_: &str, _: &Event| {
        let _ = entered.send(());
        let _ = may_go.lock().unwrap().recv();
    });
    let told = breaker.events(Interest::Everything, 10_000);

    thread::scope(|scope| {
        scope.spawn(|| breaker.force_open());
        is_in.recv().unwrap();
        // An interpreter is slow.
        let calls = if cfg!(miri) { 600 } else { 5000 };
        for _ in 0..calls {
            breaker.try_acquire().unwrap_err();
        }
        breaker.reset();
        assert_eq!(breaker.snapshot().events_lost, calls - 512);
        drop(release);
    });

    let told = kinds(&told);
    assert_eq!(told.iter().filter(|kind| **kind == "rejected").count(), 512);
    assert_eq!(told.first(), Some(&"transition"));
    assert_eq!(
        told.last(),
        Some(&"transition"),
        "masses push no change out"
    );
}

/// Wants everything; while it is told one event, another thread makes the next.
struct EndlessSupply {
    told: Arc<Mutex<Vec<thread::ThreadId>>>,
    ask: Mutex<mpsc::Sender<()>>,
    made: Mutex<mpsc::Receiver<()>>,
}

impl Listener for EndlessSupply {
    fn on_event(&self, _name: &str, _event: &Event) {
        self.told.lock().unwrap().push(thread::current().id());
        if self.ask.lock().unwrap().send(()).is_ok() {
            let _ = self.made.lock().unwrap().recv();
        }
    }

    fn interest(&self) -> Interest {
        Interest::Everything
    }
}

#[test]
fn a_caller_tells_a_bounded_number_of_events_while_others_come() {
    const EVENTS: usize = 1000;
    let (breaker, _clock) = breaker();
    breaker.force_open();
    let (ask, asked) = mpsc::channel();
    let (answer, answers) = mpsc::channel();
    let told = Arc::new(Mutex::new(Vec::new()));
    breaker.add_listener(EndlessSupply {
        told: Arc::clone(&told),
        ask: Mutex::new(ask),
        made: Mutex::new(answers),
    });

    thread::scope(|scope| {
        scope.spawn(|| {
            // Rejected before it answers, so that the event waits when the listener returns.
            for () in asked.iter().take(EVENTS) {
                thread::scope(|one| {
                    one.spawn(|| breaker.try_acquire().unwrap_err())
                        .join()
                        .unwrap()
                });
                let _ = answer.send(());
            }
            drop((asked, answer));
        });
        breaker.try_acquire().unwrap_err();
        let mine = thread::current().id();
        let by_me = told
            .lock()
            .unwrap()
            .iter()
            .filter(|id| **id == mine)
            .count();
        assert!(by_me <= 20, "{by_me} events told by one call");
        while told.lock().unwrap().len() < EVENTS {
            breaker.poll_transitions();
        }
    });
    breaker.poll_transitions();

    assert_eq!(told.lock().unwrap().len(), EVENTS + 1);
}

#[test]
fn a_caller_who_is_alone_tells_everything_that_waits() {
    let (breaker, _clock) = breaker();
    let handle = breaker.clone();
    let (told, events) = mpsc::channel();
    breaker.add_listener(move |_: &str, event: &Event| {
        let _ = told.send(kind(event));
        // Uses its own breaker: the next caller is this caller itself, so there is no other to
        // leave the rest to.
        if handle.snapshot().generation.get() < 40 {
            handle.disable();
            handle.resume();
        }
    });

    breaker.force_open();

    assert_eq!(
        events.try_iter().count() as u64,
        breaker.snapshot().generation.get()
    );
    assert!(breaker.snapshot().generation.get() >= 40);
}

#[test]
fn a_stream_takes_any_capacity_and_no_memory_for_what_does_not_wait() {
    let (breaker, _clock) = breaker();
    let streams: Vec<_> = (0..1000)
        .map(|_| breaker.events(Interest::Changes, usize::MAX))
        .collect();

    breaker.force_open();

    for events in &streams {
        assert_eq!(kinds(events), ["transition"]);
        assert_eq!(events.lost(), 0);
    }
}

#[test]
fn streams_that_come_and_go_leave_nothing_in_a_breaker_where_nothing_happens() {
    let (breaker, _clock) = breaker();
    let told = allocation_counter::measure(|| {
        for _ in 0..1000 {
            drop(breaker.events(Interest::Changes, 10));
        }
    });

    assert!(
        told.bytes_current < 2000,
        "{} bytes are kept",
        told.bytes_current
    );
}

#[test]
fn a_stream_may_be_dropped_by_a_listener_that_is_being_told() {
    let (breaker, _clock) = breaker();
    let events = Mutex::new(Some(breaker.events(Interest::Everything, 10)));
    breaker.add_listener(move |_: &str, _: &Event| drop(events.lock().unwrap().take()));

    breaker.force_open();
    breaker.try_acquire().unwrap_err();

    assert_eq!(breaker.snapshot().events_lost, 0);
}

#[test]
fn a_stream_without_room_hands_over_to_a_waiting_reader_and_ends_with_its_breaker() {
    let (breaker, _clock) = breaker();
    let events = breaker.events(Interest::Changes, 0);
    breaker.force_open();
    assert_eq!((events.try_next(), events.lost()), (None, 1));

    thread::scope(|scope| {
        let reader = scope.spawn(|| events.next_within(Duration::MAX));
        let mut generation = 0;
        while !reader.is_finished() {
            breaker.reset();
            breaker.force_open();
            generation += 1;
        }
        assert!(generation > 0);
        let event = reader.join().unwrap();
        assert!(matches!(event, Some(Event::Transition(_))), "{event:?}");
    });

    drop(breaker);
    assert_eq!(events.next_within(Duration::MAX), None);
}
