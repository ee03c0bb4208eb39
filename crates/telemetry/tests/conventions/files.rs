//! The completeness of the registry's files: what Weaver demands, as far as it can be checked without Weaver.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::registry::{Registry, folder};

/// What defines, refines or groups, and the key of its name.
fn name(definition: &Value) -> &str {
    let names = ["key", "type", "name", "id"];
    let mut names = names.iter().filter_map(|key| definition[*key].as_str());
    names.next().unwrap_or_default()
}

#[test]
fn every_definition_says_what_it_is_and_how_stable_it_is() {
    for (file, definition) in &Registry::read().definitions {
        let name = name(definition);
        let brief = definition["brief"].as_str().unwrap_or_default();

        assert!(
            brief.ends_with('.'),
            "{file}: {name} has a brief that is a sentence"
        );
        if definition.get("ref").is_none() {
            assert_eq!(definition["stability"], "development", "{file}: {name}");
        }
    }
}

#[test]
fn every_attribute_has_an_example_of_its_type() {
    for (file, definition) in &Registry::read().definitions {
        let Some(key) = definition["key"].as_str() else {
            continue;
        };
        let kind = definition["type"].as_str().unwrap_or("string");
        let examples = definition["examples"].as_array();
        let fits = |example: &Value| match kind {
            "int" => example.is_i64(),
            "boolean" => example.is_boolean(),
            _ => example.is_string(),
        };
        assert!(
            examples.is_some_and(|all| !all.is_empty() && all.iter().all(fits)),
            "{file}: {key}",
        );
    }
}

#[test]
fn every_member_of_an_enumeration_is_described() {
    for (file, definition) in &Registry::read().definitions {
        let members = definition["type"]["members"].as_array();
        for member in members.into_iter().flatten() {
            let what = format!("{file}: {} {member}", name(definition));
            assert!(
                member["brief"].as_str().unwrap_or_default().ends_with('.'),
                "{what}"
            );
            assert_eq!(member["id"], member["value"], "{what}");
            assert_eq!(member["stability"], "development", "{what}");
        }
    }
}

#[test]
fn no_name_is_the_namespace_of_another() {
    let registry = Registry::read();
    let keys: Vec<&str> = registry.attributes.iter().map(|it| &*it.key).collect();

    for key in &keys {
        let inside = keys
            .iter()
            .find(|other| other.starts_with(&format!("{key}.")));
        assert_eq!(inside, None, "{key} is a namespace");
    }
    assert_eq!(keys.iter().collect::<BTreeSet<_>>().len(), keys.len());
}

#[test]
fn every_attribute_is_used_and_every_own_one_that_is_used_is_defined() {
    let registry = Registry::read();
    let in_metrics = registry.metrics.iter().flat_map(|metric| &metric.labels);
    let in_metrics = in_metrics.map(|(_, key)| &**key);
    let carried = registry.carriers.iter().flat_map(|it| &it.attributes);
    let used: BTreeSet<&str> = in_metrics.chain(carried.map(|key| &**key)).collect();
    let defined: BTreeSet<&str> = registry.attributes.iter().map(|it| &*it.key).collect();
    let own = [
        "circuit_breaker.",
        "unreliable_service.",
        "load_generator.",
        "trace_export.",
    ];

    let dead: Vec<_> = defined.difference(&used).collect();
    assert!(dead.is_empty(), "{dead:?}");
    let missing = used.difference(&defined);
    let missing: Vec<_> = missing
        .filter(|key| own.iter().any(|it| key.starts_with(it)))
        .collect();
    assert!(missing.is_empty(), "{missing:?}");
}

#[test]
fn the_unit_of_a_metric_is_in_its_name_for_prometheus() {
    for metric in Registry::read().metrics {
        let name = &*metric.prometheus;
        let (Some(unit), Some(instrument)) = (&metric.unit, &metric.instrument) else {
            continue;
        };
        let base = name.strip_suffix("_total").unwrap_or(name);

        assert_eq!(base.ends_with("_seconds"), unit == "s", "{name}");
        assert_eq!(base.ends_with("_bytes"), unit == "By", "{name}");
        assert_eq!(name.ends_with("_total"), instrument == "counter", "{name}");
        let counted = unit.starts_with('{') && unit.ends_with('}');
        assert!(
            counted || ["1", "s", "By"].contains(&&**unit),
            "{name}: {unit}"
        );
    }
}

#[test]
fn the_registry_depends_on_a_release_of_opentelemetrys() {
    let manifest = std::fs::read_to_string(folder().join("manifest.yaml")).unwrap();
    let released = |before: &str, after: &str| {
        let version = manifest.split(before).nth(1)?.split(after).next()?;
        let numbers = version.split('.').map(str::parse::<u32>);
        numbers.collect::<Result<Vec<_>, _>>().ok()
    };
    let schema = released("https://opentelemetry.io/schemas/", "\n");
    let source = released("semantic-conventions.git@v", "[");

    assert!(schema.is_some());
    assert_eq!(schema, source);
}
