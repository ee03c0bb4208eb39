//! What is each metric called, and in which unit? The one place that names them.
//!
//! Base units, `_total` on counters, shares as numbers from 0 to 1. No `service`, `instance` or
//! `job` label: the scrape target carries those.

mod load;
mod unreliable;

pub use load::*;
pub use unreliable::*;

/// What kind of metric it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Only grows, until a restart.
    Counter,
    /// Goes up and down.
    Gauge,
    /// Counts by size.
    Histogram,
}

/// A metric's name, help and labels.
#[derive(Clone, Copy, Debug)]
pub struct Definition {
    /// Its name.
    pub name: &'static str,
    /// What it says, as Prometheus shows it.
    pub help: &'static str,
    /// Counter, gauge or histogram.
    pub kind: Kind,
    /// The names of its labels.
    pub labels: &'static [&'static str],
}

const fn metric(
    name: &'static str,
    kind: Kind,
    labels: &'static [&'static str],
    help: &'static str,
) -> Definition {
    Definition {
        name,
        help,
        kind,
        labels,
    }
}

/// State of a breaker, one-hot.
pub const STATE: Definition = metric(
    "circuit_breaker_state",
    Kind::Gauge,
    &["breaker", "state"],
    "1 for the state that the breaker is in, 0 for the others.",
);
/// Transitions.
pub const TRANSITIONS: Definition = metric(
    "circuit_breaker_transitions_total",
    Kind::Counter,
    &["breaker", "from", "to"],
    "Changes of state.",
);
/// Openings by cause.
pub const TRIPS: Definition = metric(
    "circuit_breaker_trips_total",
    Kind::Counter,
    &["breaker", "rule"],
    "Openings by the rule that caused them.",
);
/// Outcomes of permitted calls.
pub const CALLS: Definition = metric(
    "circuit_breaker_calls_total",
    Kind::Counter,
    &["breaker", "outcome"],
    "Permitted calls by outcome; late ones belong to an earlier state and decided nothing.",
);
/// Rejections.
pub const FAST_FAILURES: Definition = metric(
    "circuit_breaker_fast_failures_total",
    Kind::Counter,
    &["breaker", "reason"],
    "Calls that the breaker rejected at once, without calling the downstream.",
);
/// Slow calls.
pub const SLOW_CALLS: Definition = metric(
    "circuit_breaker_slow_calls_total",
    Kind::Counter,
    &["breaker"],
    "Permitted calls that took longer than the slow threshold.",
);
/// Time per state.
pub const STATE_SECONDS: Definition = metric(
    "circuit_breaker_state_seconds_total",
    Kind::Counter,
    &["breaker", "state"],
    "Time spent in each state, exact at the scrape; its rate is the share of time.",
);
/// Durations of permitted calls.
pub const CALL_DURATION: Definition = metric(
    "circuit_breaker_call_duration_seconds",
    Kind::Histogram,
    &["breaker", "outcome"],
    "Duration of permitted calls by outcome.",
);
/// Failures in the window.
pub const WINDOW_FAILURE_RATIO: Definition = metric(
    "circuit_breaker_window_failure_ratio",
    Kind::Gauge,
    &["breaker"],
    "Share of failures among the calls in the window; 0 when it is empty.",
);
/// Calls in the window.
pub const WINDOW_CALLS: Definition = metric(
    "circuit_breaker_window_calls",
    Kind::Gauge,
    &["breaker"],
    "Calls in the window.",
);
/// End of the open period.
pub const OPEN_UNTIL: Definition = metric(
    "circuit_breaker_open_until_timestamp_seconds",
    Kind::Gauge,
    &["breaker"],
    "Unix time at which the open period ends; 0 when the breaker is not open.",
);
/// Last transition.
pub const LAST_TRANSITION: Definition = metric(
    "circuit_breaker_last_transition_timestamp_seconds",
    Kind::Gauge,
    &["breaker"],
    "Unix time at which the present state was entered.",
);
/// Settings of a breaker.
pub const CONFIG_INFO: Definition = metric(
    "circuit_breaker_config_info",
    Kind::Gauge,
    &[
        "breaker",
        "consecutive_failures",
        "failure_rate_threshold",
        "slow_call_rate_threshold",
        "slow_call_duration",
        "window",
        "minimum_calls",
        "open_for",
        "backoff_factor",
        "max_open_for",
        "jitter",
        "probes",
        "permitted_probes",
        "half_open_for",
        "backoff_decay",
        "ramp_up_for",
    ],
    "1; the labels are the breaker's settings.",
);
/// What is running.
pub const BUILD_INFO: Definition = metric(
    "lab_build_info",
    Kind::Gauge,
    &["version"],
    "1; the labels say what is running.",
);
/// Answers of a service.
pub const HTTP_REQUEST_DURATION: Definition = metric(
    "http_server_request_duration_seconds",
    Kind::Histogram,
    &["route", "method", "status"],
    "Time from the request's header to the answer.",
);
/// Spans on their way to the collector.
pub const TRACE_EXPORT_SPANS: Definition = metric(
    "trace_export_spans_total",
    Kind::Counter,
    &["outcome"],
    "Spans by what became of them: exported, failed with their batch, or dropped as the queue was full.",
);
/// Spans that wait.
pub const TRACE_EXPORT_QUEUE: Definition = metric(
    "trace_export_queue_spans",
    Kind::Gauge,
    &[],
    "Spans that wait for the collector or are being sent.",
);
/// Whether the collector takes spans.
pub const TRACE_EXPORT_UP: Definition = metric(
    "trace_export_up",
    Kind::Gauge,
    &[],
    "1 while the collector takes all spans, 0 while spans are lost.",
);
/// What the process uses. The descriptions are those of the `prometheus` crate.
pub const PROCESS_CPU: Definition = metric(
    "process_cpu_seconds_total",
    Kind::Counter,
    &[],
    "Total user and system CPU time spent in seconds.",
);
/// Open files.
pub const PROCESS_OPEN_FDS: Definition = metric(
    "process_open_fds",
    Kind::Gauge,
    &[],
    "Number of open file descriptors.",
);
/// The limit of open files.
pub const PROCESS_MAX_FDS: Definition = metric(
    "process_max_fds",
    Kind::Gauge,
    &[],
    "Maximum number of open file descriptors.",
);
/// Address space.
pub const PROCESS_VIRTUAL_MEMORY: Definition = metric(
    "process_virtual_memory_bytes",
    Kind::Gauge,
    &[],
    "Virtual memory size in bytes.",
);
/// Memory in use.
pub const PROCESS_RESIDENT_MEMORY: Definition = metric(
    "process_resident_memory_bytes",
    Kind::Gauge,
    &[],
    "Resident memory size in bytes.",
);
/// Start of the process.
pub const PROCESS_START_TIME: Definition = metric(
    "process_start_time_seconds",
    Kind::Gauge,
    &[],
    "Start time of the process since unix epoch in seconds.",
);
/// Threads.
pub const PROCESS_THREADS: Definition = metric(
    "process_threads",
    Kind::Gauge,
    &[],
    "Number of OS threads in the process.",
);
/// What every service exports, beside its own.
pub const EVERYWHERE: &[Definition] = &[BUILD_INFO, HTTP_REQUEST_DURATION];

/// What every service exports about its process, on Linux.
pub const PROCESS: &[Definition] = &[
    PROCESS_CPU,
    PROCESS_OPEN_FDS,
    PROCESS_MAX_FDS,
    PROCESS_VIRTUAL_MEMORY,
    PROCESS_RESIDENT_MEMORY,
    PROCESS_START_TIME,
    PROCESS_THREADS,
];

/// What every service exports about its process while traces are exported.
pub const TRACE_EXPORT: &[Definition] = &[TRACE_EXPORT_SPANS, TRACE_EXPORT_QUEUE, TRACE_EXPORT_UP];

/// What an instance exports.
pub const INSTANCE: &[Definition] = &[
    STATE,
    TRANSITIONS,
    TRIPS,
    CALLS,
    FAST_FAILURES,
    SLOW_CALLS,
    STATE_SECONDS,
    CALL_DURATION,
    WINDOW_FAILURE_RATIO,
    WINDOW_CALLS,
    OPEN_UNTIL,
    LAST_TRANSITION,
    CONFIG_INFO,
];

/// Everything that any service exports.
pub const ALL: &[&[Definition]] = &[
    INSTANCE,
    UNRELIABLE,
    LOAD_GENERATOR,
    EVERYWHERE,
    PROCESS,
    TRACE_EXPORT,
];
