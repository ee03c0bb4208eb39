//! The collector of all the faults in a set of settings.

use std::fmt::Debug;
use std::time::Duration;

use super::Config;
use super::error::{ConfigError, InvalidSetting};
use crate::ratio::Ratio;
use crate::window::Window;

const YEAR: Duration = Duration::from_secs(365 * 24 * 60 * 60);

/// Collects the faults.
#[derive(Default)]
pub(super) struct Check {
    faults: Vec<InvalidSetting>,
}

impl Check {
    pub(super) fn refuse(&mut self, field: &'static str, value: impl Debug, allowed: &'static str) {
        self.faults.push(InvalidSetting {
            field,
            value: shown(&value),
            allowed,
        });
    }

    pub(super) fn at_least_one(&mut self, field: &'static str, value: u32) {
        if value == 0 {
            self.refuse(field, value, "at least 1");
        }
    }

    pub(super) fn above_zero(&mut self, field: &'static str, value: Duration) {
        if value.is_zero() {
            self.refuse(field, value, "above zero");
        }
    }

    /// A duration too short for a call to end in makes a breaker that never recovers.
    pub(super) fn at_least_a_millisecond(&mut self, field: &'static str, value: Duration) {
        if value < Duration::from_millis(1) {
            self.refuse(field, value, "at least 1ms");
        }
    }

    pub(super) fn ratio(&mut self, field: &'static str, value: Option<f64>) -> Option<Ratio> {
        let value = value?;
        let ratio = Ratio::new(value);
        if ratio.is_none() {
            self.refuse(field, value, "above 0 and up to 1");
        }
        ratio
    }

    pub(super) fn window(&mut self, window: Window) {
        match window {
            Window::Count { calls } => {
                if !(1..=1_000_000).contains(&calls) {
                    self.refuse("window calls", calls, "from 1 to 1000000");
                }
            }
            Window::Time { length, buckets } => {
                if !(1..=1000).contains(&buckets) {
                    self.refuse("window buckets", buckets, "from 1 to 1000");
                } else if length < Duration::from_millis(buckets.into()) || length > YEAR {
                    let allowed = "at least 1 ms per bucket and at most 365 days";
                    self.refuse("window length", length, allowed);
                }
            }
        }
    }

    pub(super) fn finish(self, config: Config) -> Result<Config, ConfigError> {
        if self.faults.is_empty() {
            Ok(config)
        } else {
            Err(ConfigError::new(self.faults))
        }
    }
}

/// A value as people write it.
fn shown(value: &impl Debug) -> String {
    match format!("{value:?}").trim_matches('"') {
        "0ns" => "0s".to_owned(),
        shown => shown.to_owned(),
    }
}
