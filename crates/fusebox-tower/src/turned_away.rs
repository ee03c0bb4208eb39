//! The rejection that readiness found out about the call that follows.
//!
//! Tower's contract has no way to say at readiness that a call will be rejected: an error there
//! means that the service is broken for good, and a buffer or a balancer throws it away. So the
//! service says that it is ready, and answers the call itself, without the service behind it.

/// What awaits the next call. Each question for readiness begins with [`Passes`](Self::Passes).
#[derive(Clone, Copy, Debug, Default)]
pub(crate) enum TurnedAway {
    /// The service behind is ready.
    #[default]
    Passes,
    /// The circuit rejects, or did when it was asked. Whether the service behind is ready nobody
    /// knows.
    Rejected,
}
