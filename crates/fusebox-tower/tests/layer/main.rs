//! A service behind a circuit does what the layer promises.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod back_pressure;
mod cancellation;
mod fast_failure;
mod grpc;
mod http_answers;
mod nesting;
mod panics;
mod readiness;
mod rehearsal;
mod sharing;
