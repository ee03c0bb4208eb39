//! Bounds of numbers and times, and the sentences that refuse what lies beyond them.

use std::fmt::Display;
use std::ops::RangeInclusive;
use std::time::Duration;

use crate::values::Span;

/// Checks a number of a fault plan; a NaN is never within bounds.
pub(crate) fn within<T: Copy + PartialOrd + Display>(
    key: &str,
    value: T,
    least: T,
    most: T,
) -> Result<(), String> {
    if least <= value && value <= most {
        return Ok(());
    }
    Err(format!(
        "{key}: {value} is not allowed: it must be from {least} to {most}"
    ))
}

/// The same for a share, which some people write in percent.
pub(crate) fn check_share(key: &str, value: f64) -> Result<(), String> {
    if (0.0..=1.0).contains(&value) {
        return Ok(());
    }
    Err(format!(
        "{key}: {value} is not allowed: it must be a share from 0 to 1{}",
        percent(value)
    ))
}

/// What a number above 1 is as a share, if it may have been meant as a percentage; for the end of a sentence.
pub(crate) fn percent(value: f64) -> String {
    if value > 1.0 && value <= 100.0 {
        format!("; {value} % is {}", value / 100.0)
    } else {
        String::new()
    }
}

/// The same for a whole number, of whatever type it is.
pub(crate) fn count(key: &str, value: impl Into<u64>, least: u64, most: u64) -> Result<(), String> {
    within(key, value.into(), least, most)
}

/// The same for a number of milliseconds, which the message shows as people write times: `key` has no unit.
pub(crate) fn millis(key: &str, value: u64, least: u64, most: u64) -> Result<(), String> {
    if (least..=most).contains(&value) {
        return Ok(());
    }
    let [value, least, most] = [value, least, most].map(|it| Span(Duration::from_millis(it)));
    Err(format!(
        "{key}: {value} is not allowed: it must be from {least} to {most}"
    ))
}

/// The same for a fraction of milliseconds.
pub(crate) fn time(key: &str, value: f64, least: f64, most: f64) -> Result<(), String> {
    if least <= value && value <= most {
        return Ok(());
    }
    let shown = |millis: f64| match Duration::try_from_secs_f64(millis / 1000.0) {
        Ok(time) => Span(time).to_string(),
        Err(_) => format!("{millis}ms"),
    };
    let [value, least, most] = [value, least, most].map(shown);
    Err(format!(
        "{key}: {value} is not allowed: it must be from {least} to {most}"
    ))
}

/// Refuses two keys that exclude each other; each key comes with whether it is present.
pub(crate) fn one_alone(keys: &[(&str, bool)]) -> Result<(), String> {
    let mut given = keys.iter().filter(|(_, given)| *given);
    match (given.next(), given.next()) {
        (Some((first, _)), Some((second, _))) => Err(format!(
            "{second}: not allowed together with {first}: leave one of the two out"
        )),
        _ => Ok(()),
    }
}

/// Checks a setting; `unit` follows the bounds in the message, such as ` per second`.
///
/// # Errors
///
/// The value and the allowed range, for a value beyond the bounds and for a NaN.
pub fn range<T: Copy + PartialOrd + Display>(
    field: &str,
    value: T,
    allowed: RangeInclusive<T>,
    unit: &str,
) -> Result<(), String> {
    if allowed.contains(&value) {
        return Ok(());
    }
    let (least, most) = allowed.into_inner();
    Err(format!(
        "{field} = {value} is not allowed: it must be from {least} to {most}{unit}"
    ))
}

/// Checks a time that must not be zero.
///
/// # Errors
///
/// The value and the allowed range.
pub fn above_zero(field: &str, span: Span) -> Result<(), String> {
    if span.0.is_zero() {
        return Err(format!(
            "{field} = {span} is not allowed: it must be above zero"
        ));
    }
    Ok(())
}
