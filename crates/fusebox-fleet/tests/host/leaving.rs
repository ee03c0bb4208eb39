//! The ways of leaving a fleet, orderly or not.

use std::time::Duration;

use fusebox::{HoldStage, State};
use fusebox_fleet::Mode;
use fusebox_fleet::host::FleetEvent;
use tokio::time::Instant;

use crate::rig::{MS, Rig, settings};
use crate::scripted::Conduct;

#[tokio::test(start_paused = true)]
async fn who_leaves_is_off_the_roll_and_its_breaker_is_free() {
    let mut rig = Rig::begun().await;
    rig.set_well(false);
    rig.until_stage(HoldStage::Held).await;
    let reader = rig.all[0].participant.as_ref().unwrap().reader();

    assert!(rig.all[0].participant.take().unwrap().leave().await);

    assert_eq!(rig.all[0].breaker.snapshot().hold, None);
    assert!(!reader.status().is_in());
    assert_eq!(rig.all[0].told(|event| *event == FleetEvent::Left), 1);
    let standing = rig.all[1]
        .participant
        .as_ref()
        .unwrap()
        .peek()
        .await
        .unwrap();
    assert_eq!(standing.members.len(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_dropped_handle_frees_the_breaker_at_once_and_leaves_in_the_background() {
    for stage in [HoldStage::Held, HoldStage::Probing, HoldStage::Turn] {
        let mut rig = Rig::begun().await;
        rig.set_well(false);
        rig.until_stage(HoldStage::Held).await;
        rig.set_well(stage == HoldStage::Turn);
        rig.until_stage(stage).await;

        drop(rig.all[0].participant.take());

        assert_eq!(rig.all[0].breaker.snapshot().hold, None, "{stage:?}");
        tokio::time::sleep(600 * MS).await;
        let standing = rig.all[1]
            .participant
            .as_ref()
            .unwrap()
            .peek()
            .await
            .unwrap();
        assert_eq!(standing.members.len(), 2, "{stage:?}");
        assert_eq!(rig.all[0].breaker.snapshot().hold, None, "{stage:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn leaving_waits_for_no_engine_longer_than_three_timeouts() {
    for conduct in Conduct::FAULTS {
        let mut rig = Rig::begun().await;
        rig.set_well(false);
        rig.until_stage(HoldStage::Held).await;
        rig.engines(conduct);
        let began = Instant::now();

        let is_told = rig.all[0].participant.take().unwrap().leave().await;

        assert!(!is_told || conduct == Conduct::Garbage, "{conduct:?}");
        assert!(
            began.elapsed() <= 760 * MS,
            "{conduct:?}: {:?}",
            began.elapsed()
        );
        assert_eq!(rig.all[0].breaker.snapshot().hold, None, "{conduct:?}");
    }
}

#[test]
fn a_runtime_that_ends_takes_its_tasks_and_frees_the_breakers() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .unwrap();
    let rig = runtime.block_on(async {
        let mut rig = Rig::begun().await;
        rig.set_well(false);
        rig.until_stage(HoldStage::Held).await;
        rig
    });
    assert!(rig.all[0].breaker.snapshot().hold.is_some());

    drop(runtime);

    assert!(
        rig.all
            .iter()
            .all(|one| one.breaker.snapshot().hold.is_none())
    );
    assert!(rig.all.iter().all(|one| one.breaker.state() == State::Open));
    assert!(!rig.all[0].status().is_in());
}

#[tokio::test(start_paused = true)]
async fn a_listener_that_panics_ends_nothing() {
    let mut rig = Rig::apart();
    for one in &mut rig.all {
        one.host = fusebox_fleet::host::Host::builder(
            one.host.instance().clone(),
            std::sync::Arc::clone(&one.engine) as _,
        )
        .listener(|_: &fusebox_fleet::BreakerKey, _: &FleetEvent| panic!("a scripted panic"))
        .build();
        one.join(settings(Mode::Quorum).build().unwrap());
    }
    rig.run(2000 * MS).await;
    rig.set_well(false);
    rig.until_stage(HoldStage::Held).await;
    rig.set_well(true);
    rig.run(Duration::from_secs(8)).await;

    assert_eq!(rig.states(), [State::Closed; 3]);
    assert!(rig.all.iter().all(|one| one.status().is_in()));
}
