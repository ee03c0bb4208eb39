//! Tests of changes of how instances decide.

use std::sync::Arc;
use std::time::Duration;

use experiment::scenario::{EnginePlan, Network};
use experiment::values::Span;
use fusebox_fleet::Mode;

use super::*;
use crate::settings::Staging;

/// Three breakers with the usual settings.
fn breakers() -> [BreakerSettings; 3] {
    [BreakerSettings::default().settled(); 3]
}

/// A lab in which each instance decides alone, with these settings.
pub(in crate::coordination) fn local(coordination: Coordination<Engine>) -> Coordinating {
    let followed = (breakers()[0], Span(Duration::from_secs(1)));
    let rules = coordination.settings(&followed.0, followed.1).unwrap();
    Coordinating {
        gossip_seeds: Vec::new(),
        ready_unless_localised: false,
        coordination,
        rules,
        staging: Staging::Standing,
        followed,
    }
}

fn change(text: &str) -> Result<Change, String> {
    parse_json(text.as_bytes())
}

fn changed(before: &Coordinating, text: &str) -> Result<Coordinating, String> {
    change(text)?.over(before, &breakers())
}

#[test]
fn what_is_not_stated_stays_and_null_lets_a_setting_follow_the_breakers_again() {
    let before = local(Coordination::default());

    let quorum = changed(&before, r#"{"mode": "quorum", "heartbeat": "2s"}"#).unwrap();
    let slower = changed(&quorum, r#"{"open_for": "9s"}"#).unwrap();
    let again = changed(&slower, r#"{"open_for": null}"#).unwrap();

    assert_eq!(quorum.coordination.mode.0, Mode::Quorum);
    assert_eq!(quorum.rules.heartbeat().as_secs(), 2);
    assert_eq!(slower.coordination.mode.0, Mode::Quorum);
    assert_eq!(slower.rules.heartbeat().as_secs(), 2);
    assert_eq!(slower.rules.open_for().as_secs(), 9);
    assert_eq!(again.rules, quorum.rules);
}

#[test]
fn an_engine_stays_until_another_one_is_stated_and_its_password_is_kept() {
    let before = local(Coordination::default());
    let server = r#"{"mode": "quorum", "engine": "redis://lab:hunter2@127.0.0.1:1"}"#;

    let redis = changed(&before, server).unwrap();
    let pooled = changed(&redis, r#"{"mode": "pooled"}"#).unwrap();

    assert_eq!(pooled.coordination.engine, redis.coordination.engine);
    let other = r#"{"engine": "redis://lab:hunter3@127.0.0.1:1"}"#;
    let other = changed(&redis, other).unwrap();
    assert_ne!(other.coordination.engine, redis.coordination.engine);
    assert_eq!(
        changed(&pooled, r#"{"mode": "local"}"#)
            .unwrap()
            .coordination
            .engine
            .kind(),
        "redis",
        "it is there for the next mode"
    );
}

#[test]
fn rules_follow_the_breakers_as_they_are_now_unless_these_differ() {
    let before = local(Coordination::default());
    let longer = |seconds| BreakerSettings {
        open_for: Some(Span(Duration::from_secs(seconds))),
        ..breakers()[0]
    };
    let quorum = || change(r#"{"mode": "quorum"}"#).unwrap();

    let same = quorum().over(&before, &[longer(3); 3]).unwrap();
    let different = quorum()
        .over(&before, &[longer(3), longer(4), longer(3)])
        .unwrap();

    assert_eq!(same.rules.open_for().as_secs(), 3);
    assert_eq!(
        Some(Span(different.rules.open_for())),
        breakers()[0].open_for
    );
    assert!(!Arc::ptr_eq(&same.rules, &before.rules));
}

#[test]
fn what_the_breakers_have_now_is_taken_over_only_where_it_is_asked_for() {
    let longer = BreakerSettings {
        open_for: Some(Span(Duration::from_secs(3))),
        backoff_factor: Some(5.0),
        ..breakers()[0]
    };
    let quorum = changed(&local(Coordination::default()), r#"{"mode": "quorum"}"#).unwrap();
    let now = |before: &Coordinating, text: &str| {
        let after = change(text).unwrap().over(before, &[longer; 3]).unwrap();
        (after.rules.open_for(), after.rules.backoff_factor(), after)
    };
    let (usual, factor) = (quorum.rules.open_for(), quorum.rules.backoff_factor());
    assert!(usual != Duration::from_secs(3) && factor < 5.0);

    let (wait, by, slower) = now(&quorum, r#"{"heartbeat": "300ms"}"#);
    assert_eq!((wait, by), (usual, factor), "nobody asked for it");
    assert_eq!(slower.rules.heartbeat().as_millis(), 300);
    let (wait, by, asked) = now(&slower, r#"{"open_for": null}"#);
    assert_eq!((wait, by), (Duration::from_secs(3), factor));
    let (wait, by, _) = now(&asked, r#"{"mode": "pooled"}"#);
    assert_eq!((wait, by), (Duration::from_secs(3), factor), "it stays");
    let (_, _, alone) = now(&asked, r#"{"mode": "local"}"#);
    let (wait, by, _) = now(&alone, r#"{"mode": "quorum"}"#);
    assert_eq!(
        (wait, by),
        (Duration::from_secs(3), 5.0),
        "nothing was in force"
    );
}

#[test]
fn the_network_and_the_faults_of_a_scenario_end_with_its_fleet_over_that_engine() {
    let quorum = changed(&local(Coordination::default()), r#"{"mode": "quorum"}"#).unwrap();
    let staged = Coordinating {
        staging: Staging::Staged {
            seed: 7,
            network: Network::default(),
            plan: EnginePlan::default(),
        },
        ..quorum
    };
    for (change, stays) in [
        (r#"{"heartbeat": "2s"}"#, true),
        (r#"{"mode": "pooled", "engine": "memory"}"#, true),
        (r#"{"engine": "redis://127.0.0.1:1"}"#, false),
        (r#"{"engine": "gossip"}"#, false),
        (r#"{"mode": "local"}"#, false),
    ] {
        let after = changed(&staged, change).unwrap().staging;
        assert_eq!(after == staged.staging, stays, "{change}");
        assert_eq!(after == Staging::Standing, !stays, "{change}");
    }
}

#[test]
fn what_cannot_be_is_refused_with_what_to_write() {
    let before = local(Coordination::default());
    for (text, why) in [
        ("{}", "nothing is set: write an object such as"),
        ("[1]", "[1] is not allowed"),
        (r#"{"mode": "quorumm"}"#, "did you mean `quorum`?"),
        (r#"{"mode": null}"#, "mode = null is not allowed"),
        (r#"{"mood": "quorum"}"#, "did you mean `mode`?"),
        (r#"{"heartbeet": null}"#, "did you mean `heartbeat`?"),
        (r#"{"mode": "quorum", "heartbeat": 3}"#, "heartbeat"),
        (
            r#"{"mode": "quorum", "engine": 3}"#,
            "engine: write memory, gossip",
        ),
        (
            r#"{"mode": "quorum", "engine": "reddis"}"#,
            "`reddis` is not an engine",
        ),
        (
            r#"{"engine": "gossip"}"#,
            "has no effect while each instance decides for itself",
        ),
        (
            r#"{"mode": "pooled", "engine": "gossip"}"#,
            "mode = pooled is not allowed with engine = gossip",
        ),
        (
            r#"{"mode": "quorum", "minimum_votes": 4}"#,
            "minimum_votes = 4 is not allowed: it must be at most 3",
        ),
        (
            r#"{"mode": "quorum", "stale_after": "1ms"}"#,
            "coordination.stale_after",
        ),
    ] {
        let said = changed(&before, text).unwrap_err();
        assert!(said.contains(why), "{text}: {said}");
    }
    let said = changed(&before, r#"{"mode": "quorum", "engine": "hunter2"}"#).unwrap_err();
    assert!(!said.contains("hunter2"), "{said}");
}
