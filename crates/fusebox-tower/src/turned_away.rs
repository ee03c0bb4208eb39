//! The rejection of the next call, which readiness has found out.
//!
//! Tower's contract cannot say at readiness that a call will be rejected: an error there means that
//! the service is broken for good, and a buffer or a balancer discards it. So the service says that
//! it is ready, and answers the call itself, without the service behind it.

/// What awaits the next call. Each question for readiness begins with [`Passes`](Self::Passes).
#[derive(Clone, Copy, Debug, Default)]
pub(crate) enum TurnedAway {
    /// The service behind is ready.
    #[default]
    Passes,
    /// The breaker rejects, or did when it was asked. It is unknown whether the service behind is
    /// ready.
    Rejected,
}
