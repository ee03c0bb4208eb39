//! Every fault as a client sees it, and the ways to set faults while the service runs.

mod command;
mod control;
mod effects;
mod held;
mod luck;

use end_to_end::{Client, System};

/// The unreliable service alone, with this plan.
async fn service(plan: &str) -> (System, Client) {
    let system = System::with_instances(&[], plan, &[]).await;
    let client = system.downstream.clone();
    (system, client)
}

/// A plan with one rule that hits every call.
fn always(effects: &str) -> String {
    format!(r#"{{"rules": {{"r": {{"effects": [{effects}]}}}}}}"#)
}
