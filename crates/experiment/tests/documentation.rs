//! The documentation of plans in `docs/faults.md`, compared with the code.

use experiment::faults::{Plan, presets, schema};

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
