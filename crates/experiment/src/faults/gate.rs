//! The gate of a rule, which decides which of the calls that the rule matches it hits, and whether callers share
//! luck.
//!
//! Gates that draw per call hash the number of the caller's call. Gates that burst follow a trajectory of seed and
//! time ([`trajectory`](super::trajectory)), so an outage is the same whatever the load. `scope` says whose luck or
//! trajectory it is; `rho` mixes in the shared one: for this share of the time (of the calls, for draws), a caller or
//! shard follows the shared luck instead of its own. Each one's failure rate stays the same, and the correlation of
//! two of them is `rho` squared. This parameter makes breakers diverge or move together. With `rho` between 0 and 1,
//! a stay in a state is cut where a caller changes over, so the lengths of stays are mixtures and no longer those of
//! the plan.

use std::num::NonZeroU32;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::trajectory::GateProcess;

/// When a rule hits.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum FaultGate {
    /// Every call.
    Always,
    /// Each call with the same probability.
    Bernoulli {
        /// How likely.
        p: f64,
        /// Whose luck it is.
        luck: SharedLuck,
    },
    /// Every n-th of each caller's matching calls, counted anew in every phase.
    EveryNth(NonZeroU32),
    /// The first n of each caller's matching calls, counted anew in every phase.
    FirstN(NonZeroU32),
    /// As likely as the state says that a process is in.
    Process {
        /// The process.
        process: GateProcess,
        /// Whose process it is.
        luck: SharedLuck,
    },
}

/// Whose luck a gate draws, and how much of it is everyone's.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct SharedLuck {
    pub(super) scope: Scope,
    pub(super) rho: f64,
}

/// Whose luck it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// Everyone's.
    Shared,
    /// Each caller's own.
    #[default]
    Caller,
    /// Each shard's own.
    Shard,
}

impl SharedLuck {
    /// Whose luck it is.
    pub fn scope(self) -> Scope {
        self.scope
    }

    /// The share in which the luck is everyone's, from 0 to 1.
    pub fn rho(self) -> f64 {
        self.rho
    }
}

impl FaultGate {
    /// Whose luck it is; each caller's where none is drawn.
    pub fn luck(&self) -> SharedLuck {
        match self {
            Self::Bernoulli { luck, .. } | Self::Process { luck, .. } => *luck,
            Self::Always | Self::EveryNth(_) | Self::FirstN(_) => SharedLuck::default(),
        }
    }

    pub(super) fn scope(&self) -> Scope {
        self.luck().scope
    }

    /// Whether it counts calls, so that it cannot be shared without depending on their interleaving.
    pub(super) fn counts(&self) -> bool {
        matches!(self, Self::EveryNth(_) | Self::FirstN(_))
    }
}
