//! The overload model behaves as queueing theory says, and collapses and stays collapsed.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod collapse;
mod queueing;
