//! The user's wish for traces and their destination, from a setting or from OpenTelemetry's variables.
//!
//! See <https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/>. The SDK reads most of
//! them itself; this module checks those that it leaves out or silently ignores. A wrong variable causes a warning
//! and no refusal: it may be meant for another program, and traces are not worth a failed start.

use std::fmt;
use std::str::FromStr;

use super::client::without_credentials;
use super::propagation::Parents;

/// The settings of traces; what is not set follows from `OTEL_*` variables.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TraceSettings {
    /// The base URL of the collector, `http://HOST:PORT`.
    pub endpoint: Option<String>,
    /// The protocol to the collector.
    pub protocol: Option<Protocol>,
    /// The share of traces to export, from 0 to 1. It is decided where a trace begins.
    pub ratio: Option<f64>,
}

/// The protocol by which spans are sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    /// Protobuf over HTTP; a collector's port for it is usually 4318.
    HttpProtobuf,
    /// gRPC; usually 4317. Needs the feature `otlp-grpc`.
    Grpc,
}

impl Protocol {
    /// Returns its name, as settings and `OTEL_EXPORTER_OTLP_PROTOCOL` spell it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::HttpProtobuf => "http/protobuf",
            Self::Grpc => "grpc",
        }
    }
}

impl fmt::Display for Protocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Protocol {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "http/protobuf" => Ok(Self::HttpProtobuf),
            "grpc" if cfg!(feature = "otlp-grpc") => Ok(Self::Grpc),
            "grpc" => Err(
                "grpc is not in this build: add `--features otlp-grpc`, or use \
                           `http/protobuf`"
                    .to_owned(),
            ),
            other => Err(format!(
                "`{other}` is not allowed: it must be `http/protobuf` or `grpc`"
            )),
        }
    }
}

/// What follows from settings and variables.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Asked {
    /// Traces were not asked for, or are turned off.
    Off,
    /// Traces were asked for in an impossible way.
    Refused(String),
    /// Traces are exported.
    On(Wanted),
}

/// What is to be exported, and how.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Wanted {
    /// `None` leaves it to the SDK, which reads its variables.
    pub(super) endpoint: Option<String>,
    /// The endpoint, whatever its source, with the credentials in it.
    pub(super) used_endpoint: String,
    /// The endpoint as the log shows it.
    pub(super) shown_endpoint: String,
    pub(super) protocol: Protocol,
    /// `None` leaves the sampler to the SDK, which reads its variables.
    pub(super) ratio: Option<f64>,
    pub(super) parents: Parents,
    /// The limit of waiting spans.
    pub(super) queue: usize,
    /// Whether the SDK should send more often than by default.
    pub(super) hurry: bool,
    /// The limit of one request, in milliseconds.
    pub(super) timeout_ms: u64,
    /// The warnings about variables.
    pub(crate) warnings: Vec<String>,
}

/// Samplers that the SDK knows.
const SAMPLERS: [&str; 6] = [
    "always_on",
    "always_off",
    "traceidratio",
    "parentbased_always_on",
    "parentbased_always_off",
    "parentbased_traceidratio",
];
/// Spans that wait, unless a variable says otherwise; the SDK's own default.
const QUEUE: usize = 2048;
/// The time of one request, unless a variable says otherwise; the specification's default.
const TIMEOUT_MS: u64 = 10_000;

/// What the settings and the variables ask for.
pub(crate) fn asked(settings: &TraceSettings, variable: impl Fn(&str) -> Option<String>) -> Asked {
    let variables = Variables(variable);
    if variables.forbid_traces() {
        return Asked::Off;
    }
    let endpoint = variables.either(
        "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
        "OTEL_EXPORTER_OTLP_ENDPOINT",
    );
    let Some(used) = settings.endpoint.clone().or(endpoint.map(|(_, url)| url)) else {
        return Asked::Off;
    };
    let shown_endpoint = without_credentials(&used);
    if shown_endpoint.trim().starts_with("https:") {
        return Asked::Refused(format!(
            "`{shown_endpoint}` is not an endpoint for spans: this build has no TLS, so it must start with \
             http://"
        ));
    }
    let mut warnings = Vec::from_iter(variables.exporters_warning());
    warnings.extend(variables.propagators_warning());
    let protocol = match settings.protocol.map_or_else(|| variables.protocol(), Ok) {
        Ok(protocol) => protocol,
        Err(refusal) => return Asked::Refused(refusal),
    };
    warnings.extend(port_warning(&shown_endpoint, protocol));
    let sampler = variables.value("OTEL_TRACES_SAMPLER");
    if settings.ratio.is_none() {
        let argument = variables.value("OTEL_TRACES_SAMPLER_ARG");
        warnings.extend(sampler_warnings(sampler.as_deref(), argument));
    }
    let asks_always = sampler.is_some_and(|name| SAMPLERS[..3].contains(&&*name));
    Asked::On(Wanted {
        endpoint: settings.endpoint.clone(),
        used_endpoint: used,
        shown_endpoint,
        protocol,
        ratio: settings.ratio,
        parents: if asks_always && settings.ratio.is_none() {
            Parents::AreAsked
        } else {
            Parents::Decide
        },
        queue: variables.queue().unwrap_or(QUEUE),
        hurry: variables.value("OTEL_BSP_SCHEDULE_DELAY").is_none(),
        timeout_ms: variables.timeout_ms().unwrap_or(TIMEOUT_MS),
        warnings,
    })
}

/// OpenTelemetry's variables, read by the function that it holds.
struct Variables<F>(F);

impl<F: Fn(&str) -> Option<String>> Variables<F> {
    /// The value of a variable; an empty variable counts as not set.
    fn value(&self, name: &str) -> Option<String> {
        (self.0)(name).filter(|value| !value.trim().is_empty())
    }

    /// The name and the value of the first of two variables that is set.
    fn either(&self, first: &'static str, second: &'static str) -> Option<(&'static str, String)> {
        let set = |name| Some((name, self.value(name)?));
        set(first).or_else(|| set(second))
    }

    /// Whether there are no traces, whatever else is set.
    fn forbid_traces(&self) -> bool {
        let disabled = self.value("OTEL_SDK_DISABLED");
        disabled.is_some_and(|value| value.trim().eq_ignore_ascii_case("true"))
            || self.names_exporter("none") == Some(true)
    }

    fn exporters_warning(&self) -> Option<String> {
        (self.names_exporter("otlp") == Some(false))
            .then(|| "OTEL_TRACES_EXPORTER: only `otlp` and `none` are supported".to_owned())
    }

    /// Whether this exporter is among the named ones; `None` if no exporter is named.
    fn names_exporter(&self, known: &str) -> Option<bool> {
        let exporters = self.value("OTEL_TRACES_EXPORTER")?;
        Some(exporters.split(',').any(|name| name.trim() == known))
    }

    fn propagators_warning(&self) -> Option<String> {
        let propagators = self.value("OTEL_PROPAGATORS")?;
        let mut names = propagators.split(',').map(str::trim);
        (!names.any(|name| name == "tracecontext")).then(|| {
            "OTEL_PROPAGATORS: only `tracecontext` is supported, and it is used".to_owned()
        })
    }

    /// The protocol that they name, or the default; the error is the reason of a refusal.
    fn protocol(&self) -> Result<Protocol, String> {
        let named = self.either(
            "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL",
            "OTEL_EXPORTER_OTLP_PROTOCOL",
        );
        named.map_or(Ok(Protocol::HttpProtobuf), |(name, text)| {
            let protocol = text.trim().parse();
            protocol.map_err(|what: String| format!("{name}: {what}"))
        })
    }

    /// The limit of waiting spans, if it is a number above zero.
    fn queue(&self) -> Option<usize> {
        let queue = number(&self.value("OTEL_BSP_MAX_QUEUE_SIZE")?)?;
        usize::try_from(queue).ok()
    }

    /// The limit of one request in milliseconds, if it is a number above zero.
    fn timeout_ms(&self) -> Option<u64> {
        let timeout = self.either(
            "OTEL_EXPORTER_OTLP_TRACES_TIMEOUT",
            "OTEL_EXPORTER_OTLP_TIMEOUT",
        );
        number(&timeout?.1)
    }
}

/// A number above zero, if the text is one.
fn number(text: &str) -> Option<u64> {
    let number = text.trim().parse().ok();
    number.filter(|number| *number > 0)
}

/// The most frequent mistake: the port of the other protocol, where the receiver cannot read what is sent.
fn port_warning(endpoint: &str, protocol: Protocol) -> Option<String> {
    let (other_port, port) = match protocol {
        Protocol::HttpProtobuf => (":4317", "4318"),
        Protocol::Grpc => (":4318", "4317"),
    };
    endpoint
        .trim_end_matches('/')
        .ends_with(other_port)
        .then(|| {
            format!("{endpoint}: the port for {protocol} is usually {port}; see --otlp-protocol")
        })
}

fn sampler_warnings(sampler: Option<&str>, argument: Option<String>) -> Option<String> {
    let sampler = sampler?;
    if !SAMPLERS.contains(&sampler) {
        return Some(format!(
            "OTEL_TRACES_SAMPLER = `{sampler}` is not known, every trace is exported; known are {}",
            SAMPLERS.join(", "),
        ));
    }
    let ratio = argument.and_then(|text| text.trim().parse::<f64>().ok());
    let valid = ratio.is_some_and(|ratio| (0.0..=1.0).contains(&ratio));
    (sampler.ends_with("traceidratio") && !valid).then(|| {
        "OTEL_TRACES_SAMPLER_ARG must be a number from 0 to 1; every trace is exported".to_owned()
    })
}

#[cfg(test)]
mod tests;
