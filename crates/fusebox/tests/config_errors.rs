//! The refusal of settings that cannot work, with field, value and range.

use std::time::Duration;

use fusebox::{Config, ConfigBuilder, Window};

const SECOND: Duration = Duration::from_secs(1);
const YEAR: Duration = Duration::from_secs(365 * 24 * 3600);

fn valid() -> ConfigBuilder {
    Config::builder().consecutive_failures(1)
}

fn complaint(settings: ConfigBuilder) -> String {
    settings.build().expect_err("refused").to_string()
}

/// The one fault of `settings` names field, value and range.
#[track_caller]
fn assert_refused(settings: ConfigBuilder, field: &str, value: &str, allowed: &str) {
    let error = settings.build().expect_err(field);
    let [fault] = error.faults() else {
        panic!("{field} = {value} should be the one fault: {error}");
    };
    assert_eq!(
        (fault.field, fault.value.as_str(), fault.allowed),
        (field, value, allowed)
    );
    assert_eq!(
        error.to_string(),
        format!("{field} = {value} is not allowed: it must be {allowed}")
    );
}

#[test]
fn every_bad_trip_rule_is_refused() {
    let failures = |number| valid().consecutive_failures(number);
    assert_refused(failures(0), "consecutive_failures", "0", "at least 1");

    let share = "above 0 and up to 1";
    for (bad, value) in [
        (0.0, "0.0"),
        (1.01, "1.01"),
        (-0.5, "-0.5"),
        (f64::NAN, "NaN"),
    ] {
        let failing = valid().failure_rate_threshold(bad);
        assert_refused(failing, "failure_rate_threshold", value, share);
        let slow = valid()
            .slow_call_duration(SECOND)
            .slow_call_rate_threshold(bad);
        assert_refused(slow, "slow_call_rate_threshold", value, share);
    }

    let minimum = valid().minimum_calls(0);
    assert_refused(minimum, "minimum_calls", "0", "at least 1");
}

// pitfall 23
#[test]
fn every_bad_window_is_refused() {
    let count = |calls| valid().window(Window::count(calls));
    assert_refused(count(0), "window calls", "0", "from 1 to 1000000");
    assert_refused(
        count(1_000_001),
        "window calls",
        "1000001",
        "from 1 to 1000000",
    );

    let time = |length, buckets| valid().window(Window::time(length, buckets));
    assert_refused(time(SECOND, 0), "window buckets", "0", "from 1 to 1000");
    assert_refused(
        time(SECOND, 1001),
        "window buckets",
        "1001",
        "from 1 to 1000",
    );
    let lengths = "at least 1 ms per bucket and at most 365 days";
    let short = Duration::from_millis(9);
    assert_refused(time(short, 10), "window length", "9ms", lengths);
    assert_refused(
        time(YEAR + SECOND, 10),
        "window length",
        "31536001s",
        lengths,
    );
}

#[test]
fn every_bad_wait_is_refused() {
    let open_for = valid().open_for(Duration::ZERO);
    assert_refused(open_for, "open_for", "0s", "above zero");
    // The default of `max_open_for`, but said by the caller.
    let max = valid().open_for(90 * SECOND).max_open_for(60 * SECOND);
    assert_refused(max, "max_open_for", "60s", "at least open_for");
    for (bad, value) in [(0.99, "0.99"), (1000.5, "1000.5"), (f64::NAN, "NaN")] {
        let factor = valid().backoff_factor(bad);
        assert_refused(factor, "backoff_factor", value, "from 1 to 1000");
    }
    for (bad, value) in [(-0.1, "-0.1"), (0.51, "0.51"), (f64::INFINITY, "inf")] {
        assert_refused(valid().jitter(bad), "jitter", value, "from 0 to 0.5");
    }
}

// pitfall 9
#[test]
fn every_bad_half_open_setting_is_refused() {
    let count = |successes, failures| valid().probe_count(successes, failures);
    assert_refused(count(0, 1), "probe_successes", "0", "at least 1");
    assert_refused(count(1, 0), "probe_failures", "0", "at least 1");
    let trial = |probes, threshold| valid().probe_trial(probes, threshold);
    assert_refused(trial(0, 0.5), "probe_trial", "0", "at least 1");
    let field = "probe_failure_rate_threshold";
    assert_refused(trial(3, 0.0), field, "0.0", "above 0 and up to 1");
    let permitted = valid().permitted_probes(0);
    assert_refused(permitted, "permitted_probes", "0", "at least 1");
    let deadline = valid().half_open_for(Duration::ZERO);
    assert_refused(deadline, "half_open_for", "0s", "at least 1ms");
    let deadline = valid().half_open_for(Duration::from_nanos(999_999));
    assert_refused(deadline, "half_open_for", "999.999µs", "at least 1ms");
}

#[test]
fn the_ends_of_every_range_are_allowed() {
    for settings in [
        valid()
            .failure_rate_threshold(1.0)
            .window(Window::count(1))
            .minimum_calls(1),
        valid()
            .failure_rate_threshold(1e-9)
            .window(Window::count(1_000_000)),
        valid().window(Window::time(SECOND, 1000)),
        valid().window(Window::time(YEAR, 1)),
        valid().backoff_factor(1.0).jitter(0.0),
        valid().backoff_factor(1000.0).jitter(0.5),
        valid()
            .open_for(Duration::from_nanos(1))
            .max_open_for(Duration::MAX),
        valid().open_for(Duration::MAX),
        valid().half_open_for(None),
        valid()
            .half_open_for(Duration::MAX)
            .permitted_probes(u32::MAX),
        valid().probe_count(u32::MAX, u32::MAX),
        valid().probe_trial(u32::MAX, 1.0),
    ] {
        let checked = settings.clone().build();

        assert!(checked.is_ok(), "{settings:?}: {checked:?}");
    }
}

#[test]
fn every_fault_is_reported_at_once() {
    let error = Config::builder()
        .consecutive_failures(0)
        .minimum_calls(0)
        .open_for(Duration::ZERO)
        .jitter(2.0)
        .permitted_probes(0)
        .build()
        .unwrap_err();

    let fields: Vec<_> = error.faults().iter().map(|fault| fault.field).collect();
    assert_eq!(
        fields,
        [
            "consecutive_failures",
            "minimum_calls",
            "open_for",
            "jitter",
            "permitted_probes"
        ]
    );
    assert_eq!(error.to_string().matches("; ").count(), 4);
}

#[test]
fn settings_that_can_never_trip_are_refused() {
    let none = complaint(Config::builder());
    assert!(none.contains("trip rules = none"), "{none}");
    assert!(none.contains("can never trip"), "{none}");

    let slow = complaint(Config::builder().slow_call_rate_threshold(0.5));
    assert!(slow.contains("slow_call_duration = unset"), "{slow}");
    assert!(slow.contains("can never trip"), "{slow}");
}

#[test]
fn a_minimum_above_a_count_window_means_a_full_window() {
    let config = Config::builder()
        .failure_rate_threshold(0.5)
        .window(Window::count(4))
        .minimum_calls(100)
        .build()
        .unwrap();

    assert_eq!(config.minimum_calls(), 4);
}

#[test]
fn the_longest_open_period_follows_open_for_only_when_it_is_not_set() {
    let follows = valid().open_for(90 * SECOND).build().unwrap();

    assert_eq!(follows.max_open_for(), 90 * SECOND);
    assert_eq!(valid().build().unwrap().max_open_for(), 60 * SECOND);
}
