//! Tests of calls that wait for their turn, in the runtime's time.

use std::time::Duration;

use experiment::overload::Occupancy;
use tokio::time::Instant;

use super::super::running::Running;
use super::super::running::tests::{downstream, meet, on_runtime};
use super::*;

fn overloaded(ms: u64, abandoned: &str) -> Running {
    on_runtime(&format!(
        r#"{{"overload": {{"workers": 1, "service": {{"fixed": {{"ms": {ms}}}}}, "queue": {{"limit": 1}},
            "abandoned_work": "{abandoned}"}}}}"#
    ))
}

fn enter(running: &Running) -> Option<Turn> {
    meet(running, "A").turn
}

fn occupancy(running: &Running) -> Occupancy {
    downstream(running).occupancy().unwrap_or_default()
}

fn wasted(running: &Running) -> Duration {
    downstream(running).wasted()
}

/// Whether this many milliseconds have passed: the runtime's timer counts whole ones and may be one late.
fn passed(began: Instant, millis: u128) -> bool {
    (millis..=millis + 2).contains(&began.elapsed().as_millis())
}

#[tokio::test(start_paused = true)]
async fn calls_are_done_one_after_another_and_none_too_early() {
    let running = overloaded(20, "continues");
    let began = Instant::now();

    let first = enter(&running).unwrap();
    let second = enter(&running).unwrap();
    assert!(enter(&running).is_none());
    assert_eq!(
        occupancy(&running),
        Occupancy {
            busy: 1,
            waiting: 1
        }
    );
    first.done().await;
    assert!(passed(began, 20), "{:?}", began.elapsed());
    second.done().await;

    assert!(passed(began, 40), "{:?}", began.elapsed());
    assert_eq!(occupancy(&running), Occupancy::default());
    assert!(wasted(&running).is_zero());
}

#[tokio::test(start_paused = true)]
async fn work_of_a_caller_that_left_goes_on_or_ends_as_the_plan_says() {
    let going_on = overloaded(20, "continues");
    drop(enter(&going_on).unwrap());
    enter(&going_on).unwrap().done().await;
    assert_eq!(wasted(&going_on), Duration::from_millis(20));

    let ending = overloaded(20, "cancelled");
    drop(enter(&ending).unwrap());
    assert_eq!(occupancy(&ending), Occupancy::default());
    enter(&ending).unwrap().done().await;
    assert!(wasted(&ending).is_zero());
}

#[tokio::test(start_paused = true)]
async fn a_call_in_the_queue_gets_the_worker_of_one_that_left() {
    let running = overloaded(60_000, "cancelled");
    let first = enter(&running).unwrap();
    let second = enter(&running).unwrap();
    let began = Instant::now();

    drop(first);
    second.done().await;

    assert!(passed(began, 60_000), "{:?}", began.elapsed());
}

#[tokio::test(start_paused = true)]
async fn cancelled_work_and_that_of_a_plan_that_is_gone_keep_no_timer() {
    let running = overloaded(3_600_000, "cancelled");
    let alive = || {
        let handle = tokio::runtime::Handle::current();
        handle.metrics().num_alive_tasks()
    };
    let before = alive();

    for _ in 0..100 {
        drop(enter(&running).unwrap());
        tokio::task::yield_now().await;
    }
    let (first, second) = (enter(&running).unwrap(), enter(&running).unwrap());
    running
        .replace(experiment::faults::Plan::healthy(), None)
        .unwrap();
    first.done().await;
    second.done().await;

    for _ in 0..1000 {
        tokio::task::yield_now().await;
    }
    assert_eq!(alive(), before);
}
