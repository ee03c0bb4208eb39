//! The breaker: the handle that callers share and ask whether a call may pass.
//!
//! Every use of a breaker starts here. The clones of a breaker share one circuit, which holds the
//! state.

mod peek;

use std::fmt;
use std::future::{Future, poll_fn};
use std::panic::{RefUnwindSafe, UnwindSafe};
use std::pin::pin;
use std::sync::{Arc, Weak};
use std::time::Duration;

use crate::call_error::CallError;
use crate::circuit::Circuit;
use crate::clock::{Clock, SystemClock, TimeSource};
use crate::config::Config;
use crate::event::Interest;
use crate::event_stream::Events;
use crate::handle::Handle;
use crate::listener::{Audience, Listener};
use crate::machine::{Command, Machine};
use crate::nesting::{self, Address, Nesting};
use crate::permit::Permit;
use crate::rejected::Rejected;
use crate::saved::Saved;
use crate::snapshot::Snapshot;
use crate::state::State;
use crate::verdict::Verdict;

/// A circuit breaker, which decides for each call whether it may be made. Clones share one state.
///
/// # Examples
/// Ask for a permit, make the call, report its outcome:
/// ```
/// use fusebox::{Breaker, Config};
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
    circuit: Handle,
}

// What unwinds out of a listener or a call is caught or counted, and no lock is held meanwhile: a
// breaker is never seen half-way through a change.
impl UnwindSafe for Breaker {}
impl RefUnwindSafe for Breaker {}

impl Breaker {
    /// Makes a closed breaker on the system's clock. `name` says what it protects; it need not be
    /// unique.
    pub fn new(name: impl Into<Arc<str>>, config: impl Into<Arc<Config>>) -> Self {
        Self::with_clock(name, config, SystemClock::new())
    }

    /// Makes a closed breaker on the given clock, such as a [`ManualClock`](crate::ManualClock).
    pub fn with_clock(
        name: impl Into<Arc<str>>,
        config: impl Into<Arc<Config>>,
        clock: impl Clock + 'static,
    ) -> Self {
        let circuit = Circuit::new(name.into(), config.into(), TimeSource::of(clock));
        Self::of(Handle::Own(Arc::new(circuit)))
    }

    /// A breaker on an existing circuit.
    #[inline]
    pub(crate) fn of(circuit: Handle) -> Self {
        Self { circuit }
    }

    /// Returns the name of what the breaker protects.
    pub fn name(&self) -> &str {
        self.circuit.name()
    }

    /// Returns the settings in force.
    pub fn config(&self) -> Config {
        self.circuit.config()
    }

    /// Returns the current state. Reading changes nothing, even when a transition is due.
    pub fn state(&self) -> State {
        self.circuit.state()
    }

    /// Returns everything about the breaker at this instant. Reading changes nothing.
    pub fn snapshot(&self) -> Snapshot {
        self.circuit.snapshot()
    }

    /// Asks for the right to make one call.
    ///
    /// # Errors
    /// [`Rejected`] while the breaker is open or forced open, while it is half-open and all the
    /// probes it needs are under way, or during a ramp for the calls above the share that passes.
    ///
    /// # Cancel safety
    /// Dropping the permit at any moment frees its slot.
    #[expect(
        clippy::inline_always,
        reason = "measured: half the cost of the hot path is the call"
    )]
    #[inline(always)]
    pub fn try_acquire(&self) -> Result<Permit<'_>, Rejected> {
        let ticket = self.circuit.admit()?;
        Ok(Permit::new(&self.circuit, ticket))
    }

    /// Makes a call if it may pass. `Err` counts as a failure. So does a panic, which goes on
    /// unwinding.
    ///
    /// Calls may nest. If another breaker rejects a call inside this one and this call then fails,
    /// the failure is ignored, because a rejection is no evidence about the downstream. The failure
    /// still counts if the rejecting breaker has answered a later call inside this one, or if any
    /// later call inside this one has failed. A success through a third breaker changes nothing. If
    /// several breakers have rejected, only a later failure inside makes this one count. A panic
    /// always counts as a failure, even if it comes from unwrapping the inner rejection.
    ///
    /// A call through this same breaker that is made inside this one passes as a part of it. These
    /// rules hold within one thread or task, and for every method whose name begins with `call`.
    ///
    /// # Errors
    /// [`CallError::Rejected`] when the call was not made; [`CallError::Failed`] when it failed.
    ///
    /// # Examples
    /// ```
    /// # use fusebox::{Breaker, CallError, Config};
    /// let breaker = Breaker::new("parser", Config::default());
    /// assert_eq!(breaker.call(|| "7".parse::<u32>()), Ok(7));
    /// assert!(matches!(breaker.call(|| "x".parse::<u32>()), Err(CallError::Failed(_))));
    /// ```
    pub fn call<T, E>(&self, call: impl FnOnce() -> Result<T, E>) -> Result<T, CallError<E>> {
        self.call_with(Verdict::of, call)
    }

    /// Makes a call if it may pass; `classify` says what its result means. A panic in either is a
    /// failure.
    ///
    /// # Errors
    /// [`CallError::Rejected`] when the call was not made; [`CallError::Failed`] with its error.
    ///
    /// # Examples
    /// ```
    /// # use fusebox::{Breaker, Config, Outcome, Verdict};
    /// # use std::io::{Error, ErrorKind};
    /// let breaker = Breaker::new("files", Config::default());
    /// let missing = |result: &Result<String, Error>| match result {
    ///     Err(error) if error.kind() == ErrorKind::NotFound => Verdict::Ignored,
    ///     result => Verdict::of(result),
    /// };
    /// let read = breaker.call_with(missing, || std::fs::read_to_string("/no/such/file"));
    /// assert!(read.is_err());
    /// assert_eq!(breaker.snapshot().totals.calls(Outcome::Ignored), 1);
    /// ```
    pub fn call_with<T, E>(
        &self,
        classify: impl FnOnce(&Result<T, E>) -> Verdict,
        call: impl FnOnce() -> Result<T, E>,
    ) -> Result<T, CallError<E>> {
        if nesting::encloses(self.address()) {
            return call().map_err(CallError::Failed);
        }
        let permit = self.try_acquire().map_err(CallError::Rejected)?;
        let mut nesting = Nesting::of(self.address());
        let result = nesting.run(call);
        let verdict = classify(&result);
        permit.end(nesting.settle(verdict));
        result.map_err(CallError::Failed)
    }

    /// Makes an asynchronous call if it may pass. `Err` counts as a failure, and so does a panic.
    /// It runs on any async runtime. The future is created only if the call may pass. Calls may
    /// nest as in [`call`](Self::call).
    ///
    /// # Errors
    /// [`CallError::Rejected`] when the call was not made; [`CallError::Failed`] when it failed.
    ///
    /// # Cancel safety
    /// Dropping the returned future cancels the call and frees its slot.
    ///
    /// # Examples
    /// ```
    /// # use fusebox::{Breaker, CallError, Config};
    /// async fn fetch(breaker: &Breaker) -> Result<u32, CallError<std::num::ParseIntError>> {
    ///     breaker.call_async(|| async { "7".parse() }).await
    /// }
    /// ```
    pub async fn call_async<T, E, F>(&self, call: impl FnOnce() -> F) -> Result<T, CallError<E>>
    where
        F: Future<Output = Result<T, E>>,
    {
        self.call_async_with(Verdict::of, call).await
    }

    /// Makes an asynchronous call if it may pass; `classify` says what its result means. A panic in
    /// either is a failure.
    ///
    /// # Errors
    /// [`CallError::Rejected`] when the call was not made; [`CallError::Failed`] with its error.
    ///
    /// # Cancel safety
    /// Dropping the returned future cancels the call and frees its slot.
    ///
    /// # Examples
    /// ```
    /// # use fusebox::{Breaker, CallError, Config, Verdict};
    /// async fn fetch(breaker: &Breaker) -> Result<u16, CallError<std::io::Error>> {
    ///     let judge = |result: &Result<u16, _>| match result {
    ///         Ok(500..) => Verdict::FAILURE, // an answer, but no success
    ///         result => Verdict::of(result),
    ///     };
    ///     breaker.call_async_with(judge, || async { Ok(503) }).await
    /// }
    /// ```
    pub async fn call_async_with<T, E, F>(
        &self,
        classify: impl FnOnce(&Result<T, E>) -> Verdict,
        call: impl FnOnce() -> F,
    ) -> Result<T, CallError<E>>
    where
        F: Future<Output = Result<T, E>>,
    {
        if nesting::encloses(self.address()) {
            return call().await.map_err(CallError::Failed);
        }
        let permit = self.try_acquire().map_err(CallError::Rejected)?;
        let mut nesting = Nesting::of(self.address());
        let mut future = pin!(nesting.run(call));
        let result = poll_fn(|cx| nesting.run(|| future.as_mut().poll(cx))).await;
        let verdict = classify(&result);
        permit.end(nesting.settle(verdict));
        result.map_err(CallError::Failed)
    }

    /// Makes the transition that is due, if any, and returns the state.
    ///
    /// Calls make due transitions on their own. Poll where there may be no calls, so that the shown
    /// state is true, and where all callers may hang, if [calls under way
    /// count](crate::InFlightCalls::CountWhenOverdue).
    pub fn poll_transitions(&self) -> State {
        self.circuit.change(|machine, now| {
            machine.pass_time(now);
            machine.state()
        })
    }

    /// Closes the breaker, forgets its evidence and voids the calls in flight.
    pub fn reset(&self) {
        self.obey(Command::Reset);
    }

    /// Opens the breaker, which then recovers as after a trip. An open breaker stays as it is,
    /// unless the [fleet](Self::fleet) holds it: then it counts as open by itself from now on.
    pub fn open(&self) {
        self.obey(Command::Open);
    }

    /// Opens the breaker for exactly `wait` (zero included), whatever the settings say; then it
    /// probes. If it is open already, its open period ends after `wait` from now. Only
    /// [`restore`](Self::restore) and a later, lower `max_open_for` shorten that.
    pub fn open_for(&self, wait: Duration) {
        self.obey(Command::OpenFor(wait));
    }

    /// Lets probes through at once. A breaker that is half-open by itself stays as it is.
    pub fn half_open(&self) {
        self.obey(Command::HalfOpen);
    }

    /// Rejects every call until an operator ends it with [`resume`](Self::resume) or another order.
    #[doc(alias = "isolate")]
    pub fn force_open(&self) {
        self.obey(Command::ForceOpen);
    }

    /// Lets every call pass and judges none until an operator ends it.
    pub fn disable(&self) {
        self.obey(Command::Disable);
    }

    /// Lets every call pass and only reports when the breaker would trip, until an operator ends
    /// it.
    pub fn metrics_only(&self) {
        self.obey(Command::MetricsOnly);
    }

    /// Closes a breaker that is forced open, disabled or metrics-only. In other states it does
    /// nothing.
    pub fn resume(&self) {
        self.circuit.change(|machine, now| {
            if machine.state().is_operators() {
                machine.obey(Command::Reset, now);
            }
        });
    }

    /// Replaces the settings from now on.
    ///
    /// State, generation, calls in flight, totals and back-off level stay. So does as much evidence
    /// as the new window can hold: the last outcomes of a count window, or the buckets of a time
    /// window. From one kind of window to the other, nothing is carried over. A setting that stays
    /// the same has no effect. An open period ends no later than a lower maximum allows, the new
    /// settings judge and limit a half-open period at once, and the back-off level is bounded at
    /// the next opening. `stripes` and a missing `jitter_seed` change nothing.
    ///
    /// # Examples
    /// ```
    /// # use fusebox::{Breaker, Config, State};
    /// let breaker = Breaker::new("db", Config::builder().consecutive_failures(3).build()?);
    /// breaker.try_acquire()?.failure();
    /// breaker.reconfigure(Config::builder().consecutive_failures(2).build()?);
    /// breaker.try_acquire()?.failure();
    /// assert_eq!(breaker.state(), State::Open);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn reconfigure(&self, config: impl Into<Arc<Config>>) {
        let config = config.into();
        self.circuit
            .change(|machine, now| machine.reconfigure(config, now));
    }

    /// Returns what a new process needs to continue from this breaker's state. Reading changes
    /// nothing.
    pub fn save(&self) -> Saved {
        self.circuit.change(Machine::save)
    }

    /// Continues from the state in `saved`, with the settings of this breaker. This is a
    /// transition, even into the same state, and it voids the calls in flight. Evidence is taken
    /// over as far as the window can hold it, as in [`reconfigure`](Self::reconfigure); probes
    /// begin anew, and a ramp is over. The settings bound the waits: `max_open_for` bounds an open
    /// period, even one that an operator made longer, and `half_open_for` bounds a half-open
    /// period.
    pub fn restore(&self, saved: &Saved) {
        self.circuit
            .change(|machine, now| machine.restore(saved, now));
    }

    /// Adds a listener for the breaker's events, from now on and for as long as the breaker lives.
    /// It cannot be removed. A listener that owns a handle to its own breaker keeps both alive for
    /// ever. To stop listening sooner, use [`events`](Self::events).
    pub fn add_listener(&self, listener: impl Listener + 'static) {
        self.circuit
            .add_audience(Audience::listener(Arc::new(listener)));
    }

    /// Returns the events from now on as a stream that holds at most `capacity` of them. Any
    /// capacity will do, because only waiting events take memory. With a capacity of zero, an event
    /// is passed on only to a reader that is waiting at that moment. See [`Events`] for an example.
    pub fn events(&self, interest: Interest, capacity: usize) -> Events {
        let circuit = self.downgrade();
        let (sink, events) = Events::new(capacity, move || {
            if let Some(circuit) = circuit.upgrade() {
                circuit.forget_abandoned_streams();
            }
        });
        self.circuit.add_audience(Audience::stream(interest, sink));
        events
    }

    /// The address of the circuit. Hidden; for `fusebox-tower`.
    #[doc(hidden)]
    #[inline]
    pub fn address(&self) -> Address {
        Address::of(Arc::as_ptr(&self.circuit))
    }

    pub(crate) fn circuit(&self) -> &Circuit {
        &self.circuit
    }

    pub(crate) fn downgrade(&self) -> Weak<Circuit> {
        Arc::downgrade(&self.circuit)
    }

    fn obey(&self, command: Command) {
        self.circuit
            .change(|machine, now| machine.obey(command, now));
    }
}

impl fmt::Debug for Breaker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Breaker")
            .field("name", &self.name())
            .field("state", &self.state())
            .finish_non_exhaustive()
    }
}
