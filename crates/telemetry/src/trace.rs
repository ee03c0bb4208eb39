//! The spans of a request: one trace from the load generator to the unreliable service.
//!
//! ```text
//! GET /call                 client     load generator
//! └ GET /call               server     instance
//!   └ circuit_breaker.call  internal   the breaker: state, outcome, generation, transitions
//!     └ GET /data           client     only if permitted
//!       └ GET /data         server     unreliable service
//! ```
//!
//! What instances decide together is caused by no request and has traces of its own:
//!
//! ```text
//! circuit_breaker.fleet.hold    internal   from the adoption of a verdict until the fleet lets go
//! circuit_breaker.fleet.notice  internal   anything else that happens to an instance in its fleet
//! ```
//!
//! HTTP spans follow OpenTelemetry's semantic conventions; there are none yet for circuit breakers ([`attributes`]
//! lists ours). No ready-made middleware is used: those that were tried cut cancelled requests short or exported all
//! headers. Spans are made only for sampled requests. The trace context of other requests is passed on unchanged.
//!
//! | file | what it is |
//! |---|---|
//! | `trace_settings` | whether the user asked for traces, and where they go |
//! | `pipeline`, `carrier` | the way of spans to the collector |
//! | `by_service` | the service that made a span |
//! | `attributes` | the names of attributes, and of one span |
//! | `partial_success` | what a collector refused while it answered with success |
//! | `health` | the results of the export, and a warning when spans are lost |
//! | `propagation` | the way of a trace from one service to the next |
//! | `server`, `client`, `call` | the three kinds of spans of a request |
//! | `fleet` | the spans of what instances decide together |

pub mod attributes;

mod by_service;
mod call;
mod carrier;
mod client;
mod fleet;
mod health;
mod partial_success;
mod pipeline;
mod propagation;
mod server;
mod trace_settings;

use fusebox_prometheus::TraceId;
use opentelemetry::trace::TraceContextExt;
use tracing_opentelemetry::OpenTelemetrySpanExt;

pub use call::BreakerCall;
pub use client::{ClientSpan, Target};
pub use propagation::pass_on;
pub use server::ServerSpan;
pub use trace_settings::{Protocol, TraceSettings};

pub(crate) use fleet::FleetSpans;
pub(crate) use health::ExportCollector;
pub(crate) use pipeline::Pipeline;
pub(crate) use propagation::Parents;
pub(crate) use trace_settings::{Asked, asked};

/// The target of all spans that are exported. Nothing else gets into traces, in particular not the work of the
/// exporter itself.
pub(crate) const TARGET: &str = "telemetry::trace";

/// The field that says which service made a span; the exporter removes it.
pub(crate) const SERVICE: &str = "lab.service";

/// Makes the spans of one service. A default tracer makes none.
#[derive(Clone, Debug, Default)]
pub struct Tracer {
    service: Option<Service>,
}

#[derive(Clone, Copy, Debug)]
struct Service {
    /// Signed, because the tracing layer turns unsigned numbers into text.
    number: i64,
    parents: Parents,
}

impl Tracer {
    pub(crate) fn of(number: i64, parents: Parents) -> Self {
        let service = Service { number, parents };
        Self {
            service: Some(service),
        }
    }
}

impl Tracer {
    /// Returns whether it makes any spans.
    pub fn records(&self) -> bool {
        self.service.is_some()
    }
}

/// The trace of a span that is sampled.
pub(crate) fn sampled(span: &tracing::Span) -> Option<TraceId> {
    let context = span.context();
    let context = context.span();
    let context = context.span_context();
    context.is_sampled().then(|| context.trace_id().into())
}

/// Adds an attribute to the request that is being answered, if that is recorded.
pub fn note(key: &'static str, value: impl Into<opentelemetry::Value>) {
    let span = tracing::Span::current();
    if !span.is_none() {
        span.set_attribute(key, value);
    }
}

/// Ends a span as failed. `kind` is a status code or a word of low cardinality.
fn fail(span: &tracing::Span, kind: &str) {
    tracing::record_all!(
        span,
        { attributes::ERROR_TYPE } = kind,
        otel.status_code = "ERROR"
    );
}
