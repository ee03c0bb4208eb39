//! Tests of policies as they are written in a scenario, and of what they exclude.

use super::*;
use crate::policy::Policy;

fn with(top: &str, below: &str) -> Result<Scenario, String> {
    Scenario::parse(&format!("{top}\n{HEAD}\n{below}\n"))
}

#[test]
fn a_policy_is_read_as_a_line_or_a_table_and_takes_breakers_out_of_the_run() {
    let line = with("policy = \"adaptive_throttling:k=3\"", "").unwrap();
    let table = with("", "[policy.adaptive_throttling]\nk = 3\n").unwrap();
    let usual = with("", "").unwrap();

    assert_eq!(line.policy(), table.policy());
    assert!(line.policy().throttle().is_some());
    assert_eq!(line.mode_of("A"), Mode::Disabled);
    assert_eq!(
        (usual.policy(), usual.mode_of("A")),
        (&Policy::default(), Mode::Auto)
    );
    assert_eq!(line.without_breakers().policy(), &Policy::None {});
}

#[test]
fn what_a_policy_without_breakers_would_undo_is_refused() {
    for (policy, below, words) in [
        (
            "none",
            "[coordination]\nmode = \"quorum\"",
            "coordination.mode = quorum is not allowed with policy = none",
        ),
        (
            "none",
            "[instance.B]\nmode = \"forced_open\"",
            "instance.B.mode = forced_open is not allowed",
        ),
        (
            "adaptive_throttling",
            "[instance.B]\nmode = \"metrics_only\"",
            "instance.B.mode = metrics_only",
        ),
        (
            "adaptive_throttling:k=0.9",
            "",
            "policy.adaptive_throttling.k = 0.9 is not allowed: it must be from 1 to 100",
        ),
        (
            "adaptive_throttling:history=2h",
            "",
            "policy.adaptive_throttling.history",
        ),
        (
            "throttling",
            "",
            "write breaker, none or adaptive_throttling:k=2,history=2m",
        ),
    ] {
        let said = with(&format!("policy = \"{policy}\""), below).unwrap_err();
        assert!(said.contains(words), "{policy}: {said}");
    }
}
