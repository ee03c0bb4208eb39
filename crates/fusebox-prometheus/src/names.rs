//! The names, help texts and labels of the metrics, in one place.
//!
//! Metrics have base units, `_total` on counters, and ratios from 0 to 1. They have no label
//! `service`, `instance` or `job`, because the scrape target carries those.

/// The kind of a metric.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Kind {
    /// A value that only grows, until a restart.
    Counter,
    /// A value that goes up and down.
    Gauge,
    /// A count of observations by size.
    Histogram,
}

impl Kind {
    /// Returns the kind as Prometheus writes it: `counter`, `gauge` or `histogram`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Counter => "counter",
            Self::Gauge => "gauge",
            Self::Histogram => "histogram",
        }
    }
}

/// The name, help text and labels of a metric.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Definition {
    /// Its name.
    pub name: &'static str,
    /// What it shows, in the words that Prometheus displays.
    pub help: &'static str,
    /// Counter, gauge or histogram.
    pub kind: Kind,
    /// The names of its labels.
    pub labels: &'static [&'static str],
}

impl Definition {
    /// Defines a metric of your own, to be exported by a [`Family`](crate::Family) or as
    /// [`Durations`](crate::Durations).
    pub const fn new(
        name: &'static str,
        kind: Kind,
        labels: &'static [&'static str],
        help: &'static str,
    ) -> Self {
        Self {
            name,
            help,
            kind,
            labels,
        }
    }
}

/// The state of a breaker; one value is 1.
pub const STATE: Definition = Definition::new(
    "circuit_breaker_state",
    Kind::Gauge,
    &["breaker", "state"],
    "1 for the state that the breaker is in, 0 for the others.",
);
/// Transitions.
pub const TRANSITIONS: Definition = Definition::new(
    "circuit_breaker_transitions_total",
    Kind::Counter,
    &["breaker", "from", "to"],
    "Changes of state.",
);
/// Openings by cause.
pub const TRIPS: Definition = Definition::new(
    "circuit_breaker_trips_total",
    Kind::Counter,
    &["breaker", "rule"],
    "Openings by the rule that caused them.",
);
/// Outcomes of permitted calls.
pub const CALLS: Definition = Definition::new(
    "circuit_breaker_calls_total",
    Kind::Counter,
    &["breaker", "outcome"],
    "Permitted calls by outcome; late ones belong to an earlier state and decided nothing.",
);
/// Rejections.
pub const FAST_FAILURES: Definition = Definition::new(
    "circuit_breaker_fast_failures_total",
    Kind::Counter,
    &["breaker", "reason"],
    "Calls that the breaker rejected at once, without calling the downstream.",
);
/// Slow calls.
pub const SLOW_CALLS: Definition = Definition::new(
    "circuit_breaker_slow_calls_total",
    Kind::Counter,
    &["breaker"],
    "Permitted calls that took longer than the slow threshold.",
);
/// Time per state.
pub const STATE_SECONDS: Definition = Definition::new(
    "circuit_breaker_state_seconds_total",
    Kind::Counter,
    &["breaker", "state"],
    "Time spent in each state, exact at the scrape; its rate is the share of time.",
);
/// Durations of permitted calls.
pub const CALL_DURATION: Definition = Definition::new(
    "circuit_breaker_call_duration_seconds",
    Kind::Histogram,
    &["breaker", "outcome"],
    "Duration of permitted calls by outcome.",
);
/// Failures in the window.
pub const WINDOW_FAILURE_RATIO: Definition = Definition::new(
    "circuit_breaker_window_failure_ratio",
    Kind::Gauge,
    &["breaker"],
    "Share of failures among the calls in the window; 0 when it is empty.",
);
/// Calls in the window.
pub const WINDOW_CALLS: Definition = Definition::new(
    "circuit_breaker_window_calls",
    Kind::Gauge,
    &["breaker"],
    "Calls in the window.",
);
/// End of the open period.
pub const OPEN_UNTIL: Definition = Definition::new(
    "circuit_breaker_open_until_timestamp_seconds",
    Kind::Gauge,
    &["breaker"],
    "Unix time at which the open period ends; 0 when the breaker is not open.",
);
/// Last transition.
pub const LAST_TRANSITION: Definition = Definition::new(
    "circuit_breaker_last_transition_timestamp_seconds",
    Kind::Gauge,
    &["breaker"],
    "Unix time at which the present state was entered.",
);
/// Settings of a breaker.
pub const CONFIG_INFO: Definition = Definition::new(
    "circuit_breaker_config_info",
    Kind::Gauge,
    &[
        "breaker",
        "consecutive_failures",
        "failure_rate_threshold",
        "slow_call_rate_threshold",
        "slow_call_duration",
        "window",
        "minimum_calls",
        "open_for",
        "backoff_factor",
        "max_open_for",
        "jitter",
        "probes",
        "permitted_probes",
        "half_open_for",
        "backoff_decay",
        "ramp_up_for",
    ],
    "1; the labels are the breaker's settings.",
);
/// How many breakers a registry holds.
pub const REGISTRY_BREAKERS: Definition = Definition::new(
    "circuit_breaker_registry_breakers",
    Kind::Gauge,
    &["registry"],
    "Breakers that the registry holds.",
);
/// How many breakers a registry may hold.
pub const REGISTRY_CAPACITY: Definition = Definition::new(
    "circuit_breaker_registry_capacity",
    Kind::Gauge,
    &["registry"],
    "Breakers that the registry may hold.",
);
/// How many breakers a registry evicted.
pub const REGISTRY_EVICTIONS: Definition = Definition::new(
    "circuit_breaker_registry_evictions_total",
    Kind::Counter,
    &["registry"],
    "Breakers that were evicted to make room for other keys.",
);
/// How many breakers were removed from a registry.
pub const REGISTRY_REMOVALS: Definition = Definition::new(
    "circuit_breaker_registry_removals_total",
    Kind::Counter,
    &["registry"],
    "Breakers that the service removed.",
);
/// How many new keys a registry refused.
pub const REGISTRY_REFUSALS: Definition = Definition::new(
    "circuit_breaker_registry_refusals_total",
    Kind::Counter,
    &["registry"],
    "Refusals of a new key for which there was no room.",
);

/// The metrics that are exported of each breaker.
pub const BREAKERS: &[Definition] = &[
    STATE,
    TRANSITIONS,
    TRIPS,
    CALLS,
    FAST_FAILURES,
    SLOW_CALLS,
    STATE_SECONDS,
    CALL_DURATION,
    WINDOW_FAILURE_RATIO,
    WINDOW_CALLS,
    OPEN_UNTIL,
    LAST_TRANSITION,
    CONFIG_INFO,
];

/// The metrics that are exported of each registry, in addition to its breakers.
pub const REGISTRIES: &[Definition] = &[
    REGISTRY_BREAKERS,
    REGISTRY_CAPACITY,
    REGISTRY_EVICTIONS,
    REGISTRY_REMOVALS,
    REGISTRY_REFUSALS,
];
