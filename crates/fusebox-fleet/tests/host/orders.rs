//! An operator's orders to the whole fleet.

use std::sync::atomic::Ordering;

use fusebox::State;
use fusebox_fleet::host::{Apart, FleetEvent};
use fusebox_fleet::{Mode, Order};

use crate::rig::{MS, Rig, settings};
use crate::scripted::Conduct;

/// A fleet that hears by heartbeats only.
async fn deaf() -> Rig {
    let mut rig = Rig::apart();
    for one in &mut rig.all {
        one.engine.is_deaf.store(true, Ordering::Relaxed);
        one.join(settings(Mode::Quorum).build().unwrap());
    }
    rig.run(2000 * MS).await;
    rig
}

#[tokio::test(start_paused = true)]
async fn an_order_reaches_all_within_a_heartbeat_and_outlives_the_operator() {
    let mut rig = deaf().await;
    let operator = rig.all[0].participant.take().unwrap();
    operator.order(Order::ForceOpen).await.unwrap();
    drop(operator);
    rig.all.remove(0);

    rig.run(1150 * MS).await;
    assert_eq!(rig.states(), [State::ForcedOpen; 2]);
    assert_eq!(rig.all[0].status().apart, Some(Apart::Operator));
    let ordered = |event: &FleetEvent| {
        matches!(
            event,
            FleetEvent::Ordered {
                order: Order::ForceOpen
            }
        )
    };
    assert_eq!(rig.all[0].told(ordered), 1);

    rig.run(20_000 * MS).await;
    assert_eq!(
        rig.states(),
        [State::ForcedOpen; 2],
        "it is in force until the next one"
    );
    let operator = rig.all[1].participant.as_ref().unwrap();
    operator.order(Order::Disable).await.unwrap();
    rig.run(1150 * MS).await;
    assert_eq!(rig.states(), [State::Disabled; 2]);
    let operator = rig.all[1].participant.as_ref().unwrap();
    operator.order(Order::Automatic).await.unwrap();
    rig.run(1150 * MS).await;
    assert_eq!(rig.states(), [State::Closed; 2]);
}

#[tokio::test(start_paused = true)]
async fn the_instance_of_the_operator_obeys_at_once() {
    let mut rig = deaf().await;
    let operator = rig.all[0].participant.as_ref().unwrap();
    operator.order(Order::ForceOpen).await.unwrap();
    rig.run(30 * MS).await;

    assert_eq!(rig.states()[0], State::ForcedOpen);
}

#[tokio::test(start_paused = true)]
async fn an_order_that_the_engine_does_not_answer_is_an_error_within_a_second() {
    for conduct in [
        Conduct::Silent,
        Conduct::PanicsAtOnce,
        Conduct::PanicsLater,
        Conduct::Down,
    ] {
        let rig = Rig::begun().await;
        rig.engines(conduct);
        let began = tokio::time::Instant::now();
        let participant = rig.all[0].participant.as_ref().unwrap();

        let ordered = participant.order(Order::ForceOpen).await;

        assert!(ordered.is_err(), "{conduct:?}");
        assert!(participant.peek().await.is_err(), "{conduct:?}");
        assert!(began.elapsed() <= 2010 * MS, "{conduct:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_instance_that_leaves_a_fleet_that_is_ordered_open_decides_for_itself() {
    let mut rig = Rig::begun().await;
    let operator = rig.all[0].participant.take().unwrap();
    operator.order(Order::ForceOpen).await.unwrap();
    rig.run(50 * MS).await;
    assert_eq!(rig.states(), [State::ForcedOpen; 3]);

    assert!(operator.leave().await);

    assert_eq!(
        rig.states(),
        [State::Closed, State::ForcedOpen, State::ForcedOpen]
    );
}

#[tokio::test(start_paused = true)]
async fn leaving_takes_back_the_order_of_the_fleet_and_nothing_that_an_operator_did_here() {
    for drops in [false, true] {
        let mut rig = Rig::begun().await;
        let operator = rig.all[2].participant.as_ref().unwrap();
        operator.order(Order::Disable).await.unwrap();
        rig.run(50 * MS).await;
        assert_eq!(rig.states(), [State::Disabled; 3]);
        rig.all[0].breaker.force_open();

        for one in &mut rig.all[..2] {
            let participant = one.participant.take().unwrap();
            if drops {
                drop(participant);
            } else {
                assert!(participant.leave().await);
            }
        }
        rig.run(600 * MS).await;

        assert_eq!(
            rig.states(),
            [State::ForcedOpen, State::Closed, State::Disabled],
            "{drops}"
        );
    }
}
