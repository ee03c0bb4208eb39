//! The policy of an experiment, which decides at an instance whether a call goes to the downstream.
//!
//! A circuit breaker is one policy. The others are baselines for comparison, so that an experiment can show when a
//! breaker is the wrong tool. They belong to experiments, not to the library.
//!
//! | policy | what it does |
//! |---|---|
//! | `breaker` | the breaker of the scenario decides; the default |
//! | `none` | every call goes through |
//! | `adaptive_throttling` | the instance rejects calls at random, the more of them the fewer are accepted ([`Throttle`]) |

mod throttle;

use std::time::Duration;

use serde::{Deserialize, Serialize};

pub use throttle::{BUCKETS, Throttle};

use crate::bounds::range;
use crate::load::written::{line, table, written};
use crate::values::Span;

/// What decides whether a call goes to the downstream.
///
/// # Examples
///
/// ```
/// use experiment::policy::Policy;
///
/// let policy: Policy = "adaptive_throttling:k=1.5".parse()?;
/// assert_eq!(policy.to_string(), "adaptive_throttling:history=2m,k=1.5");
/// assert_eq!(Policy::default(), "breaker".parse()?);
/// assert!("adaptive".parse::<Policy>().unwrap_err().contains("adaptive_throttling"));
/// # Ok::<(), String>(())
/// ```
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(remote = "Self", rename_all = "snake_case", deny_unknown_fields)]
#[non_exhaustive]
pub enum Policy {
    /// The circuit breaker of the scenario.
    Breaker {},
    /// Nothing: every call goes through.
    None {},
    /// Client-side throttling as in *Site Reliability Engineering* (Beyer et al., 2016), chapter 21.
    AdaptiveThrottling {
        /// How many requests go through for each that is accepted, from 1 to 100; 2 by default.
        #[serde(default = "k")]
        k: f64,
        /// For how long requests and accepts count, from 1 s to 1 h; 2 minutes by default.
        #[serde(default = "history")]
        history: Span,
    },
}

written!(
    Policy,
    "policy",
    "breaker, none or adaptive_throttling:k=2,history=2m",
    |text| Ok(table(text, |_| Some("k"))),
    line
);

fn k() -> f64 {
    2.0
}

fn history() -> Span {
    Span(Duration::from_secs(120))
}

impl Default for Policy {
    fn default() -> Self {
        Self::Breaker {}
    }
}

impl Policy {
    /// Returns whether the breakers of the scenario decide.
    pub fn is_breaker(&self) -> bool {
        *self == Self::Breaker {}
    }

    /// Returns the throttle of one instance, if it has one.
    pub fn throttle(&self) -> Option<Throttle> {
        match self {
            Self::AdaptiveThrottling { k, history } => Some(Throttle::new(*k, history.0)),
            Self::Breaker {} | Self::None {} => None,
        }
    }

    /// Checks the settings of the policy.
    ///
    /// # Errors
    ///
    /// The setting that is not allowed, with its value and the allowed range.
    pub fn check(&self) -> Result<(), String> {
        let Self::AdaptiveThrottling { k, history } = self else {
            return Ok(());
        };
        range("adaptive_throttling.k", *k, 1.0..=100.0, "")?;
        let allowed = Span(Duration::from_secs(1))..=Span(Duration::from_secs(3600));
        range("adaptive_throttling.history", *history, allowed, "")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_policy_is_read_from_a_line_or_a_table_and_shown_as_a_line() {
        let written: Policy = toml::from_str::<toml::Table>("p = { adaptive_throttling = {} }")
            .unwrap()["p"]
            .clone()
            .try_into()
            .unwrap();

        assert_eq!(written, "adaptive_throttling".parse().unwrap());
        assert_eq!(written, "adaptive_throttling:2".parse().unwrap());
        assert_eq!(written.to_string(), "adaptive_throttling:history=2m,k=2");
        assert_eq!("none".parse(), Ok(Policy::None {}));
    }

    #[test]
    fn settings_that_make_no_sense_are_refused_with_what_is_allowed() {
        for (text, words) in [
            (
                "adaptive_throttling:k=0.5",
                "k = 0.5 is not allowed: it must be from 1 to 100",
            ),
            (
                "adaptive_throttling:history=10ms",
                "history = 10ms is not allowed: it must be from 1s to 1h",
            ),
        ] {
            let said = text.parse::<Policy>().unwrap().check().unwrap_err();
            assert!(said.contains(words), "{said}");
        }
        let said = "adaptive_throttling:kk=2".parse::<Policy>().unwrap_err();
        assert!(said.contains("unknown"), "{said}");
    }
}
