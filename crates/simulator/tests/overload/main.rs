//! The overload model, which behaves as queueing theory says, and which collapses and stays collapsed.
#![expect(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "a test fails by panicking, rows are those of docs/simulator.md, and formulas to compare with need not be \
              the same to the last digit"
)]

mod collapse;
mod queueing;
