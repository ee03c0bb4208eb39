//! An effect as it is written: a name, and keys, some of which exclude each other.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::faults::WrongBody;
use crate::law::Law;

/// What a rule does to a call that it hits.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename = "Effect", rename_all = "snake_case", deny_unknown_fields)]
#[non_exhaustive]
pub enum WrittenEffect {
    /// The answer comes later.
    Delay(Law),
    /// The answer waits until the phase ends, as that of a process that freezes.
    Stall {},
    /// The body comes slowly: all of it over `over_ms`, or so many bytes per second.
    #[serde(alias = "bandwidth")]
    SlowBody {
        /// How long the body takes.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        over_ms: Option<u64>,
        /// Or how fast it comes.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        bytes_per_s: Option<u64>,
    },
    /// The answer has another status.
    Status {
        /// Always this one,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        code: Option<u16>,
        /// or one of these, each with its weight.
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        codes: BTreeMap<String, f64>,
        /// The `Retry-After` header, in seconds.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        retry_after_s: Option<u32>,
        /// The body, instead of one that says what happened.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        body: Option<String>,
        /// Further headers.
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        headers: BTreeMap<String, String>,
    },
    /// There is no answer for so long, then 504.
    Hang {
        /// How long; as long as the limits allow by default.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        max_ms: Option<u64>,
    },
    /// The connection closes when this share of the body is sent.
    Truncate {
        /// Which share; half by default.
        #[serde(default = "half", deserialize_with = "crate::values::share")]
        share: f64,
    },
    /// 200 with a body that is wrong.
    WrongBody {
        /// In which way.
        #[serde(default)]
        kind: WrongBody,
    },
    /// The connection is reset.
    Reset {},
    /// The connection is closed without an answer.
    Close {},
    /// Nobody listens any more. A rule that matches everything closes the listener; one that cannot,
    /// because it has to see the call first, resets the connection.
    Refuse {},
    /// What comes is no HTTP.
    Garbage {},
}

fn half() -> f64 {
    0.5
}

impl WrittenEffect {
    /// Its name in `snake_case`, as plans and metrics have it.
    pub(in crate::faults) const fn as_str(&self) -> &'static str {
        match self {
            Self::Delay(_) => "delay",
            Self::Stall {} => "stall",
            Self::SlowBody { .. } => "slow_body",
            Self::Status { .. } => "status",
            Self::Hang { .. } => "hang",
            Self::Truncate { .. } => "truncate",
            Self::WrongBody { .. } => "wrong_body",
            Self::Reset {} => "reset",
            Self::Close {} => "close",
            Self::Refuse {} => "refuse",
            Self::Garbage {} => "garbage",
        }
    }
}
