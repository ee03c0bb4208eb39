//! The course of a run: how it ends, what pauses delay, and at which pace a closed loop goes.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod closed_loop;
mod ends;
mod pauses;
mod told;
