//! Registries and operators' handles that several threads use at the same moment.
//!
//! A breaker reads its clock before each step, so a clock that runs code of the test decides what
//! happens between two steps of the code under test.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::num::NonZeroUsize;
use std::panic::{RefUnwindSafe, UnwindSafe};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::thread;
use std::time::Duration;

use fusebox::{Breaker, Clock, ClockSteps, Config, ManualClock, ManualControl, Registry, State};

/// How long a thread may need that nobody holds up.
const PATIENCE: Duration = Duration::from_secs(10);

type Code = Box<dyn FnOnce() + Send>;

/// A clock that runs code at its next reading, once.
#[derive(Clone, Default)]
struct Interrupting {
    time: ManualClock,
    armed: Arc<AtomicBool>,
    code: Arc<Mutex<Option<Code>>>,
}

impl Interrupting {
    fn at_next_reading(&self, code: impl FnOnce() + Send + 'static) {
        *self.code.lock().unwrap() = Some(Box::new(code));
        self.armed.store(true, Ordering::SeqCst);
    }
}

impl Clock for Interrupting {
    fn now(&self) -> Duration {
        if self.armed.swap(false, Ordering::SeqCst) {
            let code = self.code.lock().unwrap().take().unwrap();
            code();
        }
        self.time.now()
    }

    fn steps(&self) -> ClockSteps {
        ClockSteps::OnlyForward
    }
}

fn registry(capacity: usize) -> (Registry<String>, Interrupting) {
    let clock = Interrupting::default();
    let capacity = NonZeroUsize::new(capacity).unwrap();
    let registry = Registry::with_clock(capacity, tripping_after(9), clock.clone());
    (registry, clock)
}

fn tripping_after(failures: u32) -> Config {
    let config = Config::builder().consecutive_failures(failures);
    config.build().unwrap()
}

fn rule(breaker: &Breaker) -> Option<u32> {
    breaker.config().consecutive_failures()
}

#[test]
fn of_two_reconfigurations_at_once_the_last_holds_for_all_breakers() {
    let (hosts, clock) = registry(10);
    for host in ["a", "b", "c"] {
        hosts.get(host).unwrap();
    }
    let later = hosts.clone();
    clock.at_next_reading(move || later.reconfigure(tripping_after(2)));

    hosts.reconfigure(tripping_after(1));

    let rules: Vec<_> = hosts.breakers().iter().map(rule).collect();
    assert_eq!(rules, [Some(2); 3]);
    assert_eq!(rule(&hosts.get("d").unwrap()), Some(2));
}

#[test]
fn of_two_orders_at_once_the_last_holds_for_all_members() {
    let clock = Interrupting::default();
    let control = ManualControl::new();
    let members = ["a", "b", "c"].map(|name| {
        let member = Breaker::with_clock(name, tripping_after(9), clock.clone());
        control.add(&member);
        member
    });
    let states = || members.each_ref().map(Breaker::state);

    let later = control.clone();
    clock.at_next_reading(move || later.disable());
    control.isolate();
    assert_eq!(states(), [State::Disabled; 3]);

    let later = control.clone();
    clock.at_next_reading(move || later.resume());
    control.metrics_only();
    assert_eq!(states(), [State::Closed; 3]);

    let later = control.clone();
    clock.at_next_reading(move || later.isolate());
    control.reset();
    assert_eq!(states(), [State::ForcedOpen; 3]);
}

#[test]
fn a_member_that_is_added_while_the_order_is_taken_back_does_not_obey_it_for_ever() {
    let clock = Interrupting::default();
    let control = ManualControl::new();
    control.isolate();
    let breaker = Breaker::with_clock("a", tripping_after(9), clock.clone());
    let later = control.clone();
    clock.at_next_reading(move || later.resume());

    control.add(&breaker);

    assert_eq!(breaker.state(), State::Closed);
}

#[test]
fn a_search_for_room_holds_up_no_reader() {
    let (hosts, clock) = registry(3);
    for host in ["a", "b", "c"] {
        hosts.get(host).unwrap().try_acquire().unwrap().failure();
    }
    clock.time.advance(Duration::from_secs(60));
    let (answered, answer) = mpsc::channel();
    let reader = hosts.clone();
    // The first reading is that of `get` itself, the next ones belong to the search, if it has any.
    let searching = clock.clone();
    clock.at_next_reading(move || {
        searching.at_next_reading(move || {
            thread::spawn(move || answered.send(reader.get("a").is_ok()));
            assert_eq!(answer.recv_timeout(PATIENCE), Ok(true));
        });
    });

    assert!(hosts.get("d").is_err());
}

#[test]
fn how_long_a_breaker_must_be_idle_can_be_set_when_the_registry_is_shared() {
    let (hosts, _clock) = registry(1);
    let shared = hosts.clone();
    let shared = shared.idle_for(Duration::ZERO);
    shared.get("a").unwrap();

    assert!(hosts.get("b").is_ok());
}

#[test]

fn registries_and_controls_may_be_used_after_a_caught_panic() {
    const fn may_cross<T: UnwindSafe + RefUnwindSafe>() {}
    may_cross::<Registry<String>>();
    may_cross::<ManualControl>();
}

/// Adding costs about what a breaker costs, however many there are: the limit is three times that,
/// and a search through all members takes many times as long.
#[cfg(not(miri))]
#[test]
fn adding_a_member_does_not_take_longer_the_more_there_are() {
    const MEMBERS: usize = 10_000;
    let control = ManualControl::new();
    let config = Config::builder().consecutive_failures(9);
    let config = Arc::new(config.stripes(NonZeroUsize::MIN).build().unwrap());
    let begin = now();
    let members: Vec<_> = (0..MEMBERS)
        .map(|_| Breaker::new("a", Arc::clone(&config)))
        .collect();
    let made = begin.elapsed();

    let begin = now();
    for member in &members {
        control.add(member);
        control.add(member);
    }
    let added = begin.elapsed();

    assert_eq!(control.members(), MEMBERS);
    assert!(added < made * 3, "made in {made:?}, added in {added:?}");
}

#[cfg(not(miri))]
#[expect(
    clippy::disallowed_methods,
    reason = "two spans of one run are compared"
)]
fn now() -> std::time::Instant {
    std::time::Instant::now()
}
