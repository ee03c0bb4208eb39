//! The refusal of a breaker's settings, in the keys that settings files, scenarios and flags have.
//!
//! The breaker itself names the methods of its builder, such as the calls of a window; readers of this message have
//! written `window_calls`.

use fusebox::{ConfigError, InvalidSetting};

use crate::bounds::percent;

/// All that is wrong, in one line.
pub(super) fn refusal(error: &ConfigError) -> String {
    let faults = error.faults().iter().map(of_setting);
    faults.collect::<Vec<_>>().join("; ")
}

fn of_setting(fault: &InvalidSetting) -> String {
    let allowed = fault.allowed;
    if fault.field == "trip rules" {
        return format!("no trip rule is on: set {allowed}");
    }
    let key = fault.field.replace(' ', "_");
    // A ratio is shown as Rust writes a number.
    let value = fault.value.strip_suffix(".0").unwrap_or(&fault.value);
    let is_share = allowed.ends_with("up to 1") || allowed.ends_with("to 0.5");
    let number = value.parse().ok().filter(|_| is_share);
    let hint = number.map(percent).unwrap_or_default();
    format!("{key} = {value} is not allowed: it must be {allowed}{hint}")
}

#[cfg(test)]
mod tests {
    use crate::breaker_settings::BreakerSettings;

    fn refused(toml: &str) -> String {
        let settings: BreakerSettings = toml::from_str(toml).unwrap();
        settings.settled().config(1).unwrap_err()
    }

    #[test]
    fn a_refused_setting_is_named_by_its_key() {
        assert_eq!(
            refused("window_calls = 0"),
            "window_calls = 0 is not allowed: it must be from 1 to 1000000"
        );
        assert_eq!(
            refused("window_calls = \"off\"\nwindow_buckets = 0\nprobe_successes = 0"),
            "window_buckets = 0 is not allowed: it must be from 1 to 1000; \
             probe_successes = 0 is not allowed: it must be at least 1"
        );
    }

    #[test]
    fn a_breaker_without_a_rule_is_told_which_rules_there_are() {
        let said = refused("consecutive_failures = \"off\"\nfailure_rate_threshold = \"off\"");
        let words = "no trip rule is on: set at least one of consecutive_failures, ";
        assert!(said.starts_with(words), "{said}");
    }

    #[test]
    fn a_share_above_one_is_told_as_a_percentage() {
        let said = refused("failure_rate_threshold = 50");
        assert!(said.ends_with("up to 1; 50 % is 0.5"), "{said}");
        let said = refused("jitter = 20");
        assert!(said.ends_with("from 0 to 0.5; 20 % is 0.2"), "{said}");
        let said = refused("failure_rate_threshold = 0");
        assert!(said.ends_with("up to 1"), "{said}");
    }
}
