//! The trace that a request belongs to, read from and written to the headers of W3C Trace Context.
//!
//! See <https://www.w3.org/TR/trace-context-2/>: `traceparent`, and `tracestate` if there is one. All services read
//! and write both here and nowhere else. The SDK has a propagator, but it accepts traces that the specification says
//! to ignore, and passes on members of a state that must not be sent.
//!
//! A service that makes spans writes what it has read, with a span of its own as the parent. Every other service
//! passes both headers on byte for byte, as the specification requires of a service that changes nothing.
//!
//! | file | what it is |
//! |---|---|
//! | `trace_parent` | `traceparent`: the trace, the span above, flags |
//! | `trace_state` | `tracestate`: the data of other tracing systems |

mod trace_parent;
mod trace_state;

use http::{HeaderMap, HeaderName};
use opentelemetry::Context;
use opentelemetry::trace::{self, SpanContext, TraceContextExt};
use opentelemetry_sdk::trace::{IdGenerator, RandomIdGenerator};

use trace_parent::{RANDOM, TraceParent};
use trace_state::TraceState;

const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");
const TRACESTATE: HeaderName = HeaderName::from_static("tracestate");

/// Whether the decision of who sent a request is final.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Parents {
    /// What a parent did not sample is not sampled here.
    Decide,
    /// The sampler is asked about every span.
    AreAsked,
}

/// The trace of a request, as valid headers said it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Received {
    parent: TraceParent,
    state: TraceState,
}

impl Received {
    /// Reads both headers; `None` where a new trace must begin. An invalid state is no state.
    pub(super) fn read(headers: &HeaderMap) -> Option<Self> {
        let mut parents = headers.get_all(TRACEPARENT).iter();
        // Of two parents it is unknown which is right.
        let (Some(parent), None) = (parents.next(), parents.next()) else {
            return None;
        };
        Some(Self {
            parent: TraceParent::parse(parent.as_bytes())?,
            state: TraceState::read(headers.get_all(TRACESTATE)),
        })
    }

    /// Whether nothing of the request is to be recorded here.
    pub(super) fn is_unsampled(&self, parents: Parents) -> bool {
        !self.parent.flags.is_sampled() && parents == Parents::Decide
    }

    /// What spans have as their parent.
    pub(super) fn context(&self) -> Context {
        let TraceParent { trace, span, flags } = self.parent;
        // The SDK's own rules for keys are narrower. What it refuses is not in exported spans.
        let state = trace::TraceState::from_key_value(self.state.members()).unwrap_or_default();
        Context::new().with_remote_span_context(SpanContext::new(trace, span, flags, true, state))
    }

    /// Makes the receiver of `headers` a part of the trace, below a span that is not recorded.
    pub(super) fn write_unrecorded(&self, headers: &mut HeaderMap) {
        let span = RandomIdGenerator::default().new_span_id();
        let parent = TraceParent {
            span,
            ..self.parent
        };
        write_both(parent, &self.state, headers);
    }
}

/// Makes the receiver of `headers` a part of the trace of `span`, which continues what was `received`
/// or begins a trace.
pub(super) fn write(span: &SpanContext, received: Option<&Received>, headers: &mut HeaderMap) {
    let continued = received.filter(|received| received.parent.trace == span.trace_id());
    // The SDK makes all of a trace's id by chance. In a trace of others it forgets whether they did.
    let random = continued.map_or(RANDOM, |received| received.parent.flags);
    let state = continued.map(|received| &received.state);
    let parent = TraceParent::of(span, random);
    write_both(parent, state.unwrap_or(&TraceState::default()), headers);
}

fn write_both(parent: TraceParent, state: &TraceState, headers: &mut HeaderMap) {
    headers.insert(TRACEPARENT, parent.header());
    headers.remove(TRACESTATE);
    if let Some(state) = state.header() {
        headers.insert(TRACESTATE, state);
    }
}

/// Passes the trace context of a request on, unchanged: for a service that records nothing of it.
pub fn pass_on(from: &HeaderMap, to: &mut HeaderMap) {
    for name in [TRACEPARENT, TRACESTATE] {
        to.remove(&name);
        for value in from.get_all(&name) {
            to.append(&name, value.clone());
        }
    }
}

/// Without the optional space around it.
fn trimmed(bytes: &[u8]) -> &[u8] {
    let is_space = |byte: &u8| matches!(byte, b' ' | b'\t');
    let Some(first) = bytes.iter().position(|byte| !is_space(byte)) else {
        return &[];
    };
    let last = bytes
        .iter()
        .rposition(|byte| !is_space(byte))
        .unwrap_or(first);
    &bytes[first..=last]
}

#[cfg(test)]
mod tests;
