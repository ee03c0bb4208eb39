//! Which faults are active when, and whom do they hit? A pure function of seed and time.
//!
//! Each call's luck is a hash of seed, caller and the caller's n-th call, so the same seed gives
//! the same faults to each caller however the calls interleave.

use std::time::Duration;

use rand::rngs::Xoshiro256PlusPlus;
use rand::{RngExt, SeedableRng};
use serde::{Deserialize, Serialize};

use experiment::reading::parse_json;

/// Phases that a plan may have.
const MAX_PHASES: usize = 64;
/// The longest phase: a day.
const MAX_PHASE_MS: u64 = 24 * 60 * 60 * 1000;
/// The longest delay of one answer.
const MAX_DELAY_MS: u64 = 60_000;

/// Phases one after another, with the seed of their chance.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Plan {
    /// The seed of all chance in the plan.
    #[serde(default)]
    seed: u64,
    /// Whether the first phase follows the last; otherwise the last one stays.
    #[serde(default, rename = "loop")]
    repeats: bool,
    phases: Vec<Phase>,
}

/// What happens to calls for a while.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Phase {
    name: String,
    /// Milliseconds; the last phase of a plan that does not loop may leave it out and stay.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    for_ms: Option<u64>,
    /// The share of calls that are answered with `failure_status`.
    #[serde(default)]
    failure_ratio: f64,
    /// The share of calls that get no answer for `hang_ms`.
    #[serde(default)]
    hang_ratio: f64,
    #[serde(default = "default_hang_ms")]
    hang_ms: u64,
    #[serde(default = "default_failure_status")]
    failure_status: u16,
    /// The `Retry-After` header of failures, in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    retry_after_s: Option<u32>,
    /// Every answer takes this long, plus up to `latency_jitter_ms`, evenly distributed.
    #[serde(default)]
    latency_ms: u64,
    #[serde(default)]
    latency_jitter_ms: u64,
}

fn default_hang_ms() -> u64 {
    30_000
}

fn default_failure_status() -> u16 {
    500
}

/// Where a plan is at an instant.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Moment<'a> {
    pub(crate) phase: &'a Phase,
    /// The time left of the phase, if it ends.
    pub(crate) remaining: Option<Duration>,
}

/// What one call will meet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Fate {
    pub(crate) delay: Duration,
    pub(crate) effect: Effect,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Effect {
    Success,
    Failure {
        status: u16,
        retry_after_s: Option<u32>,
    },
    Hang,
}

impl Effect {
    /// Its name in `snake_case`, as metrics and traces show it.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::Failure { .. } => "failure",
            Self::Hang => "hang",
        }
    }
}

impl Plan {
    /// The default: healthy, failing in part, out, recovering and healthy again, in a loop.
    pub(crate) fn schedule(seed: u64) -> Self {
        let phase = |name: &str, seconds: u64, failure_ratio, hang_ratio| Phase {
            for_ms: Some(seconds * 1000),
            failure_ratio,
            hang_ratio,
            latency_ms: 4,
            latency_jitter_ms: 8,
            ..Phase::quiet(name)
        };
        Self {
            seed,
            repeats: true,
            phases: vec![
                phase("healthy", 6, 0.0, 0.0),
                phase("partial failure", 14, 0.35, 0.0),
                phase("outage", 8, 0.9, 0.1),
                phase("flaky recovery", 10, 0.25, 0.0),
                phase("healthy again", 7, 0.0, 0.0),
            ],
        }
    }

    /// No faults at all.
    pub(crate) fn healthy() -> Self {
        Self {
            seed: 0,
            repeats: false,
            phases: vec![Phase::quiet("healthy")],
        }
    }

    /// Reads a plan from JSON and checks it; the message of an error names the field.
    pub(crate) fn parse(bytes: &[u8]) -> Result<Self, String> {
        let plan: Self = parse_json(bytes)?;
        plan.check()?;
        Ok(plan)
    }

    /// Checks what the types do not say.
    pub(crate) fn check(&self) -> Result<(), String> {
        if !(1..=MAX_PHASES).contains(&self.phases.len()) {
            let count = self.phases.len();
            return Err(format!(
                "phases: {count} are not allowed: from 1 to {MAX_PHASES}"
            ));
        }
        let last = self.phases.len() - 1;
        for (place, phase) in self.phases.iter().enumerate() {
            let stays = place == last && !self.repeats;
            phase
                .check(stays)
                .map_err(|what| format!("phases[{place}].{what}"))?;
        }
        Ok(())
    }

    /// Where the plan is after `elapsed`.
    pub(crate) fn at(&self, elapsed: Duration) -> Moment<'_> {
        let mut left = self.within(elapsed);
        for phase in &self.phases {
            match phase.length() {
                Some(length) if left >= length => left -= length,
                length => {
                    return Moment {
                        phase,
                        remaining: length.map(|length| length.saturating_sub(left)),
                    };
                }
            }
        }
        let phase = self.phases.last().expect("a checked plan has a phase");
        Moment {
            phase,
            remaining: None,
        }
    }

    /// `elapsed` within the present round of a plan that loops.
    fn within(&self, elapsed: Duration) -> Duration {
        let round: Option<Duration> = self.phases.iter().map(Phase::length).sum();
        match round {
            Some(round) if self.repeats && !round.is_zero() => {
                let nanos = elapsed.as_nanos() % round.as_nanos();
                Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
            }
            _ => elapsed,
        }
    }

    /// What the `call`-th call of `caller` meets in `phase`.
    pub(crate) fn fate(&self, phase: &Phase, caller: &str, call: u64) -> Fate {
        let mut chance = Xoshiro256PlusPlus::seed_from_u64(mix(self.seed, caller, call));
        let luck: f64 = chance.random();
        let jitter: f64 = chance.random();
        let delay = Duration::from_millis(phase.latency_ms)
            + Duration::from_millis(phase.latency_jitter_ms).mul_f64(jitter);
        let effect = if luck < phase.failure_ratio {
            Effect::Failure {
                status: phase.failure_status,
                retry_after_s: phase.retry_after_s,
            }
        } else if luck < phase.failure_ratio + phase.hang_ratio {
            return Fate {
                delay: Duration::from_millis(phase.hang_ms),
                effect: Effect::Hang,
            };
        } else {
            Effect::Success
        };
        Fate { delay, effect }
    }
}

impl Phase {
    fn quiet(name: &str) -> Self {
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
        }
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// The share of calls that do not get what they want.
    pub(crate) fn failing_share(&self) -> f64 {
        self.failure_ratio + self.hang_ratio
    }

    fn length(&self) -> Option<Duration> {
        self.for_ms.map(Duration::from_millis)
    }

    fn check(&self, stays: bool) -> Result<(), String> {
        let share = |share: f64| (0.0..=1.0).contains(&share);
        let name = &self.name;
        if !(1..=64).contains(&name.chars().count()) || name.chars().any(char::is_control) {
            return Err("name: it must have 1 to 64 printable characters".into());
        }
        match self.for_ms {
            None if !stays => {
                return Err("for_ms: only the last phase of a plan without loop may stay".into());
            }
            Some(millis) if !(1..=MAX_PHASE_MS).contains(&millis) => {
                return Err(format!(
                    "for_ms: {millis} is not allowed: from 1 to {MAX_PHASE_MS}"
                ));
            }
            _ => {}
        }
        for (field, value) in [
            ("failure_ratio", self.failure_ratio),
            ("hang_ratio", self.hang_ratio),
        ] {
            if !share(value) {
                return Err(format!("{field}: {value} is not allowed: from 0 to 1"));
            }
        }
        if !share(self.failing_share()) {
            return Err("hang_ratio: it may not exceed 1 together with failure_ratio".into());
        }
        if !(500..=599).contains(&self.failure_status) {
            let status = self.failure_status;
            return Err(format!(
                "failure_status: {status} is not allowed: from 500 to 599"
            ));
        }
        for (field, value) in [
            ("hang_ms", self.hang_ms),
            ("latency_ms", self.latency_ms),
            ("latency_jitter_ms", self.latency_jitter_ms),
        ] {
            if value > MAX_DELAY_MS {
                return Err(format!(
                    "{field}: {value} is not allowed: up to {MAX_DELAY_MS}"
                ));
            }
        }
        Ok(())
    }
}

/// One seed of everything that makes a call unique: FNV-1a over the caller, spread by the
/// finaliser of splitmix64 (Steele, Lea and Flood, 2014).
fn mix(seed: u64, caller: &str, call: u64) -> u64 {
    let name = caller
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
    let mut z = seed
        .wrapping_add(name)
        .wrapping_add(call.wrapping_mul(0x9e37_79b9_7f4a_7c15));
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests;
