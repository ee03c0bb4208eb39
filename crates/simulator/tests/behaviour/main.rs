//! What is modelled beside faults: clients, connections, breakers in time, pauses, restarts, ticks.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod breakers;
mod clients;
mod interruptions;
mod plans;
mod told;
