//! `docs/metrics.md` and `docs/traces.md` list exactly what the code exports.

use std::collections::BTreeSet;

use telemetry::{Definition, names};

const PAGE: &str = include_str!("../../../docs/metrics.md");

#[test]
fn the_page_lists_every_metric_of_an_instance() {
    assert_table("## Instances", names::INSTANCE);
}

#[test]
fn the_page_lists_every_metric_of_the_unreliable_service() {
    assert_table("## Unreliable service", names::UNRELIABLE);
}

#[test]
fn the_page_lists_every_metric_that_all_services_have() {
    assert_table("## Every service", names::EVERYWHERE);
    assert_table("### Its process", names::PROCESS);
    assert_table("### The export of traces", names::TRACE_EXPORT);
}

/// The table below `heading` has one row per definition, in the same order.
fn assert_table(heading: &str, definitions: &[Definition]) {
    let section = PAGE
        .split(&format!("{heading}\n"))
        .nth(1)
        .expect("the page has the heading");
    let section = section.split("\n##").next().unwrap_or_default();
    let rows = section.lines().filter(|line| line.starts_with("| `"));
    let rows: Vec<&str> = rows.collect();

    let expected: Vec<String> = definitions.iter().map(row).collect();

    assert_eq!(rows, expected, "\n{}\n", expected.join("\n"));
}

fn row(definition: &Definition) -> String {
    let labels: Vec<String> = definition
        .labels
        .iter()
        .map(|label| format!("`{label}`"))
        .collect();
    let kind = definition.kind.as_str();
    format!(
        "| `{}` | {kind} | {} | {} |",
        definition.name,
        labels.join(", "),
        definition.help,
    )
}

#[test]
fn the_page_about_traces_names_exactly_what_spans_carry() {
    let page = include_str!("../../../docs/traces.md");
    let code = [
        include_str!("../src/trace/attributes.rs"),
        include_str!("../../fusebox-prometheus/src/span_events/attributes.rs"),
    ]
    .concat();
    let ours = |name: &&str| {
        let ours = ["circuit_breaker.", "unreliable_service.", "load_generator."];
        ours.iter().any(|prefix| name.starts_with(prefix))
    };
    let named = page.split('`').skip(1).step_by(2).filter(ours);
    let named: BTreeSet<&str> = named.collect();
    let carried: BTreeSet<&str> = code.split('"').skip(1).step_by(2).filter(ours).collect();

    assert_eq!(named, carried);
}
