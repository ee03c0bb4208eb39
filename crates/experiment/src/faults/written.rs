//! A fault plan as it is written: JSON or TOML, with defaults for everything but the essentials.
//!
//! Only the types of the format are checked here. A [`Plan`](super::Plan) is made of a written plan that is valid.

mod effect;
mod gate;

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use schemars::JsonSchema;
use serde::de::{Deserializer, Error as _, MapAccess, Visitor};
use serde::{Deserialize, Serialize};

pub use effect::WrittenEffect;
pub use gate::{Bursts, Markov, MarkovState, WrittenGate};

use super::{FaultPhase, Match};
use crate::law::Law;
use crate::overload::WrittenOverload;

/// Phases one after another, rules, and the seed of their chance.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename = "Plan", deny_unknown_fields)]
pub struct WrittenPlan {
    /// The version of this format: 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) version: Option<u32>,
    /// The seed of all chance in the plan.
    #[serde(default)]
    pub(super) seed: u64,
    /// Whether the first phase follows the last; otherwise the last one stays.
    #[serde(default, rename = "loop")]
    pub(super) repeats: bool,
    /// Callers whose truth is shown before they call.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) callers: Vec<String>,
    /// What every call meets.
    #[serde(default, skip_serializing_if = "Base::is_nothing")]
    pub(super) base: Base,
    /// What happens when; without any, one phase that stays, if there is anything else.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) phases: Vec<FaultPhase>,
    /// Faults by name. A rule that no phase names is always active.
    #[serde(
        default,
        skip_serializing_if = "BTreeMap::is_empty",
        deserialize_with = "each_once"
    )]
    pub(super) rules: BTreeMap<String, WrittenRule>,
    /// What happens when there is more work than can be done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) overload: Option<WrittenOverload>,
    /// Bounds on what faults may cost.
    #[serde(default, skip_serializing_if = "Limits::is_usual")]
    pub(super) limits: Limits,
    /// An answer that takes longer than so many milliseconds counts as failed in the truth; 1000 for
    /// callers of whom `patience_ms` says nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) deadline_ms: Option<u64>,
    /// How many milliseconds single callers wait for an answer: for them, one that takes longer has
    /// failed, whatever the deadline.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) patience_ms: BTreeMap<String, u64>,
    /// After this time the plan ends by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) ttl_ms: Option<u64>,
}

/// A fault: whom it matches, when it hits, and what it does.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename = "Rule", deny_unknown_fields)]
pub struct WrittenRule {
    /// The calls that it may hit; all by default.
    #[serde(
        default,
        rename = "match",
        skip_serializing_if = "Match::matches_everything"
    )]
    pub(super) matches: Match,
    /// Which of these it hits; all by default.
    #[serde(default, skip_serializing_if = "WrittenGate::is_default")]
    pub(super) gate: WrittenGate,
    /// What it does: delays add up, and the first that ends the call wins.
    pub(super) effects: Vec<WrittenEffect>,
    /// After this time the rule ends by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) ttl_ms: Option<u64>,
}

/// A caller that a plan names and should not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WrongCaller<'a> {
    /// Where the plan names it.
    pub key: String,
    /// Its name.
    pub name: &'a str,
    /// Whether it is there twice, instead of being nobody.
    pub twice: bool,
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
    pub(super) fn is_usual(&self) -> bool {
        *self == Self::default()
    }
}

impl Base {
    pub(super) fn is_nothing(&self) -> bool {
        self.delay.is_none()
    }
}

/// The deadline where nothing is said, in milliseconds.
const DEADLINE_MS: u64 = 1000;
/// The longest that limits may allow, in milliseconds.
pub(super) const MAX_HANG_MS: u64 = 600_000;

/// Reads rules of which none has the name of another; JSON would let the last one win.
fn each_once<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<BTreeMap<String, WrittenRule>, D::Error> {
    struct Rules;

    impl<'de> Visitor<'de> for Rules {
        type Value = BTreeMap<String, WrittenRule>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("rules by name")
        }

        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
            let mut rules = BTreeMap::new();
            while let Some(name) = map.next_key::<String>()? {
                let rule = map.next_value()?;
                if rules.insert(name.clone(), rule).is_some() {
                    return Err(A::Error::custom(format!(
                        "the rule `{name}` is given twice: write each name once"
                    )));
                }
            }
            Ok(rules)
        }
    }

    deserializer.deserialize_map(Rules)
}

impl WrittenPlan {
    /// Says which seed the plan has.
    pub fn set_seed(&mut self, seed: u64) {
        self.seed = seed;
    }

    /// Whether the plan names known callers alone, and lists each once. A rule for nobody never hits.
    ///
    /// # Errors
    ///
    /// The first caller that is not known, or is there twice, and where.
    pub fn check_callers(&self, is_known: impl Fn(&str) -> bool) -> Result<(), WrongCaller<'_>> {
        let stranger = |key: String, name| WrongCaller {
            key,
            name,
            twice: false,
        };
        for (place, name) in self.callers.iter().enumerate() {
            if !is_known(name) {
                return Err(stranger("callers".to_owned(), name));
            }
            if self.callers[..place].contains(name) {
                return Err(WrongCaller {
                    key: "callers".to_owned(),
                    name,
                    twice: true,
                });
            }
        }
        if let Some(name) = self.patience_ms.keys().find(|name| !is_known(name)) {
            return Err(stranger("patience".to_owned(), name));
        }
        for (rule, written) in &self.rules {
            let named = written.matches.caller.iter().flat_map(super::Names::all);
            if let Some(name) = named.into_iter().find(|name| !is_known(name)) {
                return Err(stranger(format!("rules.{rule}.match.caller"), name));
            }
        }
        Ok(())
    }

    /// Names the callers whose truth is shown before they call, if the plan does not.
    pub fn name_callers(&mut self, names: &[String]) {
        if self.callers.is_empty() {
            self.callers = names.to_vec();
        }
    }

    /// Learns how long callers wait, where the plan does not say it itself. A caller whose deadline does
    /// not change by that is not named.
    pub fn learn_patience<'a>(&mut self, waits: impl IntoIterator<Item = (&'a str, Duration)>) {
        for (caller, patience) in waits {
            let millis = u64::try_from(patience.as_millis()).unwrap_or(u64::MAX);
            let millis = millis.clamp(1, MAX_HANG_MS);
            let matters = match self.deadline_ms {
                Some(deadline) => millis < deadline,
                None => millis != DEADLINE_MS,
            };
            if matters && !self.patience_ms.contains_key(caller) {
                self.patience_ms.insert(caller.to_owned(), millis);
            }
        }
    }

    /// After how long an answer to `caller` has failed.
    pub(super) fn deadline_of(&self, caller: &str) -> Duration {
        let patience = self.patience_ms.get(caller).copied();
        let first = self.deadline_ms.into_iter().chain(patience).min();
        Duration::from_millis(first.unwrap_or(DEADLINE_MS))
    }

    /// Whether it says anything without phases.
    pub(super) fn speaks(&self) -> bool {
        !self.base.is_nothing() || !self.rules.is_empty() || self.overload.is_some()
    }
}
