//! The span of a protected call: state, outcome and generation, why it was rejected, and a link to the call that
//! opened the breaker.

use std::sync::OnceLock;

use fusebox::{Generation, Outcome, Rejected, State};
use fusebox_prometheus::TraceId;
use http::HeaderMap;
use opentelemetry::KeyValue;
use opentelemetry::trace::SpanContext;
use tracing::{Span, field};
use tracing_opentelemetry::OpenTelemetrySpanExt;

use super::attributes::{
    CALL_SPAN, CANCELLED, ERROR_TYPE, GENERATION, LINK, NAME, OPENING, OUTCOME, REJECT_REASON,
    REJECTED, REJECTED_EVENT, RETRY_AFTER_MS, STATE,
};
use super::client::{ClientSpan, Target};
use super::{TARGET, Tracer, fail, sampled};
use crate::transitions::while_ending;

/// The span of one protected call, or nothing if the request is not sampled.
///
/// The breaker's work must happen [within](Self::within) it, so that transitions become events of the call that
/// caused them, or, under concurrency, of another call that told them.
#[derive(Debug)]
pub struct BreakerCall {
    recorded: Option<Recorded>,
}

#[derive(Debug)]
struct Recorded {
    span: Span,
    trace_id: TraceId,
    service: i64,
    permitted: OnceLock<Generation>,
}

impl Tracer {
    /// Begins the span of a call that the breaker called `name` protects, as a part of the present request.
    pub fn breaker_call(&self, name: &str) -> BreakerCall {
        let recorded = self.service.and_then(|service| {
            // A request that is not sampled has no span, and its call begins no trace.
            if Span::current().is_none() {
                return None;
            }
            let span = tracing::info_span!(
                target: TARGET,
                "call",
                lab.service = service.number,
                otel.name = CALL_SPAN,
                otel.kind = "internal",
                { NAME } = name,
                { STATE } = field::Empty,
                { GENERATION } = field::Empty,
                { OUTCOME } = field::Empty,
                { ERROR_TYPE } = field::Empty,
                otel.status_code = field::Empty,
            );
            let trace_id = sampled(&span)?;
            Some(Recorded {
                span,
                trace_id,
                service: service.number,
                permitted: OnceLock::new(),
            })
        });
        BreakerCall { recorded }
    }
}

impl BreakerCall {
    /// Runs `step` within the span.
    pub fn within<R>(&self, step: impl FnOnce() -> R) -> R {
        match &self.recorded {
            Some(Recorded {
                span, permitted, ..
            }) => while_ending(permitted.get().copied(), || span.in_scope(step)),
            None => step(),
        }
    }

    /// The trace, if it is sampled.
    pub fn trace_id(&self) -> Option<TraceId> {
        self.recorded.as_ref().map(|recorded| recorded.trace_id)
    }

    /// Notes that the call may pass. A probe is linked to the call that opened the breaker, if that is known.
    pub fn permitted(
        &self,
        state: State,
        generation: Generation,
        opening: impl FnOnce() -> Option<SpanContext>,
    ) {
        let Some(Recorded {
            span, permitted, ..
        }) = &self.recorded
        else {
            return;
        };
        permitted.get_or_init(|| generation);
        tracing::record_all!(
            span,
            { STATE } = state.as_str(),
            { GENERATION } = whole(generation.get()),
        );
        if state == State::HalfOpen
            && let Some(opening) = opening()
        {
            let what = KeyValue::new(LINK, OPENING);
            span.add_link_with_attributes(opening, vec![what]);
        }
    }

    /// Notes that the call is rejected, which ends the span.
    pub fn rejected(self, rejected: &Rejected) {
        let Some(Recorded { span, .. }) = &self.recorded else {
            return;
        };
        let state = rejected.reason.state();
        tracing::record_all!(
            span,
            { STATE } = state.as_str(),
            { GENERATION } = whole(rejected.generation.get()),
            { OUTCOME } = REJECTED,
            { ERROR_TYPE } = REJECTED,
            otel.status_code = "ERROR",
        );
        let mut why = vec![KeyValue::new(REJECT_REASON, rejected.reason.as_str())];
        if let Some(wait) = rejected.retry_after {
            let wait = i64::try_from(wait.as_millis()).unwrap_or(i64::MAX);
            why.push(KeyValue::new(RETRY_AFTER_MS, wait));
        }
        span.add_event(REJECTED_EVENT, why);
    }

    /// Begins the span of the request that the call sends. If nothing is recorded, the trace context of the incoming
    /// request is passed on.
    pub fn request(
        &self,
        target: &Target,
        incoming: &HeaderMap,
        headers: &mut HeaderMap,
    ) -> Option<ClientSpan> {
        let Some(recorded) = &self.recorded else {
            super::pass_on(incoming, headers);
            return None;
        };
        let parent = recorded.span.id().map(|id| (id, incoming));
        ClientSpan::begin(recorded.service, parent, target, headers)
    }

    /// Notes that the call has ended. `error` is the `error.type` of a call that failed.
    pub fn ended(&self, outcome: Outcome, error: Option<&str>) {
        let Some(Recorded { span, .. }) = &self.recorded else {
            return;
        };
        span.record(OUTCOME, outcome.as_str());
        if outcome == Outcome::Cancelled {
            fail(span, CANCELLED);
        } else if let Some(kind) = error {
            fail(span, kind);
        }
    }
}

/// The tracing layer turns unsigned numbers into text.
fn whole(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
