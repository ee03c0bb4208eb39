//! One handle for an operator's commands to many breakers.
//!
//! An order reaches the members one after the other and with no lock of the handle held, because
//! members tell their listeners. So each order has a number, and a member obeys only the latest
//! order. The member checks the number within its own critical section, where a later order cannot
//! have reached it before.

use std::fmt;
use std::panic::{RefUnwindSafe, UnwindSafe};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use indexmap::IndexMap;
use indexmap::map::Entry as MapEntry;

use crate::breaker::Breaker;
use crate::circuit::Circuit;
use crate::handle::Handle;
use crate::machine::Command;
use crate::state::State;

/// An operator's handle for all the breakers that were added to it. Clones share the same members.
///
/// Isolating, disabling and metrics-only are standing orders: a breaker that is added later obeys
/// them too, until [`resume`](Self::resume) or [`reset`](Self::reset). Membership does not keep a
/// breaker alive. If two such orders are given at the same time, all members end up obeying the
/// same one.
///
/// # Examples
/// ```
/// use fusebox::{Breaker, Config, ManualControl, State};
///
/// let control = ManualControl::new();
/// let orders = Breaker::new("orders", Config::default());
/// control.add(&orders);
/// control.isolate();
/// assert_eq!(orders.state(), State::ForcedOpen);
///
/// let stock = Breaker::new("stock", Config::default());
/// control.add(&stock);
/// assert_eq!(stock.state(), State::ForcedOpen);
///
/// control.resume();
/// assert_eq!((orders.state(), stock.state()), (State::Closed, State::Closed));
/// ```
#[derive(Clone, Default)]
pub struct ManualControl {
    shared: Arc<Mutex<Shared>>,
}

#[derive(Default)]
struct Shared {
    /// Members by the address of their circuits, in the order in which they were added. While an
    /// entry exists, no other circuit gets its address, even if the member is gone.
    members: IndexMap<usize, Weak<Circuit>>,
    /// The number of members at which those that are gone are removed.
    tidy_at: usize,
    order: Order,
}

/// The order that members obey until the next one.
#[derive(Clone, Copy, Default)]
struct Order {
    number: u64,
    /// `None`: no order stands.
    standing: Option<Command>,
}

impl ManualControl {
    /// Makes a handle without members.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a member, which obeys the standing order from now on. Adding it again changes nothing:
    /// an order that was taken back for this breaker alone is not repeated. On average it takes the
    /// same time however many members there are.
    pub fn add(&self, breaker: &Breaker) {
        let added = breaker.downgrade();
        let order = self.with(|shared| {
            shared.tidy();
            match shared.members.entry(added.as_ptr().addr()) {
                MapEntry::Occupied(_) => None,
                MapEntry::Vacant(place) => {
                    place.insert(added);
                    Some(shared.order)
                }
            }
        });
        if let Some(order) = order
            && let Some(command) = order.standing
        {
            self.tell(order.number, breaker, |_| Some(command));
        }
    }

    /// Returns how many of the members are still alive.
    pub fn members(&self) -> usize {
        self.living().len()
    }

    /// Rejects every call of every member until [`resume`](Self::resume).
    pub fn isolate(&self) {
        self.order(Command::ForceOpen);
    }

    /// Lets every call of every member pass, without judging it, until [`resume`](Self::resume).
    pub fn disable(&self) {
        self.order(Command::Disable);
    }

    /// Lets every call of every member pass and only reports trips, until [`resume`](Self::resume).
    pub fn metrics_only(&self) {
        self.order(Command::MetricsOnly);
    }

    /// Takes the standing order back: closes the members that are in an operator's state.
    pub fn resume(&self) {
        self.tell_all(None, |state| state.is_operators().then_some(Command::Reset));
    }

    /// Takes the standing order back and resets every member.
    pub fn reset(&self) {
        self.tell_all(None, |_| Some(Command::Reset));
    }

    /// Opens every member for exactly `wait`. This is no standing order: a member that is added
    /// later is not opened.
    ///
    /// A [`Registry`](crate::Registry) may evict an idle member at the same moment. The next
    /// breaker of that key is not opened either; the transition is counted in
    /// [`retired`](crate::Registry::retired).
    pub fn open_for(&self, wait: Duration) {
        for breaker in self.living() {
            breaker.open_for(wait);
        }
    }

    fn order(&self, command: Command) {
        self.tell_all(Some(command), move |_| Some(command));
    }

    /// Makes `standing` the order, and lets every member do what `command` says for its state.
    fn tell_all(&self, standing: Option<Command>, command: impl Fn(State) -> Option<Command>) {
        let number = self.with(|shared| {
            let number = shared.order.number + 1;
            shared.order = Order { number, standing };
            number
        });
        for breaker in self.living() {
            self.tell(number, &breaker, &command);
        }
    }

    /// Lets a member obey the order of this number, unless there was a later one.
    fn tell(&self, number: u64, member: &Breaker, command: impl Fn(State) -> Option<Command>) {
        member.circuit().change(|machine, now| {
            let latest = self.with(|shared| shared.order.number);
            if let Some(command) = command(machine.state()).filter(|_| latest == number) {
                machine.obey(command, now);
            }
        });
    }

    /// The members, to be operated with no lock of this handle held, because their listeners run.
    fn living(&self) -> Vec<Breaker> {
        self.with(|shared| {
            let members = shared.members.values().filter_map(Weak::upgrade);
            members
                .map(|circuit| Breaker::of(Handle::Own(circuit)))
                .collect()
        })
    }

    fn with<R>(&self, look: impl FnOnce(&mut Shared) -> R) -> R {
        look(&mut self.shared.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Shared {
    const TIDY_FROM: usize = 16;

    /// Removes members that are gone, each time the number of members has doubled.
    fn tidy(&mut self) {
        if self.members.len() < self.tidy_at.max(Self::TIDY_FROM) {
            return;
        }
        self.members.retain(|_, member| member.strong_count() > 0);
        self.tidy_at = self.members.len() * 2;
    }
}

// Every lock of a handle is taken with or without its poison, and nothing in it can be half-way
// changed: foreign code runs with no lock held.
impl UnwindSafe for ManualControl {}
impl RefUnwindSafe for ManualControl {}

impl fmt::Debug for ManualControl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ManualControl")
            .field("members", &self.members())
            .finish_non_exhaustive()
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;
    use crate::config::Config;

    #[test]
    fn members_that_are_gone_do_not_pile_up_and_those_that_live_stay() {
        let control = ManualControl::new();
        let config = Arc::new(Config::default());
        let member = || Breaker::new("a", Arc::clone(&config));
        let living: Vec<Breaker> = (0..20).map(|_| member()).collect();
        for member in &living {
            control.add(member);
        }

        for _ in 0..200 {
            control.add(&member());
        }

        assert_eq!(control.members(), living.len());
        let kept = control.with(|shared| shared.members.len());
        assert!(kept <= living.len() * 2 + 1, "{kept} are kept");
    }
}
