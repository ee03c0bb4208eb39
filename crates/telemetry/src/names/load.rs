//! The metrics of the load generator: what it planned, the outcomes, and its own lateness.

use fusebox_prometheus::{Definition, Kind};

/// Planned requests.
pub const LOAD_PLANNED: Definition = Definition::new(
    "load_generator_planned_total",
    Kind::Counter,
    &["target"],
    "Requests that were planned; each ends in exactly one outcome.",
);
/// Requests by outcome.
pub const LOAD_REQUESTS: Definition = Definition::new(
    "load_generator_requests_total",
    Kind::Counter,
    &["target", "outcome"],
    "Planned requests that ended, by outcome.",
);
/// Attempts.
pub const LOAD_ATTEMPTS: Definition = Definition::new(
    "load_generator_attempts_total",
    Kind::Counter,
    &["target"],
    "Attempts of requests that ended; more than the requests where clients retry.",
);
/// Response times.
pub const LOAD_RESPONSE_DURATION: Definition = Definition::new(
    "load_generator_response_duration_seconds",
    Kind::Histogram,
    &["target"],
    "Time from the planned instant of a request to its end.",
);
/// The generator's own fault.
pub const LOAD_LATENESS: Definition = Definition::new(
    "load_generator_lateness_seconds",
    Kind::Histogram,
    &[],
    "Time from the planned instant of a request to its release by the generator.",
);
/// Connections.
pub const LOAD_CONNECTIONS: Definition = Definition::new(
    "load_generator_connections",
    Kind::Gauge,
    &["target"],
    "Open connections.",
);
/// The queue in front of the connections.
pub const LOAD_QUEUE: Definition = Definition::new(
    "load_generator_queue_depth",
    Kind::Gauge,
    &["target"],
    "Requests that wait for a connection.",
);

/// What the load generator exports.
pub const LOAD_GENERATOR: &[Definition] = &[
    LOAD_PLANNED,
    LOAD_REQUESTS,
    LOAD_ATTEMPTS,
    LOAD_RESPONSE_DURATION,
    LOAD_LATENESS,
    LOAD_CONNECTIONS,
    LOAD_QUEUE,
];
