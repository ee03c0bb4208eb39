//! A duration as people write it.

use std::fmt;
use std::time::Duration;

/// Shows a duration with one unit, such as `250ms`, `1.5s` or `0s`, so that it can be copied into settings.
pub(crate) struct Span(pub(crate) Duration);

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_zero() {
            return f.write_str("0s"); // not `0ns`
        }
        let micros = self.0.as_nanos() < 1_000_000;
        let text = format!("{:?}", self.0);
        // A sign that is on no keyboard.
        f.write_str(&if micros {
            text.replace('\u{b5}', "u")
        } else {
            text
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_shown_with_the_unit_that_a_person_would_write() {
        for (nanos, shown) in [
            (0, "0s"),
            (15, "15ns"),
            (250_000, "250us"),
            (250_000_000, "250ms"),
            (1_350_000_000, "1.35s"),
            (300_000_000_000, "300s"),
        ] {
            assert_eq!(Span(Duration::from_nanos(nanos)).to_string(), shown);
        }
    }
}
