//! Transitions as listeners report them: `tracing` events, span events, exemplars.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::io;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use fusebox::{Breaker, Config, ManualClock};
use fusebox_prometheus::span_events::attributes;
use fusebox_prometheus::{BreakerCollector, Metrics, SpanEvents, TransitionLog};
use opentelemetry::trace::{TraceContextExt, Tracer, TracerProvider};
use opentelemetry::{Context, Value};
use opentelemetry_sdk::trace::{InMemorySpanExporter, Sampler, SdkTracerProvider, SpanData};
use tracing_subscriber::layer::SubscriberExt;

fn breaker() -> Breaker {
    let config = Config::builder()
        .consecutive_failures(1)
        .failure_rate_threshold(0.5)
        .jitter(0.0)
        .build()
        .unwrap();
    Breaker::new("db", config)
}

/// Lines that are kept.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl io::Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn logged(listener: TransitionLog, what: impl FnOnce(&Breaker)) -> String {
    let lines = Lines::default();
    let writer = lines.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_writer(move || writer.clone())
        .with_ansi(false)
        .without_time()
        .finish();
    let breaker = breaker();
    breaker.add_listener(listener);
    tracing::subscriber::with_default(subscriber, || what(&breaker));
    let bytes = lines.0.lock().unwrap().clone();
    String::from_utf8(bytes).unwrap()
}

#[test]
fn a_trip_is_one_event_with_its_figures() {
    let log = logged(TransitionLog::new(), |breaker| {
        breaker.call(|| Err::<(), _>(())).unwrap_err();
    });

    assert_eq!(
        log,
        " INFO circuit_breaker: circuit breaker transition breaker=\"db\" from=\"closed\" \
         to=\"open\" cause=\"consecutive\" generation=1 consecutive_failures=1 window_calls=1 \
         window_failures=1 open_for_ms=5000\n"
    );
}

#[test]
fn several_instances_in_one_process_are_told_apart() {
    let log = logged(TransitionLog::of_instance("A"), Breaker::force_open);

    assert!(
        log.contains("transition instance=\"A\" breaker=\"db\""),
        "{log}"
    );
    assert!(!log.contains("open_for_ms"), "{log}");
}

#[test]
fn a_trip_that_is_only_reported_says_so() {
    let log = logged(TransitionLog::new(), |breaker| {
        breaker.metrics_only();
        breaker.call(|| Err::<(), _>(())).unwrap_err();
    });

    let last = log.lines().last().unwrap();
    assert!(
        last.contains("circuit breaker would trip breaker=\"db\" cause=\"consecutive\""),
        "{log}"
    );
}

/// Spans that are kept, with a sampler.
fn provider(sampler: Sampler) -> (SdkTracerProvider, InMemorySpanExporter) {
    let exporter = InMemorySpanExporter::default();
    let provider = SdkTracerProvider::builder()
        .with_simple_exporter(exporter.clone())
        .with_sampler(sampler)
        .build();
    (provider, exporter)
}

fn assert_trip(span: &SpanData) {
    let events: Vec<_> = span.events.iter().map(|event| &*event.name).collect();
    assert_eq!(events, [attributes::TRANSITION_EVENT]);
    let attribute = |name: &str| {
        let mut all = span.events[0].attributes.iter();
        let found = all.find(|attribute| attribute.key.as_str() == name);
        found.unwrap().value.clone()
    };
    assert_eq!(attribute(attributes::NAME), Value::from("db"));
    assert_eq!(attribute(attributes::FROM), Value::from("closed"));
    assert_eq!(attribute(attributes::TO), Value::from("open"));
    assert_eq!(attribute(attributes::CAUSE), Value::from("consecutive"));
    assert_eq!(attribute(attributes::GENERATION), Value::I64(1));
    assert_eq!(attribute(attributes::OPEN_FOR_MS), Value::I64(5000));
}

/// What is shown when a breaker trips in a span, and the span.
fn trip_in_span(sampler: Sampler) -> (String, Vec<SpanData>) {
    let (provider, exporter) = provider(sampler);
    let breakers = BreakerCollector::new();
    let breaker = breaker();
    breakers.add(breaker.clone()).unwrap();
    let metrics = Metrics::new();
    metrics.register(breakers).unwrap();
    breaker.add_listener(SpanEvents::new().with_exemplars(&metrics));

    let span = provider.tracer("test").start("call");
    let attached = Context::current_with_span(span).attach();
    breaker.call(|| Err::<(), _>(())).unwrap_err();
    drop(attached);

    let shown = metrics.expose(Some("application/openmetrics-text")).body;
    (shown, exporter.get_finished_spans().unwrap())
}

#[test]
fn a_trip_is_an_event_of_the_span_that_caused_it_and_leads_to_its_trace() {
    let (shown, spans) = trip_in_span(Sampler::AlwaysOn);

    assert_trip(&spans[0]);
    let trace = spans[0].span_context.trace_id();
    let exemplar = format!("from=\"closed\",to=\"open\"}} 1 # {{trace_id=\"{trace}\"}} 1 ");
    assert!(shown.contains(&exemplar), "{shown}");
}

#[test]
fn a_span_that_is_not_sampled_leaves_no_exemplar() {
    let (shown, spans) = trip_in_span(Sampler::AlwaysOff);

    assert!(spans.is_empty());
    assert!(
        shown.contains("from=\"closed\",to=\"open\"} 1\n"),
        "{shown}"
    );
}

#[test]
fn what_a_scrape_tells_is_an_event_of_no_span() {
    let (provider, exporter) = provider(Sampler::AlwaysOn);
    let clock = ManualClock::new();
    let breaker = Breaker::with_clock("db", Config::default(), clock.clone());
    let breakers = BreakerCollector::new().polling();
    breakers.add(breaker.clone()).unwrap();
    let metrics = Metrics::new();
    metrics.register(breakers).unwrap();
    breaker.open_for(Duration::from_secs(1));
    breaker.add_listener(SpanEvents::new().with_exemplars(&metrics));
    clock.advance(Duration::from_secs(1));

    let span = provider.tracer("test").start("GET /metrics");
    let attached = Context::current_with_span(span).attach();
    let shown = metrics.expose(Some("application/openmetrics-text")).body;
    drop(attached);

    let half_open = "from=\"open\",to=\"half_open\"} 1\n";
    assert!(shown.contains(half_open), "{shown}");
    let spans = exporter.get_finished_spans().unwrap();
    assert!(spans[0].events.is_empty());
}

#[test]
fn a_span_of_tracing_gets_the_event_as_well() {
    let (provider, exporter) = provider(Sampler::AlwaysOn);
    let layer = tracing_opentelemetry::layer().with_tracer(provider.tracer("test"));
    let subscriber = tracing_subscriber::registry().with(layer);
    let breaker = breaker();
    breaker.add_listener(SpanEvents::new());

    tracing::subscriber::with_default(subscriber, || {
        tracing::info_span!("call").in_scope(|| {
            breaker.call(|| Err::<(), _>(())).unwrap_err();
        });
    });

    assert_trip(&exporter.get_finished_spans().unwrap()[0]);
}
