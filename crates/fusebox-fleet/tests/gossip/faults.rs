//! Nodes that crash, networks that lose, values that make no sense.

use std::collections::HashSet;

use chitchat::{ChitchatConfig, ChitchatId, ProtocolVersion, spawn_chitchat};
use fusebox_fleet::Opinion::{Fine, Suspect};
use fusebox_fleet::ProbeResult;
use fusebox_fleet::engine::{Engine, EngineError};
use tokio::time::{Instant, sleep};

use crate::fleet::{Fleet, MS, S, builder, key, now, within};

#[tokio::test(start_paused = true)]
async fn a_crashed_node_lapses_within_a_membership_and_the_need_follows() {
    let mut fleet = Fleet::new(10).await;
    fleet.all_say(Fine).await;
    fleet
        .all_know("ten voters", |known| known.view.votes.voters == 10)
        .await;
    fleet.instances.truncate(3);
    let began = Instant::now();
    while fleet.views().iter().any(|view| view.votes.voters != 3) {
        fleet.live(100 * MS, &[Fine; 3]).await;
        assert!(began.elapsed() < 10 * S, "{:?}", fleet.views());
    }
    let took = began.elapsed();
    // The last heartbeat of the dead may be told on by others for an exchange or two.
    assert!(took <= 4 * S, "{took:?}");

    fleet.live(S, &[Fine, Fine, Fine]).await;
    fleet.say(&[0, 1], Suspect).await;
    fleet
        .all_know("two of three open", |known| known.view.verdict.is_open())
        .await;
}

#[tokio::test(start_paused = true)]
async fn the_lease_of_a_crashed_prober_ends_and_another_probes() {
    let mut fleet = Fleet::new(4).await;
    fleet.all_say(Suspect).await;
    fleet
        .all_know("open", |known| known.view.verdict.is_open())
        .await;
    fleet.live(3 * S, &[Suspect; 4]).await;
    let prober = (0..4)
        .find(|number| fleet.instances[*number].acquire().is_ok())
        .unwrap();
    fleet
        .all_know("the prober", |known| known.prober.is_some())
        .await;
    let began = Instant::now();
    fleet.instances.remove(prober);
    let lease = loop {
        let found =
            (0..3).find_map(|number| Some((number, fleet.instances[number].acquire().ok()?)));
        if let Some(found) = found {
            break found;
        }
        fleet.live(100 * MS, &[Suspect; 3]).await;
        assert!(began.elapsed() < 20 * S, "nobody probes");
    };
    // The lease, and three exchanges for each suspect before.
    assert!(
        began.elapsed() <= crate::fleet::LEASE + 3 * S,
        "{:?}",
        began.elapsed()
    );
    fleet.instances[lease.0].settle(lease.1, ProbeResult::Succeeded);
    fleet
        .all_know("closed", |known| !known.view.verdict.is_open())
        .await;
}

#[tokio::test(start_paused = true)]
async fn with_thirty_of_a_hundred_messages_lost_a_change_reaches_all_within_two_heartbeats() {
    let mut fleet = Fleet::new(10).await;
    fleet.net.lose(0.3);
    fleet.net.delay(20 * MS);
    fleet.live(3 * S, &[Fine; 10]).await;
    for _ in 0..8 {
        let before = fleet.views()[0].era.epoch;
        assert!(
            fleet
                .views()
                .iter()
                .all(|view| view.era.epoch == before && view.votes.voters == 10)
        );
        fleet.all_say(Suspect).await;
        let took = fleet
            .all_know("open", |known| known.view.era.epoch > before)
            .await;
        assert!(took <= 2 * S, "{took:?}");
        fleet.live(5 * S, &[Fine; 10]).await;
        fleet
            .all_know("nobody follows", |known| !known.view.verdict.is_open())
            .await;
        fleet.live(S, &[Fine; 10]).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_node_whose_seeds_are_silent_begins_alone_and_joins_later() {
    let mut fleet = Fleet::new(3).await;
    fleet.net.cut_from(9);
    let mut late = fleet.start(9, builder()).await.unwrap();
    let told = late.say(Fine).await.unwrap_err().to_string();
    assert_eq!(
        told,
        "the engine is not available: no seed has answered yet"
    );
    sleep(S).await;
    assert_eq!(late.say(Fine).await.unwrap().votes.voters, 1);

    fleet.net.heal();
    fleet.all_say(Fine).await;
    fleet.instances.push(late);
    fleet
        .all_know("four voters", |known| known.view.votes.voters == 4)
        .await;
}

#[tokio::test(start_paused = true)]
async fn a_newcomer_learns_the_verdict_before_it_decides_anything() {
    let mut fleet = Fleet::new(10).await;
    fleet.all_say(Fine).await;
    fleet.say(&[0, 1, 2, 3, 4], Suspect).await;
    let open = fleet
        .all_know("open", |known| known.view.verdict.is_open())
        .await;
    assert!(open <= S);
    let era = fleet.views()[0].era;
    let mut newcomer = fleet.start(20, builder()).await.unwrap();
    loop {
        match newcomer.say(Suspect).await {
            Ok(view) => break assert_eq!(view.era, era),
            Err(refused) => assert!(matches!(refused, EngineError::Unavailable(_)), "{refused}"),
        }
        sleep(10 * MS).await;
    }
    fleet.live(2 * S, &[Suspect; 10]).await;
    assert!(fleet.views().iter().all(|view| view.era == era));
}

#[tokio::test(start_paused = true)]
async fn a_suspect_that_is_not_heard_any_more_is_no_sign_that_all_is_well() {
    let mut fleet = Fleet::new(6).await;
    fleet.all_say(Fine).await;
    let opinions = [Fine, Fine, Fine, Suspect, Suspect, Suspect];
    fleet.live(S, &opinions).await;
    fleet
        .all_know("open", |known| known.view.verdict.is_open())
        .await;
    fleet.net.cut_from(4);
    fleet.live(10 * S, &opinions).await;

    fleet.net.heal();
    fleet.live(2 * S, &opinions).await;
    assert!(
        fleet.views().iter().all(|view| view.verdict.is_open()),
        "the healthy part closed it"
    );
}

#[tokio::test(start_paused = true)]
async fn a_socket_that_breaks_is_told_and_opened_again_and_nothing_is_forgotten() {
    let mut fleet = Fleet::new(3).await;
    fleet.all_say(Suspect).await;
    fleet
        .all_know("open", |known| known.view.verdict.is_open())
        .await;
    let mut events = fleet.instances[1].node.events(&key());
    let era = fleet.views()[1].era;
    fleet.net.break_socket("10.0.0.1:2".parse().unwrap());
    sleep(10 * MS).await;
    let told = fleet.instances[1]
        .say(Suspect)
        .await
        .unwrap_err()
        .to_string();
    assert!(
        told.contains("gossip has stopped: the socket is broken"),
        "{told}"
    );

    sleep(1100 * MS).await;
    assert_eq!(fleet.instances[1].say(Suspect).await.unwrap().era, era);
    fleet.settle_in().await;
    fleet.all_say(Suspect).await;
    fleet
        .all_know("three voters", |known| known.view.votes.voters == 3)
        .await;

    fleet.instances[1].node.shutdown().await;
    assert_eq!(now(events.next()), None);
    let told = fleet.instances[1].say(Fine).await.unwrap_err().to_string();
    assert_eq!(told, "the engine is not available: the node has ended");
}

#[tokio::test(start_paused = true)]
async fn values_that_make_no_sense_are_left_out_and_counted() {
    let mut fleet = Fleet::new(3).await;
    fleet.all_say(Fine).await;
    let address = "10.0.0.1:66".parse().unwrap();
    let config = ChitchatConfig {
        chitchat_id: ChitchatId::new("stranger", 1, address),
        cluster_id: "fusebox-fleet/1/fusebox".to_owned(),
        gossip_interval: 100 * MS,
        listen_addr: address,
        seed_nodes: vec!["10.0.0.1:1".to_owned()],
        failure_detector_config: chitchat::FailureDetectorConfig::default(),
        marked_for_deletion_grace_period: 60 * S,
        catchup_callback: None,
        extra_liveness_predicate: None,
        protocol_version: ProtocolVersion::V1,
    };
    let values = [
        ("b/inventory", "2 x"),
        ("b/", "1 a 1"),
        ("b/{}", ""),
        ("else", "where"),
    ];
    let values = values
        .map(|(key, value)| (key.to_owned(), value.to_owned()))
        .to_vec();
    let _stranger = spawn_chitchat(config, values, &fleet.net).await.unwrap();
    within(5 * S, "all read it", || {
        fleet
            .instances
            .iter()
            .all(|instance| instance.node.unreadable() == 3)
    })
    .await;

    fleet.live(2 * S, &[Suspect; 3]).await;
    for view in fleet.views() {
        assert_eq!((view.votes.voters, view.era.epoch.get()), (3, 1));
    }
    let known: HashSet<_> = fleet
        .views()
        .iter()
        .map(|view| view.era.incarnation)
        .collect();
    assert_eq!(known.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn no_verb_waits_whatever_the_network_does() {
    let mut fleet = Fleet::new(3).await;
    fleet.net.lose(1.0);
    let began = Instant::now();
    for number in 0..1000 {
        let instance = &mut fleet.instances[number % 3];
        let report = instance.report(Suspect);
        let _ = now(instance.node.report(&key(), &report)); // panics if it is not ready
        let _ = instance.acquire();
        let _ = now(instance.node.leave(&key(), &instance.sender));
    }
    assert_eq!(began.elapsed(), std::time::Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn an_engine_that_began_again_waits_for_what_the_fleet_knows_and_then_forgets() {
    let mut fleet = Fleet::new(3).await;
    fleet.all_say(Suspect).await;
    fleet
        .all_know("open", |known| known.view.verdict.is_open())
        .await;
    let era = fleet.views()[0].era;
    fleet.live(S, &[Suspect; 3]).await;
    // Only the engine of this process begins again; its member still knows the epoch.
    let mut old = fleet.instances.remove(0);
    drop(old.node);
    sleep(10 * MS).await;
    old.node = fleet.start(1, builder()).await.unwrap().node;
    let mut refusals = 0;
    let view = loop {
        match old.say(Suspect).await {
            Ok(view) => break view,
            Err(EngineError::Unavailable(_)) => refusals += 1,
            Err(refused) => panic!("{refused}"),
        }
        sleep(50 * MS).await;
    };
    assert!(refusals > 0);
    assert_eq!(view.era, era);

    // Where no other node knows it either, a new life begins, and it is not open.
    let seen = old.seen;
    drop(fleet);
    let mut alone = Fleet::new(3).await;
    alone.instances[0].seen = seen;
    let view = alone.instances[0].say(Suspect).await.unwrap();
    assert_ne!(view.era.incarnation, era.incarnation);
    assert!(!view.verdict.is_open());
    alone
        .all_know("the new life", |known| known.view.era == view.era)
        .await;
}
