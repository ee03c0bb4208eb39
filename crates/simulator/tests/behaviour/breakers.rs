//! Breakers over time: when a failure is known, how long they stay open, and when they notice that the time is over.

use experiment::outcome::ClientOutcome;
use fusebox::State;

use crate::told::told;

#[test]
fn a_failure_is_known_only_when_the_call_times_out() {
    let (told, outcomes) = told(
        r#"
        [breaker]
        consecutive_failures = 5
        [fleet]
        size = 1
        call_timeout = "400ms"
        [load]
        process = "constant"
        rate = 50
        [faults]
        phases = [{ name = "hangs", rules = ["hang"] }]
        rules.hang = { effects = [{ hang = {} }] }
        "#,
    );
    let (_, first) = &told.changes[0];
    assert_eq!(first.to, State::Open);
    // The fifth call leaves after 90 ms and is known to have failed 400 ms later.
    assert!((first.at_s - 0.49).abs() < 1e-9, "{}", first.at_s);
    assert!(
        outcomes[ClientOutcome::DownstreamError] >= 24,
        "they were under way"
    );
}

#[test]
fn the_hint_of_the_downstream_keeps_a_breaker_open() {
    let opened = |hint: &str| {
        let (told, _) = told(&format!(
            r#"
            [breaker]
            open_for = "500ms"
            jitter = 0.0
            max_open_for = "20s"
            [load]
            rate = 60
            [faults]
            phases = [{{ name = "down", failure_ratio = 1.0, failure_status = 503{hint} }}]
            "#
        ));
        told.changes[0].1.open_for_s.unwrap()
    };
    assert!((opened("") - 0.5).abs() < 1e-9);
    assert!((opened(", retry_after = \"4s\"") - 4.0).abs() < 1e-9);
}

#[test]
fn a_breaker_without_traffic_becomes_half_open_at_the_next_tick() {
    let (told, _) = told(
        r#"
        [breaker]
        open_for = "1s"
        jitter = 0.0
        [fleet]
        size = 1
        [load]
        rate = 100
        shape = "steps:100:1s,0.001:9s"
        [faults]
        phases = [{ name = "down", for = "1s", failure_ratio = 1.0 }, { name = "well" }]
        "#,
    );
    let (_, opened) = told.changes[0].clone();
    let (_, probes) = told.changes[1].clone();
    assert_eq!((opened.to, probes.to), (State::Open, State::HalfOpen));
    let late = probes.at_s - opened.at_s - 1.0;
    assert!((0.0..=0.05).contains(&late), "{late}");
}
