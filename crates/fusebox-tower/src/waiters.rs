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

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicUsize;
    use std::task::Wake;

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

    fn full(waiters: &Arc<Waiters>, waker: &Waker) -> Vec<Seat> {
        let mut seats: Vec<_> = (0..LIMIT).map(|_| waiters.seat()).collect();
        for seat in &mut seats {
            seat.take(waker);
        }
        seats
    }

    #[test]
    fn a_wake_empties_the_seat() {
        let waiters = Arc::<Waiters>::default();
        let (bell, waker) = bell();
        let mut seat = waiters.seat();
        seat.take(&waker);
        assert!(seat.keep(&waker));

        waiters.wake_all();
        waiters.wake_all();

        assert_eq!(rings(&bell), 1);
        assert!(!seat.keep(&waker));
    }

    #[test]
    fn a_task_that_moved_is_woken_where_it_is_now() {
        let waiters = Arc::<Waiters>::default();
        let ((before, old), (after, new)) = (bell(), bell());
        let mut seat = waiters.seat();
        seat.take(&old);
        assert!(seat.keep(&new));

        waiters.wake_all();

        assert_eq!((rings(&before), rings(&after)), (0, 1));
    }

    #[test]
    fn who_finds_no_room_keeps_waiting_for_the_timer() {
        let waiters = Arc::<Waiters>::default();
        let ((_, waker), (late, its)) = (bell(), bell());
        let mut seats = full(&waiters, &waker);
        let mut one_more = waiters.seat();

        one_more.take(&its);
        assert!(one_more.keep(&its));
        waiters.wake_all();

        assert_eq!(rings(&late), 0);
        assert!(one_more.keep(&its));

        // Woken before, and then without room.
        one_more.take(&its);
        waiters.wake_all();
        for seat in &mut seats {
            seat.take(&waker);
        }
        one_more.take(&its);
        assert!(one_more.keep(&its));
    }

    #[test]
    fn a_seat_that_is_taken_can_be_taken_again_by_its_owner_when_all_are() {
        let waiters = Arc::<Waiters>::default();
        let ((_, waker), (bell, its)) = (bell(), bell());
        let mut seats = full(&waiters, &waker);

        seats[0].take(&its);
        waiters.wake_all();

        assert_eq!(rings(&bell), 1);
    }

    #[test]
    fn who_leaves_or_is_dropped_makes_room() {
        let waiters = Arc::<Waiters>::default();
        let ((_, waker), (bell, its)) = (bell(), bell());
        let mut seats = full(&waiters, &waker);

        drop(seats.pop());
        seats[0].leave();
        for mut seat in [waiters.seat(), waiters.seat()] {
            seat.take(&its);
            seats.push(seat);
        }
        waiters.wake_all();

        assert_eq!(rings(&bell), 2);
    }
}
