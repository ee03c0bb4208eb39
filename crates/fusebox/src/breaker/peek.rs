//! Looking ahead: what a breaker would answer, without asking it for a permit.

use super::Breaker;
use crate::rejected::Rejected;

impl Breaker {
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
