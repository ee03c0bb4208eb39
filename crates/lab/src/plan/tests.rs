//! Does a plan mean what it says, and is a malformed one refused?

use super::*;

fn refusal(plan: &str) -> String {
    Plan::parse(plan.as_bytes()).unwrap_err()
}

#[test]
fn the_default_schedule_is_a_valid_plan_that_loops() {
    let plan = Plan::schedule(1);
    plan.check().unwrap();

    let name = |seconds| {
        plan.at(Duration::from_secs(seconds))
            .phase
            .name()
            .to_owned()
    };

    assert_eq!(name(0), "healthy");
    assert_eq!(name(6), "partial failure");
    assert_eq!(name(20), "outage");
    assert_eq!(name(28), "flaky recovery");
    assert_eq!(name(44), "healthy again");
    assert_eq!(name(45), "healthy");
    let moment = plan.at(Duration::from_millis(7500));
    assert_eq!(moment.remaining, Some(Duration::from_millis(12_500)));
}

#[test]
fn the_last_phase_of_a_plan_without_loop_stays() {
    let plan =
        br#"{"phases": [{"name": "bad", "for_ms": 10, "failure_ratio": 1}, {"name": "good"}]}"#;
    let plan = Plan::parse(plan).unwrap();

    assert_eq!(plan.at(Duration::from_millis(9)).phase.name(), "bad");
    let moment = plan.at(Duration::from_secs(3600));
    assert_eq!((moment.phase.name(), moment.remaining), ("good", None));
}

#[test]
fn a_call_meets_the_same_fate_whatever_else_happens() {
    let plan = Plan::schedule(7);
    let phase = plan.at(Duration::from_secs(10)).phase;

    let fates = |caller| {
        (0..200)
            .map(|n| plan.fate(phase, caller, n))
            .collect::<Vec<_>>()
    };

    assert_eq!(fates("A"), fates("A"));
    assert_ne!(fates("A"), fates("B"));
}

#[test]
fn shares_are_kept_in_the_long_run() {
    let plan = Plan::schedule(3);
    let phase = plan.at(Duration::from_secs(10)).phase;

    let failures = (0..10_000)
        .filter(|&n| plan.fate(phase, "A", n).effect != Effect::Success)
        .count();

    // 35 % of 10,000, within five standard deviations.
    assert!((3261..=3739).contains(&failures), "{failures}");
}

#[test]
fn a_malformed_plan_is_refused_with_the_field() {
    for (plan, field) in [
        ("", "EOF"),
        ("[]", "expected struct Plan"),
        (r#"{"phases": []}"#, "phases: 0"),
        (r#"{"phase": []}"#, "did you mean `phases`?"),
        (
            r#"{"phases": [{"name": "x", "failure_ratio": 2}]}"#,
            "phases[0].failure_ratio: 2",
        ),
        (
            r#"{"phases": [{"name": "x", "failure_ratio": "a"}]}"#,
            "phases[0].failure_ratio: ",
        ),
        (
            r#"{"phases": [{"name": "x", "failure_status": 200}]}"#,
            "phases[0].failure_status",
        ),
        (
            r#"{"phases": [{"name": "x", "latency_ms": -1}]}"#,
            "phases[0].latency_ms",
        ),
        (
            r#"{"phases": [{"name": "x", "hang_ratio": 0.6, "failure_ratio": 0.6}]}"#,
            "hang_ratio",
        ),
        (
            r#"{"phases": [{"name": "x"}, {"name": "y"}]}"#,
            "phases[0].for_ms",
        ),
        (
            r#"{"loop": true, "phases": [{"name": "x"}]}"#,
            "phases[0].for_ms",
        ),
        (r#"{"phases": [{"name": ""}]}"#, "phases[0].name"),
        (r#"{"phases": [{"name": "x"}]} trailing"#, "trailing"),
    ] {
        let error = refusal(plan);
        assert!(error.contains(field), "{plan}: {error}");
    }
}
