//! A permit that readiness reserved, or the wait for one.
//!
//! Permits are scarce for probes and during a ramp. While all calls pass nothing is reserved: an
//! unused permit would start the clock of slow calls too early and could become stale. While the
//! breaker rejects, the task sleeps and is woken by a transition or by the timer, whichever comes
//! first. Not every change is a transition (a cancelled probe frees its slot silently), so the
//! timer is needed even if the wait is known to be long.
//!
//! A reserved permit is given back when it is not used soon: its timer fires into a waker of its
//! own and needs no poll. Timers belong to the runtime on which they were made, and a service may
//! move to another one, so each poll that waits makes its timer anew.

use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Wake, Waker, ready};
use std::time::Duration;

use fusebox::{Breaker, Permit, Rejected};
use tokio::task::coop::unconstrained;
use tokio::time::{Instant, Sleep, sleep};

use crate::waiters::{Seat, Waiters};

/// The longest time between two checks of a breaker that rejects.
const LOOK_AGAIN: Duration = Duration::from_millis(100);
/// The shortest time between two checks: the resolution of the timer.
const TICK: Duration = Duration::from_millis(1);
/// How long a permit is kept for a service that is ready and does not call.
const KEPT_FOR: Duration = Duration::from_millis(100);

/// One service's place in the queue, and the permit once it has one. Given back when dropped.
#[derive(Debug, Default)]
pub(crate) struct Reservation {
    wait: Option<Wait>,
    reserved: Option<Reserved>,
}

#[derive(Debug)]
struct Wait {
    seat: Seat,
    until: Instant,
    timer: Pin<Box<Sleep>>,
}

/// A permit, until it is used or its time is over.
#[derive(Debug)]
struct Reserved {
    slot: Arc<Slot>,
    /// Dropped with the reservation, and never polled again.
    _timer: Pin<Box<Sleep>>,
}

/// The result of a check of the breaker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Look {
    /// There was a permit. It is reserved if permits are scarce.
    Passed,
    InVain,
}

#[derive(Debug)]
struct Slot {
    permit: Mutex<Option<Permit<'static>>>,
    waiters: Arc<Waiters>,
}

impl Reservation {
    pub(crate) fn poll_ready(&mut self, breaker: &Breaker, cx: &mut Context<'_>) -> Poll<()> {
        if self.holds_current(breaker) || breaker.admits_all() {
            self.wait = None;
            return Poll::Ready(());
        }
        loop {
            if let Look::Passed = ready!(self.poll_look(breaker, cx)) {
                return Poll::Ready(());
            }
        }
    }

    /// Waits while the breaker is known to reject, and reserves nothing yet.
    pub(crate) fn poll_passable(&mut self, breaker: &Breaker, cx: &mut Context<'_>) -> Poll<()> {
        // A held permit counts even while other calls are rejected.
        while breaker.would_reject().is_some() && !self.holds_current(breaker) {
            if let Look::Passed = ready!(self.poll_look(breaker, cx)) {
                break;
            }
        }
        Poll::Ready(())
    }

    /// Waits for the next check of the breaker, and makes it.
    fn poll_look(&mut self, breaker: &Breaker, cx: &mut Context<'_>) -> Poll<Look> {
        if let Some(wait) = &mut self.wait {
            ready!(wait.poll(cx));
        }
        // The seat is taken before asking, so a transition after the answer finds the waker.
        let mut seat = match self.wait.take() {
            Some(wait) => wait.seat,
            None => Waiters::of(breaker).seat(),
        };
        seat.take(cx.waker());
        Poll::Ready(match breaker.try_acquire().map(Permit::into_owned) {
            Ok(permit) => {
                self.reserve(permit, breaker);
                Look::Passed
            }
            Err(rejected) => {
                self.wait = Some(Wait::new(seat, &rejected));
                Look::InVain
            }
        })
    }

    /// The reserved permit, or a new one if none was needed, or if it has become stale or was given
    /// back.
    pub(crate) fn take(&mut self, breaker: &Breaker) -> Result<Permit<'static>, Rejected> {
        if self.holds_current(breaker)
            && let Some(reserved) = self.reserved.take()
            && let Some(permit) = reserved.slot.take()
        {
            return Ok(permit);
        }
        breaker.try_acquire().map(Permit::into_owned)
    }

    /// Whether there is a permit that still counts. If it does not, it is given back.
    fn holds_current(&mut self, breaker: &Breaker) -> bool {
        let Some(reserved) = &self.reserved else {
            return false;
        };
        breaker.poll_transitions();
        if reserved.slot.is_of(breaker.generation()) {
            return true;
        }
        self.reserved = None;
        false
    }

    /// Keeps the permit for a while, unless permits are no longer scarce.
    fn reserve(&mut self, permit: Permit<'static>, breaker: &Breaker) {
        if breaker.admits_all() {
            permit.ignore();
        } else {
            self.reserved = Some(Reserved::new(permit, Waiters::of(breaker)));
        }
    }
}

impl Wait {
    fn new(seat: Seat, rejected: &Rejected) -> Self {
        let wait = rejected.retry_after.unwrap_or(LOOK_AGAIN);
        let wait = wait.clamp(TICK, LOOK_AGAIN);
        Self {
            seat,
            until: Instant::now() + wait,
            timer: Box::pin(sleep(wait)),
        }
    }

    /// Waits for a wake or for the timer.
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if !self.seat.keep(cx.waker()) {
            return Poll::Ready(());
        }
        let left = self.until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Poll::Ready(());
        }
        // Another runtime may have another clock, so no check is further away than usual.
        self.timer.set(sleep(left.min(LOOK_AGAIN)));
        self.timer.as_mut().poll(cx)
    }
}

impl Reserved {
    fn new(permit: Permit<'static>, waiters: Arc<Waiters>) -> Self {
        let slot = Arc::new(Slot {
            permit: Mutex::new(Some(permit)),
            waiters,
        });
        let mut timer = Box::pin(sleep(KEPT_FOR));
        let gives_back = Waker::from(Arc::clone(&slot));
        let mut when_over = Context::from_waker(&gives_back);
        // Not on the task's budget: when none is left, a timer does not start and wakes at the
        // task's next yield, as if its time were over.
        let is_over = pin!(unconstrained(timer.as_mut())).poll(&mut when_over);
        if is_over.is_ready() {
            slot.give_back();
        }
        Self {
            slot,
            _timer: timer,
        }
    }
}

impl Drop for Reserved {
    fn drop(&mut self) {
        self.slot.give_back();
    }
}

impl Slot {
    fn take(&self) -> Option<Permit<'static>> {
        let mut permit = self.permit.lock().unwrap_or_else(PoisonError::into_inner);
        permit.take()
    }

    fn is_of(&self, generation: fusebox::Generation) -> bool {
        let permit = self.permit.lock().unwrap_or_else(PoisonError::into_inner);
        let permit = permit.as_ref();
        permit.is_some_and(|permit| permit.generation() == generation)
    }

    /// Ignores the permit instead of dropping it: a call that was never made is no failure,
    /// whatever dropped permits mean to the breaker.
    fn give_back(&self) {
        if let Some(permit) = self.take() {
            permit.ignore();
            self.waiters.wake_all();
        }
    }
}

/// The time of the permit is over.
impl Wake for Slot {
    fn wake(self: Arc<Self>) {
        self.give_back();
    }
}
