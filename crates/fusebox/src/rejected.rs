//! The rejection of a call: why it may not pass, and when to ask again.

use std::error::Error;
use std::fmt;
use std::time::Duration;

use crate::state::{Generation, State};

/// The rule by which a call was rejected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum RejectReason {
    /// The breaker is open.
    Open,
    /// The breaker is half-open, and all the probes that it needs are under way.
    HalfOpen,
    /// An operator forced the breaker open.
    ForcedOpen,
    /// The breaker has just closed and still admits only a share of the calls.
    RampUp,
    /// The fleet holds the breaker open; see [`FleetControl`](crate::FleetControl).
    Fleet,
    /// The fleet lets the breaker close, and the breaker waits for its turn.
    Turn,
    /// The breaker is half-open for the one probe that the fleet leased to it, and that probe is
    /// under way.
    ProbeBusy,
}

impl RejectReason {
    /// Every reason, in the order of this type's declaration.
    pub const ALL: &'static [Self] = &[
        Self::Open,
        Self::HalfOpen,
        Self::ForcedOpen,
        Self::RampUp,
        Self::Fleet,
        Self::Turn,
        Self::ProbeBusy,
    ];

    /// Returns the reason's name in `snake_case`, as metrics and JSON show it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::HalfOpen => "half_open",
            Self::ForcedOpen => "forced_open",
            Self::RampUp => "ramp_up",
            Self::Fleet => "fleet",
            Self::Turn => "turn",
            Self::ProbeBusy => "probe_busy",
        }
    }

    /// Returns the state in which calls are rejected for this reason.
    pub const fn state(self) -> State {
        match self {
            Self::Open | Self::Fleet | Self::Turn => State::Open,
            Self::HalfOpen | Self::ProbeBusy => State::HalfOpen,
            Self::ForcedOpen => State::ForcedOpen,
            Self::RampUp => State::Closed,
        }
    }

    pub(crate) const fn index(self) -> usize {
        self as usize
    }
}

impl fmt::Display for RejectReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The refusal of a call: the reason, and how long to wait before asking again.
///
/// # Examples
/// ```
/// use fusebox::{Breaker, Config, RejectReason};
/// use std::time::Duration;
///
/// let breaker = Breaker::new("inventory", Config::default());
/// breaker.open_for(Duration::from_secs(30));
///
/// let rejected = breaker.try_acquire().unwrap_err();
/// assert_eq!(rejected.reason, RejectReason::Open);
/// if let Some(wait) = rejected.retry_after {
///     println!("503, Retry-After: {}", wait.as_secs() + 1);
/// }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Rejected {
    /// The rule by which the call was rejected.
    pub reason: RejectReason,
    /// How long to wait before asking again; the state changes no later than that. It is the rest
    /// of the open period, of the half-open deadline, of the ramp, of the turn or of the probe's
    /// lease. `None` when no such time is set: forced open, or half-open without a deadline.
    ///
    /// For [`RejectReason::Fleet`] it is the rest of the hint that the fleet gave. It is `None` if
    /// the hint has passed or there was none, because only the fleet knows when it will release the
    /// breaker.
    pub retry_after: Option<Duration>,
    /// The breaker's generation when it rejected the call.
    pub generation: Generation,
}

impl fmt::Display for Rejected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("circuit breaker ")?;
        match self.reason {
            RejectReason::RampUp => f.write_str("is ramping up")?,
            RejectReason::Fleet => f.write_str("is held open by the fleet")?,
            RejectReason::Turn => f.write_str("waits for its turn to close")?,
            RejectReason::ProbeBusy => f.write_str("is probing for the fleet")?,
            reason @ (RejectReason::Open | RejectReason::HalfOpen | RejectReason::ForcedOpen) => {
                write!(f, "is {reason}")?;
            }
        }
        match self.retry_after {
            Some(Duration::ZERO) => f.write_str(", retry after 0s"),
            Some(wait) => write!(f, ", retry after {:?}", in_millis(wait)),
            None => Ok(()),
        }
    }
}

impl Error for Rejected {}

/// Rounds up to whole milliseconds, so that a caller who waits that long is not early.
fn in_millis(wait: Duration) -> Duration {
    let missing = match wait.subsec_nanos() % 1_000_000 {
        0 => 0,
        begun => 1_000_000 - begun,
    };
    wait.saturating_add(Duration::from_nanos(missing.into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shown_wait_is_rounded_up_to_whole_milliseconds() {
        for (wait, shown) in [
            (Duration::from_nanos(1_754_606_047), "1.755s"),
            (Duration::from_nanos(1), "1ms"),
            (Duration::from_nanos(999_999_999), "1s"),
            (Duration::from_millis(1_500), "1.5s"),
            (Duration::ZERO, "0ns"),
        ] {
            assert_eq!(format!("{:?}", in_millis(wait)), shown);
        }
        assert_eq!(in_millis(Duration::MAX), Duration::MAX);
    }
}
