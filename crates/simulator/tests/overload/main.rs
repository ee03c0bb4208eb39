//! The overload model behaves as queueing theory says, and collapses and stays collapsed.
#![expect(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test fails by panicking, and formulas to compare with need not be the same to the last digit"
)]

mod collapse;
mod queueing;
