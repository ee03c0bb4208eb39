//! Tests of plans: each means what it says, and a malformed one is refused.

mod costs;
mod effects;
mod golden;
mod lengths;
mod plans;
mod refusals;
mod trajectories;
mod truths;

use std::time::Duration;

use super::*;

fn plan(text: &str) -> Plan {
    Plan::parse(text.as_bytes()).unwrap_or_else(|error| panic!("{error}: {text}"))
}

/// A plan with one rule.
fn with_rule(rule: &str) -> Plan {
    plan(&format!(r#"{{"seed": 5, "rules": {{"r": {rule}}}}}"#))
}

/// What the next call of `caller` meets.
fn meet(player: &mut Player, now: Duration, caller: &str) -> Fate {
    let call = Call {
        caller: player.caller(caller),
        key: None,
        path: "/data",
    };
    player.fate(now, &call)
}

fn at(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

fn near(a: f64, b: f64, by: f64) -> bool {
    (a - b).abs() <= by
}

#[expect(clippy::cast_precision_loss, reason = "small counts")]
fn share(part: usize, whole: usize) -> f64 {
    part as f64 / whole as f64
}
