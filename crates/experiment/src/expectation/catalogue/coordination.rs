//! The figures of what instances tell each other.

use crate::expectation::definition::{Definition, coordination};
use crate::expectation::unit::Unit;

/// All of them, as the documentation lists them.
pub(super) const FIGURES: &[Definition] = &[
    coordination(
        "messages",
        Unit::PerSecond,
        "Messages between an instance and the engine, both ways, per second; without a target: the mean.",
    ),
    coordination(
        "messages_expected",
        Unit::PerSecond,
        "The same by the formula: two for each report that is due, for each change of an opinion and for each request about a probe, and one for each view that all are told.",
    ),
    coordination("view_age", Unit::Seconds, "Mean age of the last view."),
    coordination(
        "alone_share",
        Unit::Share,
        "Share of the time without a fresh view; without a target: the mean.",
    ),
    coordination(
        "vetoes",
        Unit::Count,
        "How often the fleet opened and an instance stayed closed, as it saw no trouble; without a target: all together.",
    ),
    coordination(
        "fallbacks",
        Unit::Count,
        "How often an instance went on alone; without a target: all together.",
    ),
    coordination(
        "localised_failures",
        Unit::Count,
        "How often a breaker was open for a while beside a fleet that was fine; without a target: all together.",
    ),
    coordination("fleet_openings", Unit::Count, "How often the fleet opened."),
    coordination(
        "leases",
        Unit::Count,
        "Probe leases that the engine granted; in `any-open` each instance gets one of its own.",
    ),
    coordination(
        "leases_succeeded",
        Unit::Count,
        "Probes that were settled as good.",
    ),
    coordination(
        "leases_failed",
        Unit::Count,
        "Probes that were settled as bad.",
    ),
    coordination(
        "leases_fenced",
        Unit::Count,
        "Results of probes that came after their lease had ended.",
    ),
];
