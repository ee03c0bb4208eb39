//! Tests of the mark of settings.

use std::time::Duration;

use super::*;
use crate::mode::Mode;
use crate::settings::SettingsBuilder;

fn of(change: impl Fn(SettingsBuilder) -> SettingsBuilder) -> Fingerprint {
    change(Settings::builder(Mode::Quorum))
        .build()
        .unwrap()
        .fingerprint()
}

#[test]
fn marks_of_equal_settings_are_equal_whatever_their_parts_say() {
    let ours = of(|settings| settings);
    let theirs = Fingerprint { parts: 1, ..ours };

    assert_eq!(ours, theirs);
    let both = std::collections::HashSet::from([ours, theirs]);
    assert_eq!(both.len(), 1);
}

#[test]
fn settings_that_decide_change_it_and_others_do_not() {
    let usual = of(|settings| settings);
    let second = Duration::from_secs(2);

    assert_eq!(of(|settings| settings.heartbeat(second / 2)), usual);
    assert_eq!(of(|settings| settings.jitter(0.7)), usual);
    assert_eq!(of(|settings| settings.fleet_size(50)), usual);
    let different = [
        of(|settings| settings.quorum_share(0.6)),
        of(|settings| settings.minimum_votes(3)),
        of(|settings| settings.suspicion_run(3)),
        of(|settings| settings.open_for(second)),
        of(|settings| settings.backoff_factor(1.0)),
        of(|settings| settings.probe_timeout(second)),
        of(|settings| settings.probes_to_close(2)),
        of(|settings| settings.stagger(second * 2)),
        of(|settings| settings.pool_windows(4)),
        of(|settings| settings.pool_batch(second / 10)),
        Settings::builder(Mode::Pooled)
            .build()
            .unwrap()
            .fingerprint(),
    ];
    for (place, fingerprint) in different.iter().enumerate() {
        assert_ne!(*fingerprint, usual, "{place}");
        assert!(!different[..place].contains(fingerprint), "{place}");
    }
}

#[test]
fn which_settings_differ_is_said_by_their_names() {
    type Change = fn(SettingsBuilder) -> SettingsBuilder;
    let usual = of(|settings| settings);
    let second = Duration::from_secs(1);
    let minute = 60 * second;
    let changed: [(&str, Change); 15] = [
        ("suspicion_run", |to| to.suspicion_run(3)),
        ("quorum_share", |to| to.quorum_share(0.6)),
        ("minimum_votes", |to| to.minimum_votes(3)),
        ("open_for", |to| to.open_for(Duration::from_secs(2))),
        ("probe_timeout", |to| {
            to.probe_timeout(Duration::from_millis(1100))
        }),
        ("minimum_gap", |to| {
            to.minimum_gap(Duration::from_millis(300))
        }),
        ("longest_gap", |to| to.longest_gap(Duration::from_secs(59))),
        ("stagger", |to| to.stagger(Duration::from_secs(4))),
        ("pool_batch", |to| to.pool_batch(Duration::from_millis(200))),
        ("pool_keep", |to| to.pool_keep(Duration::from_secs(50))),
        ("backoff_factor", |to| to.backoff_factor(1.0)),
        ("probes_to_close", |to| to.probes_to_close(2)),
        ("pool_window", |to| to.pool_window(33)),
        ("pool_windows", |to| to.pool_windows(4)),
        ("pool_threshold", |to| to.pool_threshold(0.4)),
    ];
    for (name, change) in changed {
        let differing: Vec<_> = of(change).differing(usual).collect();
        assert_eq!(differing, [name]);
    }
    let of_mode = |mode| Settings::builder(mode).longest_gap(minute).build().unwrap();
    let pooled = of_mode(Mode::Pooled).fingerprint();
    let quorum = of_mode(Mode::Quorum).fingerprint();
    assert_eq!(pooled.differing(quorum).collect::<Vec<_>>(), ["mode"]);
    assert_eq!(usual.differing(usual).count(), 0);
}

#[cfg(any(feature = "gossip-node", feature = "redis"))]
#[test]
fn a_mark_is_read_as_it_was_written_and_one_without_parts_names_nothing() {
    let mark = of(|settings| settings);

    assert_eq!(Fingerprint::read(&mark.word()), Some(mark));
    let short = Fingerprint::read(&mark.to_string()).unwrap();
    assert_eq!(
        (short.get(), short.differing(mark).count()),
        (mark.get(), 0)
    );
    assert_eq!(short, mark, "the parts only explain");
    for wrong in ["", "x", "1.", "1.x", "1.2.3", "11111111111111111"] {
        assert_eq!(Fingerprint::read(wrong), None, "{wrong}");
    }
}
