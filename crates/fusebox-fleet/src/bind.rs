//! The link between a member and a breaker of [`fusebox`]: actions become commands, and the breaker's transitions
//! become events.
//!
//! It decides nothing. The host still carries messages to the engine, and tells the member about calls: their ends
//! with [`finished`], their rejections with [`rejected`].

use fusebox::{Breaker, Cause, CloseRamp, Generation, Outcome, RejectReason, State, Transition};

use crate::command::Order;
use crate::member::{Action, BreakerState, CallResult, Event, ProbeId};
use crate::message::ProbeResult;

/// Returns the event for a call that has ended, given the state in which it was permitted and its outcome.
///
/// Only calls of a closed breaker are evidence. Probes are reported by the transition that they cause.
#[inline]
pub fn finished(permitted_in: State, outcome: Outcome) -> Option<Event> {
    match (permitted_in, outcome) {
        (State::Closed, Outcome::Success) => Some(Event::Finished(CallResult::Succeeded)),
        (State::Closed, Outcome::Failure) => Some(Event::Finished(CallResult::Failed)),
        _ => None,
    }
}

/// Returns the event for a rejected call. It shows that there is traffic, so an instance that the fleet holds, or
/// whose breaker is open by its own rules, could probe.
#[inline]
pub fn rejected(reason: RejectReason) -> Option<Event> {
    match reason {
        RejectReason::Fleet | RejectReason::ProbeBusy | RejectReason::Open => Some(Event::Rejected),
        _ => None,
    }
}

/// A breaker that follows a member. A breaker has one such leader at a time.
///
/// A hold does not end with time, so it ends with its leader. When this value is dropped, normally or because the
/// host panics, a breaker that the fleet keeps from closing goes on by itself and is open for its `open_for` first.
/// The same happens when another leader begins, in case the earlier one was forgotten ([`std::mem::forget`]). If the
/// only leader of a breaker is forgotten, only an operator can end the hold.
///
/// An operator's order to the whole fleet is no hold. It stands until the fleet takes it back, [`free`](Self::free)
/// ends it, or an operator of this breaker does. A later leader takes it for an order to this breaker alone.
///
/// An operator of this very breaker overrides an order to the fleet. While the breaker is in [an operator's
/// state](State::is_operators) that this leader did not set, it obeys no order of the fleet, and the end of an order
/// ends only what that order did.
///
/// # Examples
/// ```
/// use fusebox::{Breaker, Config};
/// use fusebox_fleet::bind::{self, Bound};
/// use fusebox_fleet::{InstanceId, Member, Mode, Sender, Session, Settings};
/// use std::{sync::Arc, time::Duration};
///
/// let breaker = Breaker::new("inventory", Config::default());
/// let transitions = breaker.events(fusebox::Interest::Changes, 64);
/// let mut bound = Bound::new(breaker.clone());
/// let sender = Sender::new(InstanceId::new("a")?, Session::new(1));
/// let settings = Arc::new(Settings::builder(Mode::Quorum).build()?);
/// let mut member = Member::new(sender, settings);
///
/// let permit = breaker.try_acquire()?;
/// let state = permit.state();
/// let outcome = permit.end(fusebox::Verdict::Failure { retry_after: None });
/// let mut events: Vec<_> = bind::finished(state, outcome).into_iter().collect();
/// while let Some(event) = events.pop() {
///     for action in member.handle(Duration::ZERO, event, &mut fastrand::f64) {
///         events.extend(bound.apply(&action)); // and send what is for the engine
///     }
/// }
/// # drop(transitions); // its transitions go through `bound.heard`
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Bound {
    breaker: Breaker,
    /// The probe that was granted last, with its generation.
    probe: Option<(ProbeId, Generation)>,
    /// The breaker's own half-open period that was lent last, with its generation.
    lent: Option<(ProbeId, Generation)>,
    /// An operator has opened the breaker, so its state says nothing about the downstream.
    ordered: bool,
    /// The generation that the fleet's order began. Any other generation in an operator's state belongs to an
    /// operator of this breaker.
    obeyed: Option<Generation>,
    /// How often the member gave the breaker up without having heard of it yet.
    given_up: u32,
}

impl Bound {
    /// Makes this value the leader of the breaker. If another leader left it held, it goes on by itself.
    pub fn new(breaker: Breaker) -> Self {
        let bound = Self {
            breaker,
            probe: None,
            lent: None,
            ordered: false,
            obeyed: None,
            given_up: 0,
        };
        bound.give_up();
        bound
    }

    /// Ends what the fleet does with the breaker, if anything.
    fn give_up(&self) {
        let wait = self.breaker.config().open_for();
        self.breaker.fleet().lose_engine(wait);
    }

    /// Returns the breaker.
    pub fn breaker(&self) -> &Breaker {
        &self.breaker
    }

    /// Carries out an action of the member on the breaker; other actions are left to the host. If an event is
    /// returned, pass it to the member at once.
    pub fn apply(&mut self, action: &Action) -> Option<Event> {
        let fleet = self.breaker.fleet();
        let applied = match action {
            Action::Hold { epoch } => fleet.hold(epoch.get()),
            Action::Release { after } => fleet.release(*after, CloseRamp::AsConfigured),
            Action::LoseEngine { wait } => {
                let applied = fleet.lose_engine(*wait);
                self.given_up += u32::from(applied);
                applied
            }
            Action::Probe { probe, deadline } => {
                self.probe = fleet.grant_probe(*deadline).map(|it| (*probe, it));
                return self.probe.is_none().then_some(void(*probe));
            }
            // A wait or a probe that an operator ordered is not for the fleet.
            Action::LendProbe { probe, .. } => {
                let period = fleet.probe_now().filter(|_| !self.ordered);
                self.lent = period.map(|it| (*probe, it));
                return self.lent.is_none().then_some(void(*probe));
            }
            Action::Obey(order) => {
                self.obey(*order);
                true
            }
            other => {
                self.apply_without_change(other);
                true
            }
        };
        if applied { None } else { self.present() }
    }

    /// Carries out an order to the fleet, unless an operator of this breaker has ordered something.
    fn obey(&mut self, order: Order) {
        let fleet = self.breaker.fleet();
        match order {
            Order::Automatic => self.free(),
            Order::ForceOpen => self.obeyed = fleet.force_open(self.obeyed),
            Order::Disable => self.obeyed = fleet.disable(self.obeyed),
        }
    }

    /// Closes the breaker if an order to the fleet put it into its state. What an operator did to this breaker stays,
    /// and so does what the breaker or the fleet decided.
    pub fn free(&mut self) {
        if let Some(obeyed) = self.obeyed.take() {
            self.breaker.fleet().end_order(obeyed);
        }
    }

    /// Carries out actions that cause no transition of the fleet's.
    fn apply_without_change(&self, action: &Action) {
        let fleet = self.breaker.fleet();
        match action {
            Action::Hint { retry_after } => {
                fleet.hint(*retry_after);
            }
            Action::Hasten { wait } => {
                fleet.hasten(*wait);
            }
            Action::Hold { .. }
            | Action::Obey(_)
            | Action::Probe { .. }
            | Action::LendProbe { .. }
            | Action::Release { .. }
            | Action::LoseEngine { .. }
            | Action::Report(..)
            | Action::Acquire(..)
            | Action::Settle(_)
            | Action::Leave(_)
            | Action::Notice(_) => {}
        }
    }

    /// The present state of the breaker, for a member that assumed another one. The breaker has moved meanwhile, by a
    /// transition that is still to be heard or by one that the member is not told.
    fn present(&mut self) -> Option<Event> {
        let snapshot = self.breaker.snapshot();
        let last = snapshot.transitions.last().copied();
        match (snapshot.hold, last) {
            (Some(_), _) => None,
            (None, Some(last)) => Some(Event::Breaker(self.own(snapshot.state, last.cause))),
            (None, None) => Some(Event::Breaker(BreakerState::Closed)),
        }
    }

    /// Returns the event for a transition of the breaker. Pass in all transitions, in order.
    pub fn heard(&mut self, transition: &Transition) -> Option<Event> {
        match transition.cause {
            Cause::EngineLost if self.given_up > 0 => {
                self.given_up -= 1;
                self.ordered = false;
                None
            }
            Cause::Fleet | Cause::FleetProbe => {
                self.ordered = false;
                None
            }
            Cause::FleetProbeSucceeded => self.ended(transition, ProbeResult::Succeeded),
            Cause::FleetProbeFailed => self.ended(transition, ProbeResult::Failed),
            Cause::FleetProbeCancelled | Cause::FleetProbeExpired => {
                self.ended(transition, ProbeResult::Void)
            }
            // Among these is the loss of the engine, if another leader acted on it.
            cause => {
                let state = self.own(transition.to, cause);
                if let Some(ended) = self.lent_ended(transition) {
                    return Some(ended);
                }
                // If the breaker is held now, it was held after this transition. The member, which holds it, would
                // otherwise take it to be free, and nobody would release it.
                let is_outdated = self.breaker.snapshot().hold.is_some();
                (!is_outdated).then_some(Event::Breaker(state))
            }
        }
    }

    /// The end of the half-open period that was lent, if its probes decided it.
    fn lent_ended(&mut self, transition: &Transition) -> Option<Event> {
        let (_, period) = self.lent?;
        if transition.generation.get() <= period.get() {
            // An operator acted before the half-open period began, so there will be no end of it to hear.
            if transition.generation == period && transition.to != State::HalfOpen {
                self.lent = None;
            }
            return None;
        }
        let (probe, period) = self.lent.take()?;
        let result = match (transition.cause, transition.to) {
            (Cause::ProbesSucceeded, State::Closed) => ProbeResult::Succeeded,
            (Cause::ProbeFailed | Cause::Verdict, State::Open) => ProbeResult::Failed,
            // The time is over, or an operator has ended it: that is no evidence.
            _ => return None,
        };
        let is_its_end = transition.generation.get() == period.get() + 1;
        is_its_end.then_some(Event::ProbeEnded { probe, result })
    }

    /// A late transition that ends an earlier probe does not end the present one.
    fn ended(&mut self, transition: &Transition, result: ProbeResult) -> Option<Event> {
        let (probe, generation) = self.probe?;
        if transition.generation.get() != generation.get() + 1 {
            return None;
        }
        self.probe = None;
        Some(Event::ProbeEnded { probe, result })
    }

    fn own(&mut self, state: State, cause: Cause) -> BreakerState {
        let is_order = matches!(cause, Cause::Manual | Cause::Restored);
        match state {
            State::Closed => {
                self.ordered = false;
                BreakerState::Closed
            }
            // A wait that an operator ordered ends in probes; only a failed probe is evidence.
            State::Open => {
                self.ordered = is_order;
                if is_order {
                    BreakerState::Overridden
                } else {
                    BreakerState::Open
                }
            }
            State::HalfOpen if self.ordered || is_order => {
                self.ordered = true;
                BreakerState::Overridden
            }
            State::HalfOpen => BreakerState::HalfOpen,
            _ => BreakerState::Overridden,
        }
    }
}

/// The end of a probe that never began.
fn void(probe: ProbeId) -> Event {
    let result = ProbeResult::Void;
    Event::ProbeEnded { probe, result }
}

impl Drop for Bound {
    fn drop(&mut self) {
        self.give_up();
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use fusebox::{Config, Events, Interest, ManualClock, Verdict};

    use super::*;

    fn hear(bound: &mut Bound, transitions: &mut Events) -> Vec<Event> {
        let mut events = Vec::new();
        while let Some(fusebox::Event::Transition(transition)) = transitions.try_next() {
            events.extend(bound.heard(&transition));
        }
        events
    }

    #[test]
    fn a_trip_after_an_operator_reset_what_was_lent_is_a_trip_and_no_probe() {
        let breaker = Breaker::with_clock("inventory", Config::default(), ManualClock::new());
        let mut transitions = breaker.events(Interest::Changes, 64);
        let mut bound = Bound::new(breaker.clone());
        let trip = || {
            breaker
                .try_acquire()
                .unwrap()
                .end(Verdict::Trip { retry_after: None })
        };
        trip();
        let lend = Action::LendProbe {
            probe: ProbeId(1),
            deadline: Duration::from_secs(1),
        };
        assert_eq!(bound.apply(&lend), None, "it is lent");

        breaker.reset();
        let told = hear(&mut bound, &mut transitions);
        assert_eq!(told.last(), Some(&Event::Breaker(BreakerState::Closed)));
        trip();

        let told = hear(&mut bound, &mut transitions);
        assert_eq!(told, [Event::Breaker(BreakerState::Open)]);
    }
}
