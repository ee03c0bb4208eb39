//! The documentation of plans in `docs/faults.md`, and the schema of results, compared with the code.

use experiment::coordination::UsedEngine;
use experiment::faults::{Plan, WrittenEffect, presets, schema};

const PAGE: &str = include_str!("../../../docs/faults.md");

#[test]
fn the_plans_of_the_page_are_accepted() {
    let blocks = PAGE.split("```toml\n").skip(1);
    let blocks: Vec<&str> = blocks.filter_map(|rest| rest.split("```").next()).collect();
    assert_eq!(blocks.len(), 3);
    for block in blocks {
        Plan::parse_toml(block).unwrap_or_else(|error| panic!("{error}\n{block}"));
    }
}

#[test]
fn the_page_lists_the_presets_with_what_they_show() {
    let listed = PAGE.split("## Presets").nth(1).expect("there is a section");
    let listed: Vec<&str> = listed
        .lines()
        .filter(|line| line.starts_with("| `"))
        .collect();

    let expected: Vec<String> = presets::ALL
        .iter()
        .map(|preset| format!("| `{}` | {} |", preset.name, preset.description()))
        .collect();

    assert_eq!(listed, expected);
}

#[test]
fn the_page_names_every_key_of_a_plan() {
    fn keys(schema: &serde_json::Value, found: &mut Vec<String>) {
        if let Some(properties) = schema["properties"].as_object() {
            found.extend(properties.keys().cloned());
        }
        match schema {
            serde_json::Value::Object(object) => {
                object.values().for_each(|inner| keys(inner, found));
            }
            serde_json::Value::Array(items) => items.iter().for_each(|inner| keys(inner, found)),
            _ => {}
        }
    }
    let mut found = Vec::new();
    keys(&schema(), &mut found);
    assert!(found.len() > 60, "{found:?}");
    for key in found {
        // A number has the name of the time with its unit, by a rule that the page states.
        let time = key.strip_suffix("_ms").or(key.strip_suffix("_s"));
        // The version is the one thing that nobody has to know.
        let named = PAGE
            .split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_')
            .any(|word| word == key || Some(word) == time);
        assert!(named || key == "version", "{key}");
    }
}

#[test]
fn the_page_has_a_row_for_each_effect() {
    // The refusal of an unknown effect lists those that are known; one is the other name of a slow body.
    let refused = serde_json::from_str::<WrittenEffect>(r#"{"nothing": {}}"#).unwrap_err();
    let refused = refused.to_string();
    let known = refused.split('`').skip(1).step_by(2).skip(1);
    let section = PAGE.split("## Effects").nth(1).expect("it is there");
    let section = section.split("\n## ").next().unwrap_or_default();
    for effect in known.filter(|effect| *effect != "bandwidth") {
        let written = format!("`{effect} = ");
        assert!(section.contains(&written), "no row of {effect}");
    }
}

#[test]
fn the_schema_of_results_lists_the_engines_that_one_may_name() {
    // The refusal of an unknown engine lists those that are known.
    let refused = serde_json::from_str::<UsedEngine>("\"nothing\"").unwrap_err();
    let refused = refused.to_string();
    let known: Vec<&str> = refused.split('`').skip(1).step_by(2).skip(1).collect();
    let schema = include_str!("../../../docs/result.schema.json");
    let schema: serde_json::Value = serde_json::from_str(schema).unwrap();

    assert_eq!(
        schema["$defs"]["coordination"]["properties"]["engine"]["enum"],
        serde_json::json!(known)
    );
}
