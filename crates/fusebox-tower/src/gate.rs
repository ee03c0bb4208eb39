//! When does a service ask for its permit? [`Gate`]: at the call, or already when asked for
//! readiness.

use std::task::{Context, Poll};

use fusebox::{Breaker, Permit, Rejected};

#[cfg(feature = "back-pressure")]
use crate::reservation::Reservation;

/// What a service does while its circuit rejects calls.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Readiness {
    /// It is as ready as the inner service; calls get [`CallError::Rejected`] at once. The default.
    ///
    /// [`CallError::Rejected`]: fusebox::CallError::Rejected
    #[default]
    Error,
    /// It is not ready until a call may pass, so that callers wait or go elsewhere. For balancers
    /// and queues; a caller without a timeout waits as long as the downstream is broken.
    ///
    /// Needs tokio's timer: polled outside a runtime with time, an open circuit panics. While
    /// waiting, each look at the circuit (at most one per 100 ms or transition) that is in vain
    /// counts as a rejection in the breaker's totals. A probe's time runs from readiness on.
    #[cfg(feature = "back-pressure")]
    BackPressure,
}

/// The way to a permit. Clones share the circuit and never a permit.
#[derive(Clone, Debug)]
pub(crate) enum Gate {
    Error(Breaker),
    #[cfg(feature = "back-pressure")]
    BackPressure(Box<Reservation>),
}

impl Gate {
    pub(crate) fn new(breaker: Breaker, readiness: Readiness) -> Self {
        match readiness {
            Readiness::Error => Self::Error(breaker),
            #[cfg(feature = "back-pressure")]
            Readiness::BackPressure => Self::BackPressure(Box::new(Reservation::new(breaker))),
        }
    }

    pub(crate) fn breaker(&self) -> &Breaker {
        match self {
            Self::Error(breaker) => breaker,
            #[cfg(feature = "back-pressure")]
            Self::BackPressure(reservation) => reservation.breaker(),
        }
    }

    /// Waits until [`enter`](Self::enter) will be let in, as far as that can be known.
    #[cfg_attr(
        not(feature = "back-pressure"),
        expect(unused_variables, reason = "nobody waits without the feature")
    )]
    pub(crate) fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        match self {
            Self::Error(_) => Poll::Ready(()),
            #[cfg(feature = "back-pressure")]
            Self::BackPressure(reservation) => reservation.poll_ready(cx),
        }
    }

    /// Asks for the permit of one call.
    pub(crate) fn enter(&mut self) -> Result<Permit<'static>, Rejected> {
        match self {
            Self::Error(breaker) => breaker.try_acquire().map(Permit::into_owned),
            #[cfg(feature = "back-pressure")]
            Self::BackPressure(reservation) => reservation.take(),
        }
    }
}
