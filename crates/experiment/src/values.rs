//! How are durations and rules that can be off written?
//!
//! The same text means the same on the command line, in the environment and in every file.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use serde::de::{Deserializer, Error, Unexpected, Visitor};
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

/// The longest that anybody waits for an answer, a client as well as an instance: ten minutes, as long as a
/// fault may hold a call. Histograms of durations reach to it.
pub const LONGEST_PATIENCE: Duration = Duration::from_secs(600);

/// Checks how long somebody waits for an answer.
///
/// # Errors
///
/// When it is zero or above [`LONGEST_PATIENCE`]; the message names `field`.
pub fn check_patience(field: &str, patience: Span) -> Result<(), String> {
    if patience.0.is_zero() || patience.0 > LONGEST_PATIENCE {
        let most = Span(LONGEST_PATIENCE);
        return Err(format!(
            "{field} = {patience} is not allowed: it must be above zero and at most {most}"
        ));
    }
    Ok(())
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

/// Reads milliseconds: a number of them, or a text with a unit such as `"1s"`.
///
/// # Errors
///
/// When it is neither, or not a whole number of milliseconds.
pub fn millis<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
    deserializer.deserialize_any(Millis)
}

/// Reads milliseconds that may be missing, as [`millis`] does.
///
/// # Errors
///
/// As [`millis`].
pub fn optional_millis<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<u64>, D::Error> {
    struct Optional;

    impl<'de> Visitor<'de> for Optional {
        type Value = Option<u64>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            Millis.expecting(f)
        }

        fn visit_none<E: Error>(self) -> Result<Option<u64>, E> {
            Ok(None)
        }

        fn visit_unit<E: Error>(self) -> Result<Option<u64>, E> {
            Ok(None)
        }

        fn visit_some<D: Deserializer<'de>>(self, some: D) -> Result<Option<u64>, D::Error> {
            millis(some).map(Some)
        }
    }

    deserializer.deserialize_option(Optional)
}

/// Reads milliseconds under names, each as [`millis`] does.
///
/// # Errors
///
/// As [`millis`].
pub fn millis_of_each<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<BTreeMap<String, u64>, D::Error> {
    #[derive(Deserialize)]
    struct One(#[serde(deserialize_with = "millis")] u64);

    let named: BTreeMap<String, One> = Deserialize::deserialize(deserializer)?;
    Ok(named
        .into_iter()
        .map(|(name, One(ms))| (name, ms))
        .collect())
}

struct Millis;

impl Visitor<'_> for Millis {
    type Value = u64;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("milliseconds as a whole number, or a duration such as \"1s\"")
    }

    fn visit_u64<E: Error>(self, millis: u64) -> Result<u64, E> {
        Ok(millis)
    }

    fn visit_i64<E: Error>(self, millis: i64) -> Result<u64, E> {
        let negative = |_| E::invalid_value(Unexpected::Signed(millis), &self);
        u64::try_from(millis).map_err(negative)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<u64, E> {
        let Span(span) = text.parse().map_err(E::custom)?;
        match u64::try_from(span.as_millis()) {
            Ok(millis) if span.subsec_nanos() % 1_000_000 == 0 => Ok(millis),
            _ => Err(E::custom(format!(
                "`{text}` is not allowed: write a whole number of milliseconds"
            ))),
        }
    }
}

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

    #[test]
    fn nobody_waits_for_ever_or_not_at_all() {
        for text in ["0s", "10m 1s"] {
            let refusal = check_patience("timeout", text.parse().unwrap()).unwrap_err();
            assert_eq!(
                refusal,
                format!("timeout = {text} is not allowed: it must be above zero and at most 10m")
            );
        }
        check_patience("timeout", Span(LONGEST_PATIENCE)).unwrap();
    }
}
