//! The names of all metrics of the lab's services. The metrics of breakers are in the library.
//!
//! Metrics have base units, `_total` on counters, and ratios from 0 to 1. They have no label `service`, `instance` or
//! `job`, because the scrape target carries those.

mod load;
mod unreliable;

use fusebox_prometheus::{Definition, Kind};

pub use fusebox_prometheus::fleet::names::FLEET;
pub use fusebox_prometheus::names::{
    BREAKERS as INSTANCE, CALL_DURATION, CALLS, CONFIG_INFO, FAST_FAILURES, LAST_TRANSITION,
    OPEN_UNTIL, SLOW_CALLS, STATE, STATE_SECONDS, TRANSITIONS, TRIPS, WINDOW_CALLS,
    WINDOW_FAILURE_RATIO,
};
pub use load::*;
pub use unreliable::*;

/// What is running.
pub const BUILD_INFO: Definition = Definition::new(
    "lab_build_info",
    Kind::Gauge,
    &["version"],
    "1; the labels say what is running.",
);
/// Answers of a service.
pub const HTTP_REQUEST_DURATION: Definition = Definition::new(
    "http_server_request_duration_seconds",
    Kind::Histogram,
    &["route", "method", "status"],
    "Time from the request's header to the answer.",
);
/// Spans on their way to the collector.
pub const TRACE_EXPORT_SPANS: Definition = Definition::new(
    "trace_export_spans_total",
    Kind::Counter,
    &["outcome"],
    "Spans by result: exported, failed with their batch, rejected in it, or dropped because the queue was \
     full.",
);
/// Spans that wait.
pub const TRACE_EXPORT_QUEUE: Definition = Definition::new(
    "trace_export_queue_spans",
    Kind::Gauge,
    &[],
    "Spans that wait for the collector or are being sent.",
);
/// Whether the collector takes spans.
pub const TRACE_EXPORT_UP: Definition = Definition::new(
    "trace_export_up",
    Kind::Gauge,
    &[],
    "1 while the collector takes all spans, 0 while spans are lost.",
);
/// What the process uses. The descriptions are those of the `prometheus` crate.
pub const PROCESS_CPU: Definition = Definition::new(
    "process_cpu_seconds_total",
    Kind::Counter,
    &[],
    "Total user and system CPU time spent in seconds.",
);
/// Open files.
pub const PROCESS_OPEN_FDS: Definition = Definition::new(
    "process_open_fds",
    Kind::Gauge,
    &[],
    "Number of open file descriptors.",
);
/// The limit of open files.
pub const PROCESS_MAX_FDS: Definition = Definition::new(
    "process_max_fds",
    Kind::Gauge,
    &[],
    "Maximum number of open file descriptors.",
);
/// Address space.
pub const PROCESS_VIRTUAL_MEMORY: Definition = Definition::new(
    "process_virtual_memory_bytes",
    Kind::Gauge,
    &[],
    "Virtual memory size in bytes.",
);
/// Memory in use.
pub const PROCESS_RESIDENT_MEMORY: Definition = Definition::new(
    "process_resident_memory_bytes",
    Kind::Gauge,
    &[],
    "Resident memory size in bytes.",
);
/// Start of the process.
pub const PROCESS_START_TIME: Definition = Definition::new(
    "process_start_time_seconds",
    Kind::Gauge,
    &[],
    "Start time of the process since unix epoch in seconds.",
);
/// Threads.
pub const PROCESS_THREADS: Definition = Definition::new(
    "process_threads",
    Kind::Gauge,
    &[],
    "Number of OS threads in the process.",
);
/// The metrics that every service exports besides its own.
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

/// Everything that any service exports.
pub const ALL: &[&[Definition]] = &[
    INSTANCE,
    FLEET,
    UNRELIABLE,
    LOAD_GENERATOR,
    EVERYWHERE,
    PROCESS,
    TRACE_EXPORT,
];
