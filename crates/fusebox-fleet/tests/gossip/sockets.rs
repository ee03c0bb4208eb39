//! A few nodes over UDP on loopback, in real time.

use std::net::UdpSocket;
use std::sync::Arc;
use std::time::Duration;

use fusebox_fleet::engine::gossip::{Gossip, GossipSettings};
use fusebox_fleet::engine::{Engine, Operator};
use fusebox_fleet::{InstanceId, Mode, Opinion, Report, Sender, Session, Settings};

use crate::fleet::{MS, S, key, now, within};

fn fleet() -> Settings {
    Settings::builder(Mode::Quorum)
        .heartbeat(200 * MS)
        .engine_timeout(100 * MS)
        .build()
        .unwrap()
}

/// An address that was free a moment ago.
fn free() -> String {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    socket.local_addr().unwrap().to_string()
}

async fn pair() -> (Gossip, Gossip) {
    let addresses = [free(), free()];
    let start = |number: usize| {
        let name = format!("n{number}");
        GossipSettings::builder(&name, &addresses[number], &fleet())
            .interval(20 * MS)
            .seeds(addresses.clone())
            .build()
            .unwrap()
    };
    let one = Gossip::start(start(0)).await.unwrap();
    let other = Gossip::start(start(1)).await.unwrap();
    within(10 * S, "the nodes meet", || {
        [&one, &other]
            .iter()
            .all(|node| node.is_ready() && node.live_peers() == 1)
    })
    .await;
    (one, other)
}

fn report(node: &Gossip, number: u64, opinion: Opinion) {
    let sender = Sender::new(
        InstanceId::new(&format!("i{number}")).unwrap(),
        Session::new(number),
    );
    let mut report = Report::new(sender, opinion, Arc::new(fleet()));
    report.sequence = fusebox_fleet::Sequence::new(1);
    now(node.report(&key(), &report)).unwrap();
}

#[tokio::test]
async fn over_udp_two_suspects_on_two_nodes_open_both() {
    let (one, other) = pair().await;
    report(&one, 1, Opinion::Suspect);
    report(&other, 2, Opinion::Suspect);
    within(5 * S, "both are open", || {
        [&one, &other]
            .iter()
            .all(|node| now(node.peek(&key())).unwrap().view.verdict.is_open())
    })
    .await;
}

#[tokio::test]
async fn a_port_in_use_is_told_with_what_to_write() {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    let address = socket.local_addr().unwrap();
    let settings = GossipSettings::builder("a", &address.to_string(), &fleet())
        .build()
        .unwrap();
    let told = Gossip::start(settings).await.unwrap_err().to_string();

    assert!(
        told.starts_with(&format!("cannot gossip on listen = {address}: ")),
        "{told}"
    );
    assert!(told.contains("in use"), "{told}");
    assert!(
        told.ends_with("write an address of this machine whose UDP port is free"),
        "{told}"
    );
}

#[tokio::test]
async fn garbage_on_the_port_changes_nothing() {
    let (one, other) = pair().await;
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    let mut chance = fastrand::Rng::with_seed(3);
    for number in 0..2000_u32 {
        let length = chance.usize(0..400);
        let mut bytes: Vec<u8> = (0..length).map(|_| chance.u8(..)).collect();
        // Half of them begin as messages of `chitchat` do: its mark, a version, a kind.
        if number % 2 == 0 && bytes.len() > 8 {
            bytes[..4].copy_from_slice(&[0x53, 0xb0, chance.u8(..3), chance.u8(..5)]);
        }
        socket.send_to(&bytes, one.settings().listen()).unwrap();
        if number % 100 == 0 {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    }
    report(&one, 1, Opinion::Suspect);
    report(&other, 2, Opinion::Suspect);
    within(5 * S, "both are open", || {
        [&one, &other].iter().all(|node| {
            let view = now(node.peek(&key())).unwrap().view;
            view.verdict.is_open() && view.votes.voters == 2
        })
    })
    .await;
    assert_eq!((one.live_peers(), one.unreadable()), (1, 0));
}
