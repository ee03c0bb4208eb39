//! The fleet: each instance with its breaker, what it has let through, and whether it runs.

use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use experiment::chance::Draw;
use experiment::scenario::{Mode, Scenario};
use fusebox::{Breaker, Event, State, Transition};

use crate::clients::nanos;
use crate::clock::VirtualClock;

/// The name of what the breakers protect, as in the live lab.
const DOWNSTREAM: &str = "unreliable-service";
/// How often an instance asks its breaker to make a change that is due, as in the live lab.
const TICK: u64 = 50_000_000;

/// What one instance counts, and how it works.
#[derive(Clone, Debug)]
pub(crate) struct Instance {
    pub(crate) permitted: u64,
    pub(crate) rejected: u64,
    pub(crate) call_timeout: u64,
    /// When its first tick is.
    first_tick: u64,
}

/// All instances.
pub(crate) struct Instances<'a> {
    pub(crate) all: Vec<Instance>,
    breakers: &'a [Breaker],
    noted: Arc<Noted>,
}

/// Transitions that breakers have told and nobody has taken yet.
#[derive(Debug, Default)]
pub(crate) struct Noted {
    some: AtomicBool,
    list: Mutex<Vec<(u32, Transition)>>,
}

impl Noted {
    fn note(&self, instance: u32, transition: Transition) {
        let mut list = self.list.lock().unwrap_or_else(PoisonError::into_inner);
        list.push((instance, transition));
        self.some.store(true, Ordering::Relaxed);
    }
}

/// The breakers of a scenario, one per instance, and where their transitions are noted.
pub(crate) fn breakers(
    scenario: &Scenario,
    seed: u64,
    clock: &VirtualClock,
) -> (Vec<Breaker>, Arc<Noted>) {
    let noted = Arc::new(Noted::default());
    let name: Arc<str> = DOWNSTREAM.into();
    let names = (0..).zip(&scenario.fleet.instances);
    let breakers = names.map(|(place, instance)| {
        let settings = scenario.breaker_of(instance);
        let config = settings
            .config(seed.wrapping_add(u64::from(place)))
            .and_then(|config| config.to_builder().stripes(NonZeroUsize::MIN).build())
            .expect("a scenario has been checked");
        let breaker = Breaker::with_clock(Arc::clone(&name), config, clock.clone());
        let noted = Arc::clone(&noted);
        breaker.add_listener(move |_: &str, event: &Event| {
            if let Event::Transition(transition) = event {
                noted.note(place, *transition);
            }
        });
        match scenario.mode_of(instance) {
            Mode::Auto => {}
            Mode::Disabled => breaker.disable(),
            Mode::MetricsOnly => breaker.metrics_only(),
            Mode::ForcedOpen => breaker.force_open(),
        }
        breaker
    });
    (breakers.collect(), noted)
}

impl<'a> Instances<'a> {
    pub(crate) fn new(
        scenario: &Scenario,
        seed: u64,
        breakers: &'a [Breaker],
        noted: Arc<Noted>,
    ) -> Self {
        // What an operator does before the start is no event of the run.
        noted
            .list
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clear();
        noted.some.store(false, Ordering::Relaxed);
        let names = (0..).zip(&scenario.fleet.instances);
        let all = names.map(|(place, name)| Instance {
            permitted: 0,
            rejected: 0,
            call_timeout: nanos(scenario.call_timeout_of(name).0),
            first_tick: Draw::new(seed).with("ticks").number(place).bits() % TICK,
        });
        Self {
            all: all.collect(),
            breakers,
            noted,
        }
    }

    pub(crate) fn breaker(&self, instance: u32) -> &'a Breaker {
        &self.breakers[instance as usize]
    }

    /// The transitions since the last time, if there are any.
    pub(crate) fn changes(&self) -> Option<Vec<(u32, Transition)>> {
        if !self.noted.some.load(Ordering::Relaxed) {
            return None;
        }
        self.noted.some.store(false, Ordering::Relaxed);
        let mut list = self
            .noted
            .list
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        Some(std::mem::take(&mut *list))
    }

    /// The tick at which an instance makes the change that is due next, if its breaker waits for one.
    ///
    /// A live instance ticks all the time; ticks at which nothing is due change nothing and are left out.
    pub(crate) fn next_tick(&self, instance: u32) -> Option<u64> {
        let deadline = self.breaker(instance).snapshot().deadline?;
        let first = self.all[instance as usize].first_tick;
        let since = nanos(deadline).saturating_sub(first);
        Some(first + since.div_ceil(TICK) * TICK)
    }

    pub(crate) fn first_states(&self) -> Vec<State> {
        self.breakers.iter().map(Breaker::state).collect()
    }

    pub(crate) fn call_timeout(&self, instance: u32) -> Duration {
        Duration::from_nanos(self.all[instance as usize].call_timeout)
    }
}
