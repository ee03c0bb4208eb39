//! The names, help texts and labels of a fleet's metrics.

use crate::names::{Definition, Kind};

/// The voters.
pub const VOTERS: Definition = Definition::new(
    "circuit_breaker_fleet_voters",
    Kind::Gauge,
    &["breaker"],
    "Instances with an opinion, in the newest view; 0 before the first one.",
);
/// The suspects.
pub const SUSPECTS: Definition = Definition::new(
    "circuit_breaker_fleet_suspects",
    Kind::Gauge,
    &["breaker"],
    "Voters that suspect the downstream, in the newest view.",
);
/// The votes that are needed.
pub const NEED: Definition = Definition::new(
    "circuit_breaker_fleet_need",
    Kind::Gauge,
    &["breaker"],
    "Suspects that it takes to open the fleet, in the newest view.",
);
/// The epoch.
pub const EPOCH: Definition = Definition::new(
    "circuit_breaker_fleet_epoch",
    Kind::Gauge,
    &["breaker"],
    "How often the fleet's verdict has changed, in the newest view; starts over when the engine loses its \
     state.",
);
/// The verdict; one value is 1.
pub const VERDICT: Definition = Definition::new(
    "circuit_breaker_fleet_verdict",
    Kind::Gauge,
    &["breaker", "state"],
    "1 for the fleet's verdict in the newest view, 0 for the other; closed before the first one.",
);
/// The stage of the fleet's hold on the breaker; one value is 1.
pub const STAGE: Definition = Definition::new(
    "circuit_breaker_fleet_stage",
    Kind::Gauge,
    &["breaker", "stage"],
    "1 for how far the fleet's verdict has come in this breaker, 0 for the others; none while it decides for itself.",
);
/// The reason why an instance does not follow; one value is 1.
pub const APART: Definition = Definition::new(
    "circuit_breaker_fleet_apart",
    Kind::Gauge,
    &["breaker", "reason"],
    "1 for the reason why this instance does not follow the fleet, 0 for the others; all are 0 while it does.",
);
/// The view's age.
pub const VIEW_AGE: Definition = Definition::new(
    "circuit_breaker_fleet_view_age_seconds",
    Kind::Gauge,
    &["breaker"],
    "Age of the newest view, at most; before the first one, time since the breaker joined.",
);
/// Whether the engine answers.
pub const ENGINE_UP: Definition = Definition::new(
    "circuit_breaker_fleet_engine_up",
    Kind::Gauge,
    &["breaker"],
    "1 while the engine answers in time, 0 after it has not for the time in which a view becomes stale.",
);
/// Localised failure.
pub const LOCALISED: Definition = Definition::new(
    "circuit_breaker_fleet_localised",
    Kind::Gauge,
    &["breaker"],
    "1 during a localised failure: this instance's breaker is open while the fleet is fine.",
);
/// Messages.
pub const MESSAGES: Definition = Definition::new(
    "circuit_breaker_fleet_messages_total",
    Kind::Counter,
    &["breaker", "kind", "direction"],
    "Messages to the engine, and valid answers in time.",
);
/// Verdicts adopted.
pub const ADOPTIONS: Definition = Definition::new(
    "circuit_breaker_fleet_adoptions_total",
    Kind::Counter,
    &["breaker"],
    "Times that the fleet's verdict opened the breaker.",
);
/// Vetoes.
pub const VETOES: Definition = Definition::new(
    "circuit_breaker_fleet_vetoes_total",
    Kind::Counter,
    &["breaker"],
    "Epochs in which the fleet was open and this instance saw no trouble.",
);
/// Fallbacks.
pub const FALLBACKS: Definition = Definition::new(
    "circuit_breaker_fleet_fallbacks_total",
    Kind::Counter,
    &["breaker", "reason"],
    "Times that the instance went on alone, by reason.",
);
/// Leases.
pub const LEASES: Definition = Definition::new(
    "circuit_breaker_fleet_leases_total",
    Kind::Counter,
    &["breaker", "outcome"],
    "Requests for the fleet's probe lease, by result.",
);

/// The opinion of the instance; one value is 1.
pub const OPINION: Definition = Definition::new(
    "circuit_breaker_fleet_opinion",
    Kind::Gauge,
    &["breaker", "opinion"],
    "1 for this instance's opinion of the downstream, 0 for the others; an idle instance has no vote.",
);
/// The time spent in each opinion.
pub const OPINION_SECONDS: Definition = Definition::new(
    "circuit_breaker_fleet_opinion_seconds_total",
    Kind::Counter,
    &["breaker", "opinion", "verdict"],
    "Time in which this instance held each opinion, by the fleet's verdict then; unknown without a fresh view.",
);
/// The mode of the fleet.
pub const INFO: Definition = Definition::new(
    "circuit_breaker_fleet_info",
    Kind::Gauge,
    &["breaker", "mode"],
    "1; the label is how much the fleet shares.",
);

/// The metrics that are exported of each participant.
pub const FLEET: &[Definition] = &[
    VOTERS,
    SUSPECTS,
    NEED,
    EPOCH,
    VERDICT,
    OPINION,
    OPINION_SECONDS,
    STAGE,
    APART,
    VIEW_AGE,
    ENGINE_UP,
    LOCALISED,
    MESSAGES,
    ADOPTIONS,
    VETOES,
    FALLBACKS,
    LEASES,
    INFO,
];
