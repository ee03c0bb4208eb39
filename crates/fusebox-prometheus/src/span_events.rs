//! Transitions as events of the OpenTelemetry span in which they are told, and as exemplars.

pub mod attributes;

use fusebox::{Event, Listener, Transition, WouldTrip};
use opentelemetry::trace::TraceContextExt;
use opentelemetry::{Context, KeyValue};

use crate::exposition::Metrics;
use attributes::{
    CAUSE, CONSECUTIVE_FAILURES, FROM, GENERATION, NAME, OPEN_FOR_MS, TO, TRANSITION_EVENT,
    WINDOW_CALLS, WINDOW_FAILURES, WOULD_TRIP_EVENT,
};

/// A listener that adds each transition to the current span of the thread that tells it, usually
/// the span of the call that caused it. One listener serves all breakers.
///
/// The span is that of OpenTelemetry's current [`Context`] on that thread; if no span is recorded,
/// nothing is added. While one thread tells the events of a breaker, others leave theirs to it. So
/// if two calls of one breaker each cause a transition at nearly the same time, both transitions
/// may become events of the first call's span, and the exemplar may lead there, too. The attributes
/// are right in any case. Transitions that a scrape makes are events of no span.
/// `tracing-opentelemetry` makes the span that was entered last current, unless its context
/// activation was turned off. The names are in [`attributes`].
///
/// # Examples
/// ```
/// use fusebox::{Breaker, Config};
/// use fusebox_prometheus::{Metrics, SpanEvents};
///
/// let metrics = Metrics::new();
/// let breaker = Breaker::new("db", Config::default());
/// breaker.add_listener(SpanEvents::new().with_exemplars(&metrics));
/// breaker.force_open(); // is an event of the current span, if that is recorded
/// ```
#[derive(Clone, Debug, Default)]
pub struct SpanEvents {
    exemplars: Option<Metrics>,
}

impl SpanEvents {
    /// Makes a listener that adds span events.
    pub fn new() -> Self {
        Self::default()
    }

    /// Also keeps the trace of each transition in a sampled span as the exemplar of the
    /// transition's counter, which `metrics` shows.
    pub fn with_exemplars(mut self, metrics: &Metrics) -> Self {
        self.exemplars = Some(metrics.clone());
        self
    }
}

impl Listener for SpanEvents {
    fn on_event(&self, breaker: &str, event: &Event) {
        let context = Context::current();
        let span = context.span();
        if span.is_recording()
            && let Some(SpanEvent { name, attributes }) = SpanEvent::of(breaker, event)
        {
            span.add_event(name, attributes);
        }
        let context = span.span_context();
        if let (Some(metrics), Event::Transition(transition)) = (&self.exemplars, event)
            && context.is_sampled()
        {
            let trace = context.trace_id().into();
            metrics.keep_transition(breaker, transition.from, transition.to, trace);
        }
    }
}

/// A breaker's event in the form that a span takes, for listeners that find the span in another way
/// than [`SpanEvents`].
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct SpanEvent {
    /// The event's name.
    pub name: &'static str,
    /// Its attributes.
    pub attributes: Vec<KeyValue>,
}

impl SpanEvent {
    /// Converts `event` of the breaker called `breaker`. `None` for rejections and late results,
    /// which belong to single calls.
    pub fn of(breaker: &str, event: &Event) -> Option<Self> {
        match event {
            Event::Transition(transition) => Some(Self {
                name: TRANSITION_EVENT,
                attributes: of_transition(breaker, transition),
            }),
            Event::WouldTrip(report) => Some(Self {
                name: WOULD_TRIP_EVENT,
                attributes: of_would_trip(breaker, report),
            }),
            _ => None,
        }
    }
}

fn of_transition(breaker: &str, transition: &Transition) -> Vec<KeyValue> {
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

fn of_would_trip(breaker: &str, report: &WouldTrip) -> Vec<KeyValue> {
    vec![
        KeyValue::new(NAME, breaker.to_owned()),
        KeyValue::new(CAUSE, report.cause.as_str()),
        KeyValue::new(CONSECUTIVE_FAILURES, i64::from(report.consecutive_failures)),
        KeyValue::new(WINDOW_CALLS, whole(report.window.calls)),
        KeyValue::new(WINDOW_FAILURES, whole(report.window.failures)),
    ]
}

/// OpenTelemetry's integers are signed.
fn whole(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
