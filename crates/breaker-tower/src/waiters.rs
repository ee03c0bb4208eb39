//! Who wants to be woken when the circuit changes? [`Waiters`]: a bounded list of wakers.
//!
//! Who finds no room is not lost: its timer looks again soon enough.

use std::collections::BTreeMap;
use std::mem;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Waker;

/// Room for so many.
const LIMIT: usize = 1024;

/// The wakers of the services of one layer.
#[derive(Debug, Default)]
pub(crate) struct Waiters {
    next: AtomicU64,
    wakers: Mutex<BTreeMap<u64, Waker>>,
}

/// One service's place among them. Empty until taken, and after each wake.
#[derive(Debug)]
pub(crate) struct Seat {
    number: u64,
    waiters: Arc<Waiters>,
    taken: Taken,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Taken {
    /// Never sat, got up, or found no room.
    No,
    /// Sat down; a wake may have unseated it since.
    Perhaps,
}

impl Waiters {
    pub(crate) fn seat(self: &Arc<Self>) -> Seat {
        Seat {
            number: self.next.fetch_add(1, Ordering::Relaxed),
            waiters: Arc::clone(self),
            taken: Taken::No,
        }
    }

    /// Wakes and unseats everybody.
    pub(crate) fn wake_all(&self) {
        let wakers = mem::take(&mut *self.lock());
        // Wakers are foreign code: the lock is free by now.
        wakers.into_values().for_each(Waker::wake);
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<u64, Waker>> {
        self.wakers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Seat {
    /// A place of one's own in the same list.
    pub(crate) fn another(&self) -> Self {
        self.waiters.seat()
    }

    /// Sits down, if there is room.
    pub(crate) fn take(&mut self, waker: &Waker) {
        let mut wakers = self.waiters.lock();
        if wakers.len() >= LIMIT && !wakers.contains_key(&self.number) {
            self.taken = Taken::No;
            return;
        }
        let before = wakers.insert(self.number, waker.clone());
        self.taken = Taken::Perhaps;
        drop(wakers);
        drop(before);
    }

    /// Whether nobody has been woken since the seat was taken; if so, `waker` is woken next.
    pub(crate) fn keep(&mut self, waker: &Waker) -> bool {
        let mut wakers = self.waiters.lock();
        let Some(mine) = wakers.get_mut(&self.number) else {
            return self.taken == Taken::No;
        };
        if !mine.will_wake(waker) {
            let before = mem::replace(mine, waker.clone());
            drop(wakers);
            drop(before);
        }
        true
    }

    /// Gets up.
    pub(crate) fn leave(&mut self) {
        if self.taken == Taken::Perhaps {
            self.taken = Taken::No;
            let waker = self.waiters.lock().remove(&self.number);
            drop(waker);
        }
    }

    /// Tells the others that it is worth asking again.
    pub(crate) fn wake_others(&self) {
        self.waiters.wake_all();
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.leave();
    }
}
