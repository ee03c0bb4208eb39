//! The schemas of documents in `docs/`, in the part of JSON Schema that they use.

use serde_json::Value;

use crate::repository;

/// The schema of a document.
#[derive(Clone, Debug)]
pub struct Schema(Value);

impl Schema {
    /// The schema in this file of `docs/`.
    ///
    /// # Panics
    /// If it is not there, or no JSON.
    pub fn of(file: &str) -> Self {
        let path = repository().join("docs").join(file);
        let text = std::fs::read_to_string(&path).expect("the schema is there");
        Self(serde_json::from_str(&text).expect("the schema is JSON"))
    }

    /// # Panics
    /// If the document does not keep to the schema.
    pub fn validate(&self, document: &Value) {
        let faults = self.faults(document);
        assert!(faults.is_empty(), "{faults:#?}");
    }

    /// Everything that is wrong with a document.
    pub fn faults(&self, document: &Value) -> Vec<String> {
        let mut faults = Vec::new();
        self.check(&self.0, document, "", &mut faults);
        faults
    }

    fn check(&self, schema: &Value, value: &Value, place: &str, faults: &mut Vec<String>) {
        for (key, rule) in schema.as_object().into_iter().flatten() {
            match key.as_str() {
                "$ref" => {
                    let pointer = rule.as_str().unwrap_or_default().trim_start_matches('#');
                    let schema = self
                        .0
                        .pointer(pointer)
                        .expect("a reference leads somewhere");
                    self.check(schema, value, place, faults);
                }
                "items" => self.check_items(schema, rule, value, place, faults),
                "prefixItems" => {
                    let items = value.as_array().into_iter().flatten();
                    for (number, (rule, item)) in
                        rule.as_array().into_iter().flatten().zip(items).enumerate()
                    {
                        self.check(rule, item, &format!("{place}/{number}"), faults);
                    }
                }
                _ => faults.extend(fault(key, rule, value).map(|what| format!("{place}: {what}"))),
            }
        }
        let (known, others) = (&schema["properties"], schema.get("additionalProperties"));
        for (name, value) in value.as_object().into_iter().flatten() {
            let place = format!("{place}/{name}");
            match (known.get(name), others) {
                (None, Some(Value::Bool(false))) => faults.push(format!("{place} is not known")),
                (Some(schema), _) | (None, Some(schema)) => {
                    self.check(schema, value, &place, faults);
                }
                (None, None) => {}
            }
        }
    }

    /// The items behind those that `prefixItems` names.
    fn check_items(
        &self,
        schema: &Value,
        rule: &Value,
        value: &Value,
        place: &str,
        faults: &mut Vec<String>,
    ) {
        let named = schema["prefixItems"].as_array().map_or(0, Vec::len);
        let items = value.as_array().into_iter().flatten().enumerate();
        for (number, item) in items.skip(named) {
            let place = format!("{place}/{number}");
            if *rule == Value::Bool(false) {
                faults.push(format!("{place} is too much"));
            } else {
                self.check(rule, item, &place, faults);
            }
        }
    }
}

/// What a rule about the value alone finds.
///
/// # Panics
/// If the rule is not known here.
fn fault(key: &str, rule: &Value, value: &Value) -> Option<String> {
    #[expect(clippy::cast_precision_loss, reason = "a list has few items")]
    let length = || value.as_array().map(|items| items.len() as f64);
    let limit = || rule.as_f64().expect("a limit is a number");
    match key {
        "type" => {
            let kinds = match rule {
                Value::Array(kinds) => kinds.clone(),
                kind => vec![kind.clone()],
            };
            let fits = kinds.iter().any(|kind| is(kind.as_str(), value));
            (!fits).then(|| format!("{value} is no {rule}"))
        }
        "const" => (rule != value).then(|| format!("{value} is not {rule}")),
        "enum" => {
            let known = rule.as_array().is_some_and(|all| all.contains(value));
            (!known).then(|| format!("{value} is none of {rule}"))
        }
        "minimum" => {
            let below = value.as_f64().is_some_and(|value| value < limit());
            below.then(|| format!("{value} is below {rule}"))
        }
        "maximum" => {
            let above = value.as_f64().is_some_and(|value| value > limit());
            above.then(|| format!("{value} is above {rule}"))
        }
        "minItems" => (length()? < limit()).then(|| format!("it has fewer than {rule} items")),
        "maxItems" => (length()? > limit()).then(|| format!("it has more than {rule} items")),
        "required" => {
            let names = rule
                .as_array()
                .into_iter()
                .flatten()
                .filter_map(Value::as_str);
            let missing: Vec<_> = names.filter(|name| value.get(name).is_none()).collect();
            (!missing.is_empty()).then(|| format!("{missing:?} missing"))
        }
        "properties"
        | "additionalProperties"
        | "$schema"
        | "$id"
        | "$defs"
        | "title"
        | "description" => None,
        other => panic!("the schema uses `{other}`, which is not looked at"),
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
