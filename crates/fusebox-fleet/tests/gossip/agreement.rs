//! Agreement of nodes that hear each other, and a fleet that splits.

use fusebox_fleet::Opinion::{Fine, Suspect};
use fusebox_fleet::engine::{Engine, Operator};
use fusebox_fleet::{Epoch, Order, ProbeResult, Verdict};
use tokio::time::{Instant, sleep};

use crate::fleet::{Fleet, MS, S, key, now};

/// Longer than the first gap of these fleets.
const GAP: std::time::Duration = std::time::Duration::from_secs(2);

#[tokio::test(start_paused = true)]
async fn each_node_counts_the_votes_of_all_and_all_open_the_same_epoch() {
    let mut fleet = Fleet::new(10).await;
    fleet.all_say(Fine).await;
    fleet
        .all_know("ten voters", |known| known.view.votes.voters == 10)
        .await;
    fleet.say(&[0, 3, 6, 9], Suspect).await;
    fleet
        .all_know("four suspects", |known| known.view.votes.suspects == 4)
        .await;
    assert!(fleet.views().iter().all(|view| !view.verdict.is_open()));

    fleet.say(&[5], Suspect).await;
    let took = fleet
        .all_know("open", |known| known.view.verdict.is_open())
        .await;

    assert!(took <= S, "a heartbeat: {took:?}");
    for view in fleet.views() {
        assert_eq!(view.era.epoch, Epoch::new(1));
        assert_eq!(
            (view.votes.voters, view.votes.suspects, view.votes.need),
            (10, 5, 5)
        );
    }
}

#[tokio::test(start_paused = true)]
async fn of_all_suspects_that_ask_at_once_one_probes_and_after_it_failed_another() {
    let mut fleet = Fleet::new(5).await;
    fleet.all_say(Suspect).await;
    fleet
        .all_know("open", |known| known.view.verdict.is_open())
        .await;
    fleet.live(300 * MS, &[Suspect; 5]).await;

    let mut probers = Vec::new();
    for _ in 0..3 {
        let (prober, lease) = first_lease(&mut fleet).await;
        assert_ne!(probers.last(), Some(&prober), "{probers:?}");
        // Everybody asks on, and on a node that has not heard of the claim it is not anybody's turn.
        let end = Instant::now() + S;
        while Instant::now() < end {
            for instance in &fleet.instances {
                assert!(instance.acquire().is_err(), "a second prober");
            }
            sleep(20 * MS).await;
        }
        probers.push(prober);
        fleet.instances[prober].settle(lease, ProbeResult::Failed);
        fleet.all_say(Suspect).await;
    }
}

/// All ask, again and again, and wait as long as they are told.
async fn first_lease(fleet: &mut Fleet) -> (usize, fusebox_fleet::Lease) {
    let end = Instant::now() + 30 * S;
    loop {
        for number in 0..fleet.instances.len() {
            if let Ok(lease) = fleet.instances[number].acquire() {
                return (number, lease);
            }
        }
        assert!(Instant::now() < end, "nobody may probe");
        sleep(50 * MS).await;
        fleet.all_say(Suspect).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_suspect_that_does_not_ask_costs_the_next_one_four_exchanges() {
    let mut waits = Vec::new();
    for only in 0..3 {
        let mut fleet = Fleet::new(3).await;
        fleet.all_say(Suspect).await;
        fleet
            .all_know("open", |known| known.view.verdict.is_open())
            .await;
        let began = Instant::now();
        while fleet.instances[only].acquire().is_err() {
            fleet.live(50 * MS, &[Suspect; 3]).await;
        }
        waits.push(began.elapsed());
    }
    waits.sort();

    // The first gap is a third of open_for; what an opening takes to be heard is part of each wait.
    let gap = 2 * S / 3;
    for (place, wait) in (0..).zip(&waits) {
        let due = gap + place * S;
        assert!(
            *wait + 600 * MS >= due && *wait <= due + 600 * MS,
            "{waits:?}"
        );
    }
}

/// S23: the fleet splits, both parts decide, one of them finds the downstream well again, and they meet.
#[tokio::test(start_paused = true)]
async fn both_parts_of_a_split_fleet_decide_and_merge_by_epoch_without_reopening() {
    let mut fleet = Fleet::new(6).await;
    fleet.all_say(Fine).await;
    fleet
        .all_know("six voters", |known| known.view.votes.voters == 6)
        .await;
    fleet.net.cut_from(4);
    fleet.live(4 * S, &[Fine; 6]).await;
    assert!(
        fleet.views().iter().all(|view| view.votes.voters == 3),
        "{:?}",
        fleet.views()
    );

    let two_of_three = [Suspect, Suspect, Fine, Suspect, Suspect, Fine];
    fleet.live(S, &two_of_three).await;
    fleet
        .all_know("both open", |known| known.view.era.epoch == Epoch::new(1))
        .await;
    fleet.live(GAP, &two_of_three).await;
    let left = take_lease(&mut fleet, &[0, 1], &two_of_three).await;
    let right = take_lease(&mut fleet, &[3, 4], &two_of_three).await;
    assert!(left.0 < 3 && right.0 >= 3, "one prober in each view");
    fleet.instances[left.0].settle(left.1, ProbeResult::Succeeded);
    fleet.instances[right.0].settle(right.1, ProbeResult::Failed);
    fleet
        .live(S, &[Fine, Fine, Fine, Suspect, Suspect, Fine])
        .await;
    let halves: Vec<_> = fleet
        .views()
        .iter()
        .map(|view| view.era.epoch.get())
        .collect();
    assert_eq!(
        halves.iter().filter(|epoch| **epoch == 1).count(),
        3,
        "{halves:?}"
    );

    let mut events = fleet.instances[5].node.events(&key());
    fleet.net.heal();
    // The suspects of the other part report once more before they hear of the closing.
    fleet.say(&[3, 4], Suspect).await;
    fleet
        .all_know("closed", |known| known.view.era.epoch == Epoch::new(2))
        .await;
    let told = now(events.next()).unwrap();
    assert_eq!(
        (told.verdict, told.era.epoch),
        (Verdict::Closed, Epoch::new(2))
    );
    fleet.live(10 * S, &[Fine; 6]).await;

    for view in fleet.views() {
        assert_eq!(
            (view.era.epoch, view.verdict),
            (Epoch::new(2), Verdict::Closed)
        );
        assert_eq!((view.votes.voters, view.votes.suspects), (6, 0));
    }
}

async fn take_lease(
    fleet: &mut Fleet,
    among: &[usize],
    opinions: &[fusebox_fleet::Opinion],
) -> (usize, fusebox_fleet::Lease) {
    for _ in 0..20 {
        for number in among {
            if let Ok(lease) = fleet.instances[*number].acquire() {
                return (*number, lease);
            }
        }
        fleet.live(200 * MS, opinions).await;
    }
    panic!("nobody of {among:?} may probe");
}

#[tokio::test(start_paused = true)]
async fn an_order_reaches_all_within_a_heartbeat_and_outlives_its_node() {
    let mut fleet = Fleet::new(10).await;
    let operator = fleet.start(50, crate::fleet::builder()).await.unwrap();
    crate::fleet::within(5 * S, "the operator joins", || {
        operator.node.live_peers() == 10
    })
    .await;
    now(operator.node.order(&key(), Order::Disable)).unwrap();
    let given = now(operator.node.order(&key(), Order::ForceOpen))
        .unwrap()
        .command;
    let took = fleet
        .all_know("the order", |known| known.view.command == given)
        .await;
    assert!(took <= S, "{took:?}");

    operator.node.shutdown().await;
    drop(operator);
    // All that heard it at first hand are replaced, one after the other.
    for number in 1..=10 {
        fleet.instances.remove(0);
        sleep(10 * MS).await;
        let newcomer = fleet.start(number, crate::fleet::builder()).await.unwrap();
        fleet.instances.push(newcomer);
        sleep(4 * S).await;
    }
    fleet
        .all_know("the order is still in force", |known| {
            known.view.command == given
        })
        .await;
}

#[tokio::test(start_paused = true)]
async fn of_two_orders_at_once_all_nodes_keep_the_same() {
    let mut fleet = Fleet::new(6).await;
    fleet.net.cut_from(4);
    let one = now(fleet.instances[0].node.order(&key(), Order::ForceOpen))
        .unwrap()
        .command;
    let other = now(fleet.instances[5].node.order(&key(), Order::Disable))
        .unwrap()
        .command;
    assert_ne!(one.number, other.number);
    fleet.live(2 * S, &[Fine; 6]).await;
    fleet.net.heal();

    let newest = if one.is_newer_than(other) { one } else { other };
    fleet
        .all_know("the newest", |known| known.view.command == newest)
        .await;
    let next = now(fleet.instances[1].node.order(&key(), Order::Automatic))
        .unwrap()
        .command;
    assert!(next.is_newer_than(newest));
}
