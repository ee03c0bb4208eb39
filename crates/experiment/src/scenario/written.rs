//! The written form of a scenario: its file, key by key, before the parts are checked against each other.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::clock_step::ClockStepped;
use super::coordination::Coordination;
use super::engine::WrittenEngine;
use super::network::WrittenNetwork;
use crate::breaker_settings::BreakerSettings;
use crate::expectation::Expectation;
use crate::faults::WrittenPlan;
use crate::fleet::UNHEALTHY_AT;
use crate::load::WrittenProfile;
use crate::policy::Policy;
use crate::values::Span;

/// A scenario as it is written. [`Scenario`](super::Scenario) is made from it by `try_from`, which refuses
/// contradictions.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Written {
    /// What it shows, in one line.
    pub title: String,
    /// The seed of all randomness; repetitions take the numbers that follow.
    #[serde(default = "one", deserialize_with = "super::seed::read")]
    pub seed: u64,
    /// How long requests are planned, from 100 ms to a day.
    pub duration: Span,
    /// The probability of failure from which on the downstream counts as unhealthy (0 < p ≤ 1); 0.5 by default.
    #[serde(default = "unhealthy_at", deserialize_with = "crate::values::share")]
    pub unhealthy_at: f64,
    /// The expectations at the end.
    #[serde(default)]
    pub expectations: Vec<Expectation>,
    /// The instances.
    #[serde(default)]
    pub fleet: Fleet,
    /// The breakers of all instances.
    #[serde(default)]
    pub breaker: BreakerSettings,
    /// What decides whether a call goes to the downstream; the breakers by default.
    #[serde(default, skip_serializing_if = "is_default")]
    pub policy: Policy,
    /// The deviations of single instances.
    #[serde(default)]
    pub instance: BTreeMap<String, InstanceSettings>,
    /// The load.
    #[serde(default)]
    pub load: WrittenProfile,
    /// The faults.
    pub faults: WrittenPlan,
    /// Coordination: what instances tell each other.
    #[serde(default)]
    pub coordination: Coordination,
    /// The network between them and the engine.
    #[serde(default, skip_serializing_if = "is_default")]
    pub network: WrittenNetwork,
    /// The engine.
    #[serde(default, skip_serializing_if = "is_default")]
    pub engine: WrittenEngine,
}

/// The instances of a scenario, as they are written: their number, or their names.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Fleet {
    /// Their number; they are called A, B, C, i4, i5 and so on. 3 by default.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub size: Option<usize>,
    /// Their names, instead of a number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub instances: Option<Vec<String>>,
    /// How long they wait for the downstream; 1s by default.
    pub call_timeout: Span,
    /// Whether their breakers judge; `auto` by default.
    pub mode: Mode,
}

/// The deviations of one instance.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct InstanceSettings {
    /// How long it waits for the downstream.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub call_timeout: Option<Span>,
    /// Whether its breaker judges.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mode: Option<Mode>,
    /// When its process stands still, as in a long garbage collection.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub pause: Vec<Interrupted>,
    /// When its process ends, and another one begins that knows nothing.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub restart: Vec<Restarted>,
    /// When the clock that its coordination reads steps.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub clock_step: Vec<ClockStepped>,
    /// When it is taken out of the fleet in an orderly way: from then on clients call the others.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub leaves_at: Option<Span>,
    /// Its breaker.
    pub breaker: BreakerSettings,
}

/// When an instance does not work, as it is written: `[[instance.A.pause]] at = "10s", for = "2s"`.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Interrupted {
    /// When it begins, from the start of the run.
    pub at: Span,
    /// How long it lasts.
    pub r#for: Span,
}

/// When an instance's process ends and another one begins, as it is written.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Restarted {
    /// When it ends, from the start of the run.
    pub at: Span,
    /// How long there is no process.
    pub r#for: Span,
    /// Whether it leaves the fleet first, as in an orderly shutdown; otherwise it is killed.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub leaves: bool,
}

/// Whether a breaker judges, or an operator has decided.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// The breaker judges.
    #[default]
    Auto,
    /// All calls pass and nothing is judged: a fleet without breakers.
    Disabled,
    /// All calls pass and are judged; the verdict is only reported.
    MetricsOnly,
    /// No call passes.
    ForcedOpen,
}

impl Interrupted {
    /// When it is over.
    pub(super) fn until(self) -> Duration {
        self.at.0.saturating_add(self.r#for.0)
    }
}

impl From<Restarted> for Interrupted {
    fn from(restart: Restarted) -> Self {
        Self {
            at: restart.at,
            r#for: restart.r#for,
        }
    }
}

impl Default for Fleet {
    fn default() -> Self {
        Self {
            size: None,
            instances: None,
            call_timeout: Span(Duration::from_secs(1)),
            mode: Mode::default(),
        }
    }
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

fn one() -> u64 {
    1
}

fn unhealthy_at() -> f64 {
    UNHEALTHY_AT
}
