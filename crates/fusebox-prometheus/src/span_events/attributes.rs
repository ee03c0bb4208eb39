//! The names of a breaker's span events and of their attributes.
//!
//! `circuit_breaker.*` is our own namespace, because OpenTelemetry has no convention for circuit
//! breakers yet; a proposal is issue 2355 of its semantic conventions. The registry of conventions
//! in the package `telemetry` defines each name.

/// The name of the breaker: what it protects.
pub const NAME: &str = "circuit_breaker.name";
/// The generation that began with a transition.
pub const GENERATION: &str = "circuit_breaker.generation";
/// The state that a transition left.
pub const FROM: &str = "circuit_breaker.transition.from";
/// The state that a transition entered.
pub const TO: &str = "circuit_breaker.transition.to";
/// The cause of a transition.
pub const CAUSE: &str = "circuit_breaker.transition.cause";
/// Failures in a row just before the transition.
pub const CONSECUTIVE_FAILURES: &str = "circuit_breaker.consecutive_failures";
/// Calls in the window just before the transition.
pub const WINDOW_CALLS: &str = "circuit_breaker.window.calls";
/// Failures in the window just before the transition.
pub const WINDOW_FAILURES: &str = "circuit_breaker.window.failures";
/// How long the breaker will be open, in milliseconds.
pub const OPEN_FOR_MS: &str = "circuit_breaker.open_for_ms";

/// The event of a transition.
pub const TRANSITION_EVENT: &str = "circuit_breaker.transition";
/// The event of a trip that metrics-only mode reports instead of making it.
pub const WOULD_TRIP_EVENT: &str = "circuit_breaker.would_trip";
