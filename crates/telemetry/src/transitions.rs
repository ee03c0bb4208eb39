//! Tells of a transition: the log, the span of the call that caused it, and the metric's exemplar.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use fusebox::{Event, Listener, State};
use fusebox_prometheus::span_events::SpanEvent;
use fusebox_prometheus::{Metrics, TransitionLog};
use opentelemetry::trace::{SpanContext, TraceContextExt};
use tracing::Span;
use tracing_opentelemetry::OpenTelemetrySpanExt;

/// Tells of the transitions of one instance's breaker. Clones tell the same story.
///
/// The library's `SpanEvents` asks OpenTelemetry for the current span. The lab's spans are those of
/// `tracing`, which it makes nobody's current context for speed, so they are found here.
///
/// # Examples
/// ```
/// use fusebox::{Breaker, Config};
/// use telemetry::{Transitions, service_metrics};
///
/// let breaker = Breaker::new("db", Config::default());
/// breaker.add_listener(Transitions::new("A", &service_metrics("1.0.0")));
/// breaker.force_open(); // is a line in the log, if there is one
/// ```
#[derive(Clone, Debug)]
pub struct Transitions {
    log: TransitionLog,
    metrics: Metrics,
    opening: Arc<Mutex<Option<SpanContext>>>,
}

impl Transitions {
    /// Tells in the name of `instance` about its breaker, whose transitions `metrics` count.
    pub fn new(instance: &str, metrics: &Metrics) -> Self {
        Self {
            log: TransitionLog::of_instance(instance),
            metrics: metrics.clone(),
            opening: Arc::default(),
        }
    }

    /// The span of the call that opened the breaker last, if that call was sampled.
    pub fn opening(&self) -> Option<SpanContext> {
        self.lock().clone()
    }

    fn lock(&self) -> MutexGuard<'_, Option<SpanContext>> {
        self.opening.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Listener for Transitions {
    fn on_event(&self, breaker: &str, event: &Event) {
        self.log.on_event(breaker, event);
        let span = Span::current();
        let context = span.context();
        let context = context.span().span_context().clone();
        let sampled = context.is_sampled().then_some(context);
        if sampled.is_some()
            && let Some(SpanEvent {
                name, attributes, ..
            }) = SpanEvent::of(breaker, event)
        {
            span.add_event(name, attributes);
        }
        if let Event::Transition(transition) = event {
            let (from, to) = (transition.from, transition.to);
            if let Some(context) = &sampled {
                let trace = context.trace_id().into();
                self.metrics.keep_transition(breaker, from, to, trace);
            }
            if to == State::Open {
                *self.lock() = sampled;
            }
        }
    }
}
