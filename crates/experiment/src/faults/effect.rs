//! Effects: what a rule does to a call.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::ANSWER;
use crate::law::Law;
use crate::status::speaks_against;

/// What a rule does to a call that it hits.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
#[non_exhaustive]
pub enum Effect {
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

/// In which way a body is wrong.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum WrongBody {
    /// An error, though the status says that all is well.
    #[default]
    Error,
    /// No JSON, though the header says so.
    Garbage,
}

fn half() -> f64 {
    0.5
}

impl Effect {
    /// Its name in `snake_case`, as plans and metrics have it.
    pub const fn as_str(&self) -> &'static str {
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

    /// Whether it ends the call, so that later effects do not matter.
    pub const fn is_terminal(&self) -> bool {
        !matches!(
            self,
            Self::Delay(_) | Self::Stall {} | Self::SlowBody { .. }
        )
    }

    /// The share of the calls that it ends which it fails: statuses below 500 except 429 say that the
    /// service is well.
    pub(super) fn failing_share(&self) -> f64 {
        let Self::Status { code, codes, .. } = self else {
            return f64::from(self.is_terminal());
        };
        if let Some(code) = code {
            return f64::from(speaks_against(*code));
        }
        let all: f64 = codes.values().sum();
        let bad = codes
            .iter()
            .filter(|(code, _)| code.parse().is_ok_and(speaks_against));
        bad.map(|(_, weight)| weight).sum::<f64>() / all
    }

    /// The status for `luck`, 0 ≤ `luck` < 1.
    pub(super) fn status(&self, luck: f64) -> u16 {
        let Self::Status { code, codes, .. } = self else {
            return 500;
        };
        let mut left = luck * codes.values().sum::<f64>();
        let drawn = codes.iter().find(|(_, weight)| {
            left -= **weight;
            left < 0.0
        });
        let drawn = drawn.and_then(|(code, _)| code.parse().ok());
        code.or(drawn).unwrap_or(500)
    }

    /// How long a slow body takes, in milliseconds.
    pub(super) fn body_ms(&self) -> Option<u64> {
        let Self::SlowBody {
            over_ms,
            bytes_per_s,
        } = self
        else {
            return None;
        };
        let at_rate = bytes_per_s.map(|rate| ANSWER.len() as u64 * 1000 / rate.max(1));
        over_ms.or(at_rate)
    }
}
