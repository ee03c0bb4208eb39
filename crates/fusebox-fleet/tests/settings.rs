//! The refusal of settings, contradictions included, with field, value and range.

use fusebox_fleet::{Mode, Settings, SettingsBuilder};
use std::time::Duration;

const SECOND: Duration = Duration::from_secs(1);

fn refused(change: impl Fn(SettingsBuilder) -> SettingsBuilder) -> String {
    change(Settings::builder(Mode::Quorum))
        .build()
        .expect_err("it was accepted")
        .to_string()
}

#[test]
fn the_defaults_are_those_that_are_documented() {
    let settings = Settings::builder(Mode::Quorum).build().unwrap();

    assert_eq!(settings.heartbeat(), SECOND);
    assert_eq!(settings.stale_after(), 3 * SECOND);
    assert_eq!(settings.member_for(), 3 * SECOND);
    assert_eq!(settings.engine_timeout(), Duration::from_millis(250));
    assert_eq!(settings.shortest_lease(), 2 * SECOND);
    assert_eq!(settings.first_gap(1), 5 * SECOND);
    assert_eq!(settings.gap(1, 1), 10 * SECOND);
    assert_eq!(settings.gap(1, 9), 60 * SECOND);
    assert_eq!(settings.stagger(), 2 * SECOND);
    assert_eq!(settings.verdict_for(), Duration::from_secs(600));
    assert_eq!(settings.need(7), 4);
}

#[test]
fn a_verdict_is_kept_for_ten_gaps_and_for_a_lease_and_the_gap_after_it() {
    let quick = |to: SettingsBuilder| {
        let to = to.open_for(SECOND / 5).probe_timeout(SECOND / 10);
        let settings = to.minimum_gap(SECOND / 10).longest_gap(SECOND / 5).build();
        settings.unwrap().verdict_for()
    };
    let builder = || Settings::builder(Mode::Quorum);

    // The prober's lease may last for a minute, however short the gaps are.
    assert_eq!(quick(builder()), Duration::from_millis(60_200));
    let short = builder().longest_lease(SECOND * 11 / 10);
    assert_eq!(quick(short), 2 * SECOND);
}

#[test]
fn every_mode_can_be_built_with_its_defaults() {
    for mode in Mode::ALL {
        assert!(Settings::builder(mode).build().is_ok(), "{mode}");
    }
    let any_open = Settings::builder(Mode::AnyOpen).build().unwrap();
    assert_eq!(any_open.need(1), 1);
}

#[test]
fn a_setting_out_of_range_is_refused_with_field_value_and_range() {
    let zero = Duration::ZERO;
    let wrong = [
        (refused(|to| to.heartbeat(zero)), "heartbeat = 0s"),
        (refused(|to| to.suspicion_run(0)), "suspicion_run = 0"),
        (refused(|to| to.quorum_share(1.5)), "quorum_share = 1.5"),
        (
            refused(|to| to.quorum_share(f64::NAN)),
            "quorum_share = NaN",
        ),
        (refused(|to| to.minimum_votes(1)), "minimum_votes = 1"),
        (refused(|to| to.jitter(-0.1)), "jitter = -0.1"),
        (refused(|to| to.open_for(zero)), "open_for = 0s"),
        (
            refused(|to| to.probe_timeout(Duration::MAX)),
            "probe_timeout = ",
        ),
        (refused(|to| to.backoff_factor(0.9)), "backoff_factor = 0.9"),
        (
            refused(|to| to.backoff_factor(f64::NAN)),
            "backoff_factor = NaN",
        ),
        (refused(|to| to.probes_to_close(0)), "probes_to_close = 0"),
        (refused(|to| to.pool_window(0)), "pool_window = 0"),
        (refused(|to| to.pool_windows(0)), "pool_windows = 0"),
        (refused(|to| to.pool_threshold(0.0)), "pool_threshold = 0 "),
    ];
    for (error, begin) in wrong {
        assert!(error.starts_with(begin), "{error}");
        assert!(error.contains(" is not allowed: it must be "), "{error}");
    }
}

#[test]
fn settings_that_contradict_each_other_are_refused_with_both() {
    let wrong = [
        (
            refused(|to| to.fleet_size(3).minimum_votes(4)),
            "minimum_votes = 4 is not allowed: it must be at most fleet_size (3), or the fleet can never open",
        ),
        (
            refused(|to| to.verdict_for(Duration::from_secs(300))),
            "verdict_for = 300s is not allowed: it must be at least 600s, ten times longest_gap, or an open \
             verdict may be forgotten between two probes",
        ),
        (
            refused(|to| to.stale_after(SECOND)),
            "stale_after = 1s is not allowed: it must be at least 1.35s, a late heartbeat and engine_timeout, \
             or the instance is alone between two answers",
        ),
        (
            refused(|to| to.member_for(2 * SECOND)),
            "member_for = 2s is not allowed: it must be at least 3s, stale_after, or the fleet forgets \
             instances that still follow it",
        ),
        (
            refused(|to| to.longest_gap(SECOND)),
            "longest_gap = 1s is not allowed: it must be at least 5s, the first wait: the longest of open_for, \
             two probe_timeout, and minimum_gap",
        ),
        (
            refused(|to| to.longest_lease(SECOND)),
            "longest_lease = 1s is not allowed: it must be at least 2s, probe_timeout and a second for the \
             prober's next call",
        ),
    ];
    for (error, expected) in wrong {
        assert_eq!(error, expected);
    }
    let error = Settings::builder(Mode::Pooled)
        .pool_batch(2 * SECOND)
        .build()
        .unwrap_err();
    assert!(
        error.to_string().contains("at most heartbeat (1s)"),
        "{error}"
    );
}

#[test]
fn every_fault_is_listed_not_only_the_first() {
    let error = Settings::builder(Mode::Quorum)
        .suspicion_run(0)
        .quorum_share(0.0)
        .build()
        .unwrap_err();

    let fields: Vec<_> = error.faults().iter().map(|fault| fault.field).collect();
    assert_eq!(fields, ["suspicion_run", "quorum_share"]);
}

#[test]
fn a_suspicion_takes_half_of_what_trips_from_two_to_five() {
    let runs = [1, 3, 4, 7, 10, 100].map(|trip| {
        let builder = Settings::builder(Mode::Quorum).suspicion_run_for(trip);
        builder.build().unwrap().suspicion_run()
    });

    assert_eq!(runs, [2, 2, 2, 4, 5, 5]);
}
