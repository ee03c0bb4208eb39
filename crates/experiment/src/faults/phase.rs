//! Phases: what happens for a while, and where a plan is at an instant.

use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Plan;

/// Windows that one list may have.
const MAX_WINDOWS: usize = 10_000;

/// What happens to calls for a while.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename = "Phase", deny_unknown_fields)]
pub struct FaultPhase {
    /// What it is called.
    pub name: String,
    /// Milliseconds; the last phase of a plan that does not loop may leave it out and stay.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub for_ms: Option<u64>,
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

/// Where a plan is at an instant.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Moment<'a> {
    /// The phase.
    pub phase: &'a FaultPhase,
    /// How many phases have ended before: tells the rounds of a loop apart.
    pub ordinal: u64,
    /// The time since the phase began.
    pub since: Duration,
    /// The time left of the phase, if it ends.
    pub remaining: Option<Duration>,
}

/// When a phase is in force.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PhaseWindow {
    /// The phase.
    pub name: String,
    /// When it begins, on the plan's clock.
    pub start: Duration,
    /// When it ends, at most the end of what was asked for.
    pub end: Duration,
}

impl Plan {
    /// Where the plan is after `elapsed`.
    ///
    /// # Panics
    ///
    /// Never: there is always a phase.
    pub fn at(&self, elapsed: Duration) -> Moment<'_> {
        let (rounds, mut since) = self.within(elapsed);
        let mut ordinal = rounds * self.steps().len() as u64;
        for phase in self.steps() {
            match phase.length() {
                Some(length) if since >= length => {
                    since -= length;
                    ordinal += 1;
                }
                length => {
                    return Moment {
                        phase,
                        ordinal,
                        since,
                        remaining: length.map(|length| length.saturating_sub(since)),
                    };
                }
            }
        }
        let phase = self.steps().last().expect("there is always a phase");
        // The last phase stays, though it has a length: it is still the same one.
        Moment {
            phase,
            ordinal: ordinal.saturating_sub(1),
            since: since + phase.length().unwrap_or_default(),
            remaining: None,
        }
    }

    /// The phases from the start until `until`, loops unrolled, up to 10,000 of them.
    pub fn phases(&self, until: Duration) -> Vec<PhaseWindow> {
        let mut windows = Vec::new();
        let mut start = Duration::ZERO;
        while start < until && windows.len() < MAX_WINDOWS {
            let moment = self.at(start);
            let end = moment.remaining.map_or(until, |left| start + left);
            windows.push(PhaseWindow {
                name: moment.phase.name.clone(),
                start,
                end: end.min(until),
            });
            start = end;
        }
        windows
    }

    /// The present round of a plan that loops, and how much of it has gone.
    fn within(&self, elapsed: Duration) -> (u64, Duration) {
        let round: Option<Duration> = self.steps().iter().map(FaultPhase::length).sum();
        match round {
            Some(round) if self.written.repeats && !round.is_zero() => {
                let rounds = elapsed.as_nanos() / round.as_nanos();
                let nanos = elapsed.as_nanos() % round.as_nanos();
                let short = |number: u128| u64::try_from(number).unwrap_or(u64::MAX);
                (
                    short(rounds) % (u64::MAX / 128),
                    Duration::from_nanos(short(nanos)),
                )
            }
            _ => (0, elapsed),
        }
    }
}

impl Moment<'_> {
    /// How much of its faults the phase has reached, from 0 to 1.
    pub(super) fn ramp(&self) -> f64 {
        if self.phase.ramp_ms == 0 {
            return 1.0;
        }
        let whole = Duration::from_millis(self.phase.ramp_ms);
        (self.since.as_secs_f64() / whole.as_secs_f64()).min(1.0)
    }

    /// How much longer the work of an overload model takes now.
    pub fn service_factor(&self) -> f64 {
        let factor = self.phase.service_factor.unwrap_or(1.0);
        1.0 + (factor - 1.0) * self.ramp()
    }
}

impl FaultPhase {
    pub(super) fn quiet(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            for_ms: None,
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

    pub(super) fn length(&self) -> Option<Duration> {
        self.for_ms.map(Duration::from_millis)
    }
}
