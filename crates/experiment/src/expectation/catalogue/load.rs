//! The figures of the load: what the clients of the generator saw.

use crate::expectation::definition::{Definition, load};
use crate::expectation::unit::Unit;

const OF_OK: &str = "Response time of successes at this quantile, from the planned instant.";
const OF_ALL: &str =
    "Response time at this quantile, from the planned instant; infinite where no answer came.";
const LATE: &str = "How late the generator itself released requests.";

/// All of them, as the documentation lists them.
pub(super) const FIGURES: &[Definition] = &[
    load("ok_p50", Unit::Seconds, OF_OK),
    load("ok_p90", Unit::Seconds, OF_OK),
    load("ok_p95", Unit::Seconds, OF_OK),
    load("ok_p99", Unit::Seconds, OF_OK),
    load("ok_p99.9", Unit::Seconds, OF_OK),
    load(
        "ok_max",
        Unit::Seconds,
        "The longest response time of a success.",
    ),
    load(
        "ok_mean",
        Unit::Seconds,
        "The mean response time of successes.",
    ),
    load("p50", Unit::Seconds, OF_ALL),
    load("p90", Unit::Seconds, OF_ALL),
    load("p95", Unit::Seconds, OF_ALL),
    load("p99", Unit::Seconds, OF_ALL),
    load("p99.9", Unit::Seconds, OF_ALL),
    load("p99.99", Unit::Seconds, OF_ALL),
    load(
        "max",
        Unit::Seconds,
        "The longest response time; infinite where an answer never came.",
    ),
    load(
        "mean",
        Unit::Seconds,
        "The mean response time; infinite where an answer never came.",
    ),
    load(
        "fast_fail_p50",
        Unit::Seconds,
        "Response time of fast failures, at this quantile.",
    ),
    load(
        "fast_fail_p99",
        Unit::Seconds,
        "Response time of fast failures, at this quantile.",
    ),
    load(
        "service_p50",
        Unit::Seconds,
        "Time from sending to the end of the answer, at this quantile.",
    ),
    load(
        "service_p99",
        Unit::Seconds,
        "Time from sending to the end of the answer, at this quantile.",
    ),
    load(
        "service_max",
        Unit::Seconds,
        "The longest time from sending to the end of the answer.",
    ),
    load("lateness_p50", Unit::Seconds, LATE),
    load("lateness_p99", Unit::Seconds, LATE),
    load("lateness_max", Unit::Seconds, LATE),
    load(
        "ok_ratio",
        Unit::Share,
        "Share of the planned requests that succeeded.",
    ),
    load(
        "fast_fail_ratio",
        Unit::Share,
        "Share of the planned requests that a breaker rejected.",
    ),
    load(
        "downstream_error_ratio",
        Unit::Share,
        "Share of the planned requests with another 5xx.",
    ),
    load(
        "redirection_ratio",
        Unit::Share,
        "Share of the planned requests with a 3xx.",
    ),
    load(
        "client_error_ratio",
        Unit::Share,
        "Share of the planned requests with a 4xx.",
    ),
    load(
        "timeout_ratio",
        Unit::Share,
        "Share of the planned requests without a whole answer in time.",
    ),
    load(
        "connect_refused_ratio",
        Unit::Share,
        "Share of the planned requests without a connection.",
    ),
    load(
        "reset_ratio",
        Unit::Share,
        "Share of the planned requests whose connection broke.",
    ),
    load(
        "truncated_ratio",
        Unit::Share,
        "Share of the planned requests whose answer was cut off.",
    ),
    load(
        "protocol_ratio",
        Unit::Share,
        "Share of the planned requests whose answer was not HTTP.",
    ),
    load(
        "own_shortage_ratio",
        Unit::Share,
        "Share of the planned requests for which the generator itself had no connection.",
    ),
    load(
        "shed_ratio",
        Unit::Share,
        "Share of the planned requests that were not sent.",
    ),
    load(
        "unfinished_ratio",
        Unit::Share,
        "Share of the planned requests that were under way at the end.",
    ),
    load(
        "failed_ratio",
        Unit::Share,
        "Share of the planned requests that were sent and failed.",
    ),
    load("planned", Unit::Count, "Planned requests."),
    load("ok", Unit::Count, "Planned requests that succeeded."),
    load(
        "fast_fail",
        Unit::Count,
        "Planned requests that a breaker rejected.",
    ),
    load(
        "failed",
        Unit::Count,
        "Planned requests that were sent and failed.",
    ),
    load("shed", Unit::Count, "Planned requests that were not sent."),
    load(
        "throughput",
        Unit::PerSecond,
        "Requests that ended within the run, per second.",
    ),
    load(
        "goodput",
        Unit::PerSecond,
        "Requests that succeeded within the run, per second.",
    ),
    load(
        "amplification",
        Unit::Factor,
        "Attempts per planned request: 1 without retries.",
    ),
];
