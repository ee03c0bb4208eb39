//! The instants at which time alone changes a truth: between them nothing does.

use std::time::Duration;

use experiment::faults::{CallerId, Plan, Player};
use experiment::overload::Occupancy;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::generator::plan;

/// Changes of each plan that are looked at.
const CHANGES: usize = 40;
/// Instants that are looked at between two of them.
const BETWEEN: u32 = 9;
const SHORTEST: Duration = Duration::from_millis(1);
/// The step where looking ahead costs too much.
const COSTLY: Duration = Duration::from_millis(10);
const TICK: Duration = Duration::from_nanos(1);
const NAMES: [&str; 3] = ["A", "B", "stranger"];

prop_compose! {
    /// A plan with more things that change with time: lifetimes of rules, rules for one caller, a trigger, a cache,
    /// and refused connections from the end of a ramp on.
    fn changing()(
        mut value in plan(),
        ttl in prop::option::of(1..9000_u64),
        only_a: bool,
        trigger in prop::option::of((0..9000_u64, 1..3000_u64, 0.5..30.0)),
        warmth in prop::option::of((0.1..1.0, 1.0..20.0, 1..5000_u64, any::<bool>())),
        deadline in prop::option::of(1..3000_u64),
        closes_after in prop::option::of(1..3000_u64),
        without_rules: bool,
    ) -> Value {
        if without_rules {
            // Processes change so often that what comes once would hardly be reached.
            value["rules"] = json!({});
            for phase in value["phases"].as_array_mut().into_iter().flatten() {
                phase["rules"] = json!([]);
            }
        }
        if let (Some(ramp), Some(phase)) = (closes_after, value.pointer_mut("/phases/0")) {
            phase["for_ms"] = json!(9000);
            phase["ramp_ms"] = json!(ramp);
            phase["rules"] = json!(["r0"]);
            value["rules"]["r0"] = json!({"effects": [{"refuse": {}}]});
        }
        if let Some(rule) = value.pointer_mut("/rules/r0") {
            if only_a {
                rule["match"]["caller"] = json!("A");
            }
            if let Some(ttl) = ttl {
                rule["ttl_ms"] = json!(ttl);
            }
        }
        if let Some(deadline) = deadline {
            value["deadline_ms"] = json!(deadline);
        }
        if let Some(work) = value.get_mut("overload") {
            if let Some((at, length, factor)) = trigger {
                work["trigger"] = json!({"at_ms": at, "for_ms": length, "service_factor": factor});
            }
            if let Some((ratio, factor, tau, restart)) = warmth {
                let on = if restart || trigger.is_none() { "restart" } else { "trigger" };
                work["warmth"] = json!({"hit_ratio": ratio, "miss_factor": factor,
                                        "rewarm_tau_ms": tau, "flush_on": on});
            }
        }
        value
    }
}

/// Whether a truth may move all the time.
fn may_move(value: &Value) -> bool {
    let text = value.to_string();
    let ramps = value["phases"].as_array().is_some_and(|phases| {
        let ramp = |phase: &Value| phase["ramp_ms"].as_u64().unwrap_or(0);
        phases.iter().any(|phase| ramp(phase) > 0)
    });
    ramps || text.contains("stall") || text.contains("warmth")
}

/// What one caller may expect, and where the plan is.
fn seen(
    player: &mut Player,
    now: Duration,
    caller: CallerId,
    name: &str,
) -> (f64, u64, Vec<String>) {
    let truth = player.truth_of(now, caller, Some(Occupancy::default()));
    let standings = player.standings(now, name).into_iter();
    let ordinal = if player.ended(now) {
        0
    } else {
        player.plan().at(now).ordinal
    };
    (truth, ordinal, standings.map(|it| it.state).collect())
}

/// Looks at all that `next` says of some callers, at a plan that is as it is before `until`.
fn follow(plan: &Plan, moves: bool, whose: Option<usize>) -> Result<(), TestCaseError> {
    let mut player = Player::new(plan.clone());
    let callers = NAMES.map(|name| player.caller(name));
    let mut looker = player.clone();
    let mut now = Duration::ZERO;
    let occupancy = Some(Occupancy::default());
    for _ in 0..CHANGES {
        let next = match whose {
            Some(place) => player.next_change_of(now, callers[place], occupancy),
            None => player.next_change(now, occupancy),
        };
        let last = next.unwrap_or(now + Duration::from_secs(100));
        prop_assert!(last > now, "{next:?} is not after {now:?}");
        let span = last.saturating_sub(now);
        let loose = moves && (span <= SHORTEST || span == COSTLY);
        let within = if moves { 0.01 + 1e-9 } else { 1e-9 };
        for (place, (name, caller)) in NAMES.iter().zip(callers).enumerate() {
            if whose.is_some_and(|it| it != place) {
                continue;
            }
            let (truth, ordinal, standings) = seen(&mut looker, now, caller, name);
            for part in 1..=BETWEEN {
                let at = (now + span * part / BETWEEN).min(last.saturating_sub(TICK));
                let then = seen(&mut looker, at, caller, name);
                let near = (then.0 - truth).abs() <= within;
                prop_assert!(
                    near || loose,
                    "{name}: {truth} at {now:?}, {} at {at:?}, {next:?}",
                    then.0
                );
                prop_assert_eq!(then.1, ordinal, "{} at {:?}, {:?}", name, at, next);
                prop_assert_eq!(&then.2, &standings, "{} at {:?}, {:?}", name, at, next);
            }
        }
        match next {
            Some(next) => now = next,
            None => return Ok(()),
        }
    }
    Ok(())
}

proptest! {
    // Each plan is looked at some thousand times.
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn between_two_changes_no_truth_moves(value in changing()) {
        if let Ok(plan) = Plan::parse(value.to_string().as_bytes()) {
            let moves = may_move(&value);
            follow(&plan, moves, None)?;
            follow(&plan, moves, Some(0))?;
        }
    }
}

/// The changes of a plan up to `until`.
fn changes(text: &str, until: u64) -> Vec<Duration> {
    let mut player = Player::new(Plan::parse(text.as_bytes()).expect("a plan"));
    player.caller("A");
    let mut changes = vec![Duration::ZERO];
    while let Some(next) = player.next_change(changes[changes.len() - 1], None) {
        if next > Duration::from_millis(until) {
            break;
        }
        changes.push(next);
    }
    changes
}

#[test]
fn a_truth_that_only_time_changes_is_asked_for_at_its_changes_only() {
    let at = |all: &[u64]| -> Vec<Duration> {
        all.iter().map(|ms| Duration::from_millis(*ms)).collect()
    };
    for (text, expected) in [
        (r#"{"phases": [{"name": "x"}]}"#, at(&[0])),
        (
            r#"{"loop": true, "phases": [{"name": "x", "for_ms": 300}, {"name": "y", "for_ms": 500}]}"#,
            at(&[0, 300, 800, 1100, 1600, 1900]),
        ),
        (
            r#"{"ttl_ms": 900, "rules": {"r": {"effects": [{"reset": {}}], "ttl_ms": 250}}}"#,
            at(&[0, 250, 900]),
        ),
        (
            r#"{"overload": {"workers": 1, "service": {"fixed": {"ms": 5}},
                             "trigger": {"at_ms": 400, "for_ms": 700, "service_factor": 4}}}"#,
            at(&[0, 400, 1100]),
        ),
    ] {
        assert_eq!(changes(text, 2000), expected, "{text}");
    }
}

#[test]
fn a_ramp_is_followed_in_steps_of_a_hundredth() {
    let ramp = r#"{"phases": [{"name": "x", "failure_ratio": 1, "ramp_ms": 10000}]}"#;
    let steps = changes(ramp, 20_000);

    assert!((101..=120).contains(&steps.len()), "{}", steps.len());
    assert_eq!(steps.last(), Some(&Duration::from_secs(10)));
}

#[test]
fn a_stall_and_a_cache_that_gets_warm_are_followed_while_truths_move() {
    for (text, border) in [
        // From 2 s on a call that stalls until the end of the phase is answered in time.
        (
            r#"{"deadline_ms": 1000, "rules": {"r": {"effects": [{"stall": {}}]}},
                "phases": [{"name": "x", "for_ms": 3000, "rules": ["r"]}, {"name": "y"}]}"#,
            3000,
        ),
        (
            r#"{"deadline_ms": 20, "overload": {"workers": 1, "service": {"exp": {"mean_ms": 10}},
                "warmth": {"hit_ratio": 0.9, "miss_factor": 10, "rewarm_tau_ms": 1000, "flush_on": "restart"}}}"#,
            20_000,
        ),
    ] {
        let plan = Plan::parse(text.as_bytes()).unwrap();
        follow(&plan, true, None).unwrap();

        let at = changes(text, border);

        let mut player = Player::new(plan);
        let mut truth = |at: &Duration| player.truth(*at, "A", None);
        let (first, last) = (truth(&at[0]), truth(&at[at.len() - 1]));
        assert!(at.len() > 2, "{at:?}");
        assert!((first - last).abs() > 0.1, "{first} and {last}");
    }
}

#[test]
fn a_truth_that_falls_and_rises_again_is_not_jumped_over() {
    // The ramp makes calls late while the cache makes them fast: the truth of B has a dip.
    let text = r#"{"deadline_ms": 1098, "loop": true, "seed": 5602538027763878,
        "base": {"delay": {"lognormal": {"median_ms": 1863.033310614288, "p99_ms": 50758693.011626065}}},
        "phases": [{"name": "p", "failure_ratio": 0.2535695299741994, "for_ms": 9000, "latency_ms": 2242,
                    "ramp_ms": 2440, "rules": ["r0"]}],
        "rules": {"r0": {"effects": [{"refuse": {}}], "match": {"caller": "A"}, "ttl_ms": 5846}},
        "overload": {"workers": 17, "queue": {"limit": 34},
            "service": {"empirical": {"values_ms": [514.1303022653519, 30045844.369211957]}},
            "trigger": {"at_ms": 4260, "for_ms": 2206, "service_factor": 5.4386577876789675},
            "warmth": {"flush_on": "restart", "hit_ratio": 0.690858893036, "miss_factor": 17.134448370932656,
                       "rewarm_tau_ms": 226}}}"#;
    follow(&Plan::parse(text.as_bytes()).unwrap(), true, None).unwrap();
}

#[test]
fn a_process_jumps_when_its_state_changes() {
    let bursts = r#"{"seed": 4, "rules": {"r": {"effects": [{"reset": {}}], "gate": {"scope": "shared",
        "gilbert_elliott": {"good_mean_ms": 200, "bad_mean_ms": 100}}}}}"#;
    let jumps = changes(bursts, 30_000);
    let mut player = Player::new(Plan::parse(bursts.as_bytes()).unwrap());
    let mut changed = 0;
    for jump in &jumps[1..] {
        let before = player.truth(jump.saturating_sub(TICK), "A", None);
        changed += usize::from((before - player.truth(*jump, "A", None)).abs() > 0.5);
    }

    // One stay in some hundreds is cut where a block of the process ends.
    assert!((140..260).contains(&jumps.len()), "{}", jumps.len());
    assert!(
        changed + 2 >= jumps.len() - 1,
        "{changed} of {}",
        jumps.len()
    );
}
