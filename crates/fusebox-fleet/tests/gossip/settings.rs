//! The refusal of node settings that cannot work, each with what to write instead.

use std::time::Duration;

use fusebox_fleet::engine::gossip::{GossipBuilder, GossipSettings};
use fusebox_fleet::{Mode, Settings};

use crate::fleet::{MS, S};

fn node(mode: Mode) -> GossipBuilder {
    let fleet = Settings::builder(mode).build().unwrap();
    GossipSettings::builder("a", "10.0.0.5:7280", &fleet)
}

fn refused(builder: GossipBuilder) -> String {
    builder.build().unwrap_err().to_string()
}

#[test]
fn a_mode_that_merges_counts_is_refused_with_what_to_use_instead() {
    for mode in [Mode::Pooled, Mode::PooledNaive] {
        assert_eq!(
            refused(node(mode)),
            format!(
                "mode = {mode} is not allowed: it must be quorum or advisory with this engine, which does \
                 not merge counts of calls; for merged counts use an engine on a server"
            )
        );
    }
    for mode in [Mode::Local, Mode::Advisory, Mode::Quorum, Mode::AnyOpen] {
        assert!(node(mode).build().is_ok());
    }
}

#[test]
fn addresses_are_checked_with_what_to_write() {
    let fleet = Settings::builder(Mode::Quorum).build().unwrap();
    for listen in [
        "",
        "7280",
        "10.0.0.5",
        "10.0.0.5:0",
        "host:7280",
        "10.0.0.5:99999",
    ] {
        let told = refused(GossipSettings::builder("a", listen, &fleet));
        let expected = format!(
            "listen = {listen:?} is not allowed: it must be an address with a port, such as 10.0.0.5:7280"
        );
        assert_eq!(told, expected);
    }
    let all = GossipSettings::builder("a", "0.0.0.0:7280", &fleet);
    assert!(refused(all.clone()).starts_with("advertise = \"0.0.0.0:7280\" is not allowed"));
    let reachable = all.advertise("[fe80::1]:7280").build().unwrap();
    assert_eq!(reachable.listen().to_string(), "0.0.0.0:7280");
    assert_eq!(reachable.advertise().to_string(), "[fe80::1]:7280");
}

#[test]
fn seeds_need_a_host_and_a_port() {
    let good = [
        "10.0.0.6:7280",
        "[::1]:7280",
        "checkout.internal:7280",
        "a_b-c:1",
    ];
    assert!(node(Mode::Quorum).seeds(good).build().is_ok());
    for seed in [
        "",
        "host",
        "host:",
        ":7280",
        "host:0",
        "two words:1",
        "redis://host:1",
        "h:x",
    ] {
        let told = refused(node(Mode::Quorum).seeds([seed]));
        assert!(
            told.starts_with(&format!("seeds = {seed:?} is not allowed")),
            "{told}"
        );
        assert!(told.ends_with("such as checkout.internal:7280"), "{told}");
    }
}

#[test]
fn names_and_numbers_have_their_ranges_and_all_faults_are_told_at_once() {
    let fleet = Settings::builder(Mode::Quorum).build().unwrap();
    let error = GossipSettings::builder("two words", "10.0.0.5:7280", &fleet)
        .cluster("")
        .interval(500 * MS)
        .suspicion(0.5)
        .forget_dead_after(S)
        .build()
        .unwrap_err();

    let fields: Vec<_> = error.faults().iter().map(|fault| fault.field).collect();
    assert_eq!(
        fields,
        [
            "name",
            "cluster",
            "interval",
            "suspicion",
            "forget_dead_after"
        ]
    );
    assert!(error.to_string().contains(
        "interval = 500ms is not allowed: it must be from 1ms to a third of the heartbeat (1s), or a change \
         does not reach all instances within a heartbeat"
    ));
    for suspicion in [f64::NAN, f64::INFINITY, -1.0, 32.5] {
        assert!(node(Mode::Quorum).suspicion(suspicion).build().is_err());
    }
    assert!(node(Mode::Quorum).interval(Duration::ZERO).build().is_err());
    assert!(node(Mode::Quorum).interval(MS).build().is_ok());
}
