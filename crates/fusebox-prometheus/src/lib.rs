//! Prometheus metrics of circuit breakers, for any service.
//!
//! A [`BreakerCollector`] exports single breakers and whole registries. Each breaker keeps its own
//! counters, and the collector reads it once per scrape, so nothing is counted twice and no call waits.
//! [`Metrics`] makes the answer for `/metrics`, in OpenMetrics with exemplars if the scraper asks for
//! it, as Prometheus does. A service that already has a
//! [`prometheus::Registry`](https://docs.rs/prometheus/0.14/prometheus/struct.Registry.html) registers
//! the collector there.
//!
//! ```
//! use fusebox::{Breaker, Config};
//! use fusebox_prometheus::{BreakerCollector, Metrics};
//!
//! let breaker = Breaker::new("inventory", Config::default());
//! let breakers = BreakerCollector::new();
//! breakers.add(breaker.clone())?;
//! let metrics = Metrics::new();
//! metrics.register(breakers)?;
//!
//! breaker.try_acquire()?.success();
//! let shown = metrics.expose(None);
//! assert!(shown.body.contains(
//!     r#"circuit_breaker_calls_total{breaker="inventory",outcome="success"} 1"#
//! ));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Features
//! All are off by default.
//! - `fleet`: the module `fleet`, for the participants of a fleet of breakers.
//! - `tracing`: `TransitionLog`, a listener that writes transitions as `tracing` events.
//! - `opentelemetry`: `SpanEvents`, a listener that adds transitions to the current span of its thread
//!   and keeps exemplars of them; and [`TraceId`] from OpenTelemetry's trace id.
//! - `protobuf`: turns on the feature of the same name of the `prometheus` crate. Nothing here needs
//!   it.
//!
//! # Map
//! | item | what it is |
//! |---|---|
//! | [`BreakerCollector`] | the metrics of breakers and registries |
//! | `fleet` | the metrics of participants of a fleet |
//! | [`CallDurations`] | the histogram of call durations |
//! | [`Metrics`] | the answer for `/metrics` |
//! | [`TraceId`] | the trace that an exemplar leads to |
//! | `TransitionLog`, `SpanEvents` | listeners for logs and traces |
//! | [`names`] | every metric: name, help, labels |
//! | [`Definition`], [`Family`], [`Durations`] | metrics of your own |

mod calls;
mod collector;
mod durations;
mod exemplars;
mod exposition;
mod family;
#[cfg(feature = "fleet")]
pub mod fleet;
pub mod names;
mod proto;
#[cfg(feature = "opentelemetry")]
pub mod span_events;
#[cfg(feature = "tracing")]
mod transition_log;
mod wall;

pub use calls::{BreakerDurations, CallDurations};
pub use collector::{BreakerCollector, NameTaken, OTHER};
pub use durations::{DurationSeries, Durations};
pub use exemplars::TraceId;
pub use exposition::{Exposition, Metrics};
pub use family::{Family, description};
pub use names::{Definition, Kind};
#[cfg(feature = "opentelemetry")]
pub use span_events::SpanEvents;
#[cfg(feature = "tracing")]
pub use transition_log::TransitionLog;
pub use wall::{WallTimes, unix_now};

/// Compiles and runs the example of the README.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
