//! What did breakers and services do? Their metrics, as Prometheus text, and their log lines.
//!
//! Nothing is counted twice: a breaker keeps its own counters, and a collector reads each breaker
//! once per scrape, so that all its series are of the same instant.
//!
//! | file | question |
//! |---|---|
//! | [`names`] | What is each metric called, and in which unit? |
//! | `breakers` | What do breakers look like at a scrape? |
//! | `http` | How long did answers take, by route and status? |
//! | `calls` | How long did permitted calls take? |
//! | `family` | How is a metric put together by hand? |
//! | `log` | Which lines go to the log? |
//! | `wall` | What is a time of the breaker's clock on the calendar? |

mod breakers;
mod calls;
mod family;
mod http;
mod log;
pub mod names;
mod wall;

pub use breakers::BreakerCollector;
pub use calls::CallDurations;
pub use family::{Family, description};
pub use http::{HttpMetrics, RouteMetrics};
pub use log::{LogGuard, LogTransitions, init_log};
pub use names::{Definition, Kind};
pub use wall::unix_time;

use prometheus::{Encoder, Registry, TextEncoder};

/// The content type of [`exposition`].
pub const TEXT_FORMAT: &str = prometheus::TEXT_FORMAT;

/// All metrics of `registry` in Prometheus' text format.
///
/// # Panics
/// Never: a registry that gathers twice the same series is refused when it is filled.
pub fn exposition(registry: &Registry) -> String {
    let mut text = Vec::with_capacity(16 * 1024);
    TextEncoder::new()
        .encode(&registry.gather(), &mut text)
        .expect("a gathered registry can be encoded");
    String::from_utf8(text).expect("the text format is UTF-8")
}

/// Adds `lab_build_info`, whose labels say what is running.
///
/// # Panics
/// If it has been added before.
pub fn register_build_info(registry: &Registry, version: &'static str) {
    let collector =
        family::Constant::new(Family::new(&names::BUILD_INFO).with(&[("version", version)], 1.0));
    registry
        .register(Box::new(collector))
        .expect("build info is registered once");
}
