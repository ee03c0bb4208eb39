//! The metrics in the README, which are exactly those that the code exports.

use fusebox_prometheus::{Definition, fleet, names};

const README: &str = include_str!("../README.md");

#[test]
fn the_readme_lists_every_metric() {
    let rows: Vec<&str> = README
        .lines()
        .filter(|line| line.starts_with("| `circuit_breaker_"))
        .collect();

    let expected = [names::BREAKERS, names::REGISTRIES, fleet::names::FLEET].concat();
    let expected: Vec<String> = expected.iter().map(row).collect();

    assert_eq!(rows, expected, "\n{}\n", expected.join("\n"));
}

fn row(definition: &Definition) -> String {
    let labels = definition.labels.iter();
    let labels: Vec<String> = labels.map(|label| format!("`{label}`")).collect();
    let labels = if definition.name == names::CONFIG_INFO.name {
        "`breaker`, one per setting".to_owned()
    } else {
        labels.join(", ")
    };
    let kind = definition.kind.as_str();
    format!(
        "| `{}` | {kind} | {labels} | {} |",
        definition.name, definition.help
    )
}

#[test]
fn the_readme_names_every_feature() {
    let manifest = include_str!("../Cargo.toml");
    let features = manifest
        .split("[features]\n")
        .nth(1)
        .and_then(|rest| rest.split("\n[").next())
        .expect("the manifest has features");
    for line in features.lines().filter(|line| !line.starts_with('#')) {
        if let Some((feature, _)) = line.split_once(" = ") {
            assert!(README.contains(&format!("| `{feature}` |")), "{feature}");
        }
    }
}
