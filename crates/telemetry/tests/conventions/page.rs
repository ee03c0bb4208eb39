//! A page of metrics in Prometheus' text format, compared with the registry of conventions.

use std::collections::{BTreeMap, BTreeSet};

use crate::registry::{Metric, Registry};

/// One metric as a page shows it.
#[derive(Debug, Default)]
pub(crate) struct Family {
    pub(crate) kind: String,
    pub(crate) help: String,
    /// The labels of each series.
    pub(crate) series: Vec<BTreeMap<String, String>>,
}

/// The metrics of a page by their names.
pub(crate) fn families(page: &str) -> BTreeMap<String, Family> {
    let mut families: BTreeMap<String, Family> = BTreeMap::new();
    let mut present = String::new();
    for line in page.lines() {
        if let Some((name, help)) = comment(line, "# HELP ") {
            name.clone_into(&mut present);
            help.clone_into(&mut families.entry(name.to_owned()).or_default().help);
        } else if let Some((name, kind)) = comment(line, "# TYPE ") {
            kind.clone_into(&mut families.entry(name.to_owned()).or_default().kind);
        } else if let Some(family) = families.get_mut(&present) {
            family.series.push(labels(line));
        }
    }
    families
}

fn comment<'a>(line: &'a str, begin: &str) -> Option<(&'a str, &'a str)> {
    line.strip_prefix(begin)?.split_once(' ')
}

/// The labels of a series, without the limit of its bucket. No value here has a quote in it.
fn labels(line: &str) -> BTreeMap<String, String> {
    let inside = line
        .split_once('{')
        .and_then(|(_, rest)| rest.rsplit_once('}'));
    let Some((inside, _)) = inside else {
        return BTreeMap::new();
    };
    let pairs = inside
        .split("\",")
        .filter_map(|pair| pair.split_once("=\""));
    let pairs =
        pairs.map(|(label, value)| (label.to_owned(), value.trim_end_matches('"').to_owned()));
    pairs.filter(|(label, _)| label != "le").collect()
}

/// Each of the metrics is on the page as the registry has it, and no other of the page is missing there.
pub(crate) fn assert_same(
    registry: &Registry,
    metrics: &[&Metric],
    page: &BTreeMap<String, Family>,
) {
    let expected: BTreeSet<&str> = metrics.iter().map(|metric| &*metric.prometheus).collect();
    let shown: BTreeSet<&str> = page.keys().map(|name| &**name).collect();
    assert_eq!(shown, expected);
    for metric in metrics {
        let name = &metric.prometheus;
        let family = &page[name];

        assert_eq!(family.help, metric.brief, "{name}");
        if let Some(kind) = metric.shown_as() {
            assert_eq!(family.kind, kind, "{name}");
        }
        assert!(!family.series.is_empty(), "{name} is shown");
        let known: BTreeSet<&str> = metric.labels.iter().map(|(label, _)| &**label).collect();
        for series in &family.series {
            let labels: BTreeSet<&str> = series.keys().map(|label| &**label).collect();
            assert_eq!(labels, known, "{name}");
        }
        assert_values(registry, metric, family);
    }
}

/// Labels have no value that their enumeration lacks.
fn assert_values(registry: &Registry, metric: &Metric, family: &Family) {
    for (label, key) in &metric.labels {
        let Some(attribute) = registry.attributes.iter().find(|it| it.key == *key) else {
            continue; // OpenTelemetry's.
        };
        for series in &family.series {
            let value = &series[label];
            let is_member = attribute.members.contains(value) || attribute.members.is_empty();
            assert!(is_member, "{}: {label} is {value}", metric.prometheus);
        }
    }
}
