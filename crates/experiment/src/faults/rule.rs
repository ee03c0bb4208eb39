//! Rules, and the calls that each of them matches.

use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Effect, FaultGate};

/// A fault: whom it matches, when it hits, and what it does.
#[derive(Clone, Debug, PartialEq)]
pub struct FaultRule {
    pub(super) matches: Match,
    pub(super) gate: FaultGate,
    pub(super) effects: Vec<Effect>,
    pub(super) ttl: Option<Duration>,
}

/// The calls that a rule may hit. All that is said must hold.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Match {
    /// Of these callers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) caller: Option<Names>,
    /// Of keys in these shards, from the first to the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) shard: Option<[u32; 2]>,
    /// How many shards there are; also for a gate with the scope `shard`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) shards: Option<u32>,
    /// Of paths that begin so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) path: Option<String>,
    /// This share of the calls, by chance.
    #[serde(
        skip_serializing_if = "Option::is_none",
        deserialize_with = "crate::values::optional_share"
    )]
    pub(super) share: Option<f64>,
}

/// One name or several.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(untagged, expecting = "expected a name or a list of names")]
pub enum Names {
    /// One.
    One(String),
    /// Several.
    Several(Vec<String>),
}

impl FaultRule {
    /// The calls that it may hit.
    pub fn matches(&self) -> &Match {
        &self.matches
    }

    /// Which of these it hits.
    pub fn gate(&self) -> &FaultGate {
        &self.gate
    }

    /// What it does: delays add up, and the first that ends the call wins.
    pub fn effects(&self) -> &[Effect] {
        &self.effects
    }

    /// After which time it ends by itself.
    pub fn ttl(&self) -> Option<Duration> {
        self.ttl
    }
}

impl Names {
    pub(super) fn all(&self) -> &[String] {
        match self {
            Self::One(name) => std::slice::from_ref(name),
            Self::Several(names) => names,
        }
    }
}

impl Match {
    pub(super) fn matches_everything(&self) -> bool {
        *self == Self::default()
    }

    /// Whether it says nothing about a call, so that it can be answered before there is one.
    pub(super) fn is_unconditional(&self) -> bool {
        self.caller.is_none() && self.shard.is_none() && self.path.is_none() && self.share.is_none()
    }

    pub(super) fn has_caller(&self, caller: &str) -> bool {
        let names = self.caller.as_ref();
        names.is_none_or(|names| names.all().iter().any(|name| name == caller))
    }

    pub(super) fn has_path(&self, path: &str) -> bool {
        let prefix = self.path.as_ref();
        prefix.is_none_or(|prefix| path.starts_with(prefix.as_str()))
    }

    /// Whether it has keys at this place of the ring, 0 ≤ place < 1.
    pub(super) fn has_place(&self, place: f64) -> bool {
        self.shard.is_none_or(|[from, to]| {
            let shard = self.shard_at(place);
            (from..=to).contains(&shard)
        })
    }

    /// The shard of a place on the ring: the ring is cut into as many equal arcs.
    pub(super) fn shard_at(&self, place: f64) -> u32 {
        let shards = self.shards.unwrap_or(1);
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "below the number of shards"
        )]
        let shard = (place * f64::from(shards)) as u32;
        shard.min(shards.saturating_sub(1))
    }
}
