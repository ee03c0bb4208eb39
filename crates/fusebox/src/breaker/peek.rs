//! Cheap looks at a breaker: its generation, and what it would answer, without asking it for a permit.

use std::time::Duration;

use super::Breaker;
use crate::rejected::{RejectReason, Rejected};
use crate::state::Generation;

impl Breaker {
    /// The generation now. It grows with each transition and reset, so two equal readings mean that
    /// nothing of the kind has happened in between. Reading takes no lock and changes nothing, even
    /// when a change is due.
    ///
    /// # Examples
    /// ```
    /// # use fusebox::{Breaker, Config};
    /// let breaker = Breaker::new("inventory", Config::default());
    /// let before = breaker.generation();
    /// breaker.reset();
    /// assert!(breaker.generation() > before);
    /// assert_eq!(breaker.generation(), breaker.snapshot().generation);
    /// ```
    pub fn generation(&self) -> Generation {
        self.circuit.generation()
    }

    /// The rejection that a call would meet right now; `None` if it may pass or would have to ask.
    ///
    /// Nothing is counted, no probe is taken and no due change is made. The answer can be outdated a
    /// moment later: it is for those who choose between downstreams or show whether one is
    /// available, not in place of [`try_acquire`](Self::try_acquire). While the breaker ramps up the
    /// answer is `None`, because which calls pass then depends on who asks.
    ///
    /// # Examples
    /// ```
    /// # use fusebox::{Breaker, Config, RejectReason};
    /// let breaker = Breaker::new("inventory", Config::default());
    /// assert_eq!(breaker.would_reject(), None);
    /// breaker.force_open();
    /// assert_eq!(breaker.would_reject().unwrap().reason, RejectReason::ForcedOpen);
    /// assert_eq!(breaker.snapshot().totals.rejections(RejectReason::ForcedOpen), 0);
    /// ```
    pub fn would_reject(&self) -> Option<Rejected> {
        self.circuit.would_reject()
    }

    /// Whether calls are rejected as long as nobody asks whether the wait is over: open, forced open,
    /// or half-open with all probes under way. Reads no clock, so it costs a load.
    ///
    /// # Examples
    /// ```
    /// # use fusebox::{Breaker, Config};
    /// let breaker = Breaker::new("inventory", Config::default());
    /// assert!(!breaker.is_rejecting());
    /// breaker.open();
    /// assert!(breaker.is_rejecting());
    /// ```
    #[inline]
    pub fn is_rejecting(&self) -> bool {
        self.circuit.is_rejecting()
    }

    /// Reads what the next call will need of this breaker, so that it is at hand then. What comes back means nothing.
    /// For the simulator, whose thousands of breakers are in no cache.
    #[doc(hidden)]
    #[inline]
    pub fn look_ahead(&self) -> u64 {
        self.circuit.look_ahead()
    }

    /// The rejection of a call that may pass and cannot be made, because what it needs is not ready.
    /// For `fusebox-tower`.
    #[doc(hidden)]
    pub fn turned_away(&self) -> Rejected {
        Rejected {
            reason: RejectReason::HalfOpen,
            retry_after: Some(Duration::ZERO),
            generation: self.generation(),
        }
    }

    /// Whether every call may pass: closed and not ramping up, disabled, or metrics-only. A due
    /// change is made first, as in [`poll_transitions`](Self::poll_transitions).
    ///
    /// # Examples
    /// ```
    /// # use fusebox::{Breaker, Config};
    /// let breaker = Breaker::new("inventory", Config::default());
    /// assert!(breaker.admits_all());
    /// breaker.half_open();
    /// assert!(!breaker.admits_all());
    /// ```
    pub fn admits_all(&self) -> bool {
        self.circuit.admits_all()
    }
}
