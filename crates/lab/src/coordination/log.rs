//! What happens to an instance in its fleet, as lines of the log: each once, when it happens.

use std::sync::{Arc, OnceLock};

use fusebox_fleet::BreakerKey;
use fusebox_fleet::host::{FallbackReason, FleetEvent, FleetListener, Reader};

use super::joining::EngineName;

/// The target of the events, as of the breakers' own transitions.
const TARGET: &str = "circuit_breaker";

/// Writes the log of one instance's part in its fleet.
#[derive(Clone, Debug)]
pub(super) struct FleetLog {
    instance: String,
    engine: EngineName,
    /// It knows why the engine does not answer; there from the moment that the instance has joined.
    reader: Arc<OnceLock<Reader>>,
}

impl FleetLog {
    pub(super) fn new(instance: &str, engine: EngineName) -> Self {
        Self {
            instance: instance.to_owned(),
            engine,
            reader: Arc::default(),
        }
    }

    pub(super) fn reads(&self, reader: Reader) {
        let _ = self.reader.set(reader); // there is one participant
    }

    fn fell_back(&self, breaker: &BreakerKey, reason: FallbackReason) {
        let trouble = self.reader.get().and_then(|it| it.status().trouble);
        tracing::warn!(
            target: TARGET,
            instance = self.instance,
            breaker = breaker.as_str(),
            engine = %self.engine,
            reason = reason.as_str(),
            trouble = trouble.map(|why| why.to_string()),
            "circuit breaker decides alone until its fleet is heard",
        );
    }
}

impl FleetListener for FleetLog {
    fn on_event(&self, key: &BreakerKey, event: &FleetEvent) {
        let (instance, breaker) = (&*self.instance, key.as_str());
        match event {
            FleetEvent::FellBack { reason } => self.fell_back(key, *reason),
            FleetEvent::Rejoined => tracing::info!(
                target: TARGET,
                instance,
                breaker,
                engine = %self.engine,
                "circuit breaker hears its fleet again",
            ),
            FleetEvent::Refused { why } => tracing::error!(
                target: TARGET,
                instance,
                breaker,
                engine = %self.engine,
                why = %why,
                "circuit breaker is refused by its fleet and decides alone",
            ),
            FleetEvent::Localised => tracing::warn!(
                target: TARGET,
                instance,
                breaker,
                "failure is this instance's own: its circuit breaker is open, and most others are fine",
            ),
            FleetEvent::LocalisedEnded => {
                tracing::info!(target: TARGET, instance, breaker, "localised failure has ended");
            }
            FleetEvent::Ordered { order } => tracing::warn!(
                target: TARGET,
                instance,
                breaker,
                order = order.as_str(),
                "circuit breaker obeys an order to its whole fleet",
            ),
            FleetEvent::Vetoed { era } => tracing::info!(
                target: TARGET,
                instance,
                breaker,
                epoch = era.epoch.get(),
                "circuit breaker stays closed: its own calls succeed",
            ),
            // The breaker tells the transitions that follow from these.
            _ => tracing::debug!(target: TARGET, instance, breaker, ?event, "fleet event"),
        }
    }
}
