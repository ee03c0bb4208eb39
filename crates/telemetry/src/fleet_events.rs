//! The reporter of what instances decide together, for the log and for spans.
//!
//! None of these events happens on the path of a call, so they go to no call's span. A hold, which lasts, has a span
//! of its own with its steps as events. Any other event gets a span that ends at once.

use std::fmt;
use std::sync::Arc;

use fusebox_fleet::BreakerKey;
use fusebox_fleet::host::{FleetEvent, FleetListener, Reader};
use fusebox_prometheus::fleet::FleetLog;

use crate::trace::{FleetSpans, Tracer};

/// Reports what happens to one instance in its fleet. Clones report on the same instance.
///
/// # Examples
/// ```
/// use fusebox_fleet::engine::memory::Memory;
/// use fusebox_fleet::{InstanceId, host::Host};
/// use std::sync::Arc;
/// use telemetry::{FleetEvents, trace::Tracer};
///
/// let host = Host::builder(InstanceId::new("A")?, Arc::new(Memory::new()))
///     .listener(FleetEvents::new("A", "memory", Tracer::default())) // a line in the log, if there is one
///     .build();
/// # Ok::<(), fusebox_fleet::InvalidName>(())
/// ```
#[derive(Clone)]
pub struct FleetEvents {
    log: FleetLog,
    spans: Arc<FleetSpans>,
}

impl FleetEvents {
    /// Makes a reporter for `instance`, with spans of its `tracer`, on this `engine`, which is named without user and
    /// password.
    pub fn new(instance: &str, engine: impl Into<String>, tracer: Tracer) -> Self {
        Self {
            log: FleetLog::of_instance(instance).with_engine(engine),
            spans: Arc::new(FleetSpans::new(tracer)),
        }
    }

    /// Adds the reason why the engine does not answer from now on, which the reader of the instance's participant
    /// knows.
    pub fn explain_by(&self, reader: Reader) {
        self.log.explain_by(reader);
    }
}

impl FleetListener for FleetEvents {
    fn on_event(&self, key: &BreakerKey, event: &FleetEvent) {
        self.log.on_event(key, event);
        self.spans.tell(key, event);
    }
}

impl fmt::Debug for FleetEvents {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FleetEvents").finish_non_exhaustive()
    }
}
