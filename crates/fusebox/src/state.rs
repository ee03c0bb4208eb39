//! The states of a breaker, and the ways between them.
//!
//! | from → to | closed | open | half-open | forced-open, disabled, metrics-only |
//! |---|---|---|---|---|
//! | **closed** | – | a trip rule fires; a verdict says trip; operator | operator | operator |
//! | **open** | operator (reset) | – | the wait has elapsed | operator |
//! | **half-open** | enough good probes; deadline, if so configured; operator | a probe failed; deadline; operator | – | operator |
//! | **forced-open, disabled, metrics-only** | operator | operator | operator | operator |
//!
//! The host of a breaker may pass on what a fleet knows, through [`FleetControl`](crate::FleetControl).
//! These ways are beside the others; what the fleet has not moved, it moves no further:
//!
//! | stage | shown as | begins | ends |
//! |---|---|---|---|
//! | **held** | open | `hold` in closed; the fleet's probe ends, or its lease does | `grant_probe`; `release`; `lose_engine`; operator |
//! | **probing** | half-open | `grant_probe` in held | the probe ends, or its lease: held; a newer `hold`: held; `release`; `lose_engine`; operator |
//! | **turn** | open | `release` with a wait, in held or probing | the wait has elapsed: closed; a newer `hold`: held; `lose_engine`; operator |
//!
//! `release` without a wait closes, `lose_engine` leads to an open period of the breaker's own. No
//! rule and no probe closes or trips a breaker in one of these stages.
//!
//! Only an operator enters or leaves the three states on the right: no time and no outcome does.
//! Restoring what was saved leads from any state to any, the same included.

use std::fmt;

/// Where a breaker stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(rename_all = "snake_case")
)]
#[non_exhaustive]
pub enum State {
    /// Calls pass; their outcomes are watched.
    Closed,
    /// Calls are rejected until the wait has elapsed.
    Open,
    /// A few calls pass as probes; they decide what comes next.
    HalfOpen,
    /// Calls are rejected until an operator says otherwise.
    ForcedOpen,
    /// Calls pass and nothing is judged, until an operator says otherwise.
    Disabled,
    /// Calls pass and are judged, but the verdict is only reported.
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

    /// The state's name in `snake_case`, as metrics and JSON show it.
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

    /// Whether only an operator leads out of this state.
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

/// A number that grows with each transition and each reset.
///
/// A permit carries the generation in which it was granted; an outcome from an earlier one is late
/// and decides nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Generation(u64);

impl Generation {
    /// The number itself.
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
