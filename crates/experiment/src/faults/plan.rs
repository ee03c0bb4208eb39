//! A fault plan as it is written: JSON or TOML, with defaults for all but what matters.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::LazyLock;
use std::time::Duration;

use schemars::JsonSchema;
use serde::de::{Deserializer, Error as _, MapAccess, Visitor};
use serde::{Deserialize, Serialize};

use super::{Phase, Rule};
use crate::law::Law;
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
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// The version of this format: 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<u32>,
    /// The seed of all chance in the plan.
    #[serde(default)]
    pub seed: u64,
    /// Whether the first phase follows the last; otherwise the last one stays.
    #[serde(default, rename = "loop")]
    pub repeats: bool,
    /// Callers whose truth is shown before they call.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub callers: Vec<String>,
    /// What every call meets.
    #[serde(default, skip_serializing_if = "Base::is_nothing")]
    pub base: Base,
    /// What happens when; without any, one phase that stays, if there is anything else.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub phases: Vec<Phase>,
    /// Faults by name. A rule that no phase names is always active.
    #[serde(
        default,
        skip_serializing_if = "BTreeMap::is_empty",
        deserialize_with = "each_once"
    )]
    pub rules: BTreeMap<String, Rule>,
    /// What happens when there is more work than can be done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub overload: Option<Overload>,
    /// Bounds on what faults may cost.
    #[serde(default, skip_serializing_if = "Limits::is_usual")]
    pub limits: Limits,
    /// An answer that takes longer than so many milliseconds counts as failed in the truth; 1000 for
    /// callers of whom `patience_ms` says nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deadline_ms: Option<u64>,
    /// How many milliseconds single callers wait for an answer: for them, one that takes longer has
    /// failed, whatever the deadline.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub patience_ms: BTreeMap<String, u64>,
    /// After this time the plan ends by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ttl_ms: Option<u64>,
}

/// What every call meets.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Base {
    /// How long every answer takes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delay: Option<Law>,
}

/// Bounds on what faults may cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// So many calls may be delayed, hanging or dribbling at once; further ones are spared.
    pub max_active_faults: u32,
    /// No call waits longer for its faults.
    pub max_hang_ms: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_active_faults: 10_000,
            max_hang_ms: 60_000,
        }
    }
}

impl Limits {
    fn is_usual(&self) -> bool {
        *self == Self::default()
    }
}

impl Base {
    fn is_nothing(&self) -> bool {
        self.delay.is_none()
    }
}

/// The one phase of a plan without any.
static STEADY: LazyLock<[Phase; 1]> = LazyLock::new(|| [Phase::quiet("steady")]);

/// The deadline where nothing is said, in milliseconds.
const DEADLINE_MS: u64 = 1000;

/// Reads rules of which none has the name of another; JSON would let the last one win.
fn each_once<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<BTreeMap<String, Rule>, D::Error> {
    struct Rules;

    impl<'de> Visitor<'de> for Rules {
        type Value = BTreeMap<String, Rule>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("rules by name")
        }

        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
            let mut rules = BTreeMap::new();
            while let Some(name) = map.next_key::<String>()? {
                let rule = map.next_value()?;
                if rules.insert(name.clone(), rule).is_some() {
                    return Err(A::Error::custom(format!(
                        "the rule `{name}` is there twice"
                    )));
                }
            }
            Ok(rules)
        }
    }

    deserializer.deserialize_map(Rules)
}

impl Plan {
    /// The default: healthy, failing in part, out, recovering and healthy again, in a loop.
    pub fn schedule(seed: u64) -> Self {
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
            ..Self::default()
        }
    }

    /// No faults at all.
    pub fn healthy() -> Self {
        Self {
            phases: vec![Phase::quiet("healthy")],
            ..Self::default()
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
        let plan: Self = parse_json(bytes)?;
        plan.check()?;
        Ok(plan)
    }

    /// Reads a plan from TOML and checks it; the message of an error names the line or the field.
    ///
    /// # Errors
    ///
    /// What is wrong, in one line.
    pub fn parse_toml(text: &str) -> Result<Self, String> {
        let plan: Self = parse_toml(text)?;
        plan.check()?;
        Ok(plan)
    }

    /// After how long an answer to `caller` has failed in the truth: when the deadline has passed or the
    /// caller waits no longer, whichever comes first.
    pub fn deadline_of(&self, caller: &str) -> Duration {
        let patience = self.patience_ms.get(caller).copied();
        let first = self.deadline_ms.into_iter().chain(patience).min();
        Duration::from_millis(first.unwrap_or(DEADLINE_MS))
    }

    /// Whether a rule has its time at `elapsed`: the phase names it, or none does.
    pub fn is_active(&self, rule: &str, elapsed: Duration) -> bool {
        let names = |phase: &Phase| phase.rules.iter().any(|name| name == rule);
        self.rules.contains_key(rule)
            && (names(self.at(elapsed).phase) || !self.phases.iter().any(names))
    }

    /// Learns how long callers wait, where the plan does not say it itself. A caller whose deadline does
    /// not change by that is not named.
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
        for (caller, patience) in waits {
            let millis = u64::try_from(patience.as_millis()).unwrap_or(u64::MAX);
            let millis = millis.clamp(1, super::check::MAX_HANG_MS);
            let matters = match self.deadline_ms {
                Some(deadline) => millis < deadline,
                None => millis != DEADLINE_MS,
            };
            if matters && !self.patience_ms.contains_key(caller) {
                self.patience_ms.insert(caller.to_owned(), millis);
            }
        }
    }

    /// The phases; there is at least one.
    pub(super) fn steps(&self) -> &[Phase] {
        if self.phases.is_empty() {
            &*STEADY
        } else {
            &self.phases
        }
    }

    /// Whether it says anything without phases.
    pub(super) fn speaks(&self) -> bool {
        !self.base.is_nothing() || !self.rules.is_empty() || self.overload.is_some()
    }

    pub(super) fn ttl(&self) -> Option<Duration> {
        self.ttl_ms.map(Duration::from_millis)
    }
}
