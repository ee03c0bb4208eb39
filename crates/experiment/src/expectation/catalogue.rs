//! The catalogue of figures: everything that an expectation can refer to.

use super::definition::{Definition, coordination, fleet, load};
use super::unit::Unit;

/// The figure called `name`.
pub fn definition(name: &str) -> Option<&'static Definition> {
    CATALOGUE.iter().find(|known| known.name == name)
}

const OF_OK: &str = "Response time of successes at this quantile, from the planned instant.";
const OF_ALL: &str =
    "Response time at this quantile, from the planned instant; infinite where no answer came.";
const LATE: &str = "How late the generator itself released requests.";

/// All figures.
pub const CATALOGUE: &[Definition] = &[
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
    fleet(
        "openings",
        Unit::Count,
        "How often a breaker opened by itself; without a target: all together.",
    ),
    fleet(
        "flaps",
        Unit::Count,
        "How often a breaker went open, half-open, open; without a target: all together.",
    ),
    fleet(
        "divergence_share",
        Unit::Share,
        "Share of the time in which one breaker let calls pass while another was open or half-open.",
    ),
    fleet(
        "state_divergence_share",
        Unit::Share,
        "Share of the time in which not all breakers were in the same state; open against half-open counts.",
    ),
    fleet(
        "closed_share",
        Unit::Share,
        "Share of the time closed; without a target: the mean.",
    ),
    fleet(
        "open_share",
        Unit::Share,
        "Share of the time open; without a target: the mean.",
    ),
    fleet(
        "half_open_share",
        Unit::Share,
        "Share of the time half-open; without a target: the mean.",
    ),
    fleet(
        "unhealthy_share",
        Unit::Share,
        "Share of the time in which the downstream was unhealthy; without a target: the mean.",
    ),
    fleet(
        "detections",
        Unit::Count,
        "How often the downstream turned unhealthy while the breaker was closed; without a target: all \
         together.",
    ),
    fleet(
        "detections_cut_off",
        Unit::Count,
        "How many of the detections were missing when the downstream turned healthy again or the run ended.",
    ),
    fleet(
        "detection_delay_p50",
        Unit::Delay,
        "Median time from the downstream turning unhealthy to the breaker leaving closed (Kaplan and \
         Meier); without a target: of all turns together.",
    ),
    fleet(
        "detection_delay_p90",
        Unit::Delay,
        "Time within which nine of ten detections came (Kaplan and Meier); without a target: of all turns \
         together.",
    ),
    fleet(
        "recoveries",
        Unit::Count,
        "How often the downstream turned healthy while the breaker was not closed; without a target: all \
         together.",
    ),
    fleet(
        "recoveries_cut_off",
        Unit::Count,
        "How many of the recoveries were missing when the downstream turned unhealthy again or the run ended.",
    ),
    fleet(
        "recovery_delay_p50",
        Unit::Delay,
        "Median time from the downstream turning healthy to the breaker closing (Kaplan and Meier); without \
         a target: of all turns together.",
    ),
    fleet(
        "recovery_delay_p90",
        Unit::Delay,
        "Time within which nine of ten recoveries came (Kaplan and Meier); without a target: of all turns \
         together.",
    ),
    fleet(
        "recovery_delay_max",
        Unit::Seconds,
        "The longest recovery: 0 if all breakers were closed whenever the downstream turned healthy, \
         infinite if one was not closed at the end of the run.",
    ),
    fleet(
        "wrongly_open_share",
        Unit::Share,
        "Share of the time not closed while the downstream was healthy; without a target: the mean. Under \
         overload it is measured against the same run without breakers, or not at all.",
    ),
    fleet(
        "wrongly_closed_share",
        Unit::Share,
        "Share of the time closed while the downstream was unhealthy; without a target: the mean.",
    ),
    fleet(
        "wasted_calls",
        Unit::Expected,
        "Expected number of permitted calls that fail: the sum of p over them; without a target: all together.",
    ),
    fleet(
        "wasted_ratio",
        Unit::Share,
        "The same as a share of all calls asked for; without a target: of all calls together.",
    ),
    fleet(
        "wrongly_rejected_calls",
        Unit::Expected,
        "Expected number of rejected calls that would have succeeded: the sum of 1 − p over them; without a target: all together.",
    ),
    fleet(
        "wrongly_rejected_ratio",
        Unit::Share,
        "The same as a share of all calls asked for; without a target: of all calls together.",
    ),
    fleet(
        "downstream_calls",
        Unit::Count,
        "Calls that reached the downstream; without a target: all together.",
    ),
    fleet(
        "mixed_seconds_share",
        Unit::Share,
        "Share of the whole seconds of the run in which one instance rejected while another served.",
    ),
    fleet(
        "disagreement",
        Unit::Share,
        "Probability that two breakers drawn at random differ in whether calls pass: the mean of 2f(1 − f), \
         where f is the share that lets calls pass.",
    ),
    fleet(
        "first_open_delay",
        Unit::Seconds,
        "Time from the first fault to the first breaker that was not closed; infinite if all were closed \
         until the fault ended.",
    ),
    fleet(
        "all_open_delay",
        Unit::Seconds,
        "The same to the last of the breakers that the fault affects.",
    ),
    fleet(
        "opening_spread",
        Unit::Seconds,
        "Time between the first and the last opening of the breakers that the first fault affects.",
    ),
    fleet(
        "closing_spread",
        Unit::Seconds,
        "Time between the first and the last closing after the first fault; infinite if one was not closed \
         at the end.",
    ),
    fleet(
        "lost_in_recovery",
        Unit::Expected,
        "Expected number of rejected calls that would have succeeded after the downstream had become \
         healthy again.",
    ),
    fleet(
        "probes",
        Unit::Count,
        "Calls that half-open breakers permitted.",
    ),
    fleet(
        "probes_in_100ms",
        Unit::Count,
        "The largest number of probes in one tenth of a second.",
    ),
    fleet(
        "load_step",
        Unit::Count,
        "The largest rise of permitted calls from one whole second to the next, where a breaker closed in \
         one of the two; in a live run, seconds are exact to a tenth.",
    ),
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
