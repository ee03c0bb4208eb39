//! May this call pass? [`Breaker`]: the handle that callers share.
//!
//! A clock, the [state machine](crate::state) in a short critical section, and the listeners. The
//! clock is read before the lock is taken and listeners are told after it is given back, so no
//! foreign code ever runs inside.

use std::fmt;
use std::future::Future;
use std::mem;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::Duration;

use crate::clock::{Clock, SystemClock};
use crate::config::Config;
use crate::listener::Listener;
use crate::machine::{Command, Machine, Ticket};
use crate::outcome::{Outcome, Report};
use crate::permit::Permit;
use crate::rejected::{CallError, Rejected};
use crate::snapshot::Snapshot;
use crate::state::State;

/// A circuit breaker. Clones share one circuit.
///
/// # Examples
/// Ask, call, report:
/// ```
/// use breaker::{Breaker, Config};
///
/// let breaker = Breaker::new("inventory", Config::default());
/// match breaker.try_acquire() {
///     Ok(permit) => match "7".parse::<u32>() {
///         Ok(_) => permit.success(),
///         Err(_) => permit.failure(),
///     },
///     Err(rejected) => panic!("{rejected}"),
/// };
/// ```
#[derive(Clone)]
pub struct Breaker {
    core: Arc<Core>,
}

pub(crate) struct Core {
    name: Arc<str>,
    clock: Box<dyn Clock>,
    inner: Mutex<Inner>,
    listeners: RwLock<Vec<Arc<dyn Listener>>>,
    listener_panics: AtomicU64,
}

struct Inner {
    machine: Machine,
    /// Whether some thread is telling the listeners; it will see to later events too.
    telling: bool,
}

impl Breaker {
    /// A closed breaker on the system's clock. `name` is what it protects.
    pub fn new(name: impl Into<Arc<str>>, config: Config) -> Self {
        Self::with_clock(name, config, SystemClock::new())
    }

    /// A closed breaker on a clock of the caller's.
    pub fn with_clock(
        name: impl Into<Arc<str>>,
        config: Config,
        clock: impl Clock + 'static,
    ) -> Self {
        let machine = Machine::new(config, clock.now());
        Self {
            core: Arc::new(Core {
                name: name.into(),
                clock: Box::new(clock),
                inner: Mutex::new(Inner {
                    machine,
                    telling: false,
                }),
                listeners: RwLock::default(),
                listener_panics: AtomicU64::new(0),
            }),
        }
    }

    /// The name of what the breaker protects.
    pub fn name(&self) -> &str {
        &self.core.name
    }

    /// The settings in force.
    pub fn config(&self) -> Config {
        self.core.lock().machine.config().clone()
    }

    /// The state now. Reading changes nothing, even when a change is due.
    pub fn state(&self) -> State {
        self.core.lock().machine.state()
    }

    /// Everything about the breaker at this instant. Reading changes nothing.
    pub fn snapshot(&self) -> Snapshot {
        let now = self.core.clock.now();
        let snapshot = self.core.lock().machine.snapshot(now);
        Snapshot {
            name: Arc::clone(&self.core.name),
            listener_panics: self.core.listener_panics.load(Ordering::Relaxed),
            ..snapshot
        }
    }

    /// Asks for the right to make one call.
    ///
    /// # Errors
    /// [`Rejected`] while the breaker is open, or half-open with all needed probes under way.
    ///
    /// # Cancel safety
    /// Dropping the permit at any moment gives its slot back.
    pub fn try_acquire(&self) -> Result<Permit<'_>, Rejected> {
        let ticket = self.core.change(Machine::admit)?;
        Ok(Permit::new(&self.core, ticket))
    }

    /// Makes a call if it may pass; `Err` counts as failure, a panic too.
    ///
    /// # Errors
    /// [`CallError::Rejected`] when the call was not made, [`CallError::Failed`] when it failed.
    ///
    /// # Examples
    /// ```
    /// # use breaker::{Breaker, CallError, Config};
    /// let breaker = Breaker::new("parser", Config::default());
    /// assert_eq!(breaker.call(|| "7".parse::<u32>()), Ok(7));
    /// assert!(matches!(breaker.call(|| "x".parse::<u32>()), Err(CallError::Failed(_))));
    /// ```
    pub fn call<T, E>(&self, call: impl FnOnce() -> Result<T, E>) -> Result<T, CallError<E>> {
        let permit = self.try_acquire().map_err(CallError::Rejected)?;
        settle(permit, call())
    }

    /// Makes an asynchronous call if it may pass; `Err` counts as failure, a panic too. Needs no
    /// particular runtime. The future is made only when the call may pass.
    ///
    /// # Errors
    /// [`CallError::Rejected`] when the call was not made, [`CallError::Failed`] when it failed.
    ///
    /// # Cancel safety
    /// Dropping the returned future cancels the call and gives its slot back.
    ///
    /// # Examples
    /// ```
    /// # use breaker::{Breaker, CallError, Config};
    /// async fn fetch(breaker: &Breaker) -> Result<u32, CallError<std::num::ParseIntError>> {
    ///     breaker.call_async(|| async { "7".parse() }).await
    /// }
    /// ```
    pub async fn call_async<T, E, F>(&self, call: impl FnOnce() -> F) -> Result<T, CallError<E>>
    where
        F: Future<Output = Result<T, E>>,
    {
        let permit = self.try_acquire().map_err(CallError::Rejected)?;
        settle(permit, call().await)
    }

    /// Makes the change of state that is due, and returns the state. A host without traffic calls
    /// this now and then, so that what it shows is true; calls do it by themselves.
    pub fn poll_transitions(&self) -> State {
        self.core.change(|machine, now| {
            machine.pass_time(now);
            machine.state()
        })
    }

    /// Closes the breaker, forgets what it knows and voids the calls in flight.
    pub fn reset(&self) {
        self.obey(Command::Reset);
    }

    /// Opens the breaker; it recovers like after a trip. Nothing changes if it is open.
    pub fn open(&self) {
        self.obey(Command::Open);
    }

    /// Lets probes through at once. Nothing changes if the breaker is half-open.
    pub fn half_open(&self) {
        self.obey(Command::HalfOpen);
    }

    /// Rejects every call until an operator says otherwise.
    pub fn force_open(&self) {
        self.obey(Command::ForceOpen);
    }

    /// Lets every call pass and judges none until an operator says otherwise.
    pub fn disable(&self) {
        self.obey(Command::Disable);
    }

    /// Lets every call pass and only reports when it would trip, until an operator says otherwise.
    pub fn metrics_only(&self) {
        self.obey(Command::MetricsOnly);
    }

    /// Leads out of the operator's states into closed; does nothing in the others.
    pub fn resume(&self) {
        self.core.change(|machine, now| {
            if machine.state().is_operators() {
                machine.obey(Command::Reset, now);
            }
        });
    }

    /// Tells `listener` every event from now on, for as long as the breaker lives. A listener that
    /// owns a handle to its own breaker keeps both alive for ever.
    pub fn add_listener(&self, listener: impl Listener + 'static) {
        self.core
            .listeners
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .push(Arc::new(listener));
    }

    fn obey(&self, command: Command) {
        self.core.change(|machine, now| machine.obey(command, now));
    }
}

impl fmt::Debug for Breaker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Breaker")
            .field("name", &self.core.name)
            .field("state", &self.state())
            .finish_non_exhaustive()
    }
}

fn settle<T, E>(permit: Permit<'_>, result: Result<T, E>) -> Result<T, CallError<E>> {
    match result {
        Ok(value) => {
            permit.success();
            Ok(value)
        }
        Err(error) => {
            permit.failure();
            Err(CallError::Failed(error))
        }
    }
}

impl Core {
    pub(crate) fn finish(&self, ticket: Ticket, report: Report) -> Outcome {
        self.change(|machine, now| machine.finish(ticket, report, now))
    }

    fn change<R>(&self, step: impl FnOnce(&mut Machine, Duration) -> R) -> R {
        let now = self.clock.now();
        let mut inner = self.lock();
        let result = step(&mut inner.machine, now);
        let tell = inner.machine.has_events() && !inner.telling;
        inner.telling |= tell;
        drop(inner);
        if tell {
            self.tell();
        }
        result
    }

    /// Tells the listeners until no event is left. Only one thread is in here at a time.
    fn tell(&self) {
        loop {
            let mut inner = self.lock();
            let Some(event) = inner.machine.next_event() else {
                inner.telling = false;
                return;
            };
            drop(inner);
            let listeners = self
                .listeners
                .read()
                .unwrap_or_else(PoisonError::into_inner)
                .clone();
            for listener in listeners {
                let told = catch_unwind(AssertUnwindSafe(|| listener.on_event(&self.name, &event)));
                if let Err(payload) = told {
                    self.listener_panics.fetch_add(1, Ordering::Relaxed);
                    // The payload is foreign as well: dropping it may panic in its turn.
                    let dropped = catch_unwind(AssertUnwindSafe(|| drop(payload)));
                    dropped.unwrap_or_else(mem::forget);
                }
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        // Nothing in the critical section panics half-way through a change.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
