//! A rejection met at readiness, kept for the call that follows.
//!
//! Tower's contract has no way to say at readiness that a call will be rejected: an error there
//! means that the service is broken for good, and a buffer or a balancer throws it away. So the
//! service says that it is ready, and answers the call itself, without the service behind it.

use fusebox::Rejected;

/// The rejection that awaits the next call, if any. Each question for readiness begins without.
#[derive(Clone, Debug, Default)]
pub(crate) struct TurnedAway(Option<Rejected>);

impl TurnedAway {
    pub(crate) fn set(&mut self, rejected: Rejected) {
        self.0 = Some(rejected);
    }

    pub(crate) fn clear(&mut self) {
        self.0 = None;
    }

    pub(crate) fn take(&mut self) -> Option<Rejected> {
        self.0.take()
    }
}
