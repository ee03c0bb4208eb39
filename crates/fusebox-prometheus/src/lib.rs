//! Prometheus metrics of circuit breakers, for any service.
//!
//! A [`BreakerCollector`] exports single breakers and whole registries: each breaker keeps its own
//! counters, and the collector reads it once per scrape, so that nothing is counted twice and no call
//! waits. [`Metrics`] answers `/metrics`, in OpenMetrics with exemplars for a scraper that asks for
//! it, as Prometheus does. Whoever has a [`prometheus::Registry`] already registers the collector
//! there.
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
//! None is on by default.
//! - `fleet`: the module `fleet`, for breakers that decide together.
//! - `tracing`: `TransitionLog`, a listener that makes events of transitions.
//! - `opentelemetry`: `SpanEvents`, a listener that adds transitions to the current span of the thread
//!   that tells them, and keeps exemplars of them; [`TraceId`] from OpenTelemetry's.
//! - `protobuf`: the feature of the same name of the `prometheus` crate. Nothing here needs it, and
//!   it may be on or off.
//!
//! # Map
//! | item | what it is |
//! |---|---|
//! | [`BreakerCollector`] | what breakers and registries export |
//! | `fleet` | what participants of a fleet export |
//! | [`CallDurations`] | the histogram of call durations |
//! | [`Metrics`] | what `/metrics` answers |
//! | [`TraceId`] | what an exemplar leads to |
//! | `TransitionLog`, `SpanEvents` | listeners for logs and traces |
//! | [`names`] | every metric: name, help, labels |
//! | [`Definition`], [`Family`], [`Durations`] | metrics of one's own |

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
