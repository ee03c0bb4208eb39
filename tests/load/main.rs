//! The trustworthiness of the load: every request accounted for, latency counted from the plan, and a verdict on
//! itself.

mod accounting;
mod blame;
mod choices;
mod drain;
mod endings;
mod nasty;
mod results;

use end_to_end::{Ended, Process};
use serde_json::Value;

/// Limits that a busy machine does not reach: what is tested here is not its speed.
const PATIENT: [&str; 4] = ["--lateness-limit", "10s", "--seed", "1"];

/// Runs the load to its end.
async fn load(arguments: &[&str]) -> Ended {
    Process::run(&[&["load", "--quiet"], &PATIENT[..], arguments].concat()).await
}

/// Runs the load to its end and reads its result.
async fn load_with_result(arguments: &[&str]) -> (Ended, Value) {
    let ended = load(&[&["--json", "-"], arguments].concat()).await;
    let result = serde_json::from_str(&ended.stdout.join("\n"));
    (
        ended,
        result.expect("standard output has the result and nothing else"),
    )
}

/// A number somewhere in a result.
fn number(result: &Value, pointer: &str) -> f64 {
    let found = result.pointer(pointer).and_then(Value::as_f64);
    found.unwrap_or_else(|| panic!("{pointer} is missing: {result:#}"))
}

/// What `--target` takes.
fn target(name: &str, url: &str) -> String {
    format!("{name}={url}")
}
