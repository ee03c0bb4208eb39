//! Documents are held to the schemas in `docs/`, in as much of JSON Schema as those use.

use serde_json::Value;

/// # Panics
/// If the document does not keep to the schema.
pub(crate) fn validate(document: &Value) {
    let faults = faults(document);
    assert!(faults.is_empty(), "{faults:#?}");
}

/// Everything that is wrong with a document.
pub(crate) fn faults(document: &Value) -> Vec<String> {
    let text = include_str!("../../docs/load-result.schema.json");
    let schema: Value = serde_json::from_str(text).expect("the schema is JSON");
    let mut faults = Vec::new();
    check(&schema, &schema, document, "", &mut faults);
    faults
}

fn check(root: &Value, schema: &Value, value: &Value, place: &str, faults: &mut Vec<String>) {
    for (key, rule) in schema.as_object().into_iter().flatten() {
        match key.as_str() {
            "$ref" => {
                let pointer = rule.as_str().unwrap_or_default().trim_start_matches('#');
                let schema = root.pointer(pointer).expect("a reference leads somewhere");
                check(root, schema, value, place, faults);
            }
            "type" => {
                let kinds = match rule {
                    Value::Array(kinds) => kinds.clone(),
                    kind => vec![kind.clone()],
                };
                if !kinds.iter().any(|kind| is(kind.as_str(), value)) {
                    faults.push(format!("{place}: {value} is no {rule}"));
                }
            }
            "const" if rule != value => faults.push(format!("{place}: {value} is not {rule}")),
            "required" => {
                for name in rule.as_array().into_iter().flatten() {
                    if value.get(name.as_str().unwrap_or_default()).is_none() {
                        faults.push(format!("{place}: {name} is missing"));
                    }
                }
            }
            "items" => {
                for (number, item) in value.as_array().into_iter().flatten().enumerate() {
                    check(root, rule, item, &format!("{place}/{number}"), faults);
                }
            }
            "properties"
            | "additionalProperties"
            | "const"
            | "$schema"
            | "$id"
            | "$defs"
            | "title"
            | "description" => {}
            other => panic!("the schema uses `{other}`, which is not looked at"),
        }
    }
    let (known, others) = (&schema["properties"], schema.get("additionalProperties"));
    for (name, value) in value.as_object().into_iter().flatten() {
        let place = format!("{place}/{name}");
        match (known.get(name), others) {
            (None, Some(Value::Bool(false))) => faults.push(format!("{place} is not known")),
            (Some(schema), _) | (None, Some(schema)) => {
                check(root, schema, value, &place, faults);
            }
            (None, None) => {}
        }
    }
}

fn is(kind: Option<&str>, value: &Value) -> bool {
    match kind {
        Some("object") => value.is_object(),
        Some("array") => value.is_array(),
        Some("string") => value.is_string(),
        Some("boolean") => value.is_boolean(),
        Some("null") => value.is_null(),
        Some("number") => value.is_number(),
        Some("integer") => value.is_u64() || value.is_i64(),
        _ => false,
    }
}
