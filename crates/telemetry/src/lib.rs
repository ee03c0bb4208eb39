//! Metrics, spans and log lines of the lab's services.
//!
//! The metrics of breakers are those of [`fusebox_prometheus`]. Nothing waits for telemetry: a scrape
//! reads, lines and spans are handed to threads of their own and are lost rather than waited for.
//!
//! | item | what it is |
//! |---|---|
//! | [`names`] | every metric: name, help, labels |
//! | [`service_metrics`] | the metrics that every service has |
//! | [`HttpMetrics`] | durations of answers, by route and status |
//! | [`trace`] | the spans that tell a request's story |
//! | [`Transitions`] | tells the log, the span and the exemplar of a transition |
//! | [`FleetEvents`] | tells the log and the spans of what instances decide together |
//! | [`LogFormat`], [`LogOutput`], [`HeldLog`] | the log |
//! | [`Telemetry`] | the telemetry of a process while it runs |

mod fleet_events;
mod http;
mod log;
mod metrics;
pub mod names;
mod process;
pub mod trace;
mod transitions;

pub use fleet_events::FleetEvents;
pub use fusebox_prometheus::fleet::FleetCollector;
pub use fusebox_prometheus::{
    BreakerCollector, BreakerDurations, CallDurations, Definition, Exposition, Family, Kind,
    Metrics, TraceId, WallTimes, description, unix_now,
};
pub use http::{HttpMetrics, RouteMetrics};
pub use log::{HeldLog, LogFormat, LogOutput};
pub use metrics::service_metrics;
pub use process::{Telemetry, TelemetrySettings};
pub use transitions::Transitions;
