//! How are durations and rules that can be off written?
//!
//! The same text means the same on the command line, in the environment and in every file.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use serde::de::{Deserializer, Error};
use serde::{Deserialize, Serialize, Serializer};

/// A duration, written like `500ms`, `2s` or `1m 30s`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Span(pub Duration);

impl FromStr for Span {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        humantime::parse_duration(text).map(Self).map_err(|_| {
            format!(
                "`{text}` is not a duration: write a number with a unit, such as 500ms, 2s or 1m"
            )
        })
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        humantime::format_duration(self.0).fmt(f)
    }
}

/// A rule with a value, or `off`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Rule<T> {
    /// The rule does not apply.
    Off,
    /// The rule applies with this value.
    On(T),
}

impl<T> Rule<T> {
    /// The value, unless the rule is off.
    pub fn value(self) -> Option<T> {
        match self {
            Self::Off => None,
            Self::On(value) => Some(value),
        }
    }
}

impl<T: FromStr> FromStr for Rule<T>
where
    T::Err: fmt::Display,
{
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "off" {
            return Ok(Self::Off);
        }
        text.parse()
            .map(Self::On)
            .map_err(|error: T::Err| format!("{error}; or write `off`"))
    }
}

impl<T: fmt::Display> fmt::Display for Rule<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Off => f.write_str("off"),
            Self::On(value) => value.fmt(f),
        }
    }
}

/// A setting that is read from its text and shown as its text.
macro_rules! as_text {
    ($($type:ty),*) => {$(
        impl Serialize for $type {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $type {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
            }
        }
    )*};
}

as_text!(Span, Rule<Span>);

/// A rule whose value is a number; in a file the number stands bare.
macro_rules! as_number {
    ($($type:ty),*) => {$(
        impl Serialize for Rule<$type> {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                match self {
                    Self::Off => serializer.serialize_str("off"),
                    Self::On(value) => value.serialize(serializer),
                }
            }
        }

        impl<'de> Deserialize<'de> for Rule<$type> {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                #[derive(Deserialize)]
                #[serde(untagged, expecting = "expected a number or \"off\"")]
                enum Written {
                    Number($type),
                    Text(String),
                }
                match Written::deserialize(deserializer)? {
                    Written::Number(value) => Ok(Self::On(value)),
                    Written::Text(text) if text == "off" => Ok(Self::Off),
                    Written::Text(text) => Err(D::Error::custom(format!(
                        "`{text}` is not allowed: it must be a number or \"off\""
                    ))),
                }
            }
        }
    )*};
}

as_number!(u32, f64);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_read_back_as_they_are_shown() {
        for text in ["500ms", "2s", "1m 30s"] {
            assert_eq!(text.parse::<Span>().unwrap().to_string(), text);
        }
        assert_eq!(
            "5".parse::<Span>().unwrap_err(),
            "`5` is not a duration: write a number with a unit, such as 500ms, 2s or 1m"
        );
    }
}
