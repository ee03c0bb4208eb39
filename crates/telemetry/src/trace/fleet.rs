//! The spans of what instances decide together: one for each hold, and one for any other event.
//!
//! A hold begins when the instance adopts the fleet's verdict and ends when the fleet lets go, for whatever reason.
//! Its steps are its events: leases, probes, the release. An event outside of a hold gets a span that ends at once,
//! because an event can be found only by its span.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use fusebox_fleet::BreakerKey;
use fusebox_fleet::host::FleetEvent;
use fusebox_prometheus::fleet::FleetSpanEvent;
use tracing::Span;
use tracing_opentelemetry::OpenTelemetrySpanExt;

use super::attributes::{HOLD_SPAN, NAME, NOTICE_SPAN};
use super::{TARGET, Tracer};

/// Makes the spans of one instance's part in its fleet.
pub(crate) struct FleetSpans {
    tracer: Tracer,
    /// The holds that last, by the breaker.
    holds: Mutex<BTreeMap<BreakerKey, Span>>,
}

impl FleetSpans {
    pub(crate) fn new(tracer: Tracer) -> Self {
        Self {
            tracer,
            holds: Mutex::default(),
        }
    }

    pub(crate) fn tell(&self, key: &BreakerKey, event: &FleetEvent) {
        let Some(service) = self.tracer.service else {
            return;
        };
        let Some(FleetSpanEvent {
            name, attributes, ..
        }) = FleetSpanEvent::of(event)
        else {
            return;
        };
        let begin = |name| begin(service.number, name, key);
        let mut holds = self.lock();
        if matches!(event, FleetEvent::Adopted { .. }) {
            holds.insert(key.clone(), begin(HOLD_SPAN));
        }
        match holds.get(key) {
            Some(hold) => hold.add_event(name, attributes),
            None => begin(NOTICE_SPAN).add_event(name, attributes),
        }
        if ends_a_hold(event) {
            holds.remove(key);
        }
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<BreakerKey, Span>> {
        self.holds.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A trace of its own: no request has caused it.
fn begin(service: i64, name: &'static str, key: &BreakerKey) -> Span {
    tracing::info_span!(
        target: TARGET,
        parent: None,
        "fleet",
        lab.service = service,
        otel.name = name,
        otel.kind = "internal",
        { NAME } = key.as_str(),
    )
}

fn ends_a_hold(event: &FleetEvent) -> bool {
    matches!(
        event,
        FleetEvent::Released { .. }
            | FleetEvent::FellBack { .. }
            | FleetEvent::Refused { .. }
            | FleetEvent::Ordered { .. }
            | FleetEvent::Left
    )
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use fusebox_fleet::host::FallbackReason;
    use fusebox_fleet::{Epoch, Era, Incarnation, ProbeResult};
    use fusebox_prometheus::fleet::attributes::{
        ADOPTED_EVENT, FELL_BACK_EVENT, LEASED_EVENT, PROBED_EVENT, REJOINED_EVENT, RELEASED_EVENT,
    };
    use opentelemetry::trace::{SpanId, TracerProvider};
    use opentelemetry_sdk::error::OTelSdkResult;
    use opentelemetry_sdk::trace::{SdkTracerProvider, SpanData, SpanExporter};
    use tracing_subscriber::layer::SubscriberExt;

    use super::super::Parents;
    use super::*;

    /// Spans that are kept.
    #[derive(Clone, Debug, Default)]
    struct Kept(Arc<Mutex<Vec<SpanData>>>);

    impl SpanExporter for Kept {
        async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
            self.0.lock().unwrap().extend(batch);
            Ok(())
        }
    }

    /// The spans that these events make.
    fn spans_of(events: &[FleetEvent]) -> Vec<SpanData> {
        let kept = Kept::default();
        let provider = SdkTracerProvider::builder()
            .with_simple_exporter(kept.clone())
            .build();
        let layer = tracing_opentelemetry::layer().with_tracer(provider.tracer("test"));
        let subscriber = tracing_subscriber::registry().with(layer);
        tracing::subscriber::with_default(subscriber, || {
            let spans = FleetSpans::new(Tracer::of(7, Parents::Decide));
            let key = BreakerKey::new("db").unwrap();
            // The reporting thread may be within a span; the report is no part of that span.
            tracing::info_span!("other").in_scope(|| {
                for event in events {
                    spans.tell(&key, event);
                    std::thread::yield_now();
                }
            });
        });
        let mut spans = kept.0.lock().unwrap().clone();
        spans.retain(|span| span.name != "other");
        spans
    }

    fn names(span: &SpanData) -> Vec<&str> {
        span.events.iter().map(|event| &*event.name).collect()
    }

    fn adopted(epoch: u64) -> FleetEvent {
        let era = Era::new(Incarnation::new(1), Epoch::new(epoch));
        FleetEvent::Adopted { era }
    }

    #[test]
    fn a_hold_is_one_span_with_its_steps_from_the_adoption_to_the_release() {
        let lasts = Duration::from_secs(2);
        let result = ProbeResult::Succeeded;
        let after = Duration::from_millis(300);

        let spans = spans_of(&[
            adopted(1),
            FleetEvent::Leased { lasts },
            FleetEvent::Probed { result },
            FleetEvent::Released { after },
        ]);

        let [hold] = &spans[..] else {
            panic!("{spans:?}");
        };
        assert_eq!(hold.name, HOLD_SPAN);
        assert_eq!(hold.parent_span_id, SpanId::INVALID);
        assert_eq!(
            names(hold),
            [ADOPTED_EVENT, LEASED_EVENT, PROBED_EVENT, RELEASED_EVENT]
        );
        let last = hold.events.iter().last().unwrap();
        assert!(hold.end_time >= last.timestamp, "{hold:?}");
        assert!(hold.start_time <= hold.events[0].timestamp, "{hold:?}");
        let named = hold.attributes.iter();
        let named = named.filter(|it| it.key.as_str() == NAME);
        assert_eq!(named.count(), 1);
    }

    #[test]
    fn what_happens_while_nothing_is_held_has_a_span_for_itself() {
        let reason = FallbackReason::Stale;

        let spans = spans_of(&[FleetEvent::FellBack { reason }, FleetEvent::Rejoined]);

        assert!(spans.iter().all(|span| span.name == NOTICE_SPAN));
        let told: Vec<_> = spans.iter().map(names).collect();
        assert_eq!(told, [[FELL_BACK_EVENT], [REJOINED_EVENT]]);
        assert_ne!(
            spans[0].span_context.trace_id(),
            spans[1].span_context.trace_id()
        );
    }

    #[test]
    fn the_loss_of_the_engine_ends_a_hold() {
        let reason = FallbackReason::Stale;

        let spans = spans_of(&[
            adopted(1),
            FleetEvent::FellBack { reason },
            FleetEvent::Rejoined,
            adopted(2),
            adopted(3),
        ]);

        let told: Vec<_> = spans.iter().map(names).collect();
        let expected: [&[&str]; 4] = [
            &[ADOPTED_EVENT, FELL_BACK_EVENT],
            &[REJOINED_EVENT],
            &[ADOPTED_EVENT],
            &[ADOPTED_EVENT],
        ];
        assert_eq!(told, expected);
    }
}
