//! A handle for what a fleet of breakers decides for one of them: open on a common verdict, probe on a lease, close
//! in turn.
//!
//! The breaker knows of no fleet and no network. Its host asks the other instances, weighs their answers, and passes
//! the result on with these commands, off the path of the calls. A command is a single step under the breaker's lock.
//! Either it takes effect by one transition, or it does not apply and changes nothing.

use std::time::Duration;

use crate::breaker::Breaker;
use crate::machine::{Command, FleetCommand, Machine};
use crate::ramp::CloseRamp;
use crate::state::Generation;

/// Passes a fleet's decisions on to one of its breakers. Made by [`Breaker::fleet`].
///
/// The fleet reaches only a closed breaker and one that it has moved itself. A breaker that tripped by itself
/// recovers by itself; the fleet may only [bring that forward](Self::hasten), or [ask for its probes at
/// once](Self::probe_now). An operator's order overrides the fleet and ends a hold, and so does
/// [`restore`](Breaker::restore). No verdict of the fleet raises or lowers the back-off level.
///
/// # How a hold ends
/// A hold does not end with time, so a host that may lose its fleet must call [`lose_engine`](Self::lose_engine) when
/// it does. A probe cannot get lost, because its lease ends.
///
/// # Examples
/// ```
/// use fusebox::{Breaker, Cause, CloseRamp, Config, ManualClock, RejectReason, State};
/// use std::time::Duration;
///
/// let clock = ManualClock::new();
/// let breaker = Breaker::with_clock("inventory", Config::default(), clock.clone());
/// let second = Duration::from_secs(1);
///
/// // Enough others are failing, and so is this one: it need not find out alone.
/// assert!(breaker.fleet().hold(7));
/// breaker.fleet().hint(second * 2);
/// let rejected = breaker.try_acquire().unwrap_err();
/// assert_eq!((rejected.reason, rejected.retry_after), (RejectReason::Fleet, Some(second * 2)));
///
/// // This instance got the lease: its next call is the fleet's probe.
/// breaker.fleet().grant_probe(second * 3).unwrap();
/// breaker.try_acquire()?.success();
/// let last = *breaker.snapshot().transitions.last().unwrap();
/// assert_eq!((last.to, last.cause), (State::Open, Cause::FleetProbeSucceeded));
///
/// // The fleet closes, each instance in its turn.
/// assert!(breaker.fleet().release(second, CloseRamp::AsConfigured));
/// assert_eq!(breaker.try_acquire().unwrap_err().reason, RejectReason::Turn);
/// clock.advance(second);
/// assert!(breaker.try_acquire().is_ok());
/// # Ok::<(), fusebox::Rejected>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct FleetControl<'a> {
    breaker: &'a Breaker,
}

impl Breaker {
    /// Returns the handle for what a fleet decides about this breaker.
    pub fn fleet(&self) -> FleetControl<'_> {
        FleetControl { breaker: self }
    }
}

impl FleetControl<'_> {
    /// Holds a closed breaker open on the fleet's verdict, until the fleet releases it. Calls in flight are voided. A
    /// breaker that probes, or waits for its turn to close, is held again by a verdict with a higher number. A
    /// breaker that is already held takes over that number.
    ///
    /// `epoch` is the number of the verdict. It is compared only with that of a hold under way; the host has to
    /// ignore a verdict that it knows to be old.
    ///
    /// Returns whether the command applied. `false`: the breaker is open or half-open by itself, an operator decides,
    /// or it is held by this verdict or a newer one.
    pub fn hold(self, epoch: u64) -> bool {
        self.follow(FleetCommand::Hold { epoch })
    }

    /// Sets how long callers of a held breaker should stay away, counted from now. Rejections report the rest of that
    /// time, and no time once it has passed. It does not end the hold.
    ///
    /// Returns whether the command applied: `false` unless the breaker is held or probes for the fleet.
    pub fn hint(self, retry_after: Duration) -> bool {
        self.follow(FleetCommand::Hint(retry_after))
    }

    /// Lets exactly one call of a held breaker through, the next one, as the fleet's probe. All others are rejected
    /// until the probe ends, or until `lease`, counted from now, is over.
    ///
    /// Then the breaker is held again, and the cause of that transition says what came of the probe:
    /// [`FleetProbeSucceeded`](crate::Cause::FleetProbeSucceeded),
    /// [`FleetProbeFailed`](crate::Cause::FleetProbeFailed) (it failed, panicked or was slow),
    /// [`FleetProbeCancelled`](crate::Cause::FleetProbeCancelled) (its permit was dropped, or its result says
    /// nothing) or [`FleetProbeExpired`](crate::Cause::FleetProbeExpired) (no outcome in time, or no call came). A
    /// later outcome is late and decides nothing. A dropped permit is a failure where `dropped_permit` says so.
    ///
    /// Returns the generation of the probe; the transition that ends the probe begins the next generation. `None`
    /// unless the breaker is held.
    pub fn grant_probe(self, lease: Duration) -> Option<Generation> {
        self.breaker
            .circuit()
            .change(|machine, now| machine.grant_probe(lease, now))
    }

    /// Lets a held or probing breaker close: at once if `after` is zero, or in its turn, `after` from now. Until then
    /// it rejects calls. It closes with an empty window, and `ramp` says how the load returns. A fleet that closes
    /// draws a different `after` for each breaker, so that the downstream does not meet all of them at the same time.
    ///
    /// Returns whether the command applied. `false`: the fleet does not hold the breaker, or its turn is already set.
    pub fn release(self, after: Duration, ramp: CloseRamp) -> bool {
        self.follow(FleetCommand::Release { after, ramp })
    }

    /// Brings the end of the breaker's own open period forward to `wait` from now, if that is sooner. Then its own
    /// probes decide, and the back-off level stays. This is no transition.
    ///
    /// Returns whether the command applied. `false`: the period already ends sooner, an operator opened the breaker
    /// or set the end of its period, or the breaker is not open by itself.
    pub fn hasten(self, wait: Duration) -> bool {
        self.follow(FleetCommand::Hasten(wait))
    }

    /// Lets a breaker that is open by its own rules probe from its next call on, so that its own probes serve the
    /// fleet. Its open period ends. Everything else stays under the breaker's own rules: how many probes it permits
    /// and needs, and the back-off, whose level stays and rises if they fail. A breaker that is already half-open by
    /// itself goes on as it is.
    ///
    /// Returns the generation of the half-open period; the transition that ends it begins the next generation.
    /// `None`: an operator opened the breaker or set the end of its period, or it is neither open nor half-open by
    /// itself.
    ///
    /// # Examples
    /// ```
    /// use fusebox::{Breaker, Cause, Config, ManualClock, State};
    ///
    /// let config = Config::builder().consecutive_failures(1).build()?;
    /// let breaker = Breaker::with_clock("inventory", config, ManualClock::new());
    /// breaker.try_acquire()?.failure();
    /// assert!(breaker.try_acquire().is_err());
    ///
    /// // It got the lease of its fleet long before its own open period would end.
    /// let probes = breaker.fleet().probe_now().unwrap();
    /// let probe = breaker.try_acquire()?;
    /// assert_eq!((probe.state(), probe.generation()), (State::HalfOpen, probes));
    /// probe.success();
    /// let last = *breaker.snapshot().transitions.last().unwrap();
    /// assert_eq!((last.to, last.cause), (State::Closed, Cause::ProbesSucceeded));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn probe_now(self) -> Option<Generation> {
        self.breaker.circuit().change(Machine::probe_now)
    }

    /// Leaves a breaker to itself that the fleet keeps from closing, because the fleet can no longer be heard. The
    /// breaker is open for `wait` from now; then its own probes decide. The back-off level stays. A fleet that loses
    /// its engine draws a different `wait` for each breaker.
    ///
    /// Returns whether the command applied: `false` unless the breaker is held, probes for the fleet or waits for its
    /// turn.
    pub fn lose_engine(self, wait: Duration) -> bool {
        self.follow(FleetCommand::LoseEngine(wait))
    }

    /// Forces the breaker open by an operator's order to the whole fleet, unless an operator of this breaker has
    /// ordered something. `ours` is the generation of an earlier order to the fleet. A breaker in [an operator's
    /// state](crate::State::is_operators) of any other generation stays as it is. So an operator of this breaker who
    /// acts at the same time wins, whichever of the two comes first.
    ///
    /// Returns the generation that the order began, for [`end_order`](Self::end_order); `None` if the order was not
    /// obeyed.
    ///
    /// # Examples
    /// ```
    /// use fusebox::{Breaker, Config, State};
    ///
    /// let breaker = Breaker::new("inventory", Config::default());
    /// let ours = breaker.fleet().force_open(None);
    /// assert_eq!(breaker.state(), State::ForcedOpen);
    ///
    /// breaker.disable(); // an operator of this very breaker
    /// assert_eq!(breaker.fleet().force_open(ours), None);
    /// assert!(!breaker.fleet().end_order(ours.unwrap()));
    /// assert_eq!(breaker.state(), State::Disabled);
    /// ```
    pub fn force_open(self, ours: Option<Generation>) -> Option<Generation> {
        self.order(Command::ForceOpen, ours)
    }

    /// Disables the breaker by an operator's order to the whole fleet, under the same rules as
    /// [`force_open`](Self::force_open).
    pub fn disable(self, ours: Option<Generation>) -> Option<Generation> {
        self.order(Command::Disable, ours)
    }

    /// Ends an order to the whole fleet: closes the breaker if it is still in the generation that the order began.
    /// What an operator of this breaker, or the breaker itself, did since then stays.
    ///
    /// Returns whether the command applied.
    pub fn end_order(self, ours: Generation) -> bool {
        self.breaker
            .circuit()
            .change(|machine, now| machine.end_order(ours, now))
    }

    fn order(self, command: Command, ours: Option<Generation>) -> Option<Generation> {
        self.breaker
            .circuit()
            .change(|machine, now| machine.obey_the_fleet(command, ours, now))
    }

    fn follow(self, command: FleetCommand) -> bool {
        self.breaker
            .circuit()
            .change(|machine, now| machine.follow(command, now))
    }
}
