//! The phases of the machine: each state with exactly its own data, such as how far the probes have
//! come.

use std::time::Duration;

use super::calm::Calm;
use super::hold::{Hold, Lease, Turn};
use crate::config::ProbeVerdict;
use crate::opener::Opener;
use crate::ramp::Ramp;
use crate::state::State;

/// A state with exactly its own data.
#[derive(Clone, Copy, Debug)]
pub(super) enum Phase {
    Closed {
        ramp: Option<Ramp>,
        calm: Calm,
    },
    Open {
        until: Duration,
        opener: Opener,
    },
    HalfOpen(Trial),
    /// Open because the fleet says so, with no end set.
    Held(Hold),
    /// Half-open for one call, on a lease of the fleet.
    Leased(Lease),
    /// Open until its turn to close comes.
    Turn(Turn),
    ForcedOpen,
    Disabled,
    MetricsOnly {
        reported: bool,
    },
}

/// How far the probes of one half-open period have come.
#[derive(Clone, Copy, Debug)]
pub(super) struct Trial {
    pub(super) deadline: Option<Duration>,
    pub(super) in_flight: u32,
    pub(super) good: u32,
    pub(super) bad: u32,
}

impl Phase {
    /// Closed with no ramp and no calm yet.
    pub(super) fn closed(now: Duration) -> Self {
        Self::Closed {
            ramp: None,
            calm: Calm::beginning(now),
        }
    }

    pub(super) fn state(&self) -> State {
        match self {
            Self::Closed { .. } => State::Closed,
            Self::Open { .. } | Self::Held(_) | Self::Turn(_) => State::Open,
            Self::HalfOpen(_) | Self::Leased(_) => State::HalfOpen,
            Self::ForcedOpen => State::ForcedOpen,
            Self::Disabled => State::Disabled,
            Self::MetricsOnly { .. } => State::MetricsOnly,
        }
    }

    /// The time at which the phase ends, if any.
    pub(super) fn deadline(&self) -> Option<Duration> {
        match self {
            Self::Open { until, .. }
            | Self::Leased(Lease { until, .. })
            | Self::Turn(Turn { until, .. }) => Some(*until),
            Self::HalfOpen(trial) => trial.deadline,
            Self::Closed { .. }
            | Self::Held(_)
            | Self::ForcedOpen
            | Self::Disabled
            | Self::MetricsOnly { .. } => None,
        }
    }

    pub(super) fn probes_in_flight(&self) -> u32 {
        match self {
            Self::HalfOpen(trial) => trial.in_flight,
            Self::Leased(lease) => lease.taken.into(),
            Self::Closed { .. }
            | Self::Open { .. }
            | Self::Held(_)
            | Self::Turn(_)
            | Self::ForcedOpen
            | Self::Disabled
            | Self::MetricsOnly { .. } => 0,
        }
    }
}

/// What the probes say so far.
pub(super) enum Progress {
    Undecided,
    Recovered,
    Failing,
}

impl Trial {
    pub(super) fn progress(self, rule: ProbeVerdict) -> Progress {
        match rule {
            ProbeVerdict::Count { failures, .. } if self.bad >= failures => Progress::Failing,
            ProbeVerdict::Count { successes, .. } if self.good >= successes => Progress::Recovered,
            ProbeVerdict::Ratio { trial, .. } if self.good + self.bad < trial => {
                Progress::Undecided
            }
            ProbeVerdict::Ratio {
                failure_rate_threshold,
                ..
            } => {
                // As many as the trial asks for now, or asked for at the start if that was more.
                let probes = u64::from(self.good) + u64::from(self.bad);
                if failure_rate_threshold.is_reached_by(self.bad.into(), probes) {
                    Progress::Failing
                } else {
                    Progress::Recovered
                }
            }
            ProbeVerdict::Count { .. } => Progress::Undecided,
        }
    }

    /// The probes without which no verdict can be reached, those in flight included.
    pub(super) fn still_needed(self, rule: ProbeVerdict) -> u32 {
        match rule {
            ProbeVerdict::Count { successes, .. } => successes.saturating_sub(self.good),
            ProbeVerdict::Ratio { trial, .. } => trial.saturating_sub(self.good + self.bad),
        }
    }
}
