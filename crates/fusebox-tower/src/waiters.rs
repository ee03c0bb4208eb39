//! The wakers of the tasks that wait for a change of a breaker.
//!
//! A breaker's listener cannot be removed, so there is one for each breaker and not one for each
//! layer: layers may be made for every request. All waiters of a breaker are found by its address.

use std::collections::BTreeMap;
use std::mem;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, Once, PoisonError, Weak};
use std::task::Waker;

use fusebox::nesting::Address;
use fusebox::{Breaker, Event};

/// The waiters of every living breaker that a task has waited for.
static ALL: Mutex<BTreeMap<Address, Weak<Waiters>>> = Mutex::new(BTreeMap::new());

/// The wakers of the services in front of one breaker, at most one for each service that exists.
#[derive(Debug)]
pub(crate) struct Waiters {
    of: Address,
    next: AtomicU64,
    wakers: Mutex<BTreeMap<u64, Waker>>,
    listens: Once,
}

/// One service's place among the waiters. Empty until taken, and after each wake.
#[derive(Debug)]
pub(crate) struct Seat {
    number: u64,
    waiters: Arc<Waiters>,
}

impl Waiters {
    /// The waiters of this breaker. When they are first asked for, they begin to listen to it, for
    /// as long as it lives.
    pub(crate) fn of(breaker: &Breaker) -> Arc<Self> {
        let waiters = Self::at(breaker.address());
        // The second caller waits for the first, so that no transition is missed.
        waiters.listens.call_once(|| {
            // Owned by the breaker: they end with it, before another breaker can have its address.
            let listening = Arc::clone(&waiters);
            breaker.add_listener(move |_: &str, _: &Event| listening.wake_all());
        });
        waiters
    }

    fn at(address: Address) -> Arc<Self> {
        let mut all = lock(&ALL);
        if let Some(waiters) = all.get(&address).and_then(Weak::upgrade) {
            return waiters;
        }
        let waiters = Arc::new(Self {
            of: address,
            next: AtomicU64::new(0),
            wakers: Mutex::default(),
            listens: Once::new(),
        });
        all.insert(address, Arc::downgrade(&waiters));
        waiters
    }

    /// A place for one service.
    pub(crate) fn seat(self: &Arc<Self>) -> Seat {
        Seat {
            number: self.next.fetch_add(1, Ordering::Relaxed),
            waiters: Arc::clone(self),
        }
    }

    /// Wakes and unseats everybody.
    pub(crate) fn wake_all(&self) {
        let wakers = mem::take(&mut *self.lock());
        // Wakers are foreign code, so the lock is free by now.
        wakers.into_values().for_each(Waker::wake);
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<u64, Waker>> {
        lock(&self.wakers)
    }
}

impl Drop for Waiters {
    fn drop(&mut self) {
        let mut all = lock(&ALL);
        // Seats may outlive the breaker, and another breaker may have its address by now.
        let mine = |weak: &Weak<Self>| std::ptr::eq(weak.as_ptr(), self);
        if all.get(&self.of).is_some_and(mine) {
            all.remove(&self.of);
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Seat {
    /// Takes the seat: `waker` is woken next.
    pub(crate) fn take(&mut self, waker: &Waker) {
        let before = self.waiters.lock().insert(self.number, waker.clone());
        drop(before);
    }

    /// Whether nothing was woken since the seat was taken; if so, `waker` is woken next.
    #[cfg(feature = "back-pressure")]
    pub(crate) fn keep(&mut self, waker: &Waker) -> bool {
        let mut wakers = self.waiters.lock();
        let Some(mine) = wakers.get_mut(&self.number) else {
            return false;
        };
        let before = mem::replace(mine, waker.clone());
        drop(wakers);
        drop(before);
        true
    }
}

/// Leaves the seat.
impl Drop for Seat {
    fn drop(&mut self) {
        let waker = self.waiters.lock().remove(&self.number);
        drop(waker);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicUsize;
    use std::task::Wake;

    use fusebox::Config;

    use super::*;

    #[derive(Default)]
    struct Bell(AtomicUsize);

    impl Wake for Bell {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn bell() -> (Arc<Bell>, Waker) {
        let bell = Arc::<Bell>::default();
        (Arc::clone(&bell), Waker::from(bell))
    }

    fn rings(bell: &Bell) -> usize {
        bell.0.load(Ordering::Relaxed)
    }

    fn waiters() -> (Arc<Waiters>, Breaker) {
        let breaker = Breaker::new("downstream", Config::default());
        (Waiters::of(&breaker), breaker)
    }

    #[test]
    fn a_transition_wakes_each_seat_once() {
        let (waiters, breaker) = waiters();
        let (bell, waker) = bell();
        let mut seats = [waiters.seat(), waiters.seat()];
        for seat in &mut seats {
            seat.take(&waker);
        }

        breaker.open();
        breaker.reset();

        assert_eq!(rings(&bell), 2);
    }

    #[test]
    #[cfg(feature = "back-pressure")]
    fn a_wake_empties_the_seat_and_a_task_that_moved_is_woken_where_it_is_now() {
        let (waiters, _breaker) = waiters();
        let ((before, old), (after, new)) = (bell(), bell());
        let mut seat = waiters.seat();
        seat.take(&old);
        assert!(seat.keep(&new));

        waiters.wake_all();

        assert_eq!((rings(&before), rings(&after)), (0, 1));
        assert!(!seat.keep(&new));
    }

    #[test]
    fn nobody_is_woken_who_has_left_and_nothing_is_kept_of_him() {
        let (waiters, breaker) = waiters();
        let (bell, waker) = bell();
        let mut seat = waiters.seat();
        seat.take(&waker);

        drop(seat);
        breaker.open();

        assert_eq!(rings(&bell), 0);
        assert!(waiters.lock().is_empty());
    }

    #[test]
    fn all_layers_in_front_of_a_breaker_wait_in_one_place() {
        let (waiters, breaker) = waiters();

        assert!(Arc::ptr_eq(&waiters, &Waiters::of(&breaker)));
        assert!(Arc::ptr_eq(&waiters, &Waiters::of(&breaker.clone())));
        let other = Breaker::new("downstream", Config::default());
        assert!(!Arc::ptr_eq(&waiters, &Waiters::of(&other)));
    }

    #[test]
    fn nothing_is_kept_of_a_breaker_that_is_gone() {
        let (waiters, breaker) = waiters();
        let (address, left) = (breaker.address(), Arc::downgrade(&waiters));

        drop((waiters, breaker));

        assert!(left.upgrade().is_none());
        let kept = lock(&ALL).get(&address).map(Weak::as_ptr);
        assert!(kept.is_none_or(|kept| !std::ptr::eq(kept, left.as_ptr())));
    }
}
