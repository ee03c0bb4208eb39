//! A choice with settings in one line: `name`, or `name:key=value,key=value`.
//!
//! The same text is used on the command line and in files. A file may also use the table that the text stands for:
//! `"gamma:shape=0.5"` is `{ gamma = { shape = 0.5 } }`.

use std::collections::BTreeMap;

use serde_json::{Map, Number, Value};

use crate::reading::in_plain_words;

/// The table that `text` stands for. `main` is the key of a value that stands alone, as in `gamma:0.5`.
pub(crate) fn table(text: &str, main: impl Fn(&str) -> Option<&'static str>) -> Value {
    let (name, rest) = text.split_once(':').unwrap_or((text, ""));
    let mut settings = Map::new();
    for setting in rest.split(',').map(str::trim).filter(|it| !it.is_empty()) {
        let (key, value) = match (setting.split_once('='), main(name)) {
            (Some((key, value)), _) => (key.trim(), value.trim()),
            (None, Some(key)) => (key, setting),
            (None, None) => (setting, ""),
        };
        settings.insert(key.to_owned(), scalar(value));
    }
    named(name.trim(), Value::Object(settings))
}

/// `{ name: value }`
pub(crate) fn named(name: &str, value: Value) -> Value {
    Value::Object(Map::from_iter([(name.to_owned(), value)]))
}

fn scalar(text: &str) -> Value {
    if let Ok(whole) = text.parse::<u64>() {
        return whole.into();
    }
    match (text, text.parse().ok().and_then(Number::from_f64)) {
        ("true", _) => true.into(),
        ("false", _) => false.into(),
        (_, Some(number)) => number.into(),
        (_, None) => text.into(),
    }
}

/// The line that stands for `table`; what is not set is left out. Settings stand in the order of their names: digests
/// are made of lines, and a table of `serde_json` has another order where any package of a build asks for it.
pub(crate) fn line(table: &Value) -> String {
    let Some((name, settings)) = table.as_object().and_then(|table| table.iter().next()) else {
        return table.as_str().unwrap_or_default().to_owned();
    };
    let settings: BTreeMap<_, _> = settings.as_object().into_iter().flatten().collect();
    let settings: Vec<String> = settings
        .into_iter()
        .filter(|(_, value)| !value.is_null())
        .map(|(key, value)| format!("{key}={}", plain(value)))
        .collect();
    if settings.is_empty() {
        name.clone()
    } else {
        format!("{name}:{}", settings.join(","))
    }
}

fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.replace(' ', ""),
        Value::Number(number) => number
            .as_f64()
            .map_or_else(|| number.to_string(), |number| number.to_string()),
        other => other.to_string(),
    }
}

/// Why `text` is refused.
pub(crate) fn refusal(text: &str, what: &str, error: &str, examples: &str) -> String {
    let error = in_plain_words(error);
    format!("`{text}` is not a valid {what}: {error}; write {examples}")
}

/// Reads and shows an enum, whose own serde is derived with `remote = "Self"`, as a line; reads it as
/// a table, too.
macro_rules! written {
    ($type:ty, $what:literal, $examples:literal, $parse:expr, $line:expr) => {
        impl std::str::FromStr for $type {
            type Err = String;

            fn from_str(text: &str) -> Result<Self, String> {
                let table: Result<serde_json::Value, String> = $parse(text);
                table
                    .and_then(|table| Self::deserialize(table).map_err(|error| error.to_string()))
                    .map_err(|error| $crate::load::written::refusal(text, $what, &error, $examples))
            }
        }

        impl std::fmt::Display for $type {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                let table = Self::serialize(self, serde_json::value::Serializer);
                f.pad(&$line(&table.map_err(|_| std::fmt::Error)?))
            }
        }

        impl serde::Serialize for $type {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> serde::Deserialize<'de> for $type {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct LineOrTable;

                impl<'de> serde::de::Visitor<'de> for LineOrTable {
                    type Value = $type;

                    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        write!(f, "{}, like {}", $what, $examples)
                    }

                    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<$type, E> {
                        text.parse().map_err(E::custom)
                    }

                    fn visit_map<A: serde::de::MapAccess<'de>>(
                        self,
                        map: A,
                    ) -> Result<$type, A::Error> {
                        <$type>::deserialize(serde::de::value::MapAccessDeserializer::new(map))
                    }
                }

                deserializer.deserialize_any(LineOrTable)
            }
        }
    };
}

pub(crate) use written;
