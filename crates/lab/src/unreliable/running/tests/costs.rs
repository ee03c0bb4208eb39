//! Tests of the cost of a scrape and of the truth, counted in steps, whoever calls.

use experiment::faults::Work;

use super::*;

/// The cost of one scrape and one look at the truth, after calls of this many invented callers.
fn cost_after(calls: u64, rules: &str) -> Work {
    let (running, _) = running(&format!(r#"{{"rules": {{{rules}}}}}"#));
    for number in 0..calls {
        call(&running, &format!("invented-{number}"));
    }
    running.health();
    running.truths();
    running.board.work()
}

#[test]
fn three_hundred_invented_callers_cost_no_more_steps_than_those_that_are_told_apart() {
    let bursts = r#"{"gate": {"gilbert_elliott": {"good_mean_ms": 50, "bad_mean_ms": 50}},
                     "effects": [{"status": {"code": 500}}]}"#;
    let rules: Vec<String> = (0..64)
        .map(|number| format!(r#""r{number}": {bursts}"#))
        .collect();

    let few = cost_after(17, &rules.join(", "));
    let many = cost_after(300, &rules.join(", "));

    // Twice: the scrape is one, and the truth is requested once more. Sixteen are told apart; all others, and callers
    // that have not called, are the one without a name.
    for (callers, work) in [(17, few), (300, many)] {
        assert!(
            work.truths <= 2 * 17 && work.looks <= 2 * 17 * 64 && work.sums == 0,
            "{callers} callers: {work:?}"
        );
        assert!(work.truths >= 17, "{callers} callers: {work:?}");
    }
}

#[test]
fn looking_at_each_instance_of_a_fleet_computes_no_truth_twice() {
    let (running, _) = running(
        r#"{"rules": {"half": {"gate": {"bernoulli": 0.5},
        "effects": [{"status": {"code": 500}}]}}}"#,
    );
    let fleet: Vec<String> = (0..64).map(|number| format!("i{number}")).collect();

    let truths = running.truth_of_each_at(running.live.now(), &fleet);

    assert!(truths.len() == 64 && truths.iter().all(|truth| (truth - 0.5).abs() < 1e-12));
    let work = lock(&running.own).work();
    assert_eq!((work.truths, work.looks), (1, 1), "all meet the same");
}
