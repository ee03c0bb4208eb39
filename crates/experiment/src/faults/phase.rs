//! A phase of a plan: what happens to calls for a while.

use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::chance::{Draw, name_hash};

const LENGTH: u64 = name_hash("phase length");

/// What happens to calls for a while.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename = "Phase", deny_unknown_fields)]
pub struct FaultPhase {
    /// What it is called.
    pub name: String,
    /// Milliseconds; the last phase of a plan that does not loop may leave it out and stay.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub for_ms: Option<u64>,
    /// The phase lasts up to so many milliseconds longer, evenly distributed: drawn once for each seed, and the same
    /// in every round of a loop.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub for_jitter_ms: u64,
    /// The share of calls that are answered with `failure_status`.
    #[serde(default, deserialize_with = "crate::values::share")]
    pub failure_ratio: f64,
    /// The share of calls that get no answer for `hang_ms`.
    #[serde(default, deserialize_with = "crate::values::share")]
    pub hang_ratio: f64,
    /// How long such a call gets no answer.
    #[serde(default = "default_hang_ms")]
    pub hang_ms: u64,
    /// The status of failures.
    #[serde(default = "default_failure_status")]
    pub failure_status: u16,
    /// The `Retry-After` header of failures, in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after_s: Option<u32>,
    /// Every answer takes this long, plus up to `latency_jitter_ms`, evenly distributed.
    #[serde(default)]
    pub latency_ms: u64,
    /// See `latency_ms`.
    #[serde(default)]
    pub latency_jitter_ms: u64,
    /// The rules that are active; rules that no phase names are always active.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rules: Vec<String>,
    /// Over this time the faults of the phase grow from none to all that it says.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub ramp_ms: u64,
    /// How much longer the work of an overload model takes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service_factor: Option<f64>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde wants a reference")]
fn is_zero(millis: &u64) -> bool {
    *millis == 0
}

fn default_hang_ms() -> u64 {
    30_000
}

fn default_failure_status() -> u16 {
    500
}

impl FaultPhase {
    pub(super) fn quiet(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            for_ms: None,
            for_jitter_ms: 0,
            failure_ratio: 0.0,
            hang_ratio: 0.0,
            hang_ms: default_hang_ms(),
            failure_status: default_failure_status(),
            retry_after_s: None,
            latency_ms: 0,
            latency_jitter_ms: 0,
            rules: Vec::new(),
            ramp_ms: 0,
            service_factor: None,
        }
    }

    /// The share of calls that the phase itself fails or hangs, rules aside.
    pub fn failing_share(&self) -> f64 {
        self.failure_ratio + self.hang_ratio
    }

    /// How long it lasts, if it ends, in a plan with this seed where it has this place.
    pub(super) fn length(&self, seed: u64, place: usize) -> Option<Duration> {
        let least = Duration::from_millis(self.for_ms?);
        if self.for_jitter_ms == 0 {
            return Some(least);
        }
        let draw = Draw::new(seed).number(LENGTH).number(place as u64);
        let more = Duration::from_millis(self.for_jitter_ms).mul_f64(draw.share());
        // Whole milliseconds, as everything that a phase says.
        let millis = u64::try_from((least + more).as_millis()).unwrap_or(u64::MAX);
        Some(Duration::from_millis(millis))
    }

    /// Whether it does anything to calls or to the work of an overload model.
    pub(super) fn does_anything(&self) -> bool {
        self.failing_share() > 0.0
            || self.latency_ms + self.latency_jitter_ms > 0
            || !self.rules.is_empty()
            || self.service_factor.is_some()
    }
}
