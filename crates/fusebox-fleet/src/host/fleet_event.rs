//! Events of a participant, for logs and counters.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use super::tally::FallbackReason;
use crate::command::Order;
use crate::message::{ProbeResult, ReportRefused};
use crate::name::BreakerKey;
use crate::view::Era;

/// Something that happened to a participant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FleetEvent {
    /// The fleet's verdict has opened the breaker.
    Adopted {
        /// The epoch of the verdict.
        era: Era,
    },
    /// The fleet is open, and this instance stays closed because it sees no trouble. Sent once per epoch.
    Vetoed {
        /// The epoch in which the fleet opened.
        era: Era,
    },
    /// This instance probes for the fleet: its next call is the probe.
    Leased {
        /// How long the lease lasts at most.
        lasts: Duration,
    },
    /// The probe for the fleet has ended.
    Probed {
        /// What came of the probe.
        result: ProbeResult,
    },
    /// The fleet lets the breaker close.
    Released {
        /// How long the breaker waits for its turn.
        after: Duration,
    },
    /// The instance goes on alone.
    FellBack {
        /// The reason.
        reason: FallbackReason,
    },
    /// The engine is heard again, or for the first time after it was missed.
    Rejoined,
    /// The engine refuses this instance's reports. A person has to resolve that.
    Refused {
        /// The reason.
        why: ReportRefused,
    },
    /// The failure is this instance's own: its breaker is open while most of the fleet is fine.
    Localised,
    /// The localised failure is over.
    LocalisedEnded,
    /// The breaker obeys an operator's order to the whole fleet.
    Ordered {
        /// The order.
        order: Order,
    },
    /// The instance has left the fleet.
    Left,
}

/// A receiver of the events of participants. Every closure of this shape is one.
///
/// It runs in the task of the participant, never on the path of a call. A panic is caught. It should not block,
/// because that delays the participant.
pub trait FleetListener: Send + Sync {
    /// Receives the events one by one, in order.
    fn on_event(&self, key: &BreakerKey, event: &FleetEvent);
}

impl<F> FleetListener for F
where
    F: Fn(&BreakerKey, &FleetEvent) + Send + Sync,
{
    fn on_event(&self, key: &BreakerKey, event: &FleetEvent) {
        self(key, event);
    }
}

/// Calls a listener, whose panic ends nothing.
pub(super) fn tell(listener: &dyn FleetListener, key: &BreakerKey, event: &FleetEvent) {
    let told = catch_unwind(AssertUnwindSafe(|| listener.on_event(key, event)));
    if let Err(payload) = told {
        std::mem::forget(payload); // its drop is foreign code as well
    }
}
