//! What did breakers and services do? Their metrics, their spans and their log lines.
//!
//! Nothing is counted twice: a breaker keeps its own counters, and a collector reads each breaker
//! once per scrape, so that all its series are of the same instant. Nothing waits for telemetry: a
//! scrape reads, lines and spans are handed to threads of their own and are lost rather than waited
//! for.
//!
//! | file | question |
//! |---|---|
//! | [`names`] | What is each metric called, and in which unit? |
//! | `breakers` | What do breakers look like at a scrape? |
//! | `http` | How long did answers take, by route and status? |
//! | `calls` | How long did permitted calls take? |
//! | `exposition` | What does a service show at `/metrics`? |
//! | `exemplars` | Which trace shows what a number means? |
//! | `family` | How is a metric put together by hand? |
//! | [`trace`] | Which spans tell a request's story? |
//! | `transitions` | Who is told of a transition? |
//! | `log` | Which lines go to the log? |
//! | `process` | How is the telemetry of a process started and stopped? |
//! | `wall` | What is a time of the breaker's clock on the calendar? |

mod breakers;
mod calls;
mod exemplars;
mod exposition;
mod family;
mod http;
mod log;
pub mod names;
mod process;
pub mod trace;
mod transitions;
mod wall;

pub use breakers::BreakerCollector;
pub use calls::CallDurations;
pub use exposition::{Exposition, Metrics};
pub use family::{Family, description};
pub use http::{HttpMetrics, RouteMetrics};
pub use log::{HeldLog, LogFormat, LogOutput};
pub use names::{Definition, Kind};
pub use opentelemetry::TraceId;
pub use process::{Telemetry, TelemetrySettings};
pub use transitions::Transitions;
pub use wall::{unix_now, unix_time};
