//! Retries: whether a client tries again, and when.
//!
//! Every request without success is tried again, unless the client itself was at fault. A retry goes to the same
//! target. The request still ends in one outcome, that of its last attempt, and its response time counts from the
//! instant for which the first attempt was planned.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::written::{line, table, written};
use crate::bounds::range;
use crate::outcome::ClientOutcome;
use crate::values::Span;

/// When a client tries again.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(remote = "Self", rename_all = "snake_case", deny_unknown_fields)]
#[non_exhaustive]
pub enum Retries {
    /// Never.
    None {},
    /// At once.
    Immediate {
        /// How many attempts a request has, with the first.
        #[serde(default = "attempts")]
        attempts: u32,
        /// At most so many retries per request of all clients; see [`Budget`].
        #[serde(default, deserialize_with = "crate::values::optional_share")]
        budget: Option<f64>,
        /// Whether a fast failure is taken as the word that it is.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        respect_fast_fail: bool,
    },
    /// After a wait that grows from attempt to attempt.
    Exponential {
        /// How many attempts a request has, with the first.
        #[serde(default = "attempts")]
        attempts: u32,
        /// The wait before the second attempt.
        #[serde(default = "base")]
        base: Span,
        /// By how much each further wait is longer.
        #[serde(default = "factor")]
        factor: f64,
        /// The longest wait.
        #[serde(default = "max")]
        max: Span,
        /// Which part of a wait is left to chance.
        #[serde(default)]
        jitter: Jitter,
        /// At most so many retries per request of all clients; see [`Budget`].
        #[serde(default, deserialize_with = "crate::values::optional_share")]
        budget: Option<f64>,
        /// Whether a fast failure is taken as the word that it is.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        respect_fast_fail: bool,
    },
}

/// Which part of a wait is left to chance.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Jitter {
    /// All of it: anything from nothing to the whole wait.
    #[default]
    Full,
    /// Nothing.
    None,
}

fn attempts() -> u32 {
    3
}

fn base() -> Span {
    Span(Duration::from_millis(100))
}

fn factor() -> f64 {
    2.0
}

fn max() -> Span {
    Span(Duration::from_secs(2))
}

written!(
    Retries,
    "retry policy",
    "none, immediate:attempts=3 or exponential:attempts=3,base=100ms,factor=2,max=2s,jitter=full, \
     both also with budget=0.1 and respect_fast_fail=true",
    |text| Ok(table(text, |_| Some("attempts"))),
    line
);

impl Retries {
    /// How long a request waits for its next attempt after `made` of them, the last of which came to
    /// `outcome`; `None` when there is none. `luck` draws a share from 0 to 1, if one is needed.
    pub fn wait(
        &self,
        made: u32,
        outcome: ClientOutcome,
        luck: impl FnOnce() -> f64,
    ) -> Option<Duration> {
        let (attempts, respect_fast_fail) = match *self {
            Self::None {} => return None,
            Self::Immediate {
                attempts,
                respect_fast_fail,
                ..
            }
            | Self::Exponential {
                attempts,
                respect_fast_fail,
                ..
            } => (attempts, respect_fast_fail),
        };
        let final_outcome = match outcome {
            ClientOutcome::Ok
            | ClientOutcome::Redirection
            | ClientOutcome::ClientError
            | ClientOutcome::OwnShortage
            | ClientOutcome::Shed
            | ClientOutcome::Unfinished => true,
            ClientOutcome::FastFail => respect_fast_fail,
            _ => false,
        };
        if final_outcome || made >= attempts {
            return None;
        }
        let Self::Exponential {
            base,
            factor,
            max,
            jitter,
            ..
        } = self
        else {
            return Some(Duration::ZERO);
        };
        let growth = libm::pow(*factor, f64::from(made.saturating_sub(1)));
        let wait = (base.0.as_secs_f64() * growth).min(max.0.as_secs_f64());
        let wait = match jitter {
            Jitter::Full => wait * luck(),
            Jitter::None => wait,
        };
        Some(Duration::try_from_secs_f64(wait).unwrap_or(max.0))
    }

    /// The longest that a request takes from its first attempt on, when each attempt takes `attempt` at
    /// most: all attempts and the waits between them.
    pub fn longest(&self, attempt: Duration) -> Duration {
        let (attempts, wait) = match self {
            Self::None {} => (1, Duration::ZERO),
            Self::Immediate { attempts, .. } => (*attempts, Duration::ZERO),
            Self::Exponential { attempts, max, .. } => (*attempts, max.0),
        };
        let waits = wait.saturating_mul(attempts.saturating_sub(1));
        attempt.saturating_mul(attempts).saturating_add(waits)
    }

    /// The budget that all clients share, if there is one.
    pub fn budget(&self) -> Option<Budget> {
        match *self {
            Self::Immediate { budget, .. } | Self::Exponential { budget, .. } => {
                budget.map(Budget::new)
            }
            Self::None {} => None,
        }
    }

    pub(super) fn check(&self) -> Result<(), String> {
        let (attempts, budget) = match self {
            Self::None {} => return Ok(()),
            Self::Immediate {
                attempts, budget, ..
            }
            | Self::Exponential {
                attempts, budget, ..
            } => (*attempts, *budget),
        };
        range("retries: attempts", attempts, 1..=100, "")?;
        if let Some(budget) = budget {
            range(
                "retries: budget",
                budget,
                0.0..=100.0,
                " retries per request",
            )?;
        }
        if let Self::Exponential {
            base, factor, max, ..
        } = self
        {
            range("retries: factor", *factor, 1.0..=100.0, "")?;
            if base.0.is_zero() || base > max || max.0 > Duration::from_secs(3600) {
                return Err(format!(
                    "retries: base = {base} and max = {max} are not allowed: base must be above zero and at \
                     most max, and max at most 1h"
                ));
            }
        }
        Ok(())
    }
}

/// A bucket of tokens: every request brings a share of one, every retry takes one. So retries cannot
/// add more than that share to the load, however much fails. It begins with, and holds at most, ten.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Budget {
    share: f64,
    tokens: f64,
}

impl Budget {
    const MOST: f64 = 10.0;

    fn new(share: f64) -> Self {
        Self {
            share,
            tokens: Self::MOST,
        }
    }

    /// A request is sent for the first time.
    pub fn request(&mut self) {
        self.tokens = (self.tokens + self.share).min(Self::MOST.max(self.share));
    }

    /// Takes the token of a retry, if there is one.
    pub fn retry(&mut self) -> bool {
        let may = self.tokens >= 1.0;
        if may {
            self.tokens -= 1.0;
        }
        may
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn waits(text: &str, luck: f64) -> Vec<Option<u128>> {
        let retries: Retries = text.parse().unwrap();
        retries.check().unwrap();
        (1..6)
            .map(|made| retries.wait(made, ClientOutcome::Timeout, || luck))
            .map(|wait| wait.map(|wait| wait.as_millis()))
            .collect()
    }

    #[test]
    fn waits_grow_up_to_the_longest_and_end_with_the_attempts() {
        let exponential = "exponential:attempts=5,base=100ms,factor=3,max=1s";
        let none = format!("{exponential},jitter=none");
        assert_eq!(
            waits(&none, 0.5),
            [Some(100), Some(300), Some(900), Some(1000), None]
        );
        assert_eq!(
            waits(exponential, 0.5),
            [Some(50), Some(150), Some(450), Some(500), None]
        );
        assert_eq!(waits("immediate:2", 0.5), [Some(0), None, None, None, None]);
        assert_eq!(waits("none", 0.5), [None; 5]);
    }

    #[test]
    fn what_succeeded_or_was_wrong_is_not_tried_again() {
        let eager: Retries = "immediate".parse().unwrap();
        let polite: Retries = "immediate:respect_fast_fail=true".parse().unwrap();
        for outcome in ClientOutcome::ALL {
            let expected = !matches!(
                outcome,
                ClientOutcome::Ok
                    | ClientOutcome::Redirection
                    | ClientOutcome::ClientError
                    | ClientOutcome::OwnShortage
                    | ClientOutcome::Shed
                    | ClientOutcome::Unfinished
            );
            assert_eq!(
                eager.wait(1, outcome, || 0.0).is_some(),
                expected,
                "{outcome}"
            );
            let expected = expected && outcome != ClientOutcome::FastFail;
            assert_eq!(
                polite.wait(1, outcome, || 0.0).is_some(),
                expected,
                "{outcome}"
            );
        }
    }

    #[test]
    fn a_budget_bounds_the_retries_whatever_fails() {
        let retries: Retries = "immediate:attempts=10,budget=0.2".parse().unwrap();
        let mut budget = retries.budget().unwrap();
        let mut taken = 0;
        for _ in 0..1000 {
            budget.request();
            while budget.retry() {
                taken += 1;
            }
        }
        assert!((205..=210).contains(&taken), "{taken}");
    }

    #[test]
    fn what_is_no_policy_is_refused() {
        let refused = |text: &str| {
            text.parse::<Retries>()
                .and_then(|it| it.check())
                .unwrap_err()
        };
        assert!(refused("imediate").contains("did you mean `immediate`?"));
        assert!(refused("immediate:0").contains("from 1 to 100"));
        assert!(refused("immediate:budget=-1").contains("from 0 to 100"));
        assert!(refused("exponential:base=5s").contains("at most max"));
        assert!(refused("exponential:jitter=some").contains("write one of full, none"));
    }
}
