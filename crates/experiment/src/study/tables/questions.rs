//! The questions that a study answers, each with the figures that answer it.

use super::super::written::shown;
use super::super::{LOCAL, MATRIX, Results, cell};
use crate::expectation::Unit;

/// A question, and the figures that answer it.
pub(super) struct Question {
    pub(super) title: &'static str,
    pub(super) about: &'static str,
    pub(super) figures: &'static [&'static str],
}

pub(super) const QUESTIONS: &[Question] = &[
    Question {
        title: "What clients get",
        about: "Goodput is the figure to rank policies by: successes per second of the whole run.",
        figures: &["goodput"],
    },
    Question {
        title: "How fast a fleet opens, and how far its breakers differ",
        about: "Delays count from the start of the first fault.",
        figures: &[
            "first_open_delay",
            "all_open_delay",
            "opening_spread",
            "divergence_share",
        ],
    },
    Question {
        title: "What it costs while the fault lasts",
        about: "Wasted calls were let through and failed; wrongly rejected calls would have succeeded.",
        figures: &["wasted_calls", "wrongly_rejected_calls"],
    },
    Question {
        title: "How it recovers",
        about: "Lost in recovery are calls that were rejected although the downstream was healthy again.",
        figures: &[
            "lost_in_recovery",
            "recovery_delay_max",
            "closing_spread",
            "load_step",
        ],
    },
    Question {
        title: "How hard it probes",
        about: "Probes are calls that half-open breakers let through.",
        figures: &["probes", "probes_in_100ms"],
    },
    Question {
        title: "What instances tell each other",
        about: "Messages are counted per instance, both ways. The formula is 2/h + 2a + pushed views + two for each \
                request about a probe, h the time between reports and a the changes of opinion per second; it holds while every instance reaches the engine.",
        figures: &["messages", "messages_expected", "view_age", "alone_share"],
    },
    Question {
        title: "What the fleet decided",
        about: "Counts of a whole run, of all instances together.",
        figures: &[
            "fleet_openings",
            "vetoes",
            "fallbacks",
            "localised_failures",
            "leases",
            "leases_succeeded",
            "leases_failed",
            "leases_fenced",
        ],
    },
];

/// The policy with the highest goodput of each scenario, and how far `local` and `none` are from it.
///
/// The best of several means is the best by luck, too, so it looks better than it is (the winner's curse). Therefore
/// one half of the seeds picks it, and the other half gives its value. With a single seed there are no halves.
pub(super) fn best(results: &Results) -> String {
    let (picking, showing) = results.halves();
    let halves = if results.plan().repeat > 1 {
        "The even seeds pick the policy and the odd ones say how good it is, because the best of several \
         means is also the luckiest."
    } else {
        "One seed picks the policy and says how good it is, so the best of several numbers is also the \
         luckiest."
    };
    let mut lines = vec![
        "## The best policy of each scenario".to_owned(),
        String::new(),
        format!(
            "By goodput. {halves} Differences are in pairs, in bold where their interval excludes 0. Where \
             `none` is best, a breaker is the wrong tool, unless failing calls have a cost, which goodput \
             does not count."
        ),
        String::new(),
        "| scenario | best | goodput | over local | over none | over adaptive-throttling | over the same with 10 s |".to_owned(),
        "|---|---|---:|---:|---:|---:|---:|".to_owned(),
    ];
    for scenario in results.scenarios(MATRIX) {
        lines.extend(best_of(scenario, &picking, &showing));
    }
    lines.push(String::new());
    lines.join("\n")
}

/// The row of one scenario: the best by some trials, with its figures from others.
fn best_of(scenario: &str, picking: &Results, showing: &Results) -> Option<String> {
    let means = picking.policies(MATRIX).into_iter().filter_map(|policy| {
        let own = cell(MATRIX, scenario, policy);
        Some((policy, picking.estimate(&own, "goodput")?.mean?))
    });
    // Of equals the first, which shares least.
    let best = means.reduce(|best, next| if next.1 > best.1 { next } else { best });
    let (policy, _) = best?;
    let own = cell(MATRIX, scenario, policy);
    let mean = showing.estimate(&own, "goodput").and_then(|it| it.mean);
    let over = |other: &str| {
        if other == policy {
            return "–".to_owned();
        }
        let base = cell(MATRIX, scenario, other);
        let difference = showing.difference(&own, &base, "goodput");
        difference.map_or("–".to_owned(), |it| shown(&it, Unit::PerSecond))
    };
    Some(format!(
        "| {scenario} | {policy} | {} | {} | {} | {} | {} |",
        mean.map_or("–".to_owned(), |mean| Unit::PerSecond.show(mean)),
        over(LOCAL),
        over("none"),
        over("adaptive-throttling"),
        over("adaptive-throttling-10s")
    ))
}
