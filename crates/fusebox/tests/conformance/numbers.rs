//! The numbers and times of scenario files.

use std::time::Duration;

/// What was read, or a complaint.
pub(crate) type Parsed<T> = std::result::Result<T, String>;

pub(crate) fn millis(text: &str) -> Parsed<Duration> {
    number(text).map(Duration::from_millis)
}

pub(crate) fn number<T: std::str::FromStr>(text: &str) -> Parsed<T> {
    text.parse()
        .map_err(|_| format!("`{text}` is not a whole number of the right size"))
}
