//! A valid fault plan: checked once, and correct from then on.

use std::collections::BTreeMap;
use std::sync::LazyLock;
use std::time::Duration;

use serde::{Serialize, Serializer};

use super::written::WrittenPlan;
use super::{Base, FaultPhase, FaultRule, Limits};
use crate::overload::Overload;
use crate::reading::{bytes_without_mark, parse_json, parse_toml};

/// Phases one after another, rules, and the seed of their chance.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use experiment::faults::Plan;
///
/// let plan = Plan::parse(br#"{
///     "seed": 42,
///     "phases": [{"name": "calm", "for_ms": 1000}, {"name": "a-only", "rules": ["link-a"]}],
///     "rules": {"link-a": {"match": {"caller": "A"}, "gate": {"bernoulli": 0.6},
///                          "effects": [{"status": {"code": 503}}]}}
/// }"#).unwrap();
///
/// let later = Duration::from_secs(2);
/// assert_eq!(plan.truth("A", Duration::ZERO), 0.0);
/// assert_eq!(plan.truth("A", later), 0.6);
/// assert_eq!(plan.truth("B", later), 0.0);
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// The plan as it was written; keys that exclude each other or refer to other parts are below.
    pub(super) written: WrittenPlan,
    pub(super) rules: BTreeMap<String, FaultRule>,
    pub(super) overload: Option<Overload>,
}

/// The one phase of a plan without any.
static STEADY: LazyLock<[FaultPhase; 1]> = LazyLock::new(|| [FaultPhase::quiet("steady")]);

impl Plan {
    /// Returns the default plan: healthy, partly failing, down, recovering and healthy again, in a loop.
    pub fn schedule(seed: u64) -> Self {
        let phase = |name: &str, seconds: u64, failure_ratio, hang_ratio| FaultPhase {
            for_ms: Some(seconds * 1000),
            failure_ratio,
            hang_ratio,
            latency_ms: 4,
            latency_jitter_ms: 8,
            ..FaultPhase::quiet(name)
        };
        Self::of_phases(WrittenPlan {
            seed,
            repeats: true,
            phases: vec![
                phase("healthy", 6, 0.0, 0.0),
                phase("partial failure", 14, 0.35, 0.0),
                phase("outage", 8, 0.9, 0.1),
                phase("flaky recovery", 10, 0.25, 0.0),
                phase("healthy again", 7, 0.0, 0.0),
            ],
            ..WrittenPlan::default()
        })
    }

    /// Returns a plan without faults.
    pub fn healthy() -> Self {
        Self::of_phases(WrittenPlan {
            phases: vec![FaultPhase::quiet("healthy")],
            ..WrittenPlan::default()
        })
    }

    /// A built-in plan, which has neither rules nor an overload model.
    fn of_phases(written: WrittenPlan) -> Self {
        Self {
            written,
            rules: BTreeMap::new(),
            overload: None,
        }
    }

    /// Reads a plan from JSON and checks it; the message of an error names the field.
    ///
    /// # Errors
    ///
    /// What is wrong, in one line.
    pub fn parse(bytes: &[u8]) -> Result<Self, String> {
        // A struct can be read from a list of its fields, which nobody means.
        if bytes_without_mark(bytes)
            .trim_ascii_start()
            .starts_with(b"[")
        {
            return Err("invalid type: sequence, expected struct Plan".to_owned());
        }
        let written: WrittenPlan = parse_json(bytes)?;
        written.try_into()
    }

    /// Reads a plan from TOML and checks it; the message of an error names the line or the field.
    ///
    /// # Errors
    ///
    /// What is wrong, in one line.
    pub fn parse_toml(text: &str) -> Result<Self, String> {
        let written: WrittenPlan = parse_toml(text)?;
        written.try_into()
    }

    /// Returns after how long an answer to `caller` counts as failed in the truth: the plan's deadline or the
    /// caller's timeout, whichever comes first.
    pub fn deadline_of(&self, caller: &str) -> Duration {
        self.written.deadline_of(caller)
    }

    /// Returns whether a rule is active at `elapsed`: the present phase names it, or no phase does.
    pub fn is_active(&self, rule: &str, elapsed: Duration) -> bool {
        let names = |phase: &FaultPhase| phase.rules.iter().any(|name| name == rule);
        self.rules.contains_key(rule)
            && (names(self.at(elapsed).phase) || !self.written.phases.iter().any(names))
    }

    /// Learns how long callers wait, where the plan does not say so itself. A caller whose deadline does not change
    /// by that is not named.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    /// use experiment::faults::Plan;
    ///
    /// let mut plan = Plan::parse(br#"{"base": {"delay": {"fixed": {"ms": 200}}}}"#).unwrap();
    /// plan.learn_patience([("A", Duration::from_secs(1)), ("B", Duration::from_millis(100))]);
    ///
    /// assert_eq!(plan.truth("A", Duration::ZERO), 0.0);
    /// assert_eq!(plan.truth("B", Duration::ZERO), 1.0);
    /// ```
    pub fn learn_patience<'a>(&mut self, waits: impl IntoIterator<Item = (&'a str, Duration)>) {
        self.written.learn_patience(waits);
    }

    /// Returns the phases as they are written; there is at least one.
    pub fn steps(&self) -> &[FaultPhase] {
        if self.written.phases.is_empty() {
            &*STEADY
        } else {
            &self.written.phases
        }
    }

    /// Returns the plan's time to live, counted from its start or from the last change of that time.
    pub fn ttl(&self) -> Option<Duration> {
        self.written.ttl_ms.map(Duration::from_millis)
    }

    /// Returns the seed of all randomness in the plan.
    pub fn seed(&self) -> u64 {
        self.written.seed
    }

    /// Returns the same plan with another seed.
    pub fn with_seed(mut self, seed: u64) -> Self {
        self.written.seed = seed;
        self
    }

    /// Returns whether the first phase follows the last; otherwise the last one stays.
    pub fn repeats(&self) -> bool {
        self.written.repeats
    }

    /// Returns the callers whose truth is shown before they call.
    pub fn callers(&self) -> &[String] {
        &self.written.callers
    }

    /// Returns what every call meets.
    pub fn base(&self) -> &Base {
        &self.written.base
    }

    /// Returns the bounds on the cost of faults.
    pub fn limits(&self) -> Limits {
        self.written.limits
    }

    /// Returns the rules by name.
    pub fn rules(&self) -> &BTreeMap<String, FaultRule> {
        &self.rules
    }

    /// Returns the overload model, if there is one.
    pub fn overload(&self) -> Option<&Overload> {
        self.overload.as_ref()
    }

    /// Returns the plan as it is written.
    pub fn written(&self) -> &WrittenPlan {
        &self.written
    }
}

impl Serialize for Plan {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.written.serialize(serializer)
    }
}
