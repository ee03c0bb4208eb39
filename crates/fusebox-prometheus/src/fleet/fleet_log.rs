//! The `tracing` events of participants of a fleet: one line where a subscriber writes lines.

use std::sync::{Arc, OnceLock};

use fusebox_fleet::BreakerKey;
use fusebox_fleet::host::{FallbackReason, FleetEvent, FleetListener, Reader};

/// The target of the events, which is that of a breaker's transitions.
const TARGET: &str = "circuit_breaker";

/// A listener that makes a `tracing` event of everything that happens to a host's participants.
///
/// The events have the target `circuit_breaker` and the fields `instance` and `engine`, as far as these are set, and
/// `breaker`, the participant's key. Trouble that a person has to resolve is at level `ERROR`. Each condition is
/// reported once when it begins and once when it ends, at the same level, and not with every heartbeat in between.
///
/// | message | level | fields |
/// |---|---|---|
/// | circuit breaker decides alone: its fleet is not heard | warn | `reason`, and `trouble`: what the engine did |
/// | circuit breaker has rejoined its fleet | warn | |
/// | circuit breaker starts over: the engine has lost the state of its fleet | warn | |
/// | circuit breaker decides alone: its fleet refuses this instance | error | `why` |
/// | localised failure: this circuit breaker is open while most others are fine | warn | |
/// | localised failure has ended | warn | |
/// | circuit breaker follows an operator's order to its fleet | warn | `order` |
/// | circuit breaker vetoes the open verdict: its own calls succeed | info | `epoch` |
/// | fleet event | debug | `event`: a step that a transition of the breaker reports as well |
///
/// # Examples
/// ```
/// use fusebox_fleet::engine::memory::Memory;
/// use fusebox_fleet::{InstanceId, host::Host};
/// use fusebox_prometheus::fleet::FleetLog;
/// use std::sync::Arc;
///
/// let host = Host::builder(InstanceId::new("a")?, Arc::new(Memory::new()))
///     .listener(FleetLog::new())
///     .build();
/// # Ok::<(), fusebox_fleet::InvalidName>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct FleetLog {
    instance: Option<String>,
    engine: Option<String>,
    reader: Arc<OnceLock<Reader>>,
}

impl FleetLog {
    /// Makes a listener for the only instance of a service in this process.
    pub fn new() -> Self {
        Self::default()
    }

    /// Makes a listener whose events begin with the field `instance`, for a process with several instances.
    pub fn of_instance(instance: impl Into<String>) -> Self {
        Self {
            instance: Some(instance.into()),
            ..Self::default()
        }
    }

    /// Adds the engine to each event, in words without user and password.
    pub fn with_engine(mut self, engine: impl Into<String>) -> Self {
        self.engine = Some(engine.into());
        self
    }

    /// Adds the reason why the engine does not answer from now on, which a participant's reader knows. Clones use it,
    /// too; a second reader changes nothing.
    pub fn explain_by(&self, reader: Reader) {
        let _ = self.reader.set(reader);
    }

    fn fell_back(&self, key: &BreakerKey, reason: FallbackReason) {
        let (instance, engine) = (self.instance.as_deref(), self.engine.as_deref());
        let breaker = key.as_str();
        if reason == FallbackReason::Forgot {
            tracing::warn!(
                target: TARGET,
                instance,
                breaker,
                engine,
                "circuit breaker starts over: the engine has lost the state of its fleet",
            );
            return;
        }
        let reader = self.reader.get().filter(|reader| reader.key() == key);
        let trouble = reader.and_then(|reader| reader.status().trouble);
        tracing::warn!(
            target: TARGET,
            instance,
            breaker,
            engine,
            reason = reason.as_str(),
            trouble = trouble.map(|why| why.to_string()),
            "circuit breaker decides alone: its fleet is not heard",
        );
    }
}

impl FleetListener for FleetLog {
    fn on_event(&self, key: &BreakerKey, event: &FleetEvent) {
        let (instance, engine) = (self.instance.as_deref(), self.engine.as_deref());
        let breaker = key.as_str();
        match event {
            FleetEvent::FellBack { reason } => self.fell_back(key, *reason),
            FleetEvent::Rejoined => tracing::warn!(
                target: TARGET,
                instance,
                breaker,
                engine,
                "circuit breaker has rejoined its fleet",
            ),
            FleetEvent::Refused { why } => tracing::error!(
                target: TARGET,
                instance,
                breaker,
                engine,
                %why,
                "circuit breaker decides alone: its fleet refuses this instance",
            ),
            FleetEvent::Localised => tracing::warn!(
                target: TARGET,
                instance,
                breaker,
                "localised failure: this circuit breaker is open while most others are fine",
            ),
            FleetEvent::LocalisedEnded => {
                tracing::warn!(target: TARGET, instance, breaker, "localised failure has ended");
            }
            FleetEvent::Ordered { order } => tracing::warn!(
                target: TARGET,
                instance,
                breaker,
                order = order.as_str(),
                "circuit breaker follows an operator's order to its fleet",
            ),
            FleetEvent::Vetoed { era } => tracing::info!(
                target: TARGET,
                instance,
                breaker,
                epoch = era.epoch.get(),
                "circuit breaker vetoes the open verdict: its own calls succeed",
            ),
            // The breaker reports the transitions that follow from these.
            _ => tracing::debug!(target: TARGET, instance, breaker, ?event, "fleet event"),
        }
    }
}
