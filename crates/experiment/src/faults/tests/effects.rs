//! Tests of each effect on a call, and of their order.

use super::*;

fn fate(rule: &str) -> Fate {
    meet(&mut Player::new(with_rule(rule)), at(0), "A")
}

#[test]
fn delays_add_up_and_the_first_effect_that_ends_the_call_wins() {
    let fate = fate(
        r#"{"effects": [{"delay": {"fixed": {"ms": 5}}}, {"status": {"code": 503, "retry_after_s": 2,
            "body": "busy", "headers": {"x-why": "test"}}}, {"delay": {"fixed": {"ms": 7}}}, {"reset": {}}]}"#,
    );

    assert_eq!(fate.delay, at(12));
    assert_eq!(
        fate.ending,
        Ending::Status {
            code: 503,
            retry_after_s: Some(2),
            body: Some("busy".into()),
            headers: vec![("x-why".into(), "test".into())],
        }
    );
    let effects: Vec<&str> = fate.hits.iter().map(|hit| hit.effect).collect();
    assert_eq!(effects, ["delay", "status", "delay"]);
}

#[test]
fn every_effect_ends_as_it_says() {
    for (effect, ending) in [
        (r#"{"hang": {"max_ms": 150}}"#, Ending::Hang),
        (
            r#"{"truncate": {"share": 0}}"#,
            Ending::Truncate { bytes: 0 },
        ),
        (
            r#"{"truncate": {"share": 1}}"#,
            Ending::Truncate {
                bytes: ANSWER.len() - 1,
            },
        ),
        (r#"{"wrong_body": {}}"#, Ending::WrongBody(WrongBody::Error)),
        (
            r#"{"wrong_body": {"kind": "garbage"}}"#,
            Ending::WrongBody(WrongBody::Garbage),
        ),
        (r#"{"reset": {}}"#, Ending::Reset),
        (r#"{"close": {}}"#, Ending::Close),
        (r#"{"refuse": {}}"#, Ending::Reset),
        (r#"{"garbage": {}}"#, Ending::Garbage),
        (r#"{"slow_body": {"over_ms": 80}}"#, Ending::Success),
        (r#"{"stall": {}}"#, Ending::Success),
    ] {
        let fate = fate(&format!(r#"{{"effects": [{effect}]}}"#));
        assert_eq!(fate.ending, ending, "{effect}");
        assert!(fate.endangered || fate.ending == Ending::Success || effect.contains("stall"));
    }
}

#[test]
fn every_effect_is_tested_in_this_file() {
    // The refusal of an unknown effect lists those that are known; one is the other name of a slow body.
    let refused = serde_json::from_str::<WrittenEffect>(r#"{"nothing": {}}"#).unwrap_err();
    let refused = refused.to_string();
    let known = refused.split('`').skip(1).step_by(2).skip(1);
    let tests = include_str!("effects.rs");
    for effect in known.filter(|effect| *effect != "bandwidth") {
        let written = format!("{{\"{effect}\": {{");
        assert!(tests.contains(&written), "no test of {effect}");
    }
}

#[test]
fn a_hang_lasts_as_long_as_it_and_the_limits_say() {
    let hang = |effect, limits| {
        let text = format!(
            r#"{{"rules": {{"r": {{"effects": [{{"hang": {effect}}}]}}}}, "limits": {limits}}}"#
        );
        meet(&mut Player::new(plan(&text)), at(0), "A").delay
    };

    assert_eq!(hang("{}", "{}"), at(60_000));
    assert_eq!(hang(r#"{"max_ms": 150}"#, "{}"), at(150));
    assert_eq!(hang(r#"{"max_ms": 150}"#, r#"{"max_hang_ms": 90}"#), at(90));
}

#[test]
fn a_stalled_answer_waits_for_the_end_of_the_phase() {
    let text = r#"{"phases": [{"name": "frozen", "for_ms": 500, "rules": ["r"]}, {"name": "thawed"}],
                   "rules": {"r": {"effects": [{"stall": {}}]}}}"#;
    let mut player = Player::new(plan(text));

    assert_eq!(meet(&mut player, at(100), "A").delay, at(400));
    assert_eq!(meet(&mut player, at(600), "A").delay, at(0));
}

#[test]
fn a_body_at_a_rate_takes_its_bytes_by_the_rate() {
    let fate = fate(r#"{"effects": [{"bandwidth": {"bytes_per_s": 230}}]}"#);
    let over = fate.slow_body.unwrap().over;
    assert_eq!(over, at(ANSWER.len() as u64 * 1000 / 230));
}

#[test]
fn weighted_statuses_come_as_often_as_their_weights_say() {
    let rule = r#"{"effects": [{"status": {"codes": {"500": 3, "503": 1, "404": 0}}}]}"#;
    let mut player = Player::new(with_rule(rule));
    let mut seen = std::collections::BTreeMap::<u16, usize>::new();
    for _ in 0..20_000 {
        if let Ending::Status { code, .. } = meet(&mut player, at(0), "A").ending {
            *seen.entry(code).or_default() += 1;
        }
    }
    assert_eq!(seen.keys().collect::<Vec<_>>(), [&500, &503]);
    assert!(near(share(seen[&500], 20_000), 0.75, 0.02), "{seen:?}");
}

#[test]
fn rules_match_callers_paths_and_shards() {
    let mut player = Player::new(with_rule(
        r#"{"match": {"caller": ["A", "B"], "path": "/data/x", "shard": [0, 3], "shards": 16},
            "effects": [{"reset": {}}]}"#,
    ));
    let mut hit = |caller, path, key: &str| {
        let call = Call {
            caller: player.caller(caller),
            key: Some(key),
            path,
        };
        player.fate(at(0), &call).ending == Ending::Reset
    };

    let keys: Vec<String> = (0..4000).map(|n| format!("key-{n}")).collect();
    let hits = keys.iter().filter(|key| hit("A", "/data/x/1", key));
    let of_a: Vec<&String> = hits.collect();
    assert!(
        near(share(of_a.len(), keys.len()), 0.25, 0.03),
        "{}",
        of_a.len()
    );
    // The shard is the key's, whoever calls and however often.
    assert!(of_a.iter().all(|key| hit("B", "/data/x/1", key)));
    assert!(of_a.iter().all(|key| !hit("C", "/data/x/1", key)));
    assert!(of_a.iter().all(|key| !hit("A", "/data", key)));
}

#[test]
fn counting_gates_count_each_callers_matching_calls_in_each_phase() {
    let text = r#"{"loop": true, "phases": [{"name": "a", "for_ms": 1000, "rules": ["first"]},
                                            {"name": "b", "for_ms": 1000}],
                   "rules": {"first": {"gate": {"first_n": 2}, "effects": [{"reset": {}}]},
                             "third": {"gate": {"every_nth": 3}, "effects": [{"close": {}}]}}}"#;
    let mut player = Player::new(plan(text));
    let mut endings = |now, caller: &str| -> Vec<Ending> {
        let fates = (0..6).map(|_| meet(&mut player, at(now), caller));
        fates.map(|fate| fate.ending).collect()
    };
    let [r, c, s] = [Ending::Reset, Ending::Close, Ending::Success];
    let resets_first = [&r, &r, &c, &s, &s, &c];

    for (now, caller, expected) in [
        (0, "A", resets_first),
        (1000, "A", [&s, &s, &c, &s, &s, &c]),
        (2000, "A", resets_first),
        (2000, "B", resets_first),
    ] {
        let met = endings(now, caller);
        assert_eq!(met.iter().collect::<Vec<_>>(), expected, "{now} {caller}");
    }
}

#[test]
fn only_a_rule_that_needs_to_see_no_call_closes_the_door() {
    let refuses = |rule: &str| Player::new(with_rule(rule)).refuses(at(0));
    assert!(refuses(r#"{"effects": [{"refuse": {}}]}"#));
    assert!(!refuses(
        r#"{"match": {"caller": "A"}, "effects": [{"refuse": {}}]}"#
    ));
    assert!(!refuses(
        r#"{"gate": {"bernoulli": 1}, "effects": [{"refuse": {}}]}"#
    ));
    assert!(!refuses(r#"{"effects": [{"reset": {}}]}"#));

    let shared = with_rule(
        r#"{"gate": {"gilbert_elliott": {"good_mean_ms": 50, "bad_mean_ms": 50}, "scope": "shared"},
            "effects": [{"refuse": {}}]}"#,
    );
    let mut player = Player::new(shared);
    assert!(player.can_refuse());
    let closed = (0..2000).filter(|n| player.refuses(at(n * 10))).count();
    assert!(near(share(closed, 2000), 0.5, 0.1), "{closed}");
    for n in 0..200 {
        let closed = player.refuses(at(n * 10));
        assert_eq!(player.truth(at(n * 10), "A", None) > 0.5, closed);
    }
}

#[test]
fn a_rule_ends_with_its_life_and_a_plan_too() {
    let mut player = Player::new(with_rule(r#"{"effects": [{"reset": {}}], "ttl_ms": 50}"#));
    assert_eq!(meet(&mut player, at(49), "A").ending, Ending::Reset);
    assert_eq!(meet(&mut player, at(50), "A").ending, Ending::Success);

    let mut player = Player::new(plan(
        r#"{"phases": [{"name": "x", "failure_ratio": 1, "latency_ms": 9}], "ttl_ms": 50}"#,
    ));
    assert!(!player.ended(at(49)) && player.ended(at(50)));
    assert_ne!(meet(&mut player, at(49), "A").ending, Ending::Success);
    let after = meet(&mut player, at(50), "A");
    assert_eq!((after.ending, after.delay), (Ending::Success, at(0)));
    assert!(near(player.truth(at(50), "A", None), 0.0, 1e-12));
}
