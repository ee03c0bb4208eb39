//! Breakers that take part in a fleet by the host's task, with paused time and engines that do what a test wants.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod engine_faults;
mod heartbeats;
mod leaving;
mod orders;
mod rig;
mod scripted;
mod together;
