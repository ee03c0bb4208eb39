//! Traces of what instances decide together: the hold of each instance, from the verdict to the release.

use end_to_end::{Collector, FREE_PORTS, Mood, Process, Span};

use crate::questions::{OF_A_FLEET, Search};
use crate::to;

/// The names of its events without what all of them begin with.
fn steps(span: &Span) -> Vec<&str> {
    let names = span.events.iter().map(|(name, _)| name.rsplit('.').next());
    names.map(Option::unwrap_or_default).collect()
}

fn is_hold(span: &Span) -> bool {
    span.name == "circuit_breaker.fleet.hold"
}

/// The call that was the fleet's probe, and succeeded.
fn is_good_probe(span: &Span) -> bool {
    let mut events = span.events.iter();
    events.any(|(_, attributes)| {
        let cause = attributes.get("circuit_breaker.transition.cause");
        cause.is_some_and(|cause| cause == "fleet_probe_succeeded")
    })
}

#[tokio::test]
async fn a_hold_is_a_trace_from_the_verdict_to_the_release() {
    let collector = Collector::start(Mood::Taking);
    let [flag, endpoint] = to(&collector);
    let flags = [
        "--coordination",
        "quorum",
        "--open-for",
        "1s",
        &flag,
        &endpoint,
    ];
    // The default faults fail a part of the calls, and then all of them, so that each instance is held now and then.
    let _lab = Process::start(&[&FREE_PORTS[..], &flags].concat());
    let searches = Search::all(OF_A_FLEET);
    let [search] = searches.as_slice() else {
        panic!("one question: {searches:#?}");
    };
    let everything = |spans: &[Span]| {
        let probed = |span: &Span| {
            let steps = steps(span);
            is_hold(span) && steps.contains(&"probed") && steps.contains(&"released")
        };
        spans.iter().any(|span| search.finds(span))
            && spans.iter().any(probed)
            && spans.iter().any(is_good_probe)
    };
    let spans = collector
        .spans_until("a hold of B, and one with a good probe", everything)
        .await;

    let holds: Vec<&Span> = spans.iter().filter(|span| is_hold(span)).collect();
    for hold in &holds {
        assert!(hold.parent_id.is_empty(), "a root: {hold:#?}");
        assert_eq!(hold.kind, "internal");
        assert_eq!(hold.service, "breaker-instance");
        assert_eq!(hold.get("circuit_breaker.name"), "unreliable-service");
        assert_eq!(steps(hold)[0], "adopted", "{hold:#?}");
        let traces = spans.iter().filter(|span| span.trace_id == hold.trace_id);
        assert_eq!(traces.count(), 1, "{hold:#?}");
    }
    // The call that was the probe says the same in its own words.
    let probes = spans.iter().filter(|span| is_good_probe(span));
    for probe in probes {
        assert_eq!(probe.name, "circuit_breaker.call");
    }
}
