//! Registries and operators' handles that several threads use at the same moment.
//!
//! A breaker reads its clock before each step. So a clock that runs code of the test decides what
//! happens between two steps of the code under test.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fmt;
use std::hash::{Hash, Hasher};
use std::num::NonZeroUsize;
use std::panic::{RefUnwindSafe, UnwindSafe};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Barrier, Mutex, mpsc};
use std::thread;
use std::time::Duration;

use fusebox::{Breaker, Clock, ClockSteps, Config, ManualClock, ManualControl, Registry, State};

/// How long an unhindered thread may need.
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

/// Rounds in which threads race for new keys; an interpreter is slow.
const RACES: usize = if cfg!(miri) { 20 } else { 3000 };

#[test]
fn keys_that_are_made_at_once_are_not_refused_while_there_is_room_for_all() {
    const THREADS: usize = 4;
    let (hosts, _clock) = registry(THREADS);
    let start = Barrier::new(THREADS);

    thread::scope(|scope| {
        for thread in 0..THREADS {
            let (hosts, start) = (&hosts, &start);
            scope.spawn(move || {
                let host = thread.to_string();
                for _ in 0..RACES {
                    start.wait();
                    drop(hosts.get(&host));
                    start.wait();
                    hosts.remove(&host);
                }
            });
        }
    });

    assert_eq!(hosts.refusals(), 0);
}

/// A key that lets another thread use its registry whenever it is cloned.
struct Sociable {
    hosts: Arc<Mutex<Option<Registry<Sociable>>>>,
}

impl Clone for Sociable {
    fn clone(&self) -> Self {
        let hosts = self.hosts.lock().unwrap().clone();
        if let Some(hosts) = hosts {
            let (answered, answer) = mpsc::channel();
            thread::spawn(move || answered.send((hosts.len(), hosts.refusals())));
            assert!(answer.recv_timeout(PATIENCE).is_ok(), "a lock is held");
        }
        Self {
            hosts: Arc::clone(&self.hosts),
        }
    }
}

impl PartialEq for Sociable {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Sociable {}

impl Hash for Sociable {
    fn hash<H: Hasher>(&self, _: &mut H) {}
}

impl fmt::Display for Sociable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("sociable")
    }
}

#[test]
fn a_key_is_cloned_with_no_lock_held_when_its_breaker_is_made() {
    let hosts: Registry<Sociable> = Registry::new(NonZeroUsize::MIN, Config::default());
    let key = Sociable {
        hosts: Arc::default(),
    };
    *key.hosts.lock().unwrap() = Some(hosts.clone());

    hosts.get(&key).unwrap();

    assert_eq!(hosts.len(), 1);
    *key.hosts.lock().unwrap() = None;
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
