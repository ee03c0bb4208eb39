//! The calls that clients asked of one instance, and how many of them were expected to fail.

use std::ops::Add;

use serde::{Deserialize, Serialize};

use super::timeline::millionths;

/// Calls that one instance was asked for in one phase.
///
/// Written down it is a row, `[permitted, rejected, wasted, wrongly_rejected]`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(from = "CallsRow", into = "CallsRow")]
pub struct Calls {
    /// Calls that the breaker permitted.
    pub permitted: u64,
    /// Calls that it rejected.
    pub rejected: u64,
    /// How many of the permitted were expected to fail: the sum of p over them.
    pub wasted: f64,
    /// How many of the rejected were expected to succeed, had each alone been permitted: the sum of 1 − p over them.
    pub wrongly_rejected: f64,
}

impl Add for Calls {
    type Output = Self;

    fn add(self, more: Self) -> Self {
        Self {
            permitted: self.permitted + more.permitted,
            rejected: self.rejected + more.rejected,
            wasted: self.wasted + more.wasted,
            wrongly_rejected: self.wrongly_rejected + more.wrongly_rejected,
        }
    }
}

/// How calls are written.
#[derive(Deserialize, Serialize)]
struct CallsRow(u64, u64, f64, f64);

impl From<CallsRow> for Calls {
    fn from(CallsRow(permitted, rejected, wasted, wrongly_rejected): CallsRow) -> Self {
        Self {
            permitted,
            rejected,
            wasted,
            wrongly_rejected,
        }
    }
}

impl From<Calls> for CallsRow {
    fn from(calls: Calls) -> Self {
        Self(
            calls.permitted,
            calls.rejected,
            calls.wasted,
            calls.wrongly_rejected,
        )
    }
}

impl Calls {
    #[expect(clippy::cast_precision_loss, reason = "calls of one run")]
    pub(super) fn permit(&mut self, number: u64, p_fail: f64) {
        self.permitted += number;
        self.wasted += number as f64 * p_fail;
    }

    #[expect(clippy::cast_precision_loss, reason = "calls of one run")]
    pub(super) fn reject(&mut self, number: u64, p_fail: f64) {
        self.rejected += number;
        self.wrongly_rejected += number as f64 * (1.0 - p_fail);
    }

    pub(super) fn rounded(self) -> Self {
        Self {
            wasted: millionths(self.wasted),
            wrongly_rejected: millionths(self.wrongly_rejected),
            ..self
        }
    }
}
