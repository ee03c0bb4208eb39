//! Gates: when a rule hits, and whether callers share their luck.
//!
//! Gates that draw per call hash the caller's n-th call. Gates that burst follow a trajectory of seed and
//! time ([`trajectory`](super::trajectory)), so an outage is the same whatever the load. `scope` says
//! whose luck or trajectory it is; `rho` mixes in the shared one: with this share of the time (of the
//! calls, for draws), a caller or shard follows it instead of its own. Each one's own failure rate stays
//! what it was, and two of them correlate by `rho` squared: this is the knob that makes breakers diverge
//! or move together. Between 0 and 1, stays in a state are cut where a caller changes over, so that their
//! lengths are mixtures and no more those of the plan.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::law::Law;

/// When a rule hits. At most one kind is given; without one, always.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Gate {
    /// Every call.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub always: Option<bool>,
    /// Each call with this probability.
    #[serde(
        skip_serializing_if = "Option::is_none",
        deserialize_with = "crate::values::optional_share"
    )]
    pub bernoulli: Option<f64>,
    /// Every n-th of each caller's matching calls, counted anew in every phase.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub every_nth: Option<u64>,
    /// The first n of each caller's matching calls, counted anew in every phase.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_n: Option<u64>,
    /// Good and bad times in turn (Gilbert, 1960; Elliott, 1963).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gilbert_elliott: Option<Bursts>,
    /// Any states with times of their own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub markov: Option<Markov>,
    /// Whose luck it is; each caller's by default. Only for gates that draw.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scope: Option<Scope>,
    /// The share in which the luck is everyone's, from 0 (the default) to 1. Only for gates that draw.
    #[serde(
        skip_serializing_if = "Option::is_none",
        deserialize_with = "crate::values::optional_share"
    )]
    pub rho: Option<f64>,
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

/// Good and bad times in turn, each without memory.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Bursts {
    /// The mean length of good times.
    pub good_mean_ms: f64,
    /// The mean length of bad times.
    pub bad_mean_ms: f64,
    /// How likely a call is hit in good times.
    #[serde(default, deserialize_with = "crate::values::share")]
    pub p_good: f64,
    /// How likely a call is hit in bad times.
    #[serde(default = "certain", deserialize_with = "crate::values::share")]
    pub p_bad: f64,
}

/// States with times of their own.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Markov {
    /// The states by name.
    pub states: BTreeMap<String, MarkovState>,
}

/// One state.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MarkovState {
    /// How long it lasts.
    pub dwell: Law,
    /// How likely a call is hit in it.
    #[serde(deserialize_with = "crate::values::share")]
    pub p: f64,
    /// Which state follows, each with its weight; any other by default.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub next: BTreeMap<String, f64>,
}

fn certain() -> f64 {
    1.0
}

/// The one kind that a gate is of.
#[derive(Clone, Copy, Debug)]
pub(super) enum Kind<'a> {
    Always,
    Bernoulli(f64),
    EveryNth(u64),
    FirstN(u64),
    Bursts(&'a Bursts),
    Markov(&'a Markov),
}

impl Gate {
    pub(super) fn is_default(&self) -> bool {
        *self == Self::default()
    }

    /// The kinds that are given.
    pub(super) fn kinds(&self) -> Vec<Kind<'_>> {
        let kinds = [
            self.always.map(|_| Kind::Always),
            self.bernoulli.map(Kind::Bernoulli),
            self.every_nth.map(Kind::EveryNth),
            self.first_n.map(Kind::FirstN),
            self.gilbert_elliott.as_ref().map(Kind::Bursts),
            self.markov.as_ref().map(Kind::Markov),
        ];
        kinds.into_iter().flatten().collect()
    }

    pub(super) fn scope(&self) -> Scope {
        self.scope.unwrap_or_default()
    }

    pub(super) fn rho(&self) -> f64 {
        self.rho.unwrap_or(0.0)
    }

    /// Whether it counts calls, so that it cannot be shared without depending on their interleaving.
    pub(super) fn counts(&self) -> bool {
        self.every_nth.is_some() || self.first_n.is_some()
    }
}
