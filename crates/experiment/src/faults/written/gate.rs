//! A gate as it is written: one key per kind, at most one of which is present.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::faults::Scope;
use crate::law::Law;

/// When a rule hits. At most one kind is given; without one, always.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename = "Gate", default, deny_unknown_fields)]
pub struct WrittenGate {
    /// Every call.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::faults) always: Option<bool>,
    /// Each call with this probability.
    #[serde(
        skip_serializing_if = "Option::is_none",
        deserialize_with = "crate::values::optional_share"
    )]
    pub(in crate::faults) bernoulli: Option<f64>,
    /// Every n-th of each caller's matching calls, counted anew in every phase.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::faults) every_nth: Option<u64>,
    /// The first n of each caller's matching calls, counted anew in every phase.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::faults) first_n: Option<u64>,
    /// Good and bad times in turn (Gilbert, 1960; Elliott, 1963).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::faults) gilbert_elliott: Option<Bursts>,
    /// Any states with times of their own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::faults) markov: Option<Markov>,
    /// Whose luck it is; each caller's by default. Only for gates that draw.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::faults) scope: Option<Scope>,
    /// The share in which the luck is everyone's, from 0 (the default) to 1. Only for gates that draw.
    #[serde(
        skip_serializing_if = "Option::is_none",
        deserialize_with = "crate::values::optional_share"
    )]
    pub(in crate::faults) rho: Option<f64>,
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

impl WrittenGate {
    pub(super) fn is_default(&self) -> bool {
        *self == Self::default()
    }

    /// All kinds, each with whether it is given.
    pub(in crate::faults) fn kinds(&self) -> [(&'static str, bool); 6] {
        [
            ("always", self.always.is_some()),
            ("bernoulli", self.bernoulli.is_some()),
            ("every_nth", self.every_nth.is_some()),
            ("first_n", self.first_n.is_some()),
            ("gilbert_elliott", self.gilbert_elliott.is_some()),
            ("markov", self.markov.is_some()),
        ]
    }
}
