//! Steps of the clock that the coordination of one instance reads.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::values::Span;

/// A step of a clock, as it is written: `[[instance.A.clock_step]] at = "10s", by = "-5s"`.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct ClockStepped {
    /// When it steps, from the start of the run.
    pub at: Span,
    /// How far it steps, forward or back.
    pub by: Step,
}

/// The size of a step of a clock, written like `10s`, or `-10s` for a step back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// The clock shows a later time than before.
    Forward(Duration),
    /// The clock shows an earlier time than before.
    Back(Duration),
}

impl FromStr for Step {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (back, span) = match text.trim().strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text.trim()),
        };
        let span: Span = span.parse().map_err(|_| {
            format!("`{text}` is not a step of a clock: write a duration, such as 10s, or -10s for a step back")
        })?;
        Ok(if back {
            Self::Back(span.0)
        } else {
            Self::Forward(span.0)
        })
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Forward(time) => Span(time).fmt(f),
            Self::Back(time) => write!(f, "-{}", Span(time)),
        }
    }
}

impl Serialize for Step {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Step {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(D::Error::custom)
    }
}
