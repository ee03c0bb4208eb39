//! Traces of what instances decide together: the hold of each instance, from the verdict to the release.

use std::collections::BTreeSet;

use end_to_end::{Client, Collector, FREE_PORTS, Mood, Process, Span, always_failing, healthy};

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

#[tokio::test]
async fn a_hold_is_a_trace_from_the_verdict_to_the_release_and_the_probe_is_in_one_of_them() {
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
    let lab = Process::start(&[&FREE_PORTS[..], &flags].concat());
    let downstream = Client::new(lab.url("unreliable service").await);
    assert_eq!(
        downstream.put("/faults", &always_failing()).await.status,
        200
    );
    let instance = Client::new(lab.url("instance A").await);
    end_to_end::eventually("the fleet holds somebody", async || {
        let metrics = instance.metrics().await;
        let held = metrics.sum("circuit_breaker_fleet_stage", &["stage=\"held\""]);
        (held > 0.5).then_some(())
    })
    .await;

    assert_eq!(downstream.put("/faults", &healthy()).await.status, 200);
    let ended = |spans: &[Span]| {
        let released = |span: &&Span| is_hold(span) && steps(span).contains(&"released");
        let probed = |span: &&Span| is_hold(span) && steps(span).contains(&"probed");
        spans.iter().any(|span| released(&span)) && spans.iter().any(|span| probed(&span))
    };
    let spans = collector.spans_until("holds that have ended", ended).await;

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
    let good = |span: &&Span| {
        let events = span.events.iter();
        let mut causes = events.map(|(_, it)| it.get("circuit_breaker.transition.cause"));
        causes.any(|cause| cause.is_some_and(|cause| cause == "fleet_probe_succeeded"))
    };
    let probe = spans.iter().find(good).expect("a good probe");
    assert_eq!(probe.name, "circuit_breaker.call");
    let leased = holds.iter().filter(|hold| steps(hold).contains(&"leased"));
    let leased: BTreeSet<&str> = leased.map(|hold| &*hold.instance).collect();
    assert!(leased.contains(&*probe.instance), "{leased:?}");

    let searches = Search::all(OF_A_FLEET);
    let [search] = searches.as_slice() else {
        panic!("one question: {searches:#?}");
    };
    let of_b = |spans: &[Span]| spans.iter().any(|span| search.finds(span));
    // B may have opened by itself; then it is asked once more.
    if !of_b(&spans) {
        assert_eq!(
            downstream.put("/faults", &always_failing()).await.status,
            200
        );
        tokio::time::sleep(std::time::Duration::from_secs(3)).await;
        assert_eq!(downstream.put("/faults", &healthy()).await.status, 200);
        collector.spans_until("a hold of B", of_b).await;
    }
}
