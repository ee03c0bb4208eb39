//! One handle for many breakers: what an operator does to all of them at once.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use crate::breaker::Breaker;
use crate::circuit::Circuit;

/// Operates all breakers that were added to it. Clones share the same members.
///
/// Isolating, disabling and metrics-only are standing orders: a breaker that is added later obeys
/// them too, until [`resume`](Self::resume) or [`reset`](Self::reset). Members are not kept alive.
/// Of two contradicting orders at the same time, any may be the last to reach a member.
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
    members: Vec<Weak<Circuit>>,
    order: Option<Order>,
}

/// What holds for members until it is taken back.
#[derive(Clone, Copy)]
enum Order {
    Isolate,
    Disable,
    MetricsOnly,
}

impl Order {
    fn give(self, breaker: &Breaker) {
        match self {
            Self::Isolate => breaker.force_open(),
            Self::Disable => breaker.disable(),
            Self::MetricsOnly => breaker.metrics_only(),
        }
    }
}

impl ManualControl {
    /// A handle without members.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a member, which obeys the standing order from now on. Adding it again changes nothing.
    pub fn add(&self, breaker: &Breaker) {
        let order = self.with(|shared| {
            let added = breaker.downgrade();
            shared.members.retain(|member| member.strong_count() > 0);
            if !shared.members.iter().any(|member| member.ptr_eq(&added)) {
                shared.members.push(added);
            }
            shared.order
        });
        if let Some(order) = order {
            order.give(breaker);
        }
    }

    /// How many of the members are still alive.
    pub fn members(&self) -> usize {
        self.living().len()
    }

    /// Rejects every call of every member until [`resume`](Self::resume).
    pub fn isolate(&self) {
        self.order(Order::Isolate);
    }

    /// Lets every call of every member pass, unjudged, until [`resume`](Self::resume).
    pub fn disable(&self) {
        self.order(Order::Disable);
    }

    /// Lets every call of every member pass and only reports, until [`resume`](Self::resume).
    pub fn metrics_only(&self) {
        self.order(Order::MetricsOnly);
    }

    /// Takes the standing order back: members in an operator's state are closed.
    pub fn resume(&self) {
        self.with(|shared| shared.order = None);
        self.living().iter().for_each(Breaker::resume);
    }

    /// Takes the standing order back and resets every member.
    pub fn reset(&self) {
        self.with(|shared| shared.order = None);
        self.living().iter().for_each(Breaker::reset);
    }

    /// Opens every member for exactly `wait`.
    pub fn open_for(&self, wait: Duration) {
        for breaker in self.living() {
            breaker.open_for(wait);
        }
    }

    fn order(&self, order: Order) {
        self.with(|shared| shared.order = Some(order));
        for breaker in self.living() {
            order.give(&breaker);
        }
    }

    /// The members, to be operated with no lock of ours held: their listeners run.
    fn living(&self) -> Vec<Breaker> {
        self.with(|shared| {
            let members = shared.members.iter();
            members.filter_map(Breaker::upgrade).collect()
        })
    }

    fn with<R>(&self, look: impl FnOnce(&mut Shared) -> R) -> R {
        look(&mut self.shared.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl fmt::Debug for ManualControl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ManualControl")
            .field("members", &self.members())
            .finish_non_exhaustive()
    }
}
