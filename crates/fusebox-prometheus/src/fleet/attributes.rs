//! The names of a fleet's spans, of their events, and of the attributes of both.
//!
//! `circuit_breaker.*` is our own namespace, as in [`span_events::attributes`](crate::span_events::attributes). The
//! registry of conventions in the package `telemetry` defines each name.

pub use crate::span_events::attributes::NAME;

/// The number of the fleet's verdict.
pub const EPOCH: &str = "circuit_breaker.fleet.epoch";
/// How long the right to probe lasts, in milliseconds.
pub const LEASE_MS: &str = "circuit_breaker.fleet.lease_ms";
/// The result of a probe for the fleet.
pub const PROBE_RESULT: &str = "circuit_breaker.fleet.probe.result";
/// How long until the instance's turn to close, in milliseconds.
pub const TURN_MS: &str = "circuit_breaker.fleet.turn_ms";
/// The reason why the instance goes on alone.
pub const FALLBACK_REASON: &str = "circuit_breaker.fleet.fallback.reason";
/// The order of an operator.
pub const ORDER: &str = "circuit_breaker.fleet.order";

/// The span of a hold: from the adoption of a verdict until the fleet lets go.
pub const HOLD_SPAN: &str = "circuit_breaker.fleet.hold";
/// The span of an event that happened while the fleet held nothing.
pub const NOTICE_SPAN: &str = "circuit_breaker.fleet.notice";

/// The fleet's verdict has opened the breaker.
pub const ADOPTED_EVENT: &str = "circuit_breaker.fleet.adopted";
/// The fleet is open, and this instance stays closed.
pub const VETOED_EVENT: &str = "circuit_breaker.fleet.vetoed";
/// This instance probes for the fleet.
pub const LEASED_EVENT: &str = "circuit_breaker.fleet.leased";
/// Its probe has ended.
pub const PROBED_EVENT: &str = "circuit_breaker.fleet.probed";
/// The fleet lets the breaker close.
pub const RELEASED_EVENT: &str = "circuit_breaker.fleet.released";
/// The instance goes on alone.
pub const FELL_BACK_EVENT: &str = "circuit_breaker.fleet.fell_back";
/// The engine is heard again.
pub const REJOINED_EVENT: &str = "circuit_breaker.fleet.rejoined";
/// The failure is this instance's own.
pub const LOCALISED_EVENT: &str = "circuit_breaker.fleet.localised";
/// The localised failure is over.
pub const LOCALISED_ENDED_EVENT: &str = "circuit_breaker.fleet.localised_ended";
/// The breaker obeys an operator's order to the whole fleet.
pub const ORDERED_EVENT: &str = "circuit_breaker.fleet.ordered";
/// The instance has left.
pub const LEFT_EVENT: &str = "circuit_breaker.fleet.left";
