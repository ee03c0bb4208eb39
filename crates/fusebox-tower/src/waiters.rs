//! The wakers of the tasks that wait for a change of the circuit.

use std::collections::BTreeMap;
use std::mem;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, Once, PoisonError};
use std::task::Waker;

use fusebox::{Breaker, Event};

/// The wakers of the services of one layer. At most one for each service that exists.
#[derive(Debug)]
pub(crate) struct Waiters {
    next: AtomicU64,
    wakers: Mutex<BTreeMap<u64, Waker>>,
    listens: Once,
}

/// One service's place among them. Empty until taken, and after each wake.
#[derive(Debug)]
pub(crate) struct Seat {
    number: u64,
    waiters: Arc<Waiters>,
}

impl Default for Waiters {
    fn default() -> Self {
        Self {
            next: AtomicU64::new(0),
            wakers: Mutex::default(),
            listens: Once::new(),
        }
    }
}

impl Waiters {
    /// A place for one service. The first one makes the waiters listen to the breaker, for as long
    /// as it lives.
    pub(crate) fn seat(self: &Arc<Self>, breaker: &Breaker) -> Seat {
        self.listens.call_once(|| {
            let waiters = Arc::downgrade(self);
            breaker.add_listener(move |_: &str, _: &Event| {
                if let Some(waiters) = waiters.upgrade() {
                    waiters.wake_all();
                }
            });
        });
        Seat {
            number: self.next.fetch_add(1, Ordering::Relaxed),
            waiters: Arc::clone(self),
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
    /// Sits down: `waker` is woken next.
    pub(crate) fn take(&mut self, waker: &Waker) {
        let before = self.waiters.lock().insert(self.number, waker.clone());
        drop(before);
    }

    /// Whether nobody has been woken since the seat was taken; if so, `waker` is woken next.
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

/// Gets up.
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
        (Arc::default(), breaker)
    }

    #[test]
    fn a_transition_wakes_each_seat_once() {
        let (waiters, breaker) = waiters();
        let (bell, waker) = bell();
        let mut seats = [waiters.seat(&breaker), waiters.seat(&breaker)];
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
        let (waiters, breaker) = waiters();
        let ((before, old), (after, new)) = (bell(), bell());
        let mut seat = waiters.seat(&breaker);
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
        let mut seat = waiters.seat(&breaker);
        seat.take(&waker);

        drop(seat);
        breaker.open();

        assert_eq!(rings(&bell), 0);
        assert!(waiters.lock().is_empty());
    }
}
