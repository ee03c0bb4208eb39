//! The gate before a service: when a service asks for the permit of a call, and who waits for it.

use std::task::{Context, Poll};

use fusebox::nesting::Nesting;
use fusebox::{Breaker, Permit, Rejected};

#[cfg(feature = "back-pressure")]
use crate::reservation::Reservation;
use crate::turned_away::TurnedAway;
use crate::waiters::{Seat, Waiters};

/// What a service does while its circuit rejects calls.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Readiness {
    /// It is ready, and calls get [`CallError::Rejected`] at once. The default.
    ///
    /// While calls may pass it is as ready as the inner service. While they may not, the inner
    /// service is not asked, so that it reserves nothing for calls that are rejected; nobody waits
    /// for an inner service that is busy, and those who wait are answered when the circuit opens:
    /// for that, the first one who ever waits for a breaker gives it one more listener.
    ///
    /// [`CallError::Rejected`]: fusebox::CallError::Rejected
    #[default]
    Error,
    /// It is not ready until a call may pass, so that callers wait or go elsewhere. For balancers
    /// and queues; a caller without a timeout waits as long as the downstream is broken.
    ///
    /// Needs tokio's timer: polled outside a runtime with time, a circuit that rejects panics. While
    /// waiting, each look at the circuit (at most one per 100 ms or transition) that is in vain
    /// counts as a rejection in the breaker's totals. While the circuit is known to reject, the inner
    /// service is not asked, so that a service that waits reserves nothing there.
    ///
    /// Where permits are scarce, among probes and while ramping up, readiness reserves one, and the
    /// call's time runs from then on. A service that is ready and does not call within 100 ms loses
    /// its turn to the next; its call then asks anew, and may be rejected. A permit that was
    /// reserved and is given back unused, because of that or because it is not needed any more,
    /// counts as an ignored call in the breaker's totals, although no call was made.
    #[cfg(feature = "back-pressure")]
    BackPressure,
}

/// The way to a permit. Clones share the circuit and never a permit.
#[derive(Clone, Debug)]
pub(crate) struct ServiceGate {
    breaker: Breaker,
    mode: Mode,
}

#[derive(Debug)]
enum Mode {
    /// The seat is taken while the inner service is awaited.
    Error(Option<Seat>),
    #[cfg(feature = "back-pressure")]
    BackPressure(Box<Reservation>),
}

impl ServiceGate {
    pub(crate) fn new(breaker: Breaker, readiness: Readiness) -> Self {
        let mode = match readiness {
            Readiness::Error => Mode::Error(None),
            #[cfg(feature = "back-pressure")]
            Readiness::BackPressure => Mode::BackPressure(Box::default()),
        };
        Self { breaker, mode }
    }

    #[inline]
    pub(crate) fn breaker(&self) -> &Breaker {
        &self.breaker
    }

    /// Asks the inner service for readiness. A layer of the same circuit further inside must neither
    /// count its errors nor reserve a permit: that is done here, once.
    #[inline]
    pub(crate) fn inside<R>(&self, ask: impl FnOnce() -> R) -> (R, Nesting) {
        let mut nesting = Nesting::of(self.breaker.address());
        let answer = nesting.run(ask);
        (answer, nesting)
    }

    /// Waits while the circuit is known to reject, or says that it does. Until then the inner service
    /// is not asked: it might reserve a place that no call uses. Whether the wait is over is found
    /// out at the call: a reading of the clock costs as much as a rejection.
    #[inline]
    #[cfg_attr(
        not(feature = "back-pressure"),
        expect(unused_variables, reason = "nobody waits without the feature")
    )]
    pub(crate) fn poll_passable(&mut self, cx: &mut Context<'_>) -> Poll<TurnedAway> {
        match &mut self.mode {
            Mode::Error(seat) => Poll::Ready(if self.breaker.is_rejecting() {
                *seat = None;
                TurnedAway::Rejected
            } else {
                TurnedAway::Passes
            }),
            #[cfg(feature = "back-pressure")]
            Mode::BackPressure(reservation) => reservation
                .poll_passable(&self.breaker, cx)
                .map(|()| TurnedAway::Passes),
        }
    }

    /// Whether nothing is left to wait for once the inner service is ready.
    #[inline]
    pub(crate) fn rejects_at_the_call(&mut self) -> bool {
        match &mut self.mode {
            Mode::Error(seat) => {
                if seat.is_some() {
                    *seat = None;
                }
                true
            }
            #[cfg(feature = "back-pressure")]
            Mode::BackPressure(_) => false,
        }
    }

    /// Waits until [`enter`](Self::enter) will be let in, as far as that can be known. The inner
    /// service is ready.
    #[cfg_attr(
        not(feature = "back-pressure"),
        expect(unused_variables, reason = "nobody waits without the feature")
    )]
    #[inline]
    pub(crate) fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        match &mut self.mode {
            Mode::Error(_) => Poll::Ready(()),
            #[cfg(feature = "back-pressure")]
            Mode::BackPressure(reservation) => reservation.poll_ready(&self.breaker, cx),
        }
    }

    /// Waits until a call would be rejected, where that is to be known at once. The inner service
    /// is not ready.
    #[cfg_attr(
        not(feature = "back-pressure"),
        expect(
            clippy::infallible_destructuring_match,
            reason = "there is one mode without the feature"
        )
    )]
    pub(crate) fn poll_rejection(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let seat = match &mut self.mode {
            Mode::Error(seat) => seat,
            #[cfg(feature = "back-pressure")]
            Mode::BackPressure(_) => return Poll::Pending,
        };
        if self.breaker.is_rejecting() {
            *seat = None;
            return Poll::Ready(());
        }
        let taken = seat.get_or_insert_with(|| Waiters::of(&self.breaker).seat());
        taken.take(cx.waker());
        // Asked once more: a transition from now on finds the waker.
        if self.breaker.is_rejecting() {
            *seat = None;
            return Poll::Ready(());
        }
        Poll::Pending
    }

    /// Asks for the permit of one call.
    #[inline]
    pub(crate) fn enter(&mut self) -> Result<Permit<'static>, Rejected> {
        match &mut self.mode {
            Mode::Error(_) => self.breaker.try_acquire().map(Permit::into_owned),
            #[cfg(feature = "back-pressure")]
            Mode::BackPressure(reservation) => reservation.take(&self.breaker),
        }
    }
}

/// The same way to wait, with nothing reserved and nobody waiting yet.
impl Clone for Mode {
    fn clone(&self) -> Self {
        match self {
            Self::Error(_) => Self::Error(None),
            #[cfg(feature = "back-pressure")]
            Self::BackPressure(_) => Self::BackPressure(Box::default()),
        }
    }
}
