//! Tests of the truth, which is the share of calls that fail, for every kind of fault.

use super::*;

/// What the truth calls a failure, of a fate that is known.
fn fails(fate: &Fate, deadline_ms: u64) -> bool {
    let body = fate.slow_body.map_or(Duration::ZERO, |slow| slow.over);
    let late = fate.delay + body > at(deadline_ms);
    match &fate.ending {
        Ending::Success => late,
        Ending::Status { code, .. } => *code >= 500 || *code == 429 || late,
        _ => true,
    }
}

#[test]
fn the_truth_is_the_share_of_calls_that_fail() {
    let calls = 10_000;
    for rule in [
        r#"{"gate": {"bernoulli": 0.3}, "effects": [{"status": {"codes": {"500": 1, "404": 1}}}]}"#,
        r#"{"gate": {"bernoulli": 0.3}, "effects": [{"status": {"code": 429}}]}"#,
        r#"{"gate": {"every_nth": 4}, "effects": [{"hang": {}}]}"#,
        r#"{"gate": {"first_n": 4000}, "effects": [{"close": {}}]}"#,
        r#"{"match": {"share": 0.4}, "gate": {"bernoulli": 0.5}, "effects": [{"reset": {}}]}"#,
        r#"{"match": {"shard": [1, 2], "shards": 8}, "effects": [{"truncate": {}}]}"#,
        r#"{"match": {"shards": 8}, "gate": {"bernoulli": 0.1, "scope": "shard", "rho": 0.5}, "effects": [{"garbage": {}}]}"#,
        r#"{"match": {"caller": "B"}, "effects": [{"garbage": {}}]}"#,
        r#"{"match": {"path": "/data/other"}, "effects": [{"garbage": {}}]}"#,
        r#"{"gate": {"bernoulli": 0.3}, "effects": [{"wrong_body": {}}]}"#,
        r#"{"effects": [{"delay": {"exponential": {"mean_ms": 800}}}]}"#,
        r#"{"gate": {"bernoulli": 0.5}, "effects": [{"delay": {"pareto": {"scale_ms": 400, "alpha": 1.6, "max_ms": 5000}}}]}"#,
        r#"{"effects": [{"delay": {"uniform": {"max_ms": 1200}}}, {"delay": {"exp": {"mean_ms": 200}}}]}"#,
        r#"{"gate": {"bernoulli": 0.7}, "effects": [{"delay": {"fixed": {"ms": 300}}}, {"slow_body": {"over_ms": 800}}]}"#,
        r#"{"gate": {"bernoulli": 0.25}, "effects": [{"stall": {}}]}"#,
        r#"{"gate": {"gilbert_elliott": {"good_mean_ms": 500, "bad_mean_ms": 100, "p_good": 0.05, "p_bad": 0.9}, "rho": 0.5},
            "effects": [{"reset": {}}]}"#,
        r#"{"gate": {"markov": {"states": {"a": {"dwell": {"fixed": {"ms": 30}}, "p": 0.2},
            "b": {"dwell": {"exp": {"mean_ms": 40}}, "p": 0.6}}}, "scope": "shared"}, "effects": [{"close": {}}]}"#,
    ] {
        let mut player = Player::new(with_rule(rule));
        let (mut failed, mut truth, mut asked) = (0, 0.0, 0_u32);
        for n in 0..calls {
            let now = at(n * 10);
            // Counting gates differ from call to call; the others do not so quickly.
            if n % 10 == 0 || player.plan().rules()["r"].gate().counts() {
                asked += 1;
                truth += player.truth(now, "A", None);
            }
            failed += usize::from(fails(&meet(&mut player, now, "A"), 1000));
        }
        let found = share(failed, 10_000);
        let truth = truth / f64::from(asked);
        // Four standard deviations of a share of one half.
        assert!(
            near(found, truth, 0.02),
            "{rule}: {found} instead of {truth}"
        );
    }
}

#[test]
fn the_truth_of_many_faults_together_is_that_of_their_mixture() {
    let text = r#"{"seed": 9, "deadline_ms": 300,
        "base": {"delay": {"lognormal": {"median_ms": 80, "p99_ms": 400}}},
        "phases": [{"name": "x", "failure_ratio": 0.1, "hang_ratio": 0.05, "latency_ms": 20, "latency_jitter_ms": 40,
                    "rules": ["a", "b", "c", "d", "e"], "for_ms": 200000, "ramp_ms": 60000}, {"name": "y"}],
        "rules": {
            "a": {"gate": {"bernoulli": 0.3}, "effects": [{"delay": {"exp": {"mean_ms": 100}}}]},
            "b": {"match": {"shard": [0, 7], "shards": 16}, "effects": [{"delay": {"fixed": {"ms": 60}}}]},
            "c": {"gate": {"bernoulli": 0.2}, "effects": [{"status": {"code": 404}}]},
            "d": {"match": {"shard": [4, 9], "shards": 16}, "gate": {"bernoulli": 0.5}, "effects": [{"reset": {}}]},
            "e": {"gate": {"gilbert_elliott": {"good_mean_ms": 900, "bad_mean_ms": 300, "p_bad": 0.5}}, "effects": [{"close": {}}]}}}"#;
    let mut player = Player::new(plan(text));
    let (mut failed, mut truth) = (0, 0.0);
    for n in 0..40_000 {
        let now = at(n * 4);
        // The truth is costly, so it is asked for only at every hundredth call.
        if n % 100 == 0 {
            truth += player.truth(now, "A", None);
        }
        failed += usize::from(fails(&meet(&mut player, now, "A"), 300));
    }
    let (found, truth) = (share(failed, 40_000), truth / 400.0);
    assert!(near(found, truth, 0.012), "{found} instead of {truth}");
}

#[test]
fn a_full_queue_fails_every_call_and_a_long_one_those_that_would_be_late() {
    use crate::overload::Occupancy;
    let text = r#"{"deadline_ms": 250, "overload": {"workers": 8, "service": {"exp": {"mean_ms": 20}},
                   "queue": {"limit": 200}}}"#;
    let mut player = Player::new(plan(text));
    let mut truth = |busy, depth| {
        player.truth(
            at(0),
            "A",
            Some(Occupancy {
                busy,
                waiting: depth,
            }),
        )
    };

    assert!(truth(0, 0) < 0.001);
    assert!(truth(8, 20) < 0.001);
    // 100 pieces of work before it take 250 ms in the mean.
    assert!(near(truth(8, 92), 0.5, 0.12), "{}", truth(8, 92));
    assert!(truth(8, 150) > 0.99);
    assert!(truth(8, 200) > 0.999_999);
}

#[test]
fn the_truth_is_exact_at_the_deadline() {
    let truth = |ms| {
        let rule = format!(r#"{{"effects": [{{"delay": {{"fixed": {{"ms": {ms}}}}}}}]}}"#);
        with_rule(&rule).truth("A", at(0))
    };
    assert!(truth(1000) < 0.5 && truth(1001) > 0.5);
}

#[test]
fn an_overloaded_service_is_slow_before_its_first_call() {
    let text = r#"{"overload": {"workers": 4, "service": {"fixed": {"ms": 2000}}}}"#;
    assert!(plan(text).truth("A", at(0)) > 0.999);
}

#[test]
fn delays_that_are_cut_short_are_not_late() {
    let text = r#"{"limits": {"max_hang_ms": 300}, "base": {"delay": {"fixed": {"ms": 2000}}}}"#;
    assert!(plan(text).truth("A", at(0)) < 1e-9);
    let fate = meet(&mut Player::new(plan(text)), at(0), "A");
    assert_eq!(fate.delay, at(300));
}

#[test]
fn a_named_caller_keeps_its_rules_however_many_others_call() {
    let text = r#"{"callers": ["A"],
        "rules": {"r": {"match": {"caller": ["A", "B"]}, "effects": [{"reset": {}}]}}}"#;
    let mut player = Player::new(plan(text));
    for caller in 0..300 {
        meet(&mut player, at(0), &format!("p{caller}"));
    }
    for caller in ["A", "B"] {
        assert_eq!(
            meet(&mut player, at(0), caller).ending,
            Ending::Reset,
            "{caller}"
        );
    }
}

#[test]
fn the_first_effect_that_ends_a_call_decides_whether_anyone_listens() {
    let refuses = |effects: &str| {
        let text = format!(r#"{{"rules": {{"r": {{"effects": {effects}}}}}}}"#);
        Player::new(plan(&text)).refuses(at(0))
    };
    assert!(refuses(r#"[{"refuse": {}}]"#));
    assert!(!refuses(r#"[{"status": {"code": 404}}, {"refuse": {}}]"#));
}

#[test]
fn a_delay_that_no_time_can_hold_is_a_day_at_most() {
    let law = r#"{"log_normal": {"median_ms": 0.001, "p99_ms": 86400000}}"#;
    let text = format!(r#"{{"seed": 7134633, "base": {{"delay": {law}}}}}"#);
    let fate = meet(&mut Player::new(plan(&text)), at(0), "A");
    assert!(fate.delay <= at(86_400_000));
}

#[test]
fn a_preview_shows_the_phase_that_stays() {
    let text =
        r#"{"phases": [{"name": "calm", "for_ms": 1000}, {"name": "broken", "failure_ratio": 1}]}"#;
    let preview = plan(text).preview(None);
    let names: Vec<_> = preview.phases.iter().map(|phase| &*phase.name).collect();
    assert_eq!(names, ["calm", "broken"]);
    assert!(preview.callers[0].mean_p_fail > 0.9);
}

#[test]
fn the_truth_of_a_scenario_knows_how_long_each_instance_waits() {
    let scenario = |deadline: &str| {
        let text = format!(
            "title = \"x\"\nduration = \"10s\"\n[instance.B]\ncall_timeout = \"100ms\"\n\
             [faults]\n{deadline}\nbase.delay.fixed = {{ ms = 200 }}"
        );
        let scenario = crate::scenario::Scenario::parse(&text).unwrap();
        let mut plan = scenario.faults().clone();
        // No other caller has this timeout: that of the fleet is a second.
        plan.written.callers.clear();
        Player::new(plan)
    };
    for deadline in ["", "deadline_ms = 150", "deadline_ms = 5000"] {
        let mut player = scenario(deadline);
        let mut truth = |caller| player.truth(at(0), caller, None);
        assert!(truth("B") > 0.999, "{deadline}: all of B's calls time out");
        let late = if deadline == "deadline_ms = 150" {
            1.0
        } else {
            0.0
        };
        for caller in ["A", "C"] {
            assert!(near(truth(caller), late, 1e-9), "{deadline}: {caller}");
        }
        assert!(meet(&mut player, at(0), "B").endangered, "{deadline}");
        assert_eq!(meet(&mut player, at(0), "A").endangered, late > 0.5);
    }
}
