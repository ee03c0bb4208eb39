//! A change of parts of a plan: a JSON merge patch (RFC 7396), with times written as in a plan.
//!
//! A plan shows its times as numbers (`deadline_ms`), and a patch may give the same time under another name
//! (`deadline`). Merged key by key, both would be present, so a key is first renamed to the name that the patch uses.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use serde_json::{Map, Value, json};

use super::{Plan, schema};
use crate::reading::times;

/// All keys of plans whose name ends with a unit.
static TIMES: LazyLock<BTreeSet<String>> = LazyLock::new(|| {
    let mut keys = BTreeSet::new();
    collect(&schema(), &mut keys);
    keys
});
/// Keys that contain names which the user gave.
pub(crate) const NAMED: [&str; 7] = [
    "codes",
    "headers",
    "next",
    "patience",
    "patience_ms",
    "rules",
    "states",
];

fn collect(schema: &Value, keys: &mut BTreeSet<String>) {
    match schema {
        Value::Object(object) => {
            if let Some(known) = object.get("properties").and_then(Value::as_object) {
                let times = known.keys().filter(|key| times::split(key).is_some());
                keys.extend(times.cloned());
            }
            object.values().for_each(|inner| collect(inner, keys));
        }
        Value::Array(items) => items.iter().for_each(|item| collect(item, keys)),
        _ => {}
    }
}

impl Plan {
    /// This plan with the changes of a JSON merge patch (RFC 7396).
    ///
    /// # Errors
    ///
    /// If the patch is not an object, or the resulting plan is invalid.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    /// use experiment::faults::Plan;
    /// use serde_json::json;
    ///
    /// let plan = Plan::parse(br#"{"seed": 1, "deadline_ms": 500, "phases": [{"name": "calm"}]}"#)?;
    /// let patched = plan.patched(json!({ "deadline": "2s" }))?;
    /// assert_eq!((patched.seed(), patched.deadline_of("A")), (1, Duration::from_secs(2)));
    /// # Ok::<(), String>(())
    /// ```
    pub fn patched(&self, patch: Value) -> Result<Self, String> {
        if !patch.is_object() {
            return Err("a merge patch must be an object, such as {\"seed\": 7}".to_owned());
        }
        let mut plan = serde_json::to_value(self).map_err(|error| error.to_string())?;
        merge(&mut plan, patch, Keys::Known);
        Self::parse(plan.to_string().as_bytes())
    }
}

/// The kind of an object's keys.
#[derive(Clone, Copy, PartialEq)]
enum Keys {
    /// Those of a type.
    Known,
    /// Names that the user gave.
    Given,
}

/// Merges objects; `null` removes a key, every other value replaces.
fn merge(target: &mut Value, patch: Value, keys: Keys) {
    let Value::Object(patch) = patch else {
        *target = patch;
        return;
    };
    if !target.is_object() {
        *target = json!({});
    }
    let Value::Object(target) = target else {
        return;
    };
    for (key, value) in patch {
        if keys == Keys::Known {
            name_as_in(target, &key);
        }
        if value.is_null() {
            target.remove(&key);
            continue;
        }
        let below = if keys == Keys::Known && NAMED.contains(&&*key) {
            Keys::Given
        } else {
            Keys::Known
        };
        merge(target.entry(key).or_insert(Value::Null), value, below);
    }
}

/// Renames a time from its other name to the name that a patch uses.
fn name_as_in(target: &mut Map<String, Value>, key: &str) {
    for field in TIMES
        .iter()
        .filter(|field| times::split(field) == Some(key))
    {
        if let Some(value) = target.remove(field) {
            target.insert(key.to_owned(), with_unit(field, value));
        }
    }
}

/// The numbers of `field` as times with a unit.
fn with_unit(field: &str, value: Value) -> Value {
    match value {
        Value::Number(number) => times::text(field, &number.to_string()).into(),
        Value::Array(items) => items
            .into_iter()
            .map(|item| with_unit(field, item))
            .collect(),
        Value::Object(named) => named
            .into_iter()
            .map(|(name, inner)| (name, with_unit(field, inner)))
            .collect::<Map<_, _>>()
            .into(),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patches_merge_as_the_examples_of_the_rfc() {
        for (target, patch, result) in [
            (r#"{"a":"b"}"#, r#"{"a":"c"}"#, r#"{"a":"c"}"#),
            (r#"{"a":"b"}"#, r#"{"b":"c"}"#, r#"{"a":"b","b":"c"}"#),
            (r#"{"a":"b"}"#, r#"{"a":null}"#, "{}"),
            (r#"{"a":"b","b":"c"}"#, r#"{"a":null}"#, r#"{"b":"c"}"#),
            (r#"{"a":["b"]}"#, r#"{"a":"c"}"#, r#"{"a":"c"}"#),
            (
                r#"{"a":{"b":"c"}}"#,
                r#"{"a":{"b":"d","c":null}}"#,
                r#"{"a":{"b":"d"}}"#,
            ),
            (r#"{"a":[{"b":"c"}]}"#, r#"{"a":[1]}"#, r#"{"a":[1]}"#),
            (r#"["a","b"]"#, r#"["c","d"]"#, r#"["c","d"]"#),
            (r#"{"e":null}"#, r#"{"a":1}"#, r#"{"e":null,"a":1}"#),
            ("[1,2]", r#"{"a":"b","c":null}"#, r#"{"a":"b"}"#),
            ("{}", r#"{"a":{"bb":{"ccc":null}}}"#, r#"{"a":{"bb":{}}}"#),
        ] {
            let value = |text: &str| serde_json::from_str::<Value>(text).unwrap();
            let mut merged = value(target);

            merge(&mut merged, value(patch), Keys::Known);

            assert_eq!(merged, value(result), "{target} {patch}");
        }
    }

    #[test]
    fn a_time_is_changed_under_either_of_its_names() {
        let plan = Plan::parse(
            br#"{"deadline_ms": 500, "patience_ms": {"A": 100, "B": 200}, "limits": {"max_hang_ms": 900},
                 "phases": [{"name": "x"}], "rules": {"ttl": {"effects": [{"reset": {}}], "ttl_ms": 5}}}"#,
        )
        .unwrap();
        let patched = |text: &str| plan.patched(serde_json::from_str(text).unwrap());

        for patch in [r#"{"deadline": "2s"}"#, r#"{"deadline_ms": 2000}"#] {
            assert_eq!(
                patched(patch).unwrap().written.deadline_ms,
                Some(2000),
                "{patch}"
            );
        }
        for patch in [r#"{"deadline": null}"#, r#"{"deadline_ms": null}"#] {
            assert_eq!(patched(patch).unwrap().written.deadline_ms, None, "{patch}");
        }
        let patience = patched(r#"{"patience": {"B": "300ms"}}"#)
            .unwrap()
            .written
            .patience_ms;
        assert_eq!((patience["A"], patience["B"]), (100, 300));
        let limits = patched(r#"{"limits": {"max_hang": "1s"}}"#)
            .unwrap()
            .written
            .limits;
        assert_eq!(limits.max_hang_ms, 1000);
        let rules = patched(r#"{"rules": {"ttl": {"ttl": "1s"}}}"#)
            .unwrap()
            .rules;
        assert_eq!(rules["ttl"].ttl(), Some(std::time::Duration::from_secs(1)));
        assert!(
            patched(r#"{"rules": {"ttl": null}}"#)
                .unwrap()
                .rules
                .is_empty()
        );
        let error = patched(r#"{"deadline": 5}"#).unwrap_err();
        assert!(
            error.contains("write deadline as \"5s\" or \"5ms\", or deadline_ms as 5"),
            "{error}"
        );
    }
}
