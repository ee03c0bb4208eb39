//! The figures of the breakers, and of the truth about the downstream.

use crate::expectation::definition::{Definition, fleet};
use crate::expectation::unit::Unit;

/// All of them, as the documentation lists them.
pub(super) const FIGURES: &[Definition] = &[
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
];
