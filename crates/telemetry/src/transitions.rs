//! The reporter of a transition, for the log, a span, and the metric's exemplar.
//!
//! The span is that of the thread that tells the transition, usually the thread of the call that caused it: while one
//! thread tells events, others leave theirs to it.

use std::cell::Cell;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use fusebox::{Event, Generation, Listener, State, Transition};
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

    /// The span of the call whose end opened the breaker last. `None` if that call was not sampled, if
    /// no call's end opened the breaker, or if another call's thread told of it.
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
                *self.lock() = sampled.filter(|_| is_by_this_thread(transition));
            }
        }
    }
}

thread_local! {
    /// The generation of the call that this thread is ending.
    static ENDING: Cell<Option<Generation>> = const { Cell::new(None) };
}

/// Runs `step`, which ends a call that was permitted in `generation`, if it ends one.
pub(crate) fn while_ending<R>(generation: Option<Generation>, step: impl FnOnce() -> R) -> R {
    struct Restore(Option<Generation>);
    impl Drop for Restore {
        fn drop(&mut self) {
            ENDING.set(self.0);
        }
    }
    let _restore = Restore(ENDING.replace(generation));
    step()
}

/// Whether the call that this thread is ending has caused the transition. The end of a call counts only
/// in the generation in which it was permitted, and begins the next one.
fn is_by_this_thread(transition: &Transition) -> bool {
    let caused = transition.generation.get().checked_sub(1);
    ENDING.get().map(Generation::get) == caused
}

#[cfg(test)]
mod tests {
    use std::thread;

    use fusebox::{Breaker, Config};
    use opentelemetry::trace::TracerProvider;
    use opentelemetry_sdk::trace::SdkTracerProvider;
    use tracing_subscriber::layer::SubscriberExt;

    use super::*;
    use crate::metrics::service_metrics;

    fn breaker() -> Breaker {
        let config = Config::builder()
            .consecutive_failures(1)
            .permitted_probes(1)
            .build();
        Breaker::new("db", config.unwrap())
    }

    fn fail(breaker: &Breaker) {
        let permit = breaker.try_acquire().unwrap();
        while_ending(Some(permit.generation()), || permit.failure());
    }

    /// Fails a call of `breaker` in a span, and returns the span.
    fn fail_in_span(breaker: &Breaker) -> SpanContext {
        let provider = SdkTracerProvider::builder().build();
        let layer = tracing_opentelemetry::layer().with_tracer(provider.tracer("test"));
        let subscriber = tracing_subscriber::registry().with(layer);
        tracing::subscriber::with_default(subscriber, || {
            let span = tracing::info_span!("call");
            span.in_scope(|| fail(breaker));
            let context = span.context();
            context.span().span_context().clone()
        })
    }

    #[test]
    fn the_call_whose_end_opens_the_breaker_is_the_opening_one() {
        let breaker = breaker();
        let transitions = Transitions::new("A", &service_metrics("1.0.0"));
        breaker.add_listener(transitions.clone());

        let span = fail_in_span(&breaker);

        assert!(span.is_sampled());
        assert_eq!(transitions.opening(), Some(span));
    }

    #[test]
    fn a_call_that_tells_of_anothers_opening_is_not_taken_for_it() {
        let breaker = breaker();
        let transitions = Transitions::new("A", &service_metrics("1.0.0"));
        let own = breaker.clone();
        // While the first opening is told, another thread's probe opens the breaker again.
        breaker.add_listener(move |_: &str, event: &Event| {
            if matches!(event, Event::Transition(first) if first.generation.get() == 1) {
                let other = own.clone();
                let probe = move || {
                    other.half_open();
                    fail(&other);
                };
                thread::spawn(probe).join().unwrap();
            }
        });
        breaker.add_listener(transitions.clone());

        fail_in_span(&breaker);

        assert_eq!(breaker.snapshot().generation.get(), 3);
        assert_eq!(breaker.state(), State::Open);
        assert_eq!(transitions.opening(), None);
    }
}
