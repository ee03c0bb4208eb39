//! The metrics of the unreliable service: its truth, its faults and its work.

use fusebox_prometheus::{Definition, Kind};

/// Requests to the unreliable service.
pub const UNRELIABLE_REQUESTS: Definition = Definition::new(
    "unreliable_service_requests_total",
    Kind::Counter,
    &["outcome"],
    "Requests for data by what the faults decided about them.",
);
/// Requests that could not but suffer.
pub const UNRELIABLE_WHILE_FAILING: Definition = Definition::new(
    "unreliable_service_requests_while_failing_total",
    Kind::Counter,
    &[],
    "Requests for data that arrived while the active faults could fail them.",
);
/// The truth about the unreliable service.
pub const UNRELIABLE_FAILURE_RATIO: Definition = Definition::new(
    "unreliable_service_failure_ratio",
    Kind::Gauge,
    &[],
    "Share of requests that the active faults fail or hang now.",
);
/// The phase of the fault plan.
pub const UNRELIABLE_PHASE: Definition = Definition::new(
    "unreliable_service_phase_info",
    Kind::Gauge,
    &["phase"],
    "1; the label is the active phase of the fault plan.",
);
/// What breakers cannot see.
pub const UNRELIABLE_TRUTH: Definition = Definition::new(
    "unreliable_service_truth",
    Kind::Gauge,
    &["caller"],
    "Probability that a call of the caller made now would fail.",
);
/// Faults that hit.
pub const UNRELIABLE_INJECTED: Definition = Definition::new(
    "unreliable_service_injected_total",
    Kind::Counter,
    &["rule", "effect", "caller"],
    "Effects of faults on requests.",
);
/// Faults that could have hit.
pub const UNRELIABLE_NOT_INJECTED: Definition = Definition::new(
    "unreliable_service_not_injected_total",
    Kind::Counter,
    &["rule", "caller"],
    "Requests that matched a rule of the fault plan and were spared.",
);
/// Work that waits.
pub const UNRELIABLE_QUEUE_DEPTH: Definition = Definition::new(
    "unreliable_service_queue_depth",
    Kind::Gauge,
    &[],
    "Requests that wait for a worker of the overload model.",
);
/// Work that is done.
pub const UNRELIABLE_BUSY_WORKERS: Definition = Definition::new(
    "unreliable_service_busy_workers",
    Kind::Gauge,
    &[],
    "Workers of the overload model that are busy.",
);
/// Work that nobody waits for.
pub const UNRELIABLE_WASTED_WORK: Definition = Definition::new(
    "unreliable_service_wasted_work_seconds_total",
    Kind::Counter,
    &[],
    "Time that workers of the overload model spent on requests whose clients had left.",
);
/// Delays as they came out.
pub const UNRELIABLE_INJECTED_DELAY: Definition = Definition::new(
    "unreliable_service_injected_delay_seconds",
    Kind::Histogram,
    &[],
    "Measured delay of requests that the fault plan delayed.",
);
/// Changes of the plan.
pub const UNRELIABLE_PLAN_REVISION: Definition = Definition::new(
    "unreliable_service_plan_revision",
    Kind::Gauge,
    &[],
    "Number of the fault plan in force; grows with each change.",
);

/// What the unreliable service exports.
pub const UNRELIABLE: &[Definition] = &[
    UNRELIABLE_REQUESTS,
    UNRELIABLE_WHILE_FAILING,
    UNRELIABLE_FAILURE_RATIO,
    UNRELIABLE_PHASE,
    UNRELIABLE_TRUTH,
    UNRELIABLE_INJECTED,
    UNRELIABLE_NOT_INJECTED,
    UNRELIABLE_QUEUE_DEPTH,
    UNRELIABLE_BUSY_WORKERS,
    UNRELIABLE_WASTED_WORK,
    UNRELIABLE_INJECTED_DELAY,
    UNRELIABLE_PLAN_REVISION,
];
