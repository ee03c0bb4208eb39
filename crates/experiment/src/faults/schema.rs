//! The JSON schema of a plan, with every way in which its times and shares are written.
//!
//! The schema that is derived from the types knows numbers only. Text with a unit is read between the format
//! and the types, so it is added here, by the same rule.

use schemars::schema_for;
use serde_json::{Map, Value, json};

use super::written::WrittenPlan;
use crate::reading::times;

/// Keys of shares, which may be text such as `50%`.
const SHARES: [&str; 9] = [
    "bernoulli",
    "failure_ratio",
    "hang_ratio",
    "hit_ratio",
    "p",
    "p_bad",
    "p_good",
    "rho",
    "share",
];
/// The law that is one time.
const ONE_TIME: &str = "fixed";

/// The JSON schema of a plan.
///
/// # Panics
///
/// Never: a schema is JSON.
pub fn schema() -> Value {
    let mut schema = serde_json::to_value(schema_for!(WrittenPlan)).expect("a schema is JSON");
    add_texts(&mut schema);
    schema
}

fn add_texts(schema: &mut Value) {
    match schema {
        Value::Object(object) => {
            object.values_mut().for_each(add_texts);
            if let Some(Value::Object(keys)) = object.get_mut("properties") {
                let added = texts(keys);
                keys.extend(added);
            }
            let required = object.get("required").and_then(Value::as_array);
            if let Some(either) = required.and_then(|keys| either_name(keys)) {
                let fixed = either.fixed;
                object.insert("required".to_owned(), fixed.into());
                object.insert("allOf".to_owned(), either.names.into());
            }
        }
        Value::Array(items) => items.iter_mut().for_each(add_texts),
        _ => {}
    }
}

/// The keys to be added or changed beside `keys`.
fn texts(keys: &Map<String, Value>) -> Vec<(String, Value)> {
    let text = |key: &str, known: &Value| {
        if let Some(name) = times::split(key) {
            return Some((name.to_owned(), time(key, known)));
        }
        let also = SHARES.contains(&key) || key == ONE_TIME;
        also.then(|| (key.to_owned(), or_text(known)))
    };
    keys.iter()
        .filter_map(|(key, known)| text(key, known))
        .collect()
}

/// A time under its name without the unit.
fn time(key: &str, known: &Value) -> Value {
    let description = format!("The same as {key}, with a unit, such as \"1s\".");
    let text = json!({ "type": "string" });
    if known.get("items").is_some() {
        json!({ "description": description, "type": "array", "items": text })
    } else if known.get("additionalProperties").is_some() {
        json!({ "description": description, "type": "object", "additionalProperties": text })
    } else {
        json!({ "description": description, "type": "string" })
    }
}

fn or_text(known: &Value) -> Value {
    let mut known = known.clone();
    let description = known
        .as_object_mut()
        .and_then(|it| it.remove("description"));
    let mut either = json!({ "anyOf": [known, { "type": "string" }] });
    if let Some(description) = description {
        either["description"] = description;
    }
    either
}

/// Keys that must be there: those with one name, and the choices between two names.
struct Required {
    fixed: Vec<Value>,
    names: Vec<Value>,
}

fn either_name(keys: &[Value]) -> Option<Required> {
    let name = |key: &Value| key.as_str().and_then(times::split).map(str::to_owned);
    let (timed, fixed): (Vec<&Value>, Vec<&Value>) =
        keys.iter().partition(|key| name(key).is_some());
    let names = timed.iter().filter_map(|key| {
        let other = name(key)?;
        Some(json!({ "anyOf": [{ "required": [key] }, { "required": [other] }] }))
    });
    (!timed.is_empty()).then(|| Required {
        fixed: fixed.into_iter().cloned().collect(),
        names: names.collect(),
    })
}
