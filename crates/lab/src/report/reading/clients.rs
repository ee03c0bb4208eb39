//! Clients in a reading: what was rejected at once, and where one instance served what another rejected.

use experiment::outcome::ClientOutcome;

use super::Clause;
use super::names;
use super::story::{Story, clock, passes, share, time};
use crate::words::number;

/// How many requests were rejected without a call of the downstream.
pub(super) fn rejected(story: &Story<'_>) -> Vec<Clause> {
    let Some(part) = story.run.load.part(None, None) else {
        return vec![Clause::of_all("No requests were sent.")];
    };
    let planned = part.outcomes.planned();
    if planned == 0 {
        return vec![Clause::of_all("No requests were sent.")];
    }
    let ok = part.outcomes.share(ClientOutcome::Ok).unwrap_or_default();
    let all = names::counted(planned, "request");
    let fast = part.outcomes[ClientOutcome::FastFail];
    if fast == 0 {
        return vec![Clause::of_all(format!(
            "No request was rejected by a breaker; of {all} {} succeeded.",
            share(ok)
        ))];
    }
    let took = story.value("fast_fail_p50").filter(|took| *took > 0.0);
    let took = took.map_or_else(String::new, |took| format!(" in {} (median)", time(took)));
    let first = story.changes().into_iter().find(|(_, it)| !passes(it.to));
    let text = format!(
        "Breakers rejected {} of {all} ({}) at once{took}, without a call of the downstream; {} succeeded.",
        number(fast),
        share(
            part.outcomes
                .share(ClientOutcome::FastFail)
                .unwrap_or_default()
        ),
        share(ok)
    );
    vec![Clause {
        text,
        at: first.map(|(_, it)| it.at_s),
    }]
}

/// Seconds in which the service was up through one instance and down through another.
pub(super) fn mixed(story: &Story<'_>) -> Option<Clause> {
    let mixed = story.fleet().mixed_seconds;
    let (second, rejecting, serving) = mixed.first?;
    #[expect(clippy::cast_precision_loss, reason = "a second of one run")]
    let at = second as f64;
    let text = format!(
        "In {} one instance answered 503 while another answered 200, first at {} ({} rejected, {} served).",
        names::counted(mixed.count, "second"),
        clock(at),
        story.name(rejecting),
        story.name(serving)
    );
    Some(Clause::at(at, text))
}
