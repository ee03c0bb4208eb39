//! Jaeger and Prometheus as the compose file for Linux starts them, beside a lab with a seed: everything that
//! the dashboards, the rules and the questions of docs/traces.md ask is asked, and the answers are judged.
//!
//! `scripts/stack.sh` brings the programs and runs this; no other command does. It takes the ports that the
//! compose file promises, ends by itself within minutes and counts its assertions.

mod checks;
mod jaeger;
mod lab;
mod outage;
mod programs;
mod queries;
mod questions;
mod sockets;
mod spans;
mod targets;

use std::process::ExitCode;
use std::time::Duration;

use end_to_end::Prometheus;
use tokio::signal::unix::{SignalKind, signal};
use tokio::time::{sleep, timeout};

use checks::{Checks, say};
use jaeger::Jaeger;
use lab::Lab;
use programs::Stack;

/// The range of the dashboards' queries, in seconds. The lab runs for that long before.
const RANGE: u32 = 60;

/// Whatever happens, the run ends by then.
const LIMIT: Duration = Duration::from_secs(10 * 60);

#[tokio::main]
async fn main() -> ExitCode {
    // Processes end with their handles, so a signal must let them be dropped.
    let mut terminate = signal(SignalKind::terminate()).expect("signals can be waited for");
    let mut interrupt = signal(SignalKind::interrupt()).expect("signals can be waited for");
    let run = Box::pin(timeout(LIMIT, run()));
    tokio::select! {
        ended = run => ended.unwrap_or_else(|_| {
            say(&format!("stack: not ended after {LIMIT:?}"));
            ExitCode::FAILURE
        }),
        _ = terminate.recv() => ExitCode::FAILURE,
        _ = interrupt.recv() => ExitCode::FAILURE,
    }
}

async fn run() -> ExitCode {
    let mut checks = Checks::default();
    let mut stack = match Stack::start() {
        Ok(stack) => stack,
        Err(error) => {
            say(&format!("stack: {error}"));
            return ExitCode::FAILURE;
        }
    };
    let prometheus = Prometheus::at("http://127.0.0.1:9090");
    let jaeger = Jaeger::at("http://127.0.0.1:16686", "http://127.0.0.1:8888");

    checks.section("both are ready, by the health checks of the compose file");
    stack.assert_healthy(&mut checks).await;
    queries::assert_emptiness_is_told(&mut checks, &prometheus).await;
    let lab = Lab::start().await;

    checks.section("sockets");
    sockets::assert_loopback(&mut checks, &stack, &lab).await;

    checks.section("targets and rules");
    targets::assert_scraped(&mut checks, &prometheus).await;
    say(&format!("the lab runs for {RANGE} s"));
    lab.meet_what_chance_may_not_bring().await;
    sleep(Duration::from_secs(RANGE.into())).await;
    targets::assert_rules(&mut checks, &prometheus).await;

    checks.section("queries of the dashboards");
    queries::assert_answered(&mut checks, &prometheus).await;

    checks.section("exemplars");
    queries::assert_exemplars(&mut checks, &prometheus, &jaeger).await;

    checks.section("services and spans");
    spans::assert_taken(&mut checks, &jaeger, &lab).await;
    spans::assert_told(&mut checks, &jaeger).await;

    checks.section("questions to ask");
    questions::assert_answered(&mut checks, &jaeger).await;

    checks.section("Jaeger is killed and comes back");
    outage::assert_costs_only_spans(&mut checks, &mut stack, &lab, &jaeger).await;

    checks.section("the end");
    lab.assert_ends(&mut checks).await;
    stack.assert_ends(&mut checks).await;
    checks.end()
}
