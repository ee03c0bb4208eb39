//! Conflicts: one name for two processes, and two settings in one fleet.

use fusebox_fleet::Opinion::{Fine, Suspect};
use fusebox_fleet::ReportRefused;
use fusebox_fleet::engine::EngineError;
use tokio::time::sleep;

use crate::fleet::{Fleet, MS, S, builder, within};

const TAKEN: EngineError<ReportRefused> = EngineError::Refused(ReportRefused::NameTaken);

#[tokio::test(start_paused = true)]
async fn a_second_process_with_a_name_is_refused_until_the_first_leaves() {
    let mut fleet = Fleet::new(3).await;
    fleet.all_say(Fine).await;
    fleet
        .all_know("three voters", |known| known.view.votes.voters == 3)
        .await;
    let mut second = fleet.start_as("i1", 9, builder()).await.unwrap();
    // As soon as it may report at all, it knows that the name is taken.
    let refused = loop {
        match second.say(Suspect).await {
            Err(EngineError::Unavailable(_)) => sleep(10 * MS).await,
            other => break other,
        }
    };
    assert_eq!(refused, Err(TAKEN));
    let told = refused.unwrap_err().to_string();
    assert!(told.contains("give each instance its own name"), "{told}");
    assert!(fleet.views().iter().all(|view| view.votes.suspects == 0));

    fleet.instances[0].node.shutdown().await;
    fleet.instances.remove(0);
    assert!(second.say(Fine).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_process_that_restarts_at_its_address_has_its_name_at_once_and_elsewhere_later() {
    let mut fleet = Fleet::new(3).await;
    fleet.all_say(Fine).await;
    sleep(S).await;
    fleet.instances.remove(0); // it crashes
    sleep(10 * MS).await;
    let mut again = fleet.start(1, builder()).await.unwrap();
    within(2 * S, "joined", || again.node.live_peers() == 2).await;
    assert!(again.say(Fine).await.is_ok());

    sleep(S).await;
    drop(again);
    let mut elsewhere = fleet.start_as("i1", 9, builder()).await.unwrap();
    within(2 * S, "joined", || elsewhere.node.live_peers() == 2).await;
    assert_eq!(elsewhere.say(Fine).await, Err(TAKEN));
    sleep(4 * S).await;
    assert!(elsewhere.say(Fine).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn of_two_that_took_one_name_apart_all_nodes_keep_the_same() {
    let mut fleet = Fleet::new(6).await;
    fleet.net.cut_from(4);
    fleet.live(4 * S, &[Fine; 6]).await;
    let mut early = fleet.start_as("twin", 9, builder()).await.unwrap();
    fleet.live(2 * S, &[Fine; 6]).await; // nobody answers it, so it begins without them
    early.say(Fine).await.unwrap();
    fleet.net.cut_from(9);
    let mut late = fleet.start_as("twin", 2000, builder()).await.unwrap();
    fleet.net.cut_from(2000);
    for _ in 0..2 {
        fleet.live(S, &[Fine; 6]).await;
        early.say(Fine).await.unwrap();
    }
    late.say(Suspect).await.unwrap();
    fleet.net.heal();
    let opinions = [Fine; 6];
    for _ in 0..5 {
        fleet.live(S, &opinions).await;
        let _ = early.say(Fine).await;
        let _ = late.say(Suspect).await;
    }

    assert!(early.say(Fine).await.is_ok());
    assert_eq!(late.say(Suspect).await, Err(TAKEN));
    for view in fleet.views() {
        assert_eq!((view.votes.voters, view.votes.suspects), (7, 0));
    }
}

#[tokio::test(start_paused = true)]
async fn other_settings_do_not_vote_and_are_told_so() {
    let mut fleet = Fleet::new(3).await;
    fleet.all_say(Fine).await;
    let mut other = fleet.start(9, builder().quorum_share(0.1)).await.unwrap();
    within(5 * S, "joined", || other.node.is_ready()).await;
    let refused = other.say(Suspect).await.unwrap_err();
    assert!(
        refused.to_string().contains(
            ", which differ in quorum_share: instances vote together only with equal settings"
        ),
        "{refused}"
    );
    assert!(fleet.views().iter().all(|view| view.votes.voters == 3));
}

#[tokio::test(start_paused = true)]
async fn two_groups_with_other_settings_that_meet_leave_the_stronger_one() {
    let mut fleet = Fleet::new(3).await;
    fleet.all_say(Fine).await;
    let mut lone = fleet.start(40, builder().quorum_share(0.1)).await.unwrap();
    fleet.net.cut_from(40);
    fleet.live(4 * S, &[Fine; 3]).await;
    lone.say(Suspect).await.unwrap();
    fleet.net.heal();
    for _ in 0..5 {
        fleet.live(S, &[Fine; 3]).await;
        let _ = lone.say(Suspect).await;
    }

    assert!(matches!(
        lone.say(Suspect).await,
        Err(EngineError::Refused(ReportRefused::SettingsDiffer { .. }))
    ));
    assert!(
        fleet
            .views()
            .iter()
            .all(|view| view.votes.voters == 3 && !view.verdict.is_open())
    );
}
