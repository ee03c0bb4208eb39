//! Transitions: changes of state, each with its cause and the breaker's figures at that moment.

use std::fmt;
use std::time::Duration;

use crate::state::{Generation, State};
use crate::window::WindowFigures;

/// The reason for a transition.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Cause {
    /// `consecutive_failures` calls failed in a row.
    ConsecutiveFailures,
    /// The failure ratio of the window reached `failure_rate_threshold`.
    FailureRatio,
    /// The ratio of slow calls in the window reached `slow_call_rate_threshold`.
    SlowRatio,
    /// A probe failed, or too many of them did.
    ProbeFailed,
    /// The half-open period ended without a verdict.
    HalfOpenTimeout,
    /// A [`Verdict::Trip`](crate::Verdict::Trip): the classifier said that the breaker must open.
    Verdict,
    /// An operator ordered it.
    Manual,
    /// The fleet's verdict opened the breaker or let it close. See
    /// [`FleetControl`](crate::FleetControl).
    Fleet,
    /// The fleet that held the breaker can no longer be heard, so the breaker decides by itself.
    EngineLost,
    /// The open period is over.
    WaitElapsed,
    /// Enough probes succeeded.
    ProbesSucceeded,
    /// A saved state was restored.
    Restored,
    /// The fleet leased its probe to this breaker.
    FleetProbe,
    /// The fleet's probe succeeded; the breaker is held again until the fleet decides.
    FleetProbeSucceeded,
    /// The fleet's probe failed or was slow.
    FleetProbeFailed,
    /// The fleet's probe ended without evidence: its permit was dropped, or its result was ignored.
    FleetProbeCancelled,
    /// The lease of the fleet's probe ended before the probe did, or no call came to probe with.
    FleetProbeExpired,
}

impl Cause {
    /// Every cause, in the order of this type's declaration.
    pub const ALL: &'static [Self] = &[
        Self::ConsecutiveFailures,
        Self::FailureRatio,
        Self::SlowRatio,
        Self::ProbeFailed,
        Self::HalfOpenTimeout,
        Self::Verdict,
        Self::Manual,
        Self::Fleet,
        Self::EngineLost,
        Self::WaitElapsed,
        Self::ProbesSucceeded,
        Self::Restored,
        Self::FleetProbe,
        Self::FleetProbeSucceeded,
        Self::FleetProbeFailed,
        Self::FleetProbeCancelled,
        Self::FleetProbeExpired,
    ];

    /// The causes that can open a breaker, in the order of this type's declaration.
    pub const TRIPS: &'static [Self] = &[
        Self::ConsecutiveFailures,
        Self::FailureRatio,
        Self::SlowRatio,
        Self::ProbeFailed,
        Self::HalfOpenTimeout,
        Self::Verdict,
        Self::Manual,
        Self::Fleet,
        Self::EngineLost,
    ];

    /// Returns the cause's name in `snake_case`, as metrics and JSON show it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ConsecutiveFailures => "consecutive",
            Self::FailureRatio => "failure_ratio",
            Self::SlowRatio => "slow_ratio",
            Self::ProbeFailed => "probe_failed",
            Self::HalfOpenTimeout => "half_open_timeout",
            Self::Verdict => "verdict",
            Self::Manual => "manual",
            Self::Fleet => "fleet",
            Self::EngineLost => "engine_lost",
            Self::WaitElapsed => "wait_elapsed",
            Self::ProbesSucceeded => "probes_succeeded",
            Self::Restored => "restored",
            Self::FleetProbe => "fleet_probe",
            Self::FleetProbeSucceeded => "fleet_probe_succeeded",
            Self::FleetProbeFailed => "fleet_probe_failed",
            Self::FleetProbeCancelled => "fleet_probe_cancelled",
            Self::FleetProbeExpired => "fleet_probe_expired",
        }
    }

    pub(crate) const fn index(self) -> usize {
        self as usize
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One change of state, with the figures that led to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Transition {
    /// The state that was left.
    pub from: State,
    /// The state that was entered.
    pub to: State,
    /// The reason for the change.
    pub cause: Cause,
    /// When the state changed, on the breaker's clock.
    pub at: Duration,
    /// The generation that began with this transition.
    pub generation: Generation,
    /// Failures in a row just before the change.
    pub consecutive_failures: u32,
    /// The window just before the change, which empties it.
    pub window: WindowFigures,
    /// How long calls will be rejected, if the breaker opened or waits for its turn. `None` while
    /// the fleet holds it, because no length is set.
    pub open_for: Option<Duration>,
}

/// A trip that metrics-only mode reports instead of making it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct WouldTrip {
    /// The rule that fired.
    pub cause: Cause,
    /// When the rule fired, on the breaker's clock.
    pub at: Duration,
    /// Failures in a row at that moment.
    pub consecutive_failures: u32,
    /// The window at that moment.
    pub window: WindowFigures,
}
