//! Cheap looks at a breaker: its generation, and what it would answer, without taking a permit.

use std::time::Duration;

use super::Breaker;
use crate::rejected::{RejectReason, Rejected};
use crate::state::Generation;

impl Breaker {
    /// Returns the current generation. It grows with each transition and reset, so two equal
    /// readings mean that there was none in between. Reading takes no lock and changes nothing,
    /// even when a transition is due.
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

    /// Returns the rejection that a call would meet right now; `None` if it may pass or would have
    /// to ask.
    ///
    /// Nothing is counted, no probe is taken and no due transition is made. The answer can be
    /// outdated a moment later. It helps to choose between downstreams or to show whether one is
    /// available; it does not replace [`try_acquire`](Self::try_acquire). During a ramp the answer
    /// is `None`, because the order of the calls decides which of them pass.
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

    /// Returns whether calls are rejected as long as no call checks whether the wait is over: open,
    /// forced open, or half-open with all probes under way. It reads no clock and costs one load.
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

    /// Touches the memory that the next call of this breaker will need, so that it is in the cache
    /// then. The return value has no meaning. For the simulator, whose thousands of breakers do not
    /// fit a cache.
    #[doc(hidden)]
    #[inline]
    pub fn look_ahead(&self) -> u64 {
        self.circuit.look_ahead()
    }

    /// The rejection of a call that may pass but cannot be made, because its service is not ready.
    /// For `fusebox-tower`.
    #[doc(hidden)]
    pub fn turned_away(&self) -> Rejected {
        Rejected {
            reason: RejectReason::HalfOpen,
            retry_after: Some(Duration::ZERO),
            generation: self.generation(),
        }
    }

    /// Returns whether every call may pass: closed without a ramp, disabled, or metrics-only. A due
    /// transition is made first, as in [`poll_transitions`](Self::poll_transitions).
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
