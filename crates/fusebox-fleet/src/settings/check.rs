//! The collector of all the faults in a set of settings.

use std::fmt::Display;
use std::ops::RangeInclusive;
use std::time::Duration;

use fusebox::Ratio;

use super::error::{InvalidSetting, SettingsError};
use crate::span::Span;

pub(super) const MILLISECOND: Duration = Duration::from_millis(1);
pub(super) const YEAR: Duration = Duration::from_secs(365 * 24 * 60 * 60);

/// Collects the faults.
#[derive(Default)]
pub(super) struct Check {
    faults: Vec<InvalidSetting>,
}

impl Check {
    pub(super) fn refuse(
        &mut self,
        field: &'static str,
        value: impl Display,
        allowed: impl Into<String>,
    ) {
        self.faults.push(InvalidSetting {
            field,
            value: value.to_string(),
            allowed: allowed.into(),
        });
    }

    pub(super) fn number(&mut self, field: &'static str, value: u32, allowed: RangeInclusive<u32>) {
        if !allowed.contains(&value) {
            self.refuse(
                field,
                value,
                format!("from {} to {}", allowed.start(), allowed.end()),
            );
        }
    }

    /// From a millisecond to a year: sums of such times cannot overflow.
    pub(super) fn time(&mut self, field: &'static str, value: Duration) {
        if !(MILLISECOND..=YEAR).contains(&value) {
            self.refuse(field, Span(value), "from 1ms to 365 days");
        }
    }

    /// Like [`Check::time`], but the time may be zero.
    pub(super) fn time_or_zero(&mut self, field: &'static str, value: Duration) {
        if value > YEAR {
            self.refuse(field, Span(value), "at most 365 days");
        }
    }

    pub(super) fn ratio(&mut self, field: &'static str, value: f64) -> Ratio {
        Ratio::new(value).unwrap_or_else(|| {
            self.refuse(field, value, "above 0 and up to 1");
            Ratio::ONE
        })
    }

    /// `least` is what another setting asks for, and `why` says what would happen below it.
    pub(super) fn at_least(
        &mut self,
        field: &'static str,
        value: Duration,
        (least, why): (Duration, &str),
    ) {
        if value < least {
            self.refuse(
                field,
                Span(value),
                format!("at least {}, {why}", Span(least)),
            );
        }
    }

    pub(super) fn finish(self) -> Result<(), SettingsError> {
        if self.faults.is_empty() {
            Ok(())
        } else {
            Err(SettingsError::new(self.faults))
        }
    }
}
