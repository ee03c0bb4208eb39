//! The tables of the pages about traces and metrics, compared with the registry.

use crate::registry::{Attribute, Registry};

const TRACES: &str = include_str!("../../../../docs/traces.md");
const METRICS: &str = include_str!("../../../../docs/metrics.md");

/// The rows of a page that begin with this.
fn rows<'a>(page: &'a str, begin: &str) -> Vec<&'a str> {
    page.lines()
        .filter(|line| line.starts_with(begin))
        .collect()
}

/// What stands in backticks.
fn quoted(text: &str) -> Vec<&str> {
    text.split('`').skip(1).step_by(2).collect()
}

#[test]
fn the_page_about_traces_has_a_row_for_each_attribute_that_is_ours() {
    let registry = Registry::read();
    let row = |attribute: &Attribute| {
        let Attribute {
            key,
            kind,
            members,
            brief,
        } = attribute;
        let carriers = registry
            .carriers
            .iter()
            .filter(|it| it.attributes.contains(key));
        let carriers: Vec<&str> = carriers
            .map(|it| match it.what {
                "link" => "link",
                "refinement" => "request",
                _ => it.name.rsplit('.').next().unwrap_or_default(),
            })
            .collect();
        let values: Vec<String> = members.iter().map(|member| format!("`{member}`")).collect();
        let values = if values.is_empty() {
            String::new()
        } else {
            format!(" {}", values.join(", "))
        };
        let carriers = carriers.join(", ");
        (!carriers.is_empty())
            .then(|| format!("| `{key}` | {kind} | {carriers} | {brief}{values} |"))
    };

    let expected: Vec<String> = registry.attributes.iter().filter_map(row).collect();

    let table = TRACES.split("| attribute | type |").nth(1);
    let table = table.and_then(|rest| rest.split("\n\n").next());
    let shown = rows(table.unwrap_or_default(), "| `");
    assert_eq!(shown, expected, "\n{}\n", expected.join("\n"));
}

#[test]
fn the_page_about_traces_has_every_span_and_event_that_is_ours() {
    let registry = Registry::read();
    for carrier in &registry.carriers {
        match (carrier.what, &carrier.kind) {
            ("span", Some(kind)) => {
                let row = format!("| `{}` | {kind} |", carrier.name);
                assert_eq!(rows(TRACES, &row).len(), 1, "{row}");
            }
            ("event", _) => {
                let row = format!("| `{}` |", carrier.name);
                let found = rows(TRACES, &row);
                assert!(found.iter().any(|row| row.split('|').count() == 4), "{row}");
            }
            _ => {}
        }
    }
}

/// Each list of values: how its line begins, whose members they are, and members that do not occur in a metric,
/// though they do in a span.
const VALUES: &[(&str, &str, &[&str])] = &[
    (
        "- `outcome` of calls:",
        "circuit_breaker.outcome",
        &["rejected"],
    ),
    (
        "- `reason` of fast failures:",
        "circuit_breaker.reject.reason",
        &[],
    ),
    (
        "- `rule` of trips:",
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
        "- `outcome` of the unreliable service:",
        "unreliable_service.outcome",
        &[],
    ),
    (
        "- `effect` of faults:",
        "unreliable_service.fault.effect",
        &[],
    ),
    (
        "- `outcome` of the load generator:",
        "load_generator.outcome",
        &[],
    ),
    ("- `outcome` of spans:", "trace_export.outcome", &[]),
    ("- `verdict`:", "circuit_breaker.fleet.verdict", &[]),
    ("- `opinion`:", "circuit_breaker.fleet.opinion", &[]),
    ("- `stage`:", "circuit_breaker.fleet.stage", &[]),
    (
        "- `reason` of being apart:",
        "circuit_breaker.fleet.apart.reason",
        &[],
    ),
    (
        "- `reason` of fallbacks:",
        "circuit_breaker.fleet.fallback.reason",
        &[],
    ),
    (
        "- `outcome` of leases:",
        "circuit_breaker.fleet.lease.outcome",
        &[],
    ),
    (
        "- `kind` of messages:",
        "circuit_breaker.fleet.message.kind",
        &[],
    ),
    (
        "- `direction` of messages:",
        "circuit_breaker.fleet.message.direction",
        &[],
    ),
    ("- `mode`:", "circuit_breaker.fleet.mode", &[]),
];

#[test]
fn the_page_about_metrics_lists_the_values_of_labels() {
    let registry = Registry::read();
    for &(line, key, never) in VALUES {
        let rest = METRICS.split(line).nth(1);
        let rest = rest.unwrap_or_else(|| panic!("the page has the line {line}"));
        let item = rest.split("\n- ").next().unwrap_or_default();
        let mut shown = quoted(item);
        let members = &registry.attribute(key).members;
        let mut expected: Vec<&str> = members.iter().map(|it| &**it).collect();
        expected.retain(|member| !never.contains(member));

        shown.sort_unstable();
        expected.sort_unstable();
        assert_eq!(shown, expected, "{line}");
    }
    let states = &registry.attribute("circuit_breaker.state").members;
    let intro = METRICS.split("## ").next().unwrap_or_default();
    for state in states {
        assert!(quoted(intro).contains(&&**state), "{state}");
    }
}
