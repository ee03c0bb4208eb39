//! The engine inside one process: for tests, for demonstrations, and for breakers of one process that decide
//! together.

mod subscription;

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::future::ready;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use fusebox::{Clock, SystemClock};

use subscription::{Subscribers, Subscription};

use super::{Answer, Engine, EngineError, Events, Operator};
use crate::command::Order;
use crate::ledger::{Ledger, Standing};
use crate::message::{
    Acquire, AcquireRefused, Fenced, Lease, Report, ReportRefused, Sender, Settlement,
};
use crate::name::BreakerKey;
use crate::number::Incarnation;
use crate::view::View;

/// Keeps ledgers in this process. Clones are the same engine.
///
/// Answers are ready at once. One lock guards all keys while a ledger decides: some microseconds with a thousand
/// instances.
///
/// The ledger of a key is dropped when nobody uses it any more: the last instance has left or lapsed, nobody waits
/// for events, and no operator's order is in force. An open verdict of instances that lapsed is kept for another
/// `verdict_for`. A later instance begins a new life of the ledger.
///
/// # Examples
/// ```
/// use fusebox_fleet::engine::{memory::Memory, Engine, Operator};
/// use fusebox_fleet::{
///     BreakerKey, InstanceId, Mode, Opinion, Report, Sender, Session, Settings,
/// };
/// use std::sync::Arc;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let engine = Memory::new();
/// let key = BreakerKey::new("inventory")?;
/// let settings = Arc::new(Settings::builder(Mode::Quorum).build()?);
/// let sender = Sender::new(InstanceId::new("a")?, Session::new(1));
///
/// let view = engine.report(&key, &Report::new(sender, Opinion::Fine, settings)).await?;
/// assert_eq!(view.votes.voters, 1);
/// assert_eq!(engine.peek(&key).await?.members.len(), 1);
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Memory {
    keys: Arc<Mutex<Keys>>,
}

/// All keys.
struct Keys {
    clock: Arc<dyn Clock>,
    life: Incarnation,
    rooms: BTreeMap<BreakerKey, Room>,
}

/// One key.
struct Room {
    ledger: Ledger,
    subscribers: Subscribers,
}

impl Memory {
    /// Makes an engine on the system's clock.
    pub fn new() -> Self {
        Self::with_clock(SystemClock::new())
    }

    /// Makes an engine on the given clock.
    pub fn with_clock(clock: impl Clock + 'static) -> Self {
        Self {
            keys: Arc::new(Mutex::new(Keys {
                clock: Arc::new(clock),
                // All who have heard of another life of this engine ended with it.
                life: Incarnation::new(1),
                rooms: BTreeMap::new(),
            })),
        }
    }

    /// Forgets everything, like a server whose store is emptied. Subscribers stay.
    pub fn forget(&self) {
        let mut keys = self.lock();
        keys.life = keys.life.next();
        let life = keys.life;
        for room in keys.rooms.values_mut() {
            room.ledger = Ledger::new(life);
        }
    }

    /// Takes one step on a ledger, and tells subscribers about changes.
    fn step<T>(&self, key: &BreakerKey, step: impl FnOnce(&mut Ledger, Duration) -> T) -> T {
        let mut keys = self.lock();
        let now = keys.clock.now();
        let room = keys.room(key);
        let before = room.ledger.view(now);
        let done = step(&mut room.ledger, now);
        let after = room.ledger.view(now);
        let wakers = if before.era == after.era && before.command == after.command {
            Vec::new()
        } else {
            room.subscribers.tell(after)
        };
        keys.give_up(key);
        drop(keys);
        for waker in wakers {
            waker.wake();
        }
        done
    }

    fn lock(&self) -> MutexGuard<'_, Keys> {
        self.keys.lock().unwrap_or_else(PoisonError::into_inner)
    }

    #[cfg(test)]
    fn ledgers(&self) -> usize {
        self.lock().rooms.len()
    }
}

impl Default for Memory {
    fn default() -> Self {
        Self::new()
    }
}

impl std::fmt::Debug for Memory {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Memory").finish_non_exhaustive()
    }
}

impl Keys {
    fn room(&mut self, key: &BreakerKey) -> &mut Room {
        if !self.rooms.contains_key(key) {
            // Those whose instances have lapsed silently.
            self.give_up_all();
        }
        let life = self.life;
        self.rooms.entry(key.clone()).or_insert_with(|| Room {
            ledger: Ledger::new(life),
            subscribers: Subscribers::default(),
        })
    }

    /// A reader who knows the dropped ledger must not take the next one for the same.
    fn give_up(&mut self, key: &BreakerKey) {
        let now = self.clock.now();
        if self.rooms.get(key).is_some_and(|room| room.is_unused(now)) {
            self.rooms.remove(key);
            self.life = self.life.next();
        }
    }

    fn give_up_all(&mut self) {
        let now = self.clock.now();
        let before = self.rooms.len();
        self.rooms.retain(|_, room| !room.is_unused(now));
        if self.rooms.len() < before {
            self.life = self.life.next();
        }
    }
}

impl Room {
    fn is_unused(&self, now: Duration) -> bool {
        self.ledger.is_deserted(now) && self.subscribers.are_gone()
    }
}

impl Engine for Memory {
    fn report<'a>(
        &'a self,
        key: &'a BreakerKey,
        report: &'a Report,
    ) -> Answer<'a, Result<View, EngineError<ReportRefused>>> {
        let done = self.step(key, |ledger, now| ledger.report(now, report));
        Box::pin(ready(done.map_err(EngineError::Refused)))
    }

    fn acquire<'a>(
        &'a self,
        key: &'a BreakerKey,
        ask: &'a Acquire,
    ) -> Answer<'a, Result<Lease, EngineError<AcquireRefused>>> {
        let done = self.step(key, |ledger, now| ledger.acquire(now, ask));
        Box::pin(ready(done.map_err(EngineError::Refused)))
    }

    fn settle<'a>(
        &'a self,
        key: &'a BreakerKey,
        settlement: &'a Settlement,
    ) -> Answer<'a, Result<View, EngineError<Fenced>>> {
        let done = self.step(key, |ledger, now| ledger.settle(now, settlement));
        Box::pin(ready(done.map_err(EngineError::Refused)))
    }

    fn leave<'a>(
        &'a self,
        key: &'a BreakerKey,
        sender: &'a Sender,
    ) -> Answer<'a, Result<(), EngineError<Infallible>>> {
        self.step(key, |ledger, now| ledger.leave(now, sender));
        Box::pin(ready(Ok(())))
    }

    fn events(&self, key: &BreakerKey) -> Box<dyn Events> {
        let reading = self.lock().room(key).subscribers.subscribe();
        Box::new(Listener {
            reading: Some(reading),
            keys: Arc::downgrade(&self.keys),
            key: key.clone(),
        })
    }
}

/// One reader, who keeps the room of its key in use.
struct Listener {
    /// Kept until it is dropped.
    reading: Option<Subscription>,
    keys: Weak<Mutex<Keys>>,
    key: BreakerKey,
}

impl Events for Listener {
    fn next(&mut self) -> Answer<'_, Option<View>> {
        match &mut self.reading {
            Some(reading) => reading.next(),
            None => Box::pin(ready(None)),
        }
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.reading = None;
        if let Some(keys) = self.keys.upgrade() {
            let mut keys = keys.lock().unwrap_or_else(PoisonError::into_inner);
            keys.give_up(&self.key);
        }
    }
}

impl Operator for Memory {
    fn order<'a>(
        &'a self,
        key: &'a BreakerKey,
        order: Order,
    ) -> Answer<'a, Result<View, EngineError<Infallible>>> {
        let view = self.step(key, |ledger, now| ledger.order(now, order));
        Box::pin(ready(Ok(view)))
    }

    fn peek<'a>(
        &'a self,
        key: &'a BreakerKey,
    ) -> Answer<'a, Result<Standing, EngineError<Infallible>>> {
        let keys = self.lock();
        let now = keys.clock.now();
        // A look at a key that nobody uses must not leave a ledger behind.
        let standing = match keys.rooms.get(key) {
            Some(room) => room.ledger.peek(now),
            None => Ledger::new(keys.life).peek(now),
        };
        Box::pin(ready(Ok(standing)))
    }
}

#[cfg(test)]
mod tests;
