//! The handle that callers share: they ask it whether a call may pass.
//!
//! Every way to use a breaker starts here; what is shared between clones is the circuit.

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

/// A circuit breaker. Clones share one circuit.
///
/// # Examples
/// Ask, call, report:
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
    /// A closed breaker on the system's clock. `name` is what it protects; it need not be unique.
    pub fn new(name: impl Into<Arc<str>>, config: impl Into<Arc<Config>>) -> Self {
        Self::with_clock(name, config, SystemClock::new())
    }

    /// A closed breaker on a clock of the caller's, such as [`ManualClock`](crate::ManualClock).
    pub fn with_clock(
        name: impl Into<Arc<str>>,
        config: impl Into<Arc<Config>>,
        clock: impl Clock + 'static,
    ) -> Self {
        let circuit = Circuit::new(name.into(), config.into(), TimeSource::of(clock));
        Self::of(Handle::Own(Arc::new(circuit)))
    }

    /// A breaker of a circuit that exists already.
    #[inline]
    pub(crate) fn of(circuit: Handle) -> Self {
        Self { circuit }
    }

    /// The name of what the breaker protects.
    pub fn name(&self) -> &str {
        self.circuit.name()
    }

    /// The settings in force.
    pub fn config(&self) -> Config {
        self.circuit.config()
    }

    /// The state now. Reading changes nothing, even when a change is due.
    pub fn state(&self) -> State {
        self.circuit.state()
    }

    /// Everything about the breaker at this instant. Reading changes nothing.
    pub fn snapshot(&self) -> Snapshot {
        self.circuit.snapshot()
    }

    /// Asks for the right to make one call.
    ///
    /// # Errors
    /// [`Rejected`] while the breaker is open or forced open, half-open with all needed probes under
    /// way, or ramping up and it is not this call's turn.
    ///
    /// # Cancel safety
    /// Dropping the permit at any moment gives its slot back.
    #[expect(
        clippy::inline_always,
        reason = "measured: half the cost of the hot path is the call"
    )]
    #[inline(always)]
    pub fn try_acquire(&self) -> Result<Permit<'_>, Rejected> {
        let ticket = self.circuit.admit()?;
        Ok(Permit::new(&self.circuit, ticket))
    }

    /// Makes a call if it may pass; `Err` counts as failure, a panic too, which goes on unwinding.
    ///
    /// Calls may nest. If another breaker rejects a call inside this one, and this call then fails,
    /// the failure is ignored: a rejection is no evidence. The failure counts all the same if the
    /// breaker that rejected has answered a later call inside this one, or if any later call inside
    /// this one has failed. A success of a third breaker changes nothing. If several breakers have
    /// rejected, only a later failure inside makes this one count. A panic is a failure all the same,
    /// whatever caused it: code that unwraps the inner rejection is broken.
    ///
    /// A call of this very breaker that is made inside this one passes as a part of it. All this
    /// holds within one thread or task, and for all the functions named `call`.
    ///
    /// # Errors
    /// [`CallError::Rejected`] when the call was not made, [`CallError::Failed`] when it failed.
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

    /// Makes a call if it may pass; `classify` says what its result means. A panic of either is a
    /// failure.
    ///
    /// # Errors
    /// [`CallError::Rejected`] when the call was not made, [`CallError::Failed`] with its error.
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

    /// Makes an asynchronous call if it may pass; `Err` counts as failure, a panic too. Needs no
    /// particular runtime. The future is made only when the call may pass. Calls may nest as in
    /// [`call`](Self::call).
    ///
    /// # Errors
    /// [`CallError::Rejected`] when the call was not made, [`CallError::Failed`] when it failed.
    ///
    /// # Cancel safety
    /// Dropping the returned future cancels the call and gives its slot back.
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

    /// Makes an asynchronous call if it may pass; `classify` says what its result means. A panic
    /// of either is a failure.
    ///
    /// # Errors
    /// [`CallError::Rejected`] when the call was not made, [`CallError::Failed`] with its error.
    ///
    /// # Cancel safety
    /// Dropping the returned future cancels the call and gives its slot back.
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

    /// Makes the change of state that is due, and returns the state.
    ///
    /// A host without traffic calls this now and then, so that what it shows is true, and so does one
    /// whose callers may all hang, if [calls under way count](crate::InFlightCalls::CountWhenOverdue).
    /// Where calls come, they do it by themselves.
    pub fn poll_transitions(&self) -> State {
        self.circuit.change(|machine, now| {
            machine.pass_time(now);
            machine.state()
        })
    }

    /// Closes the breaker, forgets what it knows and voids the calls in flight.
    pub fn reset(&self) {
        self.obey(Command::Reset);
    }

    /// Opens the breaker; it recovers like after a trip. Nothing changes if it is open, unless the
    /// [fleet](Self::fleet) holds it: then it is open by itself from now on.
    pub fn open(&self) {
        self.obey(Command::Open);
    }

    /// Opens the breaker for exactly `wait`, whatever the settings say, zero included; then it probes.
    /// Only [`restore`](Self::restore) and a lower `max_open_for` set later shorten it.
    /// Where it is open already, the open period ends after `wait` from now.
    pub fn open_for(&self, wait: Duration) {
        self.obey(Command::OpenFor(wait));
    }

    /// Lets probes through at once. Nothing changes if the breaker is half-open by itself.
    pub fn half_open(&self) {
        self.obey(Command::HalfOpen);
    }

    /// Rejects every call until an operator says otherwise.
    #[doc(alias = "isolate")]
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
        self.circuit.change(|machine, now| {
            if machine.state().is_operators() {
                machine.obey(Command::Reset, now);
            }
        });
    }

    /// Works by other settings from now on.
    ///
    /// State, generation, calls in flight, totals and the level of the back-off stay. Evidence
    /// stays as far as the new window can hold it: the last outcomes of a count window, the
    /// buckets of a time window; from one kind to the other nothing can be carried over. A setting
    /// that stays the same moves nothing. An open period ends no later than a lower maximum allows, a
    /// half-open period is judged and limited by the new settings at once, and the level of the
    /// back-off is bounded at the next opening. `stripes` and a missing `jitter_seed` change nothing.
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

    /// What a new process needs to go on where this breaker is. Reading changes nothing.
    pub fn save(&self) -> Saved {
        self.circuit.change(Machine::save)
    }

    /// Goes on where `saved` was taken, with the settings of this breaker. A transition, even into
    /// the same state: calls in flight are voided. Evidence is taken over as far as the window can
    /// hold it, as in [`reconfigure`](Self::reconfigure); probes begin anew, and a ramp is over. The settings bound the waits: an open period by
    /// `max_open_for`, also one that an operator made longer, a half-open period by `half_open_for`.
    pub fn restore(&self, saved: &Saved) {
        self.circuit
            .change(|machine, now| machine.restore(saved, now));
    }

    /// Tells `listener` every event from now on, for as long as the breaker lives; it cannot be
    /// removed. A listener that owns a handle to its own breaker keeps both alive for ever. For
    /// something that ends sooner, see [`events`](Self::events).
    pub fn add_listener(&self, listener: impl Listener + 'static) {
        self.circuit
            .add_audience(Audience::listener(Arc::new(listener)));
    }

    /// The events from now on as a stream that holds at most `capacity` of them. Any number will do:
    /// only events that wait take memory. A stream with a capacity of zero passes on an event only if
    /// a reader is waiting for one at that moment. See [`Events`] for an example.
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

    /// Which circuit this is. Hidden; for `fusebox-tower`.
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
