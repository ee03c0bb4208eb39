//! A transition as results keep it: from, to, cause, the window's figures, and a number.

use std::time::Duration;

use fusebox::{Cause, State, Transition};
use serde::{Deserialize, Serialize};

use super::timeline::seconds;

/// A breaker's change of state, with what the breaker knew just before it.
///
/// Written down it is a row, `[at_s, from, to, cause, number, calls, failures, slow, overdue, consecutive_failures,
/// open_for_s]`: a fleet of a thousand makes tens of thousands of them, and names of fields would double their size.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(from = "Row", into = "Row")]
pub struct Change {
    /// When, in seconds since the start of the run.
    pub at_s: f64,
    /// The state that was left.
    pub from: State,
    /// The state that was entered.
    pub to: State,
    /// Why.
    pub cause: Cause,
    /// The breaker's generation that began with it: a number that grows with each transition and each reset.
    pub number: u64,
    /// The window just before; the change empties it.
    pub window: Evidence,
    /// How long calls would be rejected, in seconds, when the breaker opened.
    pub open_for_s: Option<f64>,
}

/// What a breaker knew just before it changed its state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Evidence {
    /// Calls in the window that had ended in success or failure.
    pub calls: u64,
    /// Those that had failed.
    pub failures: u64,
    /// Those that had been slow, whether they had failed or not.
    pub slow: u64,
    /// Calls still under way for longer than `slow_call_duration`, where the settings count them.
    pub overdue: u64,
    /// Failures in a row.
    pub consecutive_failures: u32,
}

impl Evidence {
    /// The share of calls in the window that had failed, from 0 to 1; `None` when there were none.
    pub fn failure_ratio(&self) -> Option<f64> {
        #[expect(
            clippy::cast_precision_loss,
            reason = "a window has a million calls at most"
        )]
        let ratio = self.failures as f64 / self.calls as f64;
        (self.calls > 0).then_some(ratio)
    }
}

impl Change {
    /// A transition that came `at` after the start of the run.
    pub fn new(at: Duration, transition: &Transition) -> Self {
        let window = transition.window;
        Self {
            at_s: seconds(at),
            from: transition.from,
            to: transition.to,
            cause: transition.cause,
            number: transition.generation.get(),
            window: Evidence {
                calls: window.calls,
                failures: window.failures,
                slow: window.slow,
                overdue: window.overdue,
                consecutive_failures: transition.consecutive_failures,
            },
            open_for_s: transition.open_for.map(seconds),
        }
    }
}

/// How it is written.
#[derive(Deserialize, Serialize)]
struct Row(
    f64,
    State,
    State,
    CauseName,
    u64,
    u64,
    u64,
    u64,
    u64,
    u32,
    Option<f64>,
);

/// A cause by its name.
#[derive(Deserialize, Serialize)]
#[serde(try_from = "String", into = "&'static str")]
struct CauseName(Cause);

impl From<CauseName> for &'static str {
    fn from(cause: CauseName) -> Self {
        cause.0.as_str()
    }
}

impl Clone for CauseName {
    fn clone(&self) -> Self {
        Self(self.0)
    }
}

impl TryFrom<String> for CauseName {
    type Error = String;

    fn try_from(name: String) -> Result<Self, String> {
        let known = Cause::ALL.iter().find(|cause| cause.as_str() == name);
        known.map(|cause| Self(*cause)).ok_or_else(|| {
            let names: Vec<_> = Cause::ALL.iter().map(|cause| cause.as_str()).collect();
            format!(
                "`{name}` is not a cause of a transition; there are {}",
                names.join(", ")
            )
        })
    }
}

impl From<Change> for Row {
    fn from(change: Change) -> Self {
        let window = change.window;
        Self(
            change.at_s,
            change.from,
            change.to,
            CauseName(change.cause),
            change.number,
            window.calls,
            window.failures,
            window.slow,
            window.overdue,
            window.consecutive_failures,
            change.open_for_s,
        )
    }
}

impl From<Row> for Change {
    fn from(row: Row) -> Self {
        let Row(
            at_s,
            from,
            to,
            cause,
            number,
            calls,
            failures,
            slow,
            overdue,
            consecutive_failures,
            open_for_s,
        ) = row;
        let window = Evidence {
            calls,
            failures,
            slow,
            overdue,
            consecutive_failures,
        };
        Self {
            at_s,
            from,
            to,
            cause: cause.0,
            number,
            window,
            open_for_s,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_is_written_as_a_row_and_read_again() {
        let change = Change {
            at_s: 3.004_512,
            from: State::Closed,
            to: State::Open,
            cause: Cause::FailureRatio,
            number: 1,
            window: Evidence {
                calls: 20,
                failures: 10,
                slow: 1,
                overdue: 0,
                consecutive_failures: 3,
            },
            open_for_s: Some(1.5),
        };

        let text = serde_json::to_string(&change).unwrap();

        let row = r#"[3.004512,"closed","open","failure_ratio",1,20,10,1,0,3,1.5]"#;
        assert_eq!(text, row);
        assert_eq!(serde_json::from_str::<Change>(&text).unwrap(), change);
        assert_eq!(change.window.failure_ratio(), Some(0.5));
        let wrong = row.replace("failure_ratio", "luck");
        let error = serde_json::from_str::<Change>(&wrong).unwrap_err();
        assert!(
            error.to_string().contains("`luck` is not a cause"),
            "{error}"
        );
    }
}
