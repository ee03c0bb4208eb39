//! The life of a registry's breakers: made once, described by key, and taken out.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::HashSet;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::num::NonZeroUsize;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Barrier, Mutex};
use std::thread;

use fusebox::{
    Breaker, Config, ManualClock, ManualControl, Outcome, Registry, RegistryBuilder, State,
};

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

/// A key whose hash panics when it was computed this many times.
#[derive(Clone)]
struct Fragile {
    name: &'static str,
    hashes_left: Arc<AtomicU32>,
}

impl Fragile {
    fn after(hashes: u32, name: &'static str) -> Self {
        let hashes_left = Arc::new(AtomicU32::new(hashes));
        Self { name, hashes_left }
    }
}

impl PartialEq for Fragile {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for Fragile {}

impl Hash for Fragile {
    fn hash<H: Hasher>(&self, state: &mut H) {
        assert!(self.hashes_left.fetch_sub(1, Ordering::SeqCst) > 0);
        self.name.hash(state);
    }
}

impl fmt::Display for Fragile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

#[test]
fn a_hash_that_panics_at_any_time_leaves_the_key_to_the_next_who_asks() {
    const ENOUGH: u32 = 1000;
    let mut panics = 0;
    loop {
        let hosts: Registry<Fragile> =
            Registry::new(NonZeroUsize::new(3).unwrap(), Config::default());
        // A map with less than two keys asks for no hash when it looks for one.
        for other in ["b", "c"] {
            hosts.get(&Fragile::after(ENOUGH, other)).unwrap();
        }

        let key = Fragile::after(panics, "a");
        let asked = catch_unwind(AssertUnwindSafe(|| hosts.get(&key).is_ok()));

        assert!(hosts.get(&Fragile::after(ENOUGH, "a")).is_ok(), "{panics}");
        if asked.is_ok() {
            break;
        }
        panics += 1;
    }
    assert!(panics >= 3, "in two looks and when it is put in");
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
