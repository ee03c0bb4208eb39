//! Who is told of a transition? The log, the span of the call that caused it, and the metric's
//! exemplar: one event, told once.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use fusebox::{Event, Listener, State, Transition, WouldTrip};
use opentelemetry::KeyValue;
use opentelemetry::trace::{SpanContext, TraceContextExt};
use tracing::Span;
use tracing_opentelemetry::OpenTelemetrySpanExt;

use crate::exemplars::Slots;
use crate::exposition::Metrics;
use crate::names::TRANSITIONS;
use crate::trace::attributes::{
    CAUSE, CONSECUTIVE_FAILURES, FROM, GENERATION, NAME, OPEN_FOR_MS, TO, TRANSITION_EVENT,
    WINDOW_CALLS, WINDOW_FAILURES, WOULD_TRIP_EVENT,
};

/// Tells of the transitions of one instance's breaker. Clones tell the same story.
///
/// # Examples
/// ```
/// use fusebox::{Breaker, Config};
/// use telemetry::{Metrics, Transitions};
///
/// let breaker = Breaker::new("db", Config::default());
/// breaker.add_listener(Transitions::new("A", "db", &Metrics::new("1.0.0")));
/// breaker.force_open(); // is a line in the log, if there is one
/// ```
#[derive(Clone, Debug)]
pub struct Transitions {
    instance: String,
    exemplars: Arc<[(State, State, Slots)]>,
    opening: Arc<Mutex<Option<SpanContext>>>,
}

impl Transitions {
    /// Tells in the name of `instance` about the breaker called `breaker`, whose transitions
    /// `metrics` count.
    pub fn new(instance: &str, breaker: &str, metrics: &Metrics) -> Self {
        let pairs = State::ALL.iter().copied().flat_map(|from| {
            let others = State::ALL.iter().copied().filter(move |to| *to != from);
            others.map(move |to| (from, to))
        });
        let exemplars = pairs.map(|(from, to)| {
            let values = [breaker, from.as_str(), to.as_str()];
            (from, to, metrics.exemplars().add(&TRANSITIONS, &values, 1))
        });
        Self {
            instance: instance.to_owned(),
            exemplars: exemplars.collect(),
            opening: Arc::default(),
        }
    }

    /// The span of the call that opened the breaker last, if that call was sampled.
    pub fn opening(&self) -> Option<SpanContext> {
        self.lock().clone()
    }

    fn tell(&self, breaker: &str, transition: &Transition) {
        tracing::info!(
            instance = &*self.instance,
            breaker,
            from = transition.from.as_str(),
            to = transition.to.as_str(),
            cause = transition.cause.as_str(),
            generation = transition.generation.get(),
            consecutive_failures = transition.consecutive_failures,
            window_calls = transition.window.calls,
            window_failures = transition.window.failures,
            open_for_ms = transition.open_for.map(|wait| wait.as_millis()),
            "circuit breaker transition",
        );
        let span = Span::current();
        let context = span.context();
        let context = context.span().span_context().clone();
        let sampled = context.is_sampled().then_some(context);
        if let Some(context) = &sampled {
            span.add_event(TRANSITION_EVENT, attributes(breaker, transition));
            let exemplars = self.exemplars.iter();
            let slots =
                exemplars.filter(|(from, to, _)| (*from, *to) == (transition.from, transition.to));
            for (_, _, slots) in slots {
                slots.keep(0, context.trace_id(), 1.0);
            }
        }
        if transition.to == State::Open {
            *self.lock() = sampled;
        }
    }

    fn tell_would_trip(&self, breaker: &str, report: &WouldTrip) {
        tracing::info!(
            instance = &*self.instance,
            breaker,
            cause = report.cause.as_str(),
            consecutive_failures = report.consecutive_failures,
            window_calls = report.window.calls,
            window_failures = report.window.failures,
            "circuit breaker would trip",
        );
        Span::current().add_event(
            WOULD_TRIP_EVENT,
            vec![
                KeyValue::new(NAME, breaker.to_owned()),
                KeyValue::new(CAUSE, report.cause.as_str()),
                KeyValue::new(CONSECUTIVE_FAILURES, i64::from(report.consecutive_failures)),
                KeyValue::new(WINDOW_CALLS, whole(report.window.calls)),
                KeyValue::new(WINDOW_FAILURES, whole(report.window.failures)),
            ],
        );
    }

    fn lock(&self) -> MutexGuard<'_, Option<SpanContext>> {
        self.opening.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Listener for Transitions {
    fn on_event(&self, breaker: &str, event: &Event) {
        match event {
            Event::Transition(transition) => self.tell(breaker, transition),
            Event::WouldTrip(report) => self.tell_would_trip(breaker, report),
            _ => {}
        }
    }
}

fn attributes(breaker: &str, transition: &Transition) -> Vec<KeyValue> {
    let mut attributes = vec![
        KeyValue::new(NAME, breaker.to_owned()),
        KeyValue::new(FROM, transition.from.as_str()),
        KeyValue::new(TO, transition.to.as_str()),
        KeyValue::new(CAUSE, transition.cause.as_str()),
        KeyValue::new(GENERATION, whole(transition.generation.get())),
        KeyValue::new(
            CONSECUTIVE_FAILURES,
            i64::from(transition.consecutive_failures),
        ),
        KeyValue::new(WINDOW_CALLS, whole(transition.window.calls)),
        KeyValue::new(WINDOW_FAILURES, whole(transition.window.failures)),
    ];
    if let Some(wait) = transition.open_for {
        let wait = i64::try_from(wait.as_millis()).unwrap_or(i64::MAX);
        attributes.push(KeyValue::new(OPEN_FOR_MS, wait));
    }
    attributes
}

fn whole(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
