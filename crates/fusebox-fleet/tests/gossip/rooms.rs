//! The end of a room: a node drops what it knows of a breaker when no instance of any node uses it any more.

use std::sync::Arc;

use fusebox_fleet::engine::{Engine, Operator};
use fusebox_fleet::{BreakerKey, Opinion, Order, Report};
use tokio::time::sleep;

use crate::fleet::{Fleet, S, within};

/// As many as a node keeps at most.
const MOST: u32 = 1000;

fn key(number: u32) -> BreakerKey {
    BreakerKey::new(&format!("run-{number}")).unwrap()
}

/// An instance reports to its node under this key, for the first time.
async fn join(fleet: &Fleet, who: usize, key: &BreakerKey) -> Result<u32, String> {
    let instance = &fleet.instances[who];
    let settings = Arc::clone(&instance.settings);
    let report = Report::new(instance.sender.clone(), Opinion::Fine, settings);
    let view = instance.node.report(key, &report).await;
    view.map(|view| view.votes.voters)
        .map_err(|error| error.to_string())
}

async fn leave(fleet: &Fleet, who: usize, key: &BreakerKey) {
    let instance = &fleet.instances[who];
    instance.node.leave(key, &instance.sender).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_node_that_has_seen_more_breakers_than_it_keeps_takes_another_when_those_are_left() {
    let fleet = Fleet::new(1).await;
    for number in 0..MOST + 50 {
        let key = key(number);
        let joined = join(&fleet, 0, &key).await;
        assert!(joined.is_ok(), "breaker {number}: {joined:?}");
        leave(&fleet, 0, &key).await;
        if number % 100 == 99 {
            sleep(2 * S).await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_breaker_that_is_used_again_has_the_votes_of_all_and_the_epoch_that_it_had() {
    let mut fleet = Fleet::new(2).await;
    fleet.live(2 * S, &[Opinion::Suspect; 2]).await;
    fleet
        .all_know("open", |known| known.view.verdict.is_open())
        .await;
    let before = fleet.views()[0].era;
    let key = crate::fleet::key();
    for who in [0, 1] {
        leave(&fleet, who, &key).await;
    }
    sleep(3 * S).await;

    for who in [0, 1] {
        let joined = join(&fleet, who, &key).await;
        assert!(joined.is_ok(), "{joined:?}");
    }

    within(5 * S, "both have two votes and a later epoch", || {
        fleet.views().iter().all(|view| {
            view.votes.voters == 2
                && view.era.incarnation == before.incarnation
                && view.era.epoch >= before.epoch
        })
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn an_order_that_was_released_does_not_come_back_with_one_who_has_not_heard_of_it() {
    let fleet = Fleet::new(1).await;
    let (one, key) = (&fleet.instances[0], key(0));
    join(&fleet, 0, &key).await.unwrap();
    let forced = one.node.order(&key, Order::ForceOpen).await.unwrap();
    let released = one.node.order(&key, Order::Automatic).await.unwrap();
    leave(&fleet, 0, &key).await;
    sleep(10 * S).await;

    let mut report = Report::new(one.sender.clone(), Opinion::Fine, Arc::clone(&one.settings));
    report.command = forced.command;
    let view = one.node.report(&key, &report).await.unwrap();

    assert_eq!(view.command, released.command);
}
