//! A handle, which keeps a circuit alive for the users of a breaker without making busy threads
//! meet.
//!
//! Handles are counted, so that a registry knows whether a breaker is in use. Two threads that
//! count in the same word wait for each other longer than everything else they do with a breaker
//! takes. So the handles of a circuit that many threads use at once come from [`Shares`], one for
//! each stripe of threads, and each share counts its own handles.

use std::ops::Deref;
use std::sync::Arc;
use std::sync::atomic::{Ordering, fence};

use crate::circuit::Circuit;
use crate::stripe::thread_number;

/// Keeps a circuit alive. Clones of a handle are counted in the same word.
#[derive(Clone)]
pub(crate) enum Handle {
    /// Counted by the circuit.
    Own(Arc<Circuit>),
    /// Counted by the share.
    Shared(Arc<Share>),
}

impl Deref for Handle {
    type Target = Arc<Circuit>;

    #[expect(
        clippy::inline_always,
        reason = "measured: half the cost of the hot path is the call"
    )]
    #[inline(always)]
    fn deref(&self) -> &Arc<Circuit> {
        match self {
            Self::Own(circuit) => circuit,
            Self::Shared(share) => &share.circuit,
        }
    }
}

/// A part of the threads holds this instead of the circuit. Its handles are counted in front of it,
/// on cache lines of their own, because processors fetch lines in pairs.
#[repr(align(128))]
pub(crate) struct Share {
    circuit: Arc<Circuit>,
}

/// A circuit in as many shares as there are stripes of threads.
pub(crate) struct Shares {
    shares: Box<[Arc<Share>]>,
}

impl Shares {
    /// `count` must be a power of two.
    pub(crate) fn new(circuit: &Arc<Circuit>, count: usize) -> Self {
        let share = |_| {
            Arc::new(Share {
                circuit: Arc::clone(circuit),
            })
        };
        Self {
            shares: (0..count).map(share).collect(),
        }
    }

    /// A handle from the share of this thread.
    #[inline]
    pub(crate) fn handle(&self) -> Handle {
        let mine = thread_number() & (self.shares.len() - 1);
        Handle::Shared(Arc::clone(&self.shares[mine]))
    }

    /// How many references to the circuit the shares themselves hold.
    pub(crate) fn count(&self) -> usize {
        self.shares.len()
    }

    /// Whether there is no handle. Only for a caller that makes sure that none is made meanwhile.
    pub(crate) fn are_unused(&self) -> bool {
        let unused = |share| Arc::strong_count(share) == 1;
        let unused = self.shares.iter().all(unused);
        // Acquire: pairs with the release with which a handle is dropped. Who sees a handle gone
        // sees the owned permits that were made through it.
        fence(Ordering::Acquire);
        unused
    }
}
