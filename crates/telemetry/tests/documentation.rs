//! The metrics in `docs/metrics.md`, which are exactly those that the code exports.

use telemetry::{Definition, names};

const PAGE: &str = include_str!("../../../docs/metrics.md");

#[test]
fn the_page_lists_every_metric_of_an_instance() {
    assert_table("## Instances", names::INSTANCE);
}

#[test]
fn the_page_lists_every_metric_of_an_instance_in_a_fleet() {
    assert_table("### In a fleet", names::FLEET);
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
