//! The events of OpenTelemetry spans about a participant of a fleet.
//!
//! No call causes what a fleet decides, so there is no span of a call to add events to. The code that makes spans
//! decides which one carries the event; the lab makes one for each hold.

use std::time::Duration;

use fusebox_fleet::host::{FallbackReason, FleetEvent};
use opentelemetry::KeyValue;

use super::attributes::{
    ADOPTED_EVENT, EPOCH, FALLBACK_REASON, FELL_BACK_EVENT, LEASE_MS, LEASED_EVENT, LEFT_EVENT,
    LOCALISED_ENDED_EVENT, LOCALISED_EVENT, ORDER, ORDERED_EVENT, PROBE_RESULT, PROBED_EVENT,
    REJOINED_EVENT, RELEASED_EVENT, TURN_MS, VETOED_EVENT,
};

/// A fleet's event in the form that a span takes. The names are in [`attributes`](super::attributes).
///
/// # Examples
/// ```
/// use fusebox_fleet::{Order, host::FleetEvent};
/// use fusebox_prometheus::fleet::FleetSpanEvent;
///
/// let order = Order::ForceOpen;
/// let told = FleetSpanEvent::of(&FleetEvent::Ordered { order }).expect("it is known");
/// assert_eq!(told.name, "circuit_breaker.fleet.ordered");
/// assert_eq!(told.attributes[0].value.as_str(), "forced_open");
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct FleetSpanEvent {
    /// The event's name.
    pub name: &'static str,
    /// Its attributes.
    pub attributes: Vec<KeyValue>,
}

impl FleetSpanEvent {
    /// Converts `event`. The breaker's name belongs to the span. `None` for an event that this version does not know.
    pub fn of(event: &FleetEvent) -> Option<Self> {
        let (name, detail) = match event {
            FleetEvent::Adopted { era } => {
                (ADOPTED_EVENT, Some((EPOCH, whole(era.epoch.get()).into())))
            }
            FleetEvent::Vetoed { era } => {
                (VETOED_EVENT, Some((EPOCH, whole(era.epoch.get()).into())))
            }
            FleetEvent::Leased { lasts } => (LEASED_EVENT, Some((LEASE_MS, millis(*lasts).into()))),
            FleetEvent::Probed { result } => {
                (PROBED_EVENT, Some((PROBE_RESULT, result.as_str().into())))
            }
            FleetEvent::Released { after } => {
                (RELEASED_EVENT, Some((TURN_MS, millis(*after).into())))
            }
            FleetEvent::FellBack { reason } => fell_back(*reason),
            FleetEvent::Refused { why } => fell_back((*why).into()),
            FleetEvent::Rejoined => (REJOINED_EVENT, None),
            FleetEvent::Localised => (LOCALISED_EVENT, None),
            FleetEvent::LocalisedEnded => (LOCALISED_ENDED_EVENT, None),
            FleetEvent::Ordered { order } => (ORDERED_EVENT, Some((ORDER, order.as_str().into()))),
            FleetEvent::Left => (LEFT_EVENT, None),
            _ => return None,
        };
        let detail = detail.map(|(key, value): Detail| KeyValue::new(key, value));
        Some(Self {
            name,
            attributes: detail.into_iter().collect(),
        })
    }
}

type Detail = (&'static str, opentelemetry::Value);

fn fell_back(reason: FallbackReason) -> (&'static str, Option<Detail>) {
    let detail = (FALLBACK_REASON, reason.as_str().into());
    (FELL_BACK_EVENT, Some(detail))
}

fn millis(span: Duration) -> i64 {
    i64::try_from(span.as_millis()).unwrap_or(i64::MAX)
}

/// OpenTelemetry's integers are signed.
fn whole(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
