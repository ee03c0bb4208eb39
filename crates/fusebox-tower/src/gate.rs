//! The gate before a service: when a service asks for a call's permit, and who waits for it.

use std::task::{Context, Poll};

use fusebox::nesting::Nesting;
use fusebox::{Breaker, Permit, Rejected};

#[cfg(feature = "back-pressure")]
use crate::reservation::Reservation;
use crate::turned_away::TurnedAway;
use crate::waiters::{Seat, Waiters};

/// What a service does while its breaker rejects calls.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Readiness {
    /// The service is ready, and calls get [`CallError::Rejected`] at once. The default.
    ///
    /// While calls may pass, it is as ready as the inner service. While they may not, the inner
    /// service is not asked, so it reserves nothing for calls that are rejected. No rejected call
    /// waits for a busy inner service, and calls that already wait for it are rejected when the
    /// breaker opens. For that, the first service that ever waits for a breaker adds one listener
    /// to it.
    ///
    /// [`CallError::Rejected`]: fusebox::CallError::Rejected
    #[default]
    Error,
    /// The service is not ready until a call may pass, so callers wait or go elsewhere. For
    /// balancers and queues. A caller without a timeout waits as long as the downstream is down.
    ///
    /// Needs tokio's timer: outside of a runtime with time, polling a service whose breaker rejects
    /// panics. A waiting service checks the breaker at most once per 100 ms or transition, and each
    /// check in vain counts as a rejection in the breaker's totals. While the breaker is known to
    /// reject, the inner service is not asked, so a waiting service reserves nothing there.
    ///
    /// Where permits are scarce, for probes and during a ramp, readiness reserves one, and the
    /// call's time runs from then on. A service that is ready and does not call within 100 ms loses
    /// its turn to the next one; its call then asks again and may be rejected. A reserved permit
    /// that is given back unused, because of that or because it is no longer needed, counts as an
    /// ignored call in the breaker's totals, although no call was made.
    #[cfg(feature = "back-pressure")]
    BackPressure,
}

/// The way to a permit. Clones share the breaker but never a permit.
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

    /// Asks the inner service for readiness. A layer of the same breaker further inside must
    /// neither count its errors nor reserve a permit: that is done here, once.
    #[inline]
    pub(crate) fn inside<R>(&self, ask: impl FnOnce() -> R) -> (R, Nesting) {
        let mut nesting = Nesting::of(self.breaker.address());
        let answer = nesting.run(ask);
        (answer, nesting)
    }

    /// Waits while the breaker is known to reject, or reports that it does. Until then the inner
    /// service is not asked, because it might reserve a place that no call uses. Only the call
    /// finds out whether the wait is over: a reading of the clock costs as much as a rejection.
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

    /// Waits until [`enter`](Self::enter) will succeed, as far as that can be known. The inner
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

    /// Waits until a call would be rejected, if that must be known at once. The inner service is
    /// not ready.
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

/// A copy waits in the same way, but has reserved nothing and has no seat yet.
impl Clone for Mode {
    fn clone(&self) -> Self {
        match self {
            Self::Error(_) => Self::Error(None),
            #[cfg(feature = "back-pressure")]
            Self::BackPressure(_) => Self::BackPressure(Box::default()),
        }
    }
}
