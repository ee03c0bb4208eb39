//! The states of a breaker and the transitions between them.
//!
//! | from → to | closed | open | half-open | forced-open, disabled, metrics-only |
//! |---|---|---|---|---|
//! | **closed** | – | a trip rule fires; a verdict of the classifier says trip; operator | operator | operator |
//! | **open** | operator (reset) | – | the wait has elapsed | operator |
//! | **half-open** | enough good probes; deadline, if so configured; operator | a probe failed; deadline; operator | – | operator |
//! | **forced-open, disabled, metrics-only** | operator | operator | operator | operator |
//!
//! The host of a breaker may pass on what a fleet knows through
//! [`FleetControl`](crate::FleetControl). That adds the stages below. The fleet moves only a closed
//! breaker and one that it has moved itself:
//!
//! | stage | shown as | begins | ends |
//! |---|---|---|---|
//! | **held** | open | `hold` in closed; the fleet's probe ends, or its lease does | `grant_probe`; `release`; `lose_engine`; operator |
//! | **probing** | half-open | `grant_probe` in held | the probe ends, or its lease: held; a newer `hold`: held; `release`; `lose_engine`; operator |
//! | **turn** | open | `release` with a wait, in held or probing | the wait has elapsed: closed; a newer `hold`: held; `lose_engine`; operator |
//!
//! `release` without a wait closes the breaker; `lose_engine` leads to an open period of its own.
//! In these stages no rule and no probe closes or trips a breaker.
//!
//! Only an operator enters or leaves the three states on the right; neither time nor an outcome
//! does. Restoring a saved state leads from any state to any state, including the same one.

use std::fmt;

/// The state of a breaker, which decides whether calls pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(rename_all = "snake_case")
)]
#[non_exhaustive]
pub enum State {
    /// Calls pass, and their outcomes are judged.
    Closed,
    /// Calls are rejected until the open period ends.
    Open,
    /// A few calls pass as probes, and they decide what comes next.
    HalfOpen,
    /// Calls are rejected until an operator ends it.
    ForcedOpen,
    /// Calls pass and are not judged, until an operator ends it.
    Disabled,
    /// Calls pass and are judged, but a trip is only reported, until an operator ends it.
    MetricsOnly,
}

impl State {
    /// Every state, in the order of this type's declaration.
    pub const ALL: &'static [Self] = &[
        Self::Closed,
        Self::Open,
        Self::HalfOpen,
        Self::ForcedOpen,
        Self::Disabled,
        Self::MetricsOnly,
    ];

    /// Returns the state's name in `snake_case`, as metrics and JSON show it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Closed => "closed",
            Self::Open => "open",
            Self::HalfOpen => "half_open",
            Self::ForcedOpen => "forced_open",
            Self::Disabled => "disabled",
            Self::MetricsOnly => "metrics_only",
        }
    }

    /// Returns whether only an operator leads out of this state.
    pub const fn is_operators(self) -> bool {
        matches!(self, Self::ForcedOpen | Self::Disabled | Self::MetricsOnly)
    }

    pub(crate) const fn index(self) -> usize {
        self as usize
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The number of a breaker's current stretch between two transitions. It grows with each transition
/// and each reset.
///
/// A permit carries the generation in which it was granted. An outcome from an earlier generation
/// is late and decides nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Generation(u64);

impl Generation {
    /// Returns the number itself.
    pub const fn get(self) -> u64 {
        self.0
    }

    pub(crate) const fn new(number: u64) -> Self {
        Self(number)
    }

    pub(crate) const fn next(self) -> Self {
        Self(self.0 + 1)
    }
}

impl fmt::Display for Generation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
