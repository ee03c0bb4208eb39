//! The place in a scenario that a key leads to, however the key is written.
//!
//! `faults.phases.1`, `faults.phases.outage` and `faults."phases".1` may be the same place. Code that is given
//! several keys has to know which of them mean the same setting, and which is a part of another.

use toml::Value;

use super::Set;
use super::element::element;
use super::set::with_quoted_seed;
use crate::faults::NAMED;
use crate::reading::{times, without_mark};

/// The place that a key leads to.
///
/// # Examples
///
/// ```
/// use experiment::scenario::Place;
///
/// let text = "[faults]\nphases = [{ name = \"calm\" }, { name = \"outage\" }]\n";
/// let place = |key: &str| Ok::<_, String>(Place::of(text, &format!("{key}=1").parse()?));
/// assert_eq!(place("faults.phases.1.for_ms")?, place("faults.phases.outage.for")?);
/// assert!(place("breaker")?.holds(&place("breaker.\"open_for\"")?));
/// # Ok::<(), String>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    parts: Vec<String>,
}

impl Place {
    /// Returns the place that a key has in the text of a scenario: an element of a list by its number, a time without
    /// the unit in its name. A part that the text does not contain keeps its name in the key.
    pub fn of(text: &str, set: &Set) -> Self {
        let text = without_mark(text);
        let read = toml::from_str(text).or_else(|_| toml::from_str(&with_quoted_seed(text)));
        let root = read.ok().map(Value::Table);
        let mut at = root.as_ref();
        let mut parts: Vec<String> = Vec::new();
        for part in set.path() {
            let (name, next) = match at {
                Some(Value::Array(values)) => in_list(values, part),
                other => {
                    let name = field(part, parts.last());
                    let table = other.and_then(Value::as_table);
                    let next = table.and_then(|table| table.get(part));
                    (name.to_owned(), next)
                }
            };
            parts.push(name);
            at = next;
        }
        Self { parts }
    }

    /// Returns whether the other place is this one or a part of it.
    pub fn holds(&self, other: &Self) -> bool {
        other.parts.starts_with(&self.parts)
    }
}

fn in_list<'a>(values: &'a [Value], part: &str) -> (String, Option<&'a Value>) {
    let name = |value: &Value| Some(value.get("name")?.as_str()?.to_owned());
    let names: Vec<Option<String>> = values.iter().map(name).collect();
    match element(&names, part, "") {
        Ok(place) => (place.to_string(), values.get(place)),
        Err(_) => (part.to_owned(), None),
    }
}

/// A key without its unit, unless it is a name that the user gave.
fn field<'a>(part: &'a str, above: Option<&String>) -> &'a str {
    let given = above.is_some_and(|above| above == "instance" || NAMED.contains(&&**above));
    match times::split(part) {
        Some(name) if !given => name,
        _ => part,
    }
}
