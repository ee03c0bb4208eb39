//! The fleet: each instance with its breaker, and whether it runs.

use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use experiment::chance::Draw;
use experiment::scenario::{Mode, Scenario};
use fusebox::{Breaker, Clock, Event, InFlightCalls, State, Transition};

use crate::clock::VirtualClock;
use crate::interruptions::Interruptions;
use crate::nanos;

/// The name of what the breakers protect, as in the live lab.
const DOWNSTREAM: &str = "unreliable-service";
/// How often an instance asks its breaker to make a change that is due, as in the live lab.
const TICK: u64 = 50_000_000;

/// How one instance works.
#[derive(Clone, Copy, Debug)]
struct Instance {
    /// When its first tick is.
    first_tick: u64,
    mode: Mode,
    /// Whether its breaker must be asked at every tick, as calls under way count there.
    always_ticks: bool,
}

/// What each call needs of an instance: apart from the rest, as it is in one line of the cache then.
#[derive(Debug)]
pub(crate) struct Member {
    breaker: Breaker,
    call_timeout: u64,
}

impl Member {
    pub(crate) fn breaker(&self) -> &Breaker {
        &self.breaker
    }
}

/// All instances.
#[derive(Debug)]
pub(crate) struct Instances<'a> {
    all: Vec<Instance>,
    members: &'a [Member],
    noted: Arc<Noted>,
    pub(crate) interruptions: Interruptions,
}

/// Transitions that breakers have reported and that were not taken yet.
///
/// A breaker tells a listener, which may be called from any thread. The lock is taken when a state changes,
/// never otherwise.
#[derive(Debug, Default)]
pub(crate) struct Noted {
    some: AtomicBool,
    list: Mutex<Vec<(u32, Transition)>>,
}

impl Noted {
    fn note(&self, instance: u32, transition: Transition) {
        self.lock().push((instance, transition));
        self.some.store(true, Ordering::Relaxed);
    }

    fn lock(&self) -> MutexGuard<'_, Vec<(u32, Transition)>> {
        self.list.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The instances of a scenario, each with its breaker, and where transitions are noted.
pub(crate) fn members(scenario: &Scenario, clock: &VirtualClock) -> (Vec<Member>, Arc<Noted>) {
    let noted = Arc::new(Noted::default());
    let name: Arc<str> = DOWNSTREAM.into();
    // One clock for all: each would put a pointer of its own around another one.
    let clock: Arc<dyn Clock> = Arc::new(clock.clone());
    let names = scenario.instances().iter().enumerate();
    let members = names.map(|(place, instance)| {
        // One thread needs one stripe.
        let config = scenario.config_of(place).to_builder();
        let config = config.stripes(NonZeroUsize::MIN).build();
        let config = config.expect("a scenario is checked");
        let breaker = Breaker::with_clock(Arc::clone(&name), config, Arc::clone(&clock));
        match scenario.mode_of(instance) {
            Mode::Auto => {}
            Mode::Disabled => breaker.disable(),
            Mode::MetricsOnly => breaker.metrics_only(),
            Mode::ForcedOpen => breaker.force_open(),
        }
        // What an operator did before the start is no event of the run.
        let noted = Arc::clone(&noted);
        let place = u32::try_from(place).expect("fewer instances than 2^32");
        breaker.add_listener(move |_: &str, event: &Event| {
            if let Event::Transition(transition) = event {
                noted.note(place, *transition);
            }
        });
        let call_timeout = nanos(scenario.call_timeout_of(instance).0);
        Member {
            breaker,
            call_timeout,
        }
    });
    (members.collect(), noted)
}

impl<'a> Instances<'a> {
    pub(crate) fn new(scenario: &Scenario, members: &'a [Member], noted: Arc<Noted>) -> Self {
        let names = (0..).zip(scenario.instances());
        let all = names.map(|(place, name)| Instance {
            first_tick: Draw::new(scenario.seed())
                .with("ticks")
                .number(place)
                .bits()
                % TICK,
            mode: scenario.mode_of(name),
            always_ticks: false,
        });
        let mut all: Vec<Instance> = all.collect();
        for (instance, member) in all.iter_mut().zip(members) {
            let counting =
                member.breaker.config().in_flight_calls() != InFlightCalls::CountWhenEnded;
            instance.always_ticks = counting;
        }
        Self {
            all,
            members,
            noted,
            interruptions: Interruptions::of(scenario),
        }
    }

    pub(crate) fn breaker(&self, instance: u32) -> &'a Breaker {
        &self.members[instance as usize].breaker
    }

    /// Touches the memory that the next call of an instance will need first, so that it is in the cache then.
    #[inline]
    pub(crate) fn look_ahead(&self, place: usize) -> u64 {
        self.members[place].breaker.is_rejecting().into()
    }

    /// Reads what it will need behind that.
    #[inline]
    pub(crate) fn look_further_ahead(&self, place: usize) -> u64 {
        self.members[place].breaker.look_ahead()
    }

    pub(crate) fn call_timeout(&self, instance: u32) -> u64 {
        self.members[instance as usize].call_timeout
    }

    pub(crate) fn states(&self) -> impl Iterator<Item = State> {
        self.members.iter().map(|member| member.breaker.state())
    }

    /// The transitions since the last time, if there are any.
    pub(crate) fn changes(&self) -> Option<Vec<(u32, Transition)>> {
        if !self.noted.some.load(Ordering::Relaxed) {
            return None;
        }
        self.noted.some.store(false, Ordering::Relaxed);
        Some(std::mem::take(&mut *self.noted.lock()))
    }

    /// The instances that tick all the time, and when they do so first.
    pub(crate) fn tickers(&self) -> impl Iterator<Item = (u32, u64)> {
        let all = (0..).zip(&self.all);
        let always = all.filter(|(_, instance)| instance.always_ticks);
        always.map(|(place, instance)| (place, instance.first_tick))
    }

    /// The tick after `now`, for an instance that ticks all the time.
    pub(crate) fn tick_after(&self, instance: u32, now: u64) -> Option<u64> {
        let always = self.all[instance as usize].always_ticks;
        always.then_some(now + TICK)
    }

    /// The tick at which an instance makes the change that its breaker now waits for, if it waits for one.
    ///
    /// A live instance ticks all the time; ticks at which nothing is due change nothing and are left out.
    pub(crate) fn tick_for_change(&self, instance: u32) -> Option<u64> {
        let own = self.all[instance as usize];
        let breaker = self.breaker(instance);
        if own.always_ticks || !matches!(breaker.state(), State::Open | State::HalfOpen) {
            return None;
        }
        let since = nanos(breaker.snapshot().deadline?).saturating_sub(own.first_tick);
        Some(own.first_tick + since.div_ceil(TICK) * TICK)
    }

    /// An instance's process has ended: its next one knows nothing.
    pub(crate) fn forget(&self, instance: u32) {
        if self.all[instance as usize].mode == Mode::Auto {
            self.breaker(instance).reset();
        }
    }
}
