//! Models besides faults: clients, connections, breakers over time, pauses, restarts, ticks, and the course of a run:
//! how it ends, what pauses delay, and how fast a closed loop goes.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod breakers;
mod clients;
mod closed_loop;
mod ends;
mod interruptions;
mod pauses;
mod plans;
mod policies;
mod told;
