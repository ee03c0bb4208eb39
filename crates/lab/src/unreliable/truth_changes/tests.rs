//! Tests of the changes of the truth: a follower hears of every important one, and of no other.

use experiment::faults::Plan;
use tokio::time::{advance, timeout};

use super::super::running::tests::{meet, on_runtime};
use super::*;

/// The next change, in milliseconds since the first.
async fn next(changes: &mut TruthChanges) -> u128 {
    changes.next().await.as_millis()
}

#[tokio::test(start_paused = true)]
async fn what_the_plan_knows_is_told_with_its_instant_however_late_the_task_wakes() {
    let running = on_runtime(
        r#"{"phases": [{"name": "calm", "for_ms": 1500}, {"name": "mad", "failure_ratio": 1}],
            "ttl_ms": 4000}"#,
    );
    let mut changes = running.truth_changes();
    assert_eq!(changes.began(), Duration::ZERO);

    let mut told = Vec::new();
    while told.last().is_none_or(|at| *at < 4000) {
        advance(Duration::from_millis(7)).await;
        told.push(next(&mut changes).await);
    }

    assert_eq!(told, [1500, 4000]);
}

#[tokio::test(start_paused = true)]
async fn the_truth_is_that_of_the_instant_that_was_told() {
    let running = on_runtime(
        r#"{"phases": [{"name": "calm", "for_ms": 1500}, {"name": "mad", "failure_ratio": 1}]}"#,
    );
    advance(Duration::from_secs(2)).await;

    let at = |millis| {
        let at = Duration::from_millis(millis);
        (
            running.phase_at(at),
            running.truth_of_each_at(at, &["A"])[0],
        )
    };

    assert_eq!(at(1499), ("calm".to_owned(), 0.0));
    assert_eq!(at(1500), ("mad".to_owned(), 1.0));
}

#[tokio::test(start_paused = true)]
async fn another_plan_is_told_at_once_and_calls_that_count_no_more_often_than_is_worth_it() {
    let running = on_runtime(
        r#"{"rules": {"third": {"gate": {"every_nth": 3}, "effects": [{"reset": {}}]}}}"#,
    );
    let mut changes = running.truth_changes();
    advance(Duration::from_millis(3)).await;
    running.patch(Plan::healthy(), None).unwrap();
    assert_eq!(next(&mut changes).await, 3);

    let back = r#"{"rules": {"third": {"gate": {"every_nth": 3}, "effects": [{"reset": {}}]}}}"#;
    running
        .replace(Plan::parse(back.as_bytes()).unwrap(), None)
        .unwrap();
    assert_eq!(next(&mut changes).await, 3);
    let mut looks = 0;
    for _ in 0..100 {
        drop(meet(&running, "A"));
        advance(Duration::from_millis(1)).await;
        if timeout(Duration::ZERO, changes.next()).await.is_ok() {
            looks += 1;
        }
    }

    assert!((8..=11).contains(&looks), "{looks}");
}
