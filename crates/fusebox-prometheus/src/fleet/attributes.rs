//! The names of a fleet's spans, of their events, and of the attributes of these.
//!
//! `circuit_breaker.*` is ours, as in [`span_events::attributes`](crate::span_events::attributes). What each name means
//! is in the registry of conventions beside the package `telemetry`.

pub use crate::span_events::attributes::NAME;

/// The number of the fleet's verdict.
pub const EPOCH: &str = "circuit_breaker.fleet.epoch";
/// How long the right to probe lasts, in milliseconds.
pub const LEASE_MS: &str = "circuit_breaker.fleet.lease_ms";
/// What a probe for the fleet came to.
pub const PROBE_RESULT: &str = "circuit_breaker.fleet.probe.result";
/// How long until the instance's turn to close, in milliseconds.
pub const TURN_MS: &str = "circuit_breaker.fleet.turn_ms";
/// Why the instance goes on alone.
pub const FALLBACK_REASON: &str = "circuit_breaker.fleet.fallback.reason";
/// What an operator ordered.
pub const ORDER: &str = "circuit_breaker.fleet.order";

/// The span of a hold: from the adoption of a verdict until the fleet lets go.
pub const HOLD_SPAN: &str = "circuit_breaker.fleet.hold";
/// The span of something that happened while the fleet held nothing.
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
/// That is over.
pub const LOCALISED_ENDED_EVENT: &str = "circuit_breaker.fleet.localised_ended";
/// An operator's order to the whole fleet is obeyed.
pub const ORDERED_EVENT: &str = "circuit_breaker.fleet.ordered";
/// The instance has left.
pub const LEFT_EVENT: &str = "circuit_breaker.fleet.left";
