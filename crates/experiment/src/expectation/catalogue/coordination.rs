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
        "The same by the formula: two for each report that is due, each change of opinion and each request \
         about a probe, and one for each view that is sent to all.",
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
        "Vetoes: how often the fleet opened and an instance stayed closed, because it saw no trouble; \
         without a target: all together.",
    ),
    coordination(
        "fallbacks",
        Unit::Count,
        "How often an instance went on alone; without a target: all together.",
    ),
    coordination(
        "localised_failures",
        Unit::Count,
        "Localised failures: how often a breaker was open while the fleet was fine; without a target: all \
         together.",
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
        "Leased probes that succeeded.",
    ),
    coordination("leases_failed", Unit::Count, "Leased probes that failed."),
    coordination(
        "leases_fenced",
        Unit::Count,
        "Results of leased probes that came after the lease had expired.",
    ),
];
