//! The life of a registry's breakers: made once, described by key, taken out, and never uncounted.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::HashSet;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::num::NonZeroUsize;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Barrier, Mutex};
use std::thread;
use std::time::Duration;

use fusebox::{
    Breaker, Config, ManualClock, ManualControl, Outcome, Registry, RegistryBuilder, State, Totals,
    Window,
};

const IDLE: Duration = Duration::from_secs(60);

fn tripping_after(failures: u32) -> Config {
    let config = Config::builder().consecutive_failures(failures);
    config.build().unwrap()
}

fn rule(breaker: &Breaker) -> Option<u32> {
    breaker.config().consecutive_failures()
}

fn builder(capacity: usize, clock: &ManualClock) -> RegistryBuilder<String> {
    let config = tripping_after(9);
    Registry::builder(NonZeroUsize::new(capacity).unwrap())
        .config(config)
        .clock(clock.clone())
}

fn registry(capacity: usize) -> (Registry<String>, ManualClock) {
    let clock = ManualClock::new();
    (builder(capacity, &clock).build(), clock)
}

/// A key that runs code when it is cloned, once: a registry does that between its two looks.
struct Meddling {
    name: &'static str,
    code: Mutex<Option<Box<dyn FnOnce() + Send>>>,
}

impl Meddling {
    fn quiet(name: &'static str) -> Self {
        let code = Mutex::default();
        Self { name, code }
    }
}

impl Clone for Meddling {
    fn clone(&self) -> Self {
        let code = self.code.lock().unwrap().take();
        if let Some(code) = code {
            code();
        }
        Self::quiet(self.name)
    }
}

impl PartialEq for Meddling {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for Meddling {}

impl Hash for Meddling {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.name.hash(state);
    }
}

impl fmt::Display for Meddling {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

#[test]
fn who_finds_no_breaker_looks_again_before_it_makes_one() {
    let capacity = NonZeroUsize::new(10).unwrap();
    let hosts: Registry<Meddling> = Registry::new(capacity, Config::default());
    let faster = hosts.clone();
    let key = Meddling::quiet("a");
    *key.code.lock().unwrap() = Some(Box::new(move || {
        faster.get(&Meddling::quiet("a")).unwrap().force_open();
    }));

    let breaker = hosts.get(&key).unwrap();

    assert!(key.code.lock().unwrap().is_none(), "the other was faster");
    assert_eq!(breaker.state(), State::ForcedOpen);
    assert_eq!(hosts.len(), 1);
}

#[test]
fn many_threads_that_ask_for_a_new_key_get_the_one_breaker_that_is_made() {
    const THREADS: usize = 4;
    const KEYS: usize = if cfg!(miri) { 3 } else { 100 };
    let made = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&made);
    let hosts = builder(KEYS, &ManualClock::new())
        .on_create(move |key: &String, _| log.lock().unwrap().push(key.clone()))
        .on_create(|_, breaker| breaker.disable())
        .build();
    let start = Barrier::new(THREADS);

    thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                for key in 0..KEYS {
                    start.wait();
                    let breaker = hosts.get(&key.to_string()).unwrap();
                    // What is done with a new breaker is done before anybody gets it.
                    assert_eq!(breaker.state(), State::Disabled);
                    breaker.try_acquire().unwrap().success();
                }
            });
        }
    });

    let made = made.lock().unwrap();
    let keys: HashSet<_> = made.iter().collect();
    assert_eq!((made.len(), keys.len(), hosts.len()), (KEYS, KEYS, KEYS));
    for breaker in hosts.breakers() {
        let calls = breaker.snapshot().totals.calls(Outcome::Success);
        assert_eq!(calls, THREADS as u64);
    }
}

#[test]
fn an_operators_handle_gets_every_new_breaker() {
    let control = ManualControl::new();
    let members = control.clone();
    let hosts = builder(10, &ManualClock::new())
        .on_create(move |_, breaker| members.add(breaker))
        .build();
    hosts.get("a").unwrap();

    control.isolate();

    for host in ["a", "b"] {
        assert_eq!(hosts.get(host).unwrap().state(), State::ForcedOpen);
    }
    assert_eq!(control.members(), 2);
}

#[test]
fn a_hook_may_use_the_registry_but_not_ask_for_its_own_key() {
    let others: Arc<Mutex<Option<Registry<String>>>> = Arc::default();
    let inside = Arc::clone(&others);
    let hosts = builder(10, &ManualClock::new())
        .on_create(move |key: &String, _| {
            let hosts = inside.lock().unwrap().clone().unwrap();
            assert!(hosts.peek(key).is_none(), "nobody has it yet");
            match key.as_str() {
                "a" => drop(hosts.get("b").unwrap()),
                "own" => drop(hosts.get("own")),
                _ => hosts.reconfigure(tripping_after(3)),
            }
        })
        .build();
    *others.lock().unwrap() = Some(hosts.clone());

    let asked_for_own = catch_unwind(|| drop(hosts.get("own")));
    assert!(asked_for_own.is_err());
    others.clear_poison();

    assert_eq!(rule(&hosts.get("c").unwrap()), Some(3));
    assert_eq!(hosts.len(), 1, "nothing is left of the one that panicked");
}

#[test]
fn a_breaker_that_is_being_made_takes_a_place() {
    let hosts: Arc<Mutex<Option<Registry<String>>>> = Arc::default();
    let inside = Arc::clone(&hosts);
    let registry = builder(1, &ManualClock::new())
        .on_create(move |key: &String, _| {
            let hosts = inside.lock().unwrap().take().unwrap();
            assert_eq!(key, "a");
            assert!(hosts.get("b").is_err());
        })
        .build();
    *hosts.lock().unwrap() = Some(registry.clone());

    assert!(registry.get("a").is_ok());

    assert_eq!((registry.len(), registry.refusals()), (1, 1));
}

#[test]
fn a_hook_that_panics_leaves_the_key_to_the_next_who_asks() {
    let times = Arc::new(AtomicU32::new(0));
    let counted = Arc::clone(&times);
    let hosts = builder(1, &ManualClock::new())
        .on_create(move |_, _| assert!(counted.fetch_add(1, Ordering::SeqCst) > 0, "the first"))
        .build();

    assert!(catch_unwind(AssertUnwindSafe(|| hosts.get("a"))).is_err());

    assert!(hosts.is_empty());
    assert!(hosts.get("b").is_ok(), "the place is free again");
    assert_eq!(times.load(Ordering::SeqCst), 2);
}

#[test]
fn settings_may_depend_on_the_key_also_when_they_change() {
    let shared = Arc::new(tripping_after(5));
    let kept = Arc::clone(&shared);
    let hosts = builder(10, &ManualClock::new())
        .config_with(move |key: &String| match key.as_str() {
            "touchy" => Arc::new(tripping_after(1)),
            _ => Arc::clone(&kept),
        })
        .build();
    let rules = |hosts: &Registry<String>| {
        ["touchy", "usual", "new"].map(|key| hosts.get(key).ok().as_ref().and_then(rule))
    };
    assert_eq!(rules(&hosts), [Some(1), Some(5), Some(5)]);

    hosts.reconfigure_with(|key: &String| tripping_after(u32::try_from(key.len()).unwrap()));
    assert_eq!(rules(&hosts), [Some(6), Some(5), Some(3)]);
    assert_eq!(rule(&hosts.get("more").unwrap()), Some(4));

    hosts.reconfigure(tripping_after(8));
    assert_eq!(rules(&hosts), [Some(8); 3]);
    assert_eq!(rule(&hosts.get("still more").unwrap()), Some(8));
}

#[test]
fn a_breaker_that_is_made_while_settings_change_has_the_last_ones() {
    let hosts: Arc<Mutex<Option<Registry<String>>>> = Arc::default();
    let inside = Arc::clone(&hosts);
    let registry = builder(10, &ManualClock::new())
        .on_create(move |_, _| {
            let hosts = inside.lock().unwrap().clone().unwrap();
            hosts
                .reconfigure_with(|key: &String| tripping_after(u32::try_from(key.len()).unwrap()));
        })
        .build();
    *hosts.lock().unwrap() = Some(registry.clone());

    assert_eq!(rule(&registry.get("four").unwrap()), Some(4));
    *hosts.lock().unwrap() = None;
}

#[test]
fn a_removed_breaker_works_on_for_who_holds_it_and_its_key_begins_anew() {
    let (hosts, _clock) = registry(1);
    let held = hosts.get("a").unwrap();
    held.force_open();

    let removed = hosts.remove("a").unwrap();

    assert!(hosts.remove("a").is_none());
    assert!(hosts.is_empty());
    assert_eq!(hosts.get("a").unwrap().state(), State::Closed);
    removed.resume();
    assert_eq!(held.state(), State::Closed);
    assert_eq!(hosts.removals(), 1);
}

#[test]
fn what_removed_breakers_count_while_they_are_in_use_and_after_is_in_the_totals() {
    let (hosts, clock) = registry(1);
    let successes = || hosts.retired().calls(Outcome::Success);
    let removed = |key: &str| {
        let breaker = hosts.get(key).unwrap();
        breaker.try_acquire().unwrap().success();
        hosts.remove(key).unwrap()
    };

    let held = removed("held");
    assert_eq!(successes(), 1);
    held.try_acquire().unwrap().success();
    let permit = held.try_acquire().unwrap().into_owned();
    drop(held);
    assert_eq!(successes(), 2);
    permit.success();
    assert_eq!(successes(), 3);
    clock.advance(IDLE);
    assert_eq!(hosts.retired().time_in(State::Closed), Duration::ZERO);

    // Many that nobody uses are added up as they go.
    for _ in 0..100 {
        drop(removed("a"));
    }
    assert_eq!((successes(), hosts.removals()), (103, 101));
}

#[test]
fn evictions_and_refusals_are_counted_and_evicted_totals_are_kept() {
    let (hosts, clock) = registry(1);
    let breaker = hosts.get("a").unwrap();
    breaker.try_acquire().unwrap().failure();
    breaker.try_acquire().unwrap().success();
    breaker.force_open();
    assert!(breaker.try_acquire().is_err());
    breaker.resume();
    let counted = breaker.snapshot().totals;
    assert!(hosts.get("b").is_err());
    drop(breaker);
    assert_eq!((hosts.evictions(), hosts.refusals()), (0, 1));
    assert_eq!(hosts.retired(), Totals::default());

    clock.advance(IDLE);
    hosts.get("b").unwrap();

    assert_eq!((hosts.evictions(), hosts.refusals()), (1, 1));
    let retired = hosts.retired();
    assert_eq!(retired.time_in(State::Closed), IDLE);
    for outcome in [Outcome::Success, Outcome::Failure] {
        assert_eq!(retired.calls(outcome), counted.calls(outcome));
    }
    let (from, to) = (State::Closed, State::ForcedOpen);
    assert_eq!(retired.transitions(from, to), counted.transitions(from, to));
    clock.advance(IDLE);
    assert_eq!(hosts.retired(), retired, "it is over");
}

#[test]
fn totals_add_up_in_every_part() {
    let clock = ManualClock::new();
    let config = Config::builder()
        .consecutive_failures(1)
        .slow_call_rate_threshold(1.0)
        .slow_call_duration(Duration::from_secs(1));
    let breaker = Breaker::with_clock("a", config.build().unwrap(), clock.clone());
    breaker.metrics_only();
    let slow = Duration::from_secs(2);
    breaker.try_acquire().unwrap().took(slow).failure();
    breaker.reset();
    breaker.try_acquire().unwrap().failure();
    assert!(breaker.try_acquire().is_err());
    clock.advance(IDLE / 60);
    let one = breaker.snapshot().totals;

    let mut sum = one.clone();
    sum += &one;

    let numbers = |totals: &Totals| -> Vec<u64> {
        let text = format!("{totals:?}").replace("ns", "");
        let digits = text.split(|it: char| !it.is_ascii_digit());
        digits.filter_map(|it| it.parse().ok()).collect()
    };
    assert_ne!(one, Totals::default());
    assert_eq!((one.slow_calls(), one.would_trip()), (1, 1));
    let doubled: Vec<_> = numbers(&one).iter().map(|it| it * 2).collect();
    assert_eq!(numbers(&sum), doubled);
}

#[test]
fn no_snapshot_misses_a_call_or_counts_it_twice_while_breakers_come_and_go() {
    const ROUNDS: u64 = if cfg!(miri) { 20 } else { 2000 };
    let hosts = builder(4, &ManualClock::new())
        .idle_for(Duration::ZERO)
        .build();
    let seen = || {
        let snapshot = hosts.snapshot();
        let mut total = snapshot.retired;
        for breaker in &snapshot.breakers {
            total += &breaker.snapshot().totals;
        }
        total.calls(Outcome::Success)
    };

    thread::scope(|scope| {
        let calls = scope.spawn(|| {
            let mut calls = 0;
            for round in 0..ROUNDS {
                let host = (round % 16).to_string();
                if let Ok(breaker) = hosts.get(&host) {
                    breaker.try_acquire().unwrap().success();
                    calls += 1;
                }
                if round % 7 == 0 {
                    hosts.remove(&host);
                }
            }
            calls
        });
        let mut last = 0;
        while !calls.is_finished() {
            let now = seen();
            assert!(now >= last, "{last} calls became {now}");
            last = now;
        }
        assert_eq!(seen(), calls.join().unwrap());
    });
    assert!(hosts.evictions() > 0 && hosts.removals() > 0);
}

#[test]
fn a_breaker_that_somebody_holds_stays_the_one_of_its_key() {
    const ROUNDS: usize = if cfg!(miri) { 30 } else { 5000 };
    let made = AtomicU32::new(0);
    // The settings tell the breakers of one key apart.
    let hosts = builder(2, &ManualClock::new())
        .config_with(move |_| tripping_after(1 + made.fetch_add(1, Ordering::SeqCst)))
        .idle_for(Duration::ZERO)
        .build();

    thread::scope(|scope| {
        for thread in 0..3 {
            let hosts = &hosts;
            scope.spawn(move || {
                for round in 0..ROUNDS {
                    let host = ((round + thread) % 4).to_string();
                    let Ok(held) = hosts.get(&host) else { continue };
                    let permit = held.try_acquire().unwrap().into_owned();
                    let which = rule(&held);
                    drop(held);
                    assert_eq!(hosts.get(&host).as_ref().ok().and_then(rule), which);
                    permit.success();
                }
            });
        }
    });
    assert!(hosts.evictions() > 0);
}

#[test]
fn a_search_judges_few_breakers_and_the_next_one_goes_on_behind_them() {
    const KEYS: usize = if cfg!(miri) { 300 } else { 1000 };
    let clock = ManualClock::new();
    let count = Config::builder()
        .failure_rate_threshold(0.5)
        .window(Window::count(10));
    let hosts = builder(KEYS, &clock).config(count.build().unwrap()).build();
    for host in 0..KEYS {
        let breaker = hosts.get(&host.to_string()).unwrap();
        if host < KEYS - 10 {
            breaker.try_acquire().unwrap().failure();
        }
    }
    clock.advance(IDLE);

    let refused = (0..KEYS).take_while(|_| hosts.get("new").is_err()).count();

    assert_eq!(refused, (KEYS - 10) / 128);
    assert!(hosts.get("another").is_ok(), "the next one is beside it");
}

#[test]
fn a_search_that_found_one_counts_for_nothing_in_the_next() {
    let hosts = builder(4, &ManualClock::new())
        .idle_for(Duration::ZERO)
        .build();

    for host in 0..100 {
        assert!(hosts.get(&host.to_string()).is_ok(), "{host}");
    }

    assert_eq!((hosts.evictions(), hosts.len()), (96, 4));
}

#[test]
fn keys_that_are_in_use_cost_a_search_little() {
    const KEYS: usize = if cfg!(miri) { 300 } else { 5000 };
    let (hosts, clock) = registry(KEYS);
    for host in 0..KEYS {
        hosts.get(&host.to_string()).unwrap();
    }
    clock.advance(IDLE);
    for host in 0..KEYS - 1 {
        hosts.get(&host.to_string()).unwrap();
    }

    assert!(hosts.get("new").is_ok());
    assert!(hosts.peek(&(KEYS - 1).to_string()).is_none());
}
