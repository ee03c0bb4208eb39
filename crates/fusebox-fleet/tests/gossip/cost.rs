//! The cost of gossip: `cargo test -p fusebox-fleet --features gossip --test gossip cost -- --nocapture`.

#![expect(
    clippy::print_stdout,
    reason = "the figures are what the command is for"
)]

use fusebox_fleet::Opinion::{Fine, Suspect};

use crate::fleet::{Fleet, S};

/// A fleet with the default interval of 250 ms, which opens half-way.
async fn cost_of(nodes: u16) -> (f64, f64, u64) {
    let mut fleet = Fleet::new(nodes).await;
    let count = usize::from(nodes);
    fleet.live(5 * S, &vec![Fine; count]).await;
    fleet.net.count_anew();
    let time = 20;
    fleet.live(time / 2 * S, &vec![Fine; count]).await;
    fleet.live(time / 2 * S, &vec![Suspect; count]).await;
    let sent = fleet.net.sent();
    let each = f64::from(nodes) * f64::from(time);
    let [messages, bytes] =
        [sent.messages, sent.bytes].map(|sum| f64::from(u32::try_from(sum).unwrap()) / each);
    (messages, bytes, sent.largest)
}

#[tokio::test(start_paused = true)]
async fn messages_per_node_follow_the_formula_and_do_not_grow_with_the_fleet() {
    for nodes in [3, 10, 50] {
        let (messages, bytes, largest) = cost_of(nodes).await;
        let formula = 3.0 * f64::from(nodes - 1).min(3.0) / 0.25;
        println!(
            "{nodes} nodes: {messages:.1} messages/s and {bytes:.0} bytes/s sent per node \
             (formula {formula:.0} messages/s), the largest {largest} bytes"
        );
        // A seed is asked in addition when it is not among the three.
        let ratio = messages / formula;
        assert!(
            (0.97..1.15).contains(&ratio),
            "{messages} messages/s, formula {formula}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_verdict_reaches_all_within_a_heartbeat() {
    for nodes in [3, 10, 30] {
        let mut slowest = 0;
        let mut fleet = Fleet::new(nodes).await;
        let count = usize::from(nodes);
        let need = count.div_ceil(2);
        for _ in 0..5 {
            let before = fleet.views()[0].era.epoch;
            fleet.all_say(Fine).await;
            fleet.say(&(1..need).collect::<Vec<_>>(), Suspect).await;
            let suspects = u32::try_from(need - 1).unwrap();
            fleet
                .all_know("one is missing", |known| {
                    known.view.votes.suspects == suspects
                })
                .await;
            fleet.say(&[0], Suspect).await;
            let took = fleet
                .all_know("open", |known| known.view.era.epoch > before)
                .await;
            slowest = slowest.max(took.as_millis());
            fleet.live(5 * S, &vec![Fine; count]).await;
            fleet
                .all_know("ended", |known| !known.view.verdict.is_open())
                .await;
        }
        println!("{nodes} nodes: opened on all after at most {slowest} ms");
        assert!(slowest <= 1000, "{nodes} nodes: {slowest} ms");
    }
}
