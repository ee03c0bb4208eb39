//! The promises of the layer to a service behind a breaker.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod back_pressure;
mod cancellation;
mod examples;
mod fast_failure;
mod grpc;
mod grpc_fast_failure;
mod http_answers;
mod http_bodies;
mod nesting;
mod panics;
mod places;
mod readiness;
mod rehearsal;
mod reqwest_answers;
mod sharing;
mod stacks;
mod tonic_calls;
mod twice;
