//! The settled settings of each part, and how they are written.

mod coordinating;
mod engine;
mod file;
mod load;
mod values;

use std::collections::BTreeMap;
use std::time::Duration;

pub(crate) use coordinating::{Coordinating, GossipPlace, Staging};
pub(crate) use engine::Engine;
pub(crate) use experiment::breaker_settings::BreakerSettings;
pub(crate) use file::{File, InstanceFile};
pub(crate) use load::{LoadAlone, LoadRun, OutputPaths};
pub(crate) use values::{Address, BaseUrl, Named, Span, Text, Token};

use experiment::faults::Plan;
use experiment::load::Profile;
use experiment::scenario::Mode;
use fusebox::Config;
use indexmap::IndexMap;
use serde::Serialize;
use telemetry::trace::{Protocol, TraceSettings};
use telemetry::{LogFormat, LogOutput, TelemetrySettings};

/// Everything about the whole system in one process.
#[derive(Debug, Serialize)]
pub(crate) struct Together {
    pub(crate) seed: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) duration: Option<Span>,
    #[serde(flatten)]
    pub(crate) observing: Observing,
    #[serde(flatten)]
    pub(crate) serving: Serving,
    /// What the instances tell each other.
    #[serde(flatten, skip_serializing_if = "Coordinating::is_local")]
    pub(crate) coordinating: Coordinating,
    pub(crate) lab: DiscoverySettings,
    pub(crate) unreliable: Unreliable,
    pub(crate) load: Profile,
    /// In the order in which everything counts them.
    pub(crate) instance: IndexMap<String, Instance>,
}

/// Everything about the unreliable service.
#[derive(Debug, Serialize)]
pub(crate) struct Unreliable {
    pub(crate) listen: Address,
    /// Where control routes answer even while nobody listens for data.
    pub(crate) control_listen: Address,
    #[serde(skip)]
    pub(crate) plan: Plan,
}

/// Everything about one instance.
#[derive(Debug, Serialize)]
pub(crate) struct Instance {
    pub(crate) listen: Address,
    pub(crate) downstream: BaseUrl,
    pub(crate) call_timeout: Span,
    /// Where its node gossips, if it does.
    #[serde(flatten)]
    pub(crate) gossip: Option<GossipPlace>,
    pub(crate) breaker: BreakerSettings,
    #[serde(skip)]
    pub(crate) config: Config,
    /// What an operator has decided before the start.
    #[serde(skip)]
    pub(crate) mode: Mode,
}

/// The limits of what a service takes on.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Serving {
    pub(crate) max_connections: usize,
    #[serde(skip)]
    pub(crate) control_token: Option<Token>,
    /// How long answers under way may take once the shutdown has begun.
    #[serde(skip)]
    pub(crate) drain_time: Duration,
}

/// What the process tells about itself, beside metrics. What is not set follows from `OTEL_*`.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Observing {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) otlp_endpoint: Option<BaseUrl>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) otlp_protocol: Option<Text<Protocol>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) trace_ratio: Option<f64>,
    pub(crate) log_format: Text<LogFormat>,
}

impl Observing {
    /// The same for the telemetry, with what is logged by default.
    pub(crate) fn telemetry(
        &self,
        log_level: &'static str,
        log_output: LogOutput,
    ) -> TelemetrySettings {
        TelemetrySettings {
            log_format: self.log_format.0,
            log_level,
            log_output,
            version: env!("CARGO_PKG_VERSION"),
            traces: TraceSettings {
                endpoint: self.otlp_endpoint.as_ref().map(BaseUrl::with_password),
                protocol: self.otlp_protocol.map(|protocol| protocol.0),
                ratio: self.trace_ratio,
            },
        }
    }
}

impl AsRef<Observing> for Together {
    fn as_ref(&self) -> &Observing {
        &self.observing
    }
}

impl<T> AsRef<Observing> for Alone<T> {
    fn as_ref(&self) -> &Observing {
        &self.observing
    }
}

/// Where service discovery listens.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct DiscoverySettings {
    pub(crate) listen: Address,
    /// Whether the user chose the address. One that nobody chose may be taken.
    #[serde(skip)]
    pub(crate) chosen: bool,
}

/// A part that runs alone, with what all parts have.
#[derive(Debug, Serialize)]
pub(crate) struct Alone<T> {
    pub(crate) seed: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) duration: Option<Span>,
    #[serde(flatten)]
    pub(crate) observing: Observing,
    #[serde(skip_serializing_if = "Option::is_none", flatten)]
    pub(crate) serving: Option<Serving>,
    #[serde(flatten)]
    pub(crate) part: T,
}

#[derive(Debug, Serialize)]
pub(crate) struct UnreliableAlone {
    pub(crate) unreliable: Unreliable,
}

#[derive(Debug, Serialize)]
pub(crate) struct InstanceAlone {
    #[serde(skip)]
    pub(crate) name: String,
    /// What it tells others; nothing where it decides for itself.
    #[serde(flatten)]
    pub(crate) coordinating: Option<Coordinating>,
    pub(crate) instance: BTreeMap<String, Instance>,
}
