//! The metrics on the pages of all services.

use std::collections::{BTreeMap, BTreeSet};

use end_to_end::{Client, FREE_PORTS, Process, nobody};

use crate::page::{Family, assert_same, families};
use crate::registry::Registry;

/// Everything that the pages of the whole system show, while traces are exported and its instances decide in this
/// mode of coordination.
async fn shown(mode: &str) -> BTreeMap<String, Family> {
    let endpoint = nobody();
    let flags = ["--otlp-endpoint", &endpoint, "--coordination", mode];
    let lab = Process::start(&[&FREE_PORTS[..], &flags].concat());
    let mut shown: BTreeMap<String, Family> = BTreeMap::new();
    for who in ["instance A", "unreliable service", "  lab "] {
        let page = Client::new(lab.url(who).await).get("/metrics").await.body;
        for (name, family) in families(&page) {
            let known = shown.entry(name).or_default();
            known.kind = family.kind;
            known.help = family.help;
            known.series.extend(family.series);
        }
    }
    shown
}

/// Each label whose values are an attribute's members: the metric, the label, the attribute, and members that never stand there.
const LABELS: &[(&str, &str, &str, &[&str])] = &[
    (
        "circuit_breaker_state",
        "state",
        "circuit_breaker.state",
        &[],
    ),
    (
        "circuit_breaker_calls_total",
        "outcome",
        "circuit_breaker.outcome",
        &["rejected"],
    ),
    (
        "circuit_breaker_fast_failures_total",
        "reason",
        "circuit_breaker.reject.reason",
        &[],
    ),
    (
        "circuit_breaker_trips_total",
        "rule",
        "circuit_breaker.transition.cause",
        &[
            "wait_elapsed",
            "probes_succeeded",
            "restored",
            "fleet_probe",
            "fleet_probe_succeeded",
            "fleet_probe_failed",
            "fleet_probe_cancelled",
            "fleet_probe_expired",
        ],
    ),
    (
        "unreliable_service_requests_total",
        "outcome",
        "unreliable_service.outcome",
        &[],
    ),
    (
        "load_generator_requests_total",
        "outcome",
        "load_generator.outcome",
        &[],
    ),
    (
        "trace_export_spans_total",
        "outcome",
        "trace_export.outcome",
        &[],
    ),
];

#[tokio::test]
async fn the_pages_of_all_services_are_as_the_conventions_have_them() {
    let registry = Registry::read();
    // The lab has single breakers: registries of them are for users of the library. These breakers decide alone.
    let others = ["circuit_breaker.registry.", "circuit_breaker.fleet."];
    let metrics = registry.metrics.iter();
    let metrics = metrics.filter(|it| !others.iter().any(|other| it.name.starts_with(other)));
    let metrics: Vec<_> = metrics.collect();

    let shown = shown("local").await;

    assert_same(&registry, &metrics, &shown);
    for &(name, label, key, never) in LABELS {
        let values: BTreeSet<&str> = shown[name].series.iter().map(|it| &*it[label]).collect();
        let members = registry
            .attribute(key)
            .members
            .iter()
            .map(|member| &**member);
        let expected: BTreeSet<&str> = members.filter(|member| !never.contains(member)).collect();
        assert_eq!(values, expected, "{name}");
    }
}

#[tokio::test]
async fn the_pages_of_instances_that_decide_together_have_the_metrics_of_a_fleet_as_well() {
    let registry = Registry::read();
    let metrics = registry.metrics.iter();
    let metrics = metrics.filter(|it| !it.name.starts_with("circuit_breaker.registry."));
    let metrics: Vec<_> = metrics.collect();

    let shown = shown("quorum").await;

    assert_same(&registry, &metrics, &shown);
    let verdicts = &shown["circuit_breaker_fleet_verdict"].series;
    let verdicts: BTreeSet<&str> = verdicts.iter().map(|it| &*it["state"]).collect();
    assert_eq!(verdicts, BTreeSet::from(["closed", "open"]));
    let modes = &shown["circuit_breaker_fleet_info"].series;
    assert!(modes.iter().all(|it| it["mode"] == "quorum"), "{modes:?}");
}
