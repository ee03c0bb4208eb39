//! Tests of the cost of truths: what is computed is what a check has counted, whoever calls.

use super::super::check::Cost;
use super::*;
use crate::overload::Occupancy;

/// As many of these rules, by name.
fn rules(count: usize, rule: &str) -> String {
    let rules: Vec<String> = (0..count)
        .map(|number| format!(r#""r{number}": {rule}"#))
        .collect();
    format!(r#""rules": {{{}}}"#, rules.join(", "))
}

/// As many names, each in quotes.
fn names(count: usize) -> String {
    let names: Vec<String> = (0..count).map(|number| format!("\"c{number}\"")).collect();
    names.join(", ")
}

fn waits(count: u64) -> String {
    let waits: Vec<String> = (0..count)
        .map(|number| format!("\"w{number}\": {}", 100 + number))
        .collect();
    format!(r#""patience_ms": {{{}}}"#, waits.join(", "))
}

/// Plans at the limits of what is allowed, or near them.
fn costly() -> Vec<String> {
    let bursts = r#"{"gilbert_elliott": {"good_mean_ms": 50, "bad_mean_ms": 50}}"#;
    let fails = r#"[{"status": {"code": 500}}]"#;
    let slow = r#"[{"delay": {"lognormal": {"median_ms": 50, "p99_ms": 900}}}]"#;
    let very_slow = r#"[{"delay": {"exp": {"mean_ms": 9}}}, {"delay": {"exp": {"mean_ms": 8}}},
                        {"slow_body": {"over_ms": 70}}, {"delay": {"exp": {"mean_ms": 7}}}]"#;
    let overload = r#""overload": {"workers": 4, "service": {"exp": {"mean_ms": 20}}}"#;
    let base = r#""base": {"delay": {"exp": {"mean_ms": 5}}}"#;
    let jitter = r#""phases": [{"name": "x", "latency_ms": 3, "latency_jitter_ms": 9}]"#;
    let rule = |gate: &str, effects: &str| format!(r#"{{"gate": {gate}, "effects": {effects}}}"#);
    let half = r#"{"bernoulli": 0.5}"#;
    let shards = format!(
        r#"{{"match": {{"shards": 60}}, "gate": {{"bernoulli": 0.5, "scope": "shard"}}, "effects": {slow}}}"#
    );
    let many = format!(
        r#"{{"match": {{"caller": [{}]}}, "gate": {half}, "effects": {slow}}}"#,
        names(250)
    );
    vec![
        rules(64, &rule(bursts, fails)),
        rules(64, &rule(r#"{"first_n": 3}"#, fails)),
        rules(64, &rule(half, slow)),
        rules(16, &rule(half, very_slow)),
        rules(29, &rule(bursts, slow)),
        format!(
            "{}, {overload}, {base}, {jitter}",
            rules(20, &rule(half, slow))
        ),
        format!("{}, {overload}", rules(1, &shards)),
        rules(3, &many),
        format!("{}, {}", rules(16, &rule(half, slow)), waits(33)),
        rules(64, &rule(half, r#"[{"stall": {}}]"#)),
    ]
}

#[test]
fn what_truths_cost_is_what_the_check_has_counted_whoever_calls() {
    let mut heaviest = 0;
    for text in costly() {
        let plan = plan(&format!(r#"{{"seed": 1, {text}}}"#));
        let cost = Cost::of(&plan);
        let mut player = Player::new(plan);
        for number in 0..300 {
            meet(&mut player, at(number), &format!("invented-{number}"));
        }
        let occupancy = Occupancy {
            busy: 4,
            waiting: 7,
        };

        let callers = player.callers();
        let truths = player.truth_of_each(at(400), &callers, Some(occupancy));

        assert_eq!(truths.len(), callers.len());
        let (work, all) = (player.work(), cost.truths as u64);
        let most = [all, cost.looks() as u64 * all, cost.sums() as u64 * all];
        let performed = [work.truths, work.looks, work.sums];
        let within = performed.iter().zip(most).all(|(one, most)| *one <= most);
        assert!(within, "{performed:?}, not up to {most:?}: {text:.200}");
        assert!(performed[1] <= 65_536 && performed[2] <= 512, "{work:?}");
        assert!(work.truths > 0 && work.looks > 0, "{work:?}: {text:.200}");
        heaviest = heaviest.max(work.sums);
    }
    assert!(heaviest > 128, "at least one costs a lot: {heaviest}");
}

#[test]
fn stalls_that_add_up_are_delays_that_add_up() {
    let stall = r#"{"match": {"shard": [0, 7], "shards": 16}, "gate": {"bernoulli": 0.5},
                    "effects": [{"stall": {}}]}"#;
    let text = format!("{{{}}}", rules(32, stall));

    let error = Plan::parse(text.as_bytes()).unwrap_err();

    assert!(
        error.contains("32 delays that add up on 65 parts"),
        "{error}"
    );
}

#[test]
fn what_callers_wait_is_counted_as_it_is_performed() {
    let slow = r#"{"gate": {"bernoulli": 0.5}, "effects": [{"delay": {"fixed": {"ms": 50}}}]}"#;
    let plan = plan(&format!("{{{}}}", rules(60, slow)));
    let fleet: Vec<String> = (0..26).map(|number| format!("i{number}")).collect();
    let check = |millis: fn(u64) -> u64| {
        let waits = fleet.iter().zip(0..);
        plan.check_for_waits(waits.map(|(name, number)| (&**name, at(millis(number)))))
    };

    assert_eq!(check(|_| 1000), Ok(()));
    assert_eq!(check(|number| 500 + number / 10), Ok(()), "three times");
    let refusal = check(|number| 500 + number).unwrap_err();

    for words in [
        "59 steps for each of 27 callers",
        "1593 as a product: up to 512",
        "`call_timeout` of instances",
        "26 times other than the usual one",
    ] {
        assert!(refusal.contains(words), "{refusal}");
    }
}
