//! How does a service wait for its turn? [`Reservation`]: a permit that readiness asked for.
//!
//! Permits are scarce only among probes. While calls pass freely nothing is reserved: a permit that
//! lay around would start the clock of slow calls too early and could go stale. While the circuit
//! rejects, the task sleeps and is woken by a transition or by the timer, whichever comes first.
//! Not every change is a transition (a cancelled probe frees its slot silently), hence the timer
//! even where the wait is known to be long.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use fusebox::{Breaker, Permit, Rejected, State};
use tokio::time::{Instant, Sleep, sleep};

use crate::waiters::{Seat, Waiters};

/// The longest time between two looks at a circuit that rejects.
const LOOK_AGAIN: Duration = Duration::from_millis(100);
/// The shortest: what the timer can tell apart.
const TICK: Duration = Duration::from_millis(1);

/// One service's place in the queue, and the permit once it has one. Given back when dropped.
#[derive(Debug)]
pub(crate) struct Reservation {
    breaker: Breaker,
    seat: Seat,
    permit: Option<Permit<'static>>,
    wait: Wait,
}

#[derive(Debug)]
enum Wait {
    Idle,
    /// The timer is kept for the next time.
    Rested(Pin<Box<Sleep>>),
    Until(Pin<Box<Sleep>>),
}

impl Reservation {
    /// The first of a layer: all of its clones are woken by one listener.
    pub(crate) fn new(breaker: Breaker) -> Self {
        let waiters = Arc::<Waiters>::default();
        let wake = Arc::clone(&waiters);
        breaker.add_listener(move |_: &str, _: &fusebox::Event| wake.wake_all());
        Self::with_seat(breaker, waiters.seat())
    }

    fn with_seat(breaker: Breaker, seat: Seat) -> Self {
        Self {
            breaker,
            seat,
            permit: None,
            wait: Wait::Idle,
        }
    }

    pub(crate) fn breaker(&self) -> &Breaker {
        &self.breaker
    }

    pub(crate) fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if self.holds_current() || self.calls_pass() {
            return self.rest();
        }
        loop {
            if let Wait::Until(sleep) = &mut self.wait
                && self.seat.keep(cx.waker())
            {
                ready!(sleep.as_mut().poll(cx));
            }
            // Seated before asking: a transition after the answer finds the waker.
            self.seat.take(cx.waker());
            match self.breaker.try_acquire().map(Permit::into_owned) {
                Ok(permit) => {
                    self.permit = scarce(permit);
                    return self.rest();
                }
                Err(rejected) => self.wait_for(&rejected),
            }
        }
    }

    /// The reserved permit, or a new one where none was needed or it has gone stale.
    pub(crate) fn take(&mut self) -> Result<Permit<'static>, Rejected> {
        if self.holds_current()
            && let Some(permit) = self.permit.take()
        {
            return Ok(permit);
        }
        self.breaker.try_acquire().map(Permit::into_owned)
    }

    /// Whether the reserved permit still counts. One that does not is given back.
    fn holds_current(&mut self) -> bool {
        let Some(permit) = &self.permit else {
            return false;
        };
        self.breaker.poll_transitions();
        if self.breaker.snapshot().generation == permit.generation() {
            return true;
        }
        self.give_back();
        false
    }

    fn calls_pass(&self) -> bool {
        passes_freely(self.breaker.state())
    }

    fn rest(&mut self) -> Poll<()> {
        self.seat.leave();
        if let Wait::Until(sleep) = std::mem::replace(&mut self.wait, Wait::Idle) {
            self.wait = Wait::Rested(sleep);
        }
        Poll::Ready(())
    }

    fn wait_for(&mut self, rejected: &Rejected) {
        let wait = rejected.retry_after.unwrap_or(LOOK_AGAIN);
        let wait = wait.clamp(TICK, LOOK_AGAIN);
        self.wait = match std::mem::replace(&mut self.wait, Wait::Idle) {
            Wait::Idle => Wait::Until(Box::pin(sleep(wait))),
            Wait::Rested(mut timer) | Wait::Until(mut timer) => {
                timer.as_mut().reset(Instant::now() + wait);
                Wait::Until(timer)
            }
        };
    }

    /// Ignored and not dropped: a call that was never made is no failure, whatever dropped permits
    /// mean to the breaker.
    fn give_back(&mut self) {
        if let Some(permit) = self.permit.take() {
            permit.ignore();
            self.seat.wake_others();
        }
    }
}

/// A new place in the same queue, with no permit.
impl Clone for Reservation {
    fn clone(&self) -> Self {
        Self::with_seat(self.breaker.clone(), self.seat.another())
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        self.give_back();
    }
}

fn passes_freely(state: State) -> bool {
    matches!(state, State::Closed | State::Disabled | State::MetricsOnly)
}

/// Keeps a probe's permit; a free one is given back at once.
fn scarce(permit: Permit<'static>) -> Option<Permit<'static>> {
    if passes_freely(permit.state()) {
        permit.ignore();
        return None;
    }
    Some(permit)
}
