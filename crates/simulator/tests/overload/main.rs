//! The overload model behaves as queueing theory says, and collapses and stays collapsed.
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test fails by panicking, and the rows are those of docs/simulator.md"
)]

mod collapse;
mod queueing;
