//! The metrics, spans and log lines of the lab's services.
//!
//! The metrics of breakers are those of [`fusebox_prometheus`]. No service waits for telemetry: a scrape only reads,
//! and lines and spans go to threads of their own, where they are dropped if these fall behind.
//!
//! | item | what it is |
//! |---|---|
//! | [`names`] | every metric: name, help, labels |
//! | [`service_metrics`] | the metrics that every service has |
//! | [`HttpMetrics`] | durations of answers, by route and status |
//! | [`trace`] | the spans of a request |
//! | [`Transitions`] | reports a transition to the log, the span and the exemplar |
//! | [`FleetEvents`] | reports what instances decide together to the log and to spans |
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
