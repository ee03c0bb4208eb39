//! The effect of a rule: what the rule does to a call that it hits.

use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::law::Law;
use crate::status::speaks_against;

/// What a rule does to a call that it hits.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Effect {
    /// The answer comes later.
    Delay(Law),
    /// The answer waits until the phase ends, as that of a process that freezes.
    Stall,
    /// The body comes slowly.
    SlowBody {
        /// How long all of it takes.
        over: Duration,
    },
    /// The answer has another status.
    Status(StatusAnswer),
    /// There is no answer for so long, then 504.
    Hang {
        /// How long; as long as the limits allow where nothing is said.
        max: Option<Duration>,
    },
    /// The connection closes when a part of the body is sent.
    Truncate {
        /// Bytes that are sent.
        bytes: usize,
    },
    /// 200 with a body that is wrong.
    WrongBody(WrongBody),
    /// The connection is reset.
    Reset,
    /// The connection is closed without an answer.
    Close,
    /// Nobody listens any more. A rule that matches everything closes the listener; one that cannot,
    /// because it has to see the call first, resets the connection.
    Refuse,
    /// What comes is no HTTP.
    Garbage,
}

/// An answer with a status of its own.
#[derive(Clone, Debug, PartialEq)]
pub struct StatusAnswer {
    pub(super) codes: Codes,
    pub(super) retry_after_s: Option<u32>,
    pub(super) body: Option<String>,
    pub(super) headers: Vec<(String, String)>,
}

/// Which status it has.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Codes {
    /// Always this one.
    One(u16),
    /// One of these, each with its weight; one weight is above zero.
    Weighted(Vec<(u16, f64)>),
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

impl Effect {
    /// Its name in `snake_case`, as plans and metrics have it.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Delay(_) => "delay",
            Self::Stall => "stall",
            Self::SlowBody { .. } => "slow_body",
            Self::Status(_) => "status",
            Self::Hang { .. } => "hang",
            Self::Truncate { .. } => "truncate",
            Self::WrongBody(_) => "wrong_body",
            Self::Reset => "reset",
            Self::Close => "close",
            Self::Refuse => "refuse",
            Self::Garbage => "garbage",
        }
    }

    /// Whether it ends the call, so that later effects do not matter.
    pub const fn is_terminal(&self) -> bool {
        match self {
            Self::Delay(_) | Self::Stall | Self::SlowBody { .. } => false,
            Self::Status(_)
            | Self::Hang { .. }
            | Self::Truncate { .. }
            | Self::WrongBody(_)
            | Self::Reset
            | Self::Close
            | Self::Refuse
            | Self::Garbage => true,
        }
    }

    /// The share of the calls that it ends which it fails: statuses below 500 except 429 say that the
    /// service is well.
    pub(super) fn failing_share(&self) -> f64 {
        match self {
            Self::Status(answer) => answer.codes.failing_share(),
            _ => f64::from(self.is_terminal()),
        }
    }
}

impl Codes {
    fn failing_share(&self) -> f64 {
        match self {
            Self::One(code) => f64::from(speaks_against(*code)),
            Self::Weighted(codes) => {
                let bad = codes.iter().filter(|(code, _)| speaks_against(*code));
                bad.map(|(_, weight)| weight).sum::<f64>() / weight_of(codes)
            }
        }
    }

    /// The status for `luck`, 0 ≤ `luck` < 1.
    pub(super) fn status(&self, luck: f64) -> u16 {
        match self {
            Self::One(code) => *code,
            Self::Weighted(codes) => {
                let mut left = luck * weight_of(codes);
                let drawn = codes.iter().find(|(_, weight)| {
                    left -= weight;
                    left < 0.0
                });
                drawn.map_or(500, |(code, _)| *code)
            }
        }
    }
}

fn weight_of(codes: &[(u16, f64)]) -> f64 {
    codes.iter().map(|(_, weight)| weight).sum()
}
