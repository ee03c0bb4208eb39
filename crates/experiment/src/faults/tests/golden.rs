//! Recorded fates: the same seed gives the same faults from version to version.
//!
//! Each digest was recorded before callers had handles; a change of luck, order or counts shows here.

use super::*;
use crate::chance::Draw;

/// Who calls, one after another: named callers, nobody, and more strangers than are told apart.
const CALLERS: usize = 24;

fn name_of(number: usize) -> String {
    match number {
        0 => "A".to_owned(),
        1 => "B".to_owned(),
        2 => "C".to_owned(),
        3 => String::new(),
        other => format!("stranger-{other}"),
    }
}

/// All that a fate says, as text.
fn told(fate: &Fate) -> String {
    let hits = fate
        .hits
        .iter()
        .map(|hit| format!("{}/{}", hit.rule, hit.effect));
    let hits: Vec<String> = hits.collect();
    let spared: Vec<&str> = fate.spared_by.iter().map(|rule| &**rule).collect();
    format!(
        "{} {} {:?} {:?} {hits:?} {spared:?} {}",
        fate.delay.as_nanos(),
        fate.healthy.as_nanos(),
        fate.ending,
        fate.slow_body.map(|slow| slow.over),
        fate.endangered
    )
}

/// One digest of many calls: at instants that mostly go on and sometimes back, and over patches.
fn digest(plan: &Plan) -> String {
    let mut player = Player::new(plan.clone());
    let mut digest = Draw::new(1);
    let mut meet_all = |player: &mut Player, from: usize, calls: usize| {
        for number in from..from + calls {
            let caller = name_of((number * 7 + number / 31) % CALLERS);
            let back = if number % 97 == 0 { 900 } else { 0 };
            let now = Duration::from_micros((number as u64 * 7_919).saturating_sub(back * 1000));
            let key = format!("key-{}", number % 41);
            let key = (number % 3 > 0).then_some(key.as_str());
            let path = if number % 5 == 0 { "/data/x" } else { "/data" };
            let caller = player.caller(&caller);
            let fate = player.fate(now, &Call { caller, key, path });
            digest = digest.with(&told(&fate));
        }
    };
    meet_all(&mut player, 0, 4000);
    let patched = plan.patched(serde_json::json!({
        "callers": ["stranger-9"],
        "rules": {"patched": {"gate": {"every_nth": 3}, "effects": [{"close": {}}]}},
    }));
    let now = Duration::from_millis(4 * 7_919);
    let mut before = player.clone();
    player.patch(patched.unwrap(), now);
    meet_all(&mut player, 4000, 1500);
    before.take_back(player);
    meet_all(&mut before, 5500, 1500);
    format!("{:016x}", digest.bits())
}

/// Plans with every gate, scope and effect, and the digest of what they do.
const PLANS: [(&str, &str); 9] = [
    (
        "",
        r#"{"seed": 7, "loop": true, "phases": [{"name": "calm", "for_ms": 900},
        {"name": "bad", "for_ms": 1500, "failure_ratio": 0.3, "hang_ratio": 0.1, "hang_ms": 700,
         "retry_after_s": 2, "latency_ms": 5, "latency_jitter_ms": 20, "ramp_ms": 600}]}"#,
    ),
    (
        "",
        r#"{"seed": 11, "rules": {
        "a": {"gate": {"bernoulli": 0.3, "rho": 0.5},
              "effects": [{"status": {"codes": {"500": 1, "503": 1}}}]},
        "b": {"gate": {"every_nth": 5}, "effects": [{"reset": {}}]},
        "c": {"match": {"shard": [0, 1], "shards": 4}, "effects": [{"wrong_body": {}}]}}}"#,
    ),
    (
        "",
        r#"{"seed": 5, "callers": ["A", "B"], "base": {"delay": {"exp": {"mean_ms": 9}}}, "rules": {
        "own": {"gate": {"gilbert_elliott": {"good_mean_ms": 400, "bad_mean_ms": 150, "p_good": 0.05}},
                "effects": [{"delay": {"lognormal": {"median_ms": 30, "p99_ms": 400}}}]},
        "all": {"gate": {"gilbert_elliott": {"good_mean_ms": 900, "bad_mean_ms": 200, "p_bad": 0.7},
                         "scope": "shared"},
                "effects": [{"status": {"code": 503, "retry_after_s": 3, "body": "busy",
                             "headers": {"x-why": "test"}}}]},
        "mix": {"gate": {"gilbert_elliott": {"good_mean_ms": 90, "bad_mean_ms": 60}, "rho": 0.4},
                "match": {"caller": ["A", "C"]}, "effects": [{"close": {}}]}}}"#,
    ),
    (
        "",
        r#"{"seed": 3, "rules": {
        "m": {"gate": {"scope": "shard", "rho": 0.2, "markov": {"states": {
                "up": {"dwell": {"exp": {"mean_ms": 300}}, "p": 0.01},
                "slow": {"dwell": {"fixed": {"ms": 70}}, "p": 0.5, "next": {"up": 1, "down": 2}},
                "down": {"dwell": {"uniform": {"min_ms": 20, "max_ms": 90}}, "p": 1}}}},
              "match": {"shards": 8}, "effects": [{"stall": {}}, {"hang": {"max_ms": 800}}]},
        "s": {"gate": {"bernoulli": 0.5, "scope": "shard", "rho": 0.3}, "match": {"shards": 5},
              "effects": [{"truncate": {"share": 0.3}}]}}}"#,
    ),
    (
        "",
        r#"{"seed": 8, "loop": true, "phases": [
        {"name": "a", "for_ms": 1000, "rules": ["first", "grow"], "ramp_ms": 800},
        {"name": "b", "for_ms": 700, "failure_ratio": 0.2}],
        "rules": {"first": {"gate": {"first_n": 2}, "effects": [{"reset": {}}]},
                  "grow": {"effects": [{"garbage": {}}]},
                  "third": {"gate": {"every_nth": 3}, "match": {"share": 0.5}, "effects": [{"close": {}}]}}}"#,
    ),
    (
        "",
        r#"{"seed": 9, "limits": {"max_hang_ms": 900}, "deadline_ms": 50, "patience_ms": {"B": 20, "C": 2000},
        "base": {"delay": {"uniform": {"min_ms": 1, "max_ms": 60}}},
        "rules": {"slow": {"gate": {"bernoulli": 0.4, "scope": "shared"},
                           "effects": [{"slow_body": {"over_ms": 40}}, {"bandwidth": {"bytes_per_s": 500}}]},
                  "path": {"match": {"path": "/data/x"}, "ttl_ms": 20000, "effects": [{"refuse": {}}]},
                  "stall": {"match": {"share": 0.1, "caller": "B"}, "effects": [{"stall": {}}]}}}"#,
    ),
    (
        "",
        r#"{"seed": 10, "ttl_ms": 30000, "phases": [{"name": "x", "failure_ratio": 0.5, "for_ms": 20000,
         "rules": ["late"]}, {"name": "y", "hang_ratio": 0.5}],
        "rules": {"late": {"gate": {"every_nth": 2}, "effects": [{"delay": {"fixed": {"ms": 400}}}]}}}"#,
    ),
    ("default", ""),
    ("sharded-downstream", ""),
];

const DIGESTS: [&str; 9] = [
    "27ae52b740199cf4",
    "40ae1fdfd2ea821b",
    "c2e5f20bd2211181",
    "e197d5f8876e3436",
    "4a51d8a60b5bf354",
    "4d635506fc257aae",
    "ee6418612ab8644b",
    "a61db2365f7a75a1",
    "89a6b5f5669b7644",
];

#[test]
fn the_same_seed_gives_the_faults_that_were_recorded() {
    let digests = PLANS.map(|(preset, text)| match preset {
        "" => digest(&plan(text)),
        name => digest(&presets::preset(name).unwrap().plan()),
    });

    assert_eq!(digests.each_ref().map(String::as_str), DIGESTS);
}
