//! Durations, shares, rates, and rules that can be off, as people write them.
//!
//! The same text means the same on the command line, in the environment and in every file.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use serde::de::{Deserializer, Error, Visitor};
use serde::{Deserialize, Serialize, Serializer};

/// A duration, written like `500ms`, `2s` or `1m 30s`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Span(pub Duration);

impl FromStr for Span {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        humantime::parse_duration(text)
            .map(Self)
            .map_err(|_| no_duration(text))
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

/// Checks a timeout.
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

/// A part of a whole, written like `0.5` or `50%`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(transparent)]
pub struct Share(pub f64);

impl FromStr for Share {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        read_share(text).map(Self)
    }
}

impl fmt::Display for Share {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A value, or `off`: a rule that does not apply has none.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum OrOff<T> {
    /// There is none.
    Off,
    /// There is this one.
    On(T),
}

impl<T> OrOff<T> {
    /// The value, unless it is off.
    pub fn value(self) -> Option<T> {
        match self {
            Self::Off => None,
            Self::On(value) => Some(value),
        }
    }
}

impl<T: FromStr> FromStr for OrOff<T>
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

impl<T: fmt::Display> fmt::Display for OrOff<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Off => f.write_str("off"),
            Self::On(value) => value.fmt(f),
        }
    }
}

/// A setting that is read from its text and shown as its text; a bare number has no unit.
macro_rules! as_time {
    ($($type:ty),*) => {$(
        impl Serialize for $type {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $type {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                deserializer.deserialize_any(Written {
                    expected: "a time with a unit, such as \"500ms\"",
                    number: |number| Err(without_unit(number)),
                    text: |text: &str| text.parse(),
                })
            }
        }
    )*};
}

as_time!(Span, OrOff<Span>);

/// The message about text that is not a duration.
fn no_duration(text: &str) -> String {
    format!("`{text}` is not a duration: write a number with a unit, such as 500ms, 2s or 1m")
}

/// Whether a number would be a time if it had a unit.
pub(crate) fn can_be_a_time(number: &str) -> bool {
    number
        .parse::<f64>()
        .is_ok_and(|it| it.is_finite() && it >= 0.0)
}

/// What is to be written instead of a time without a unit.
pub(crate) fn without_unit(number: impl fmt::Display) -> String {
    let number = number.to_string();
    if can_be_a_time(&number) {
        format!("`{number}` has no unit: write one, such as \"{number}ms\" or \"{number}s\"")
    } else {
        no_duration(&number)
    }
}

/// Reads a value that may be written as a number or as text.
struct Written<N, T> {
    expected: &'static str,
    number: N,
    text: T,
}

impl<V, N, T> Visitor<'_> for Written<N, T>
where
    N: FnOnce(f64) -> Result<V, String>,
    T: FnOnce(&str) -> Result<V, String>,
{
    type Value = V;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.expected)
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<V, E> {
        #[expect(clippy::cast_precision_loss, reason = "larger ones are refused by all")]
        (self.number)(number as f64).map_err(E::custom)
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<V, E> {
        #[expect(clippy::cast_precision_loss, reason = "larger ones are refused by all")]
        (self.number)(number as f64).map_err(E::custom)
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<V, E> {
        (self.number)(number).map_err(E::custom)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<V, E> {
        (self.text)(text).map_err(E::custom)
    }
}

/// Reads a share: a number from 0 to 1, or text such as `50%`. Bounds are checked where they are known.
///
/// # Errors
///
/// When `text` is neither.
///
/// # Examples
///
/// ```
/// use experiment::values::read_share;
///
/// assert_eq!(read_share("0.5"), read_share("50%"));
/// assert!(read_share("90/s").is_err());
/// ```
pub fn read_share(text: &str) -> Result<f64, String> {
    let given = text.trim();
    let (number, divisor) = match given.strip_suffix('%') {
        Some(number) => (number.trim_end(), 100.0),
        None => (given, 1.0),
    };
    // Divided, not multiplied by 0.01: 35 % is the same number as 0.35.
    number
        .parse::<f64>()
        .map(|number| number / divisor)
        .map_err(|_| format!("`{text}` is not a share: write a number such as 0.5, or 50%"))
}

/// Reads a rate per second: a number, or text such as `90/s` or `90rps`. Bounds are checked where they are
/// known.
///
/// # Errors
///
/// When `text` is neither.
///
/// # Examples
///
/// ```
/// use experiment::values::read_rate;
///
/// assert_eq!(read_rate("90rps"), Ok(90.0));
/// assert_eq!(read_rate("90/s"), read_rate("90"));
/// assert!(read_rate("90/min").is_err());
/// ```
pub fn read_rate(text: &str) -> Result<f64, String> {
    let given = text.trim();
    let number = ["/s", "rps"]
        .iter()
        .find_map(|unit| given.strip_suffix(unit))
        .unwrap_or(given);
    number.trim_end().parse().map_err(|_| {
        format!("`{text}` is not a rate: write requests per second, such as 90 or 90/s")
    })
}

/// Reads a field as [`read_share`] does; a bare number is one, too.
///
/// # Errors
///
/// As [`read_share`].
pub fn share<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
    deserializer.deserialize_any(Written {
        expected: "a share, such as 0.5 or \"50%\"",
        number: Ok,
        text: read_share,
    })
}

/// Reads a field as [`read_rate`] does; a bare number is one, too.
///
/// # Errors
///
/// As [`read_rate`].
pub fn rate<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
    deserializer.deserialize_any(Written {
        expected: "a rate, such as 90 or \"90/s\"",
        number: Ok,
        text: read_rate,
    })
}

/// Reads a share that may be missing.
///
/// # Errors
///
/// As [`read_share`].
pub fn optional_share<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<f64>, D::Error> {
    #[derive(Deserialize)]
    struct One(#[serde(deserialize_with = "share")] f64);

    Ok(Option::deserialize(deserializer)?.map(|One(share)| share))
}

/// Reads a rate that may be missing.
///
/// # Errors
///
/// As [`read_rate`].
pub fn optional_rate<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<f64>, D::Error> {
    #[derive(Deserialize)]
    struct One(#[serde(deserialize_with = "rate")] f64);

    Ok(Option::deserialize(deserializer)?.map(|One(rate)| rate))
}

/// A rule whose value is a number; in a file the number stands bare.
macro_rules! as_number {
    ($($type:ty: $expected:literal, $number:expr;)*) => {$(
        impl Serialize for OrOff<$type> {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                match self {
                    Self::Off => serializer.serialize_str("off"),
                    Self::On(value) => value.serialize(serializer),
                }
            }
        }

        impl<'de> Deserialize<'de> for OrOff<$type> {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                deserializer.deserialize_any(Written {
                    expected: $expected,
                    number: |number| $number(number).map(Self::On),
                    text: |text: &str| {
                        let wrong = |_| format!("`{text}` is not allowed: write {}", $expected);
                        text.parse().map_err(wrong)
                    },
                })
            }
        }
    )*};
}

as_number! {
    u32: "a whole number or \"off\"", whole;
    Share: "a share, such as 0.5 or \"50%\", or \"off\"", |number| Ok::<_, String>(Share(number));
}

fn whole(number: f64) -> Result<u32, String> {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "only what comes back as it was is taken"
    )]
    let whole = number as u32;
    #[expect(clippy::float_cmp, reason = "whole numbers of 32 bits are exact")]
    let exact = f64::from(whole) == number;
    exact.then_some(whole).ok_or_else(|| {
        format!(
            "`{number}` is not allowed: write a whole number from 0 to {}, or \"off\"",
            u32::MAX
        )
    })
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
