//! The traffic of gossip over real sockets on loopback, in real time. Larger fleets, which one process would slow
//! down, are in `cost`.
//!
//! ```text
//! cargo test -p fusebox-fleet --features gossip --test gossip traffic -- --ignored --nocapture
//! ```

#![expect(
    clippy::print_stdout,
    reason = "the figures are what the command is for"
)]

use std::net::{SocketAddr, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;
use chitchat::ChitchatEnvelope;
use chitchat::transport::{RecvOutcome, SendOutcome, Socket, Transport, UdpTransport};
use fusebox_fleet::engine::Engine;
use fusebox_fleet::engine::gossip::{Gossip, GossipSettings};
use fusebox_fleet::{InstanceId, Opinion, Report, Sender, Sequence, Session};
use tokio::time::{Instant, sleep};

use crate::fleet::{S, builder, key, within};

/// Datagrams, and the bytes in them, of all sockets.
#[derive(Clone, Default)]
struct Counting(Arc<[AtomicU64; 2]>);

struct Counted {
    socket: Box<dyn Socket>,
    sent: Counting,
}

#[async_trait]
impl Transport for Counting {
    async fn open(&self, address: SocketAddr) -> anyhow::Result<Box<dyn Socket>> {
        Ok(Box::new(Counted {
            socket: UdpTransport.open(address).await?,
            sent: self.clone(),
        }))
    }
}

#[async_trait]
impl Socket for Counted {
    fn local_addr(&self) -> anyhow::Result<SocketAddr> {
        self.socket.local_addr()
    }

    async fn send(
        &mut self,
        to: SocketAddr,
        envelope: ChitchatEnvelope,
    ) -> anyhow::Result<SendOutcome> {
        let sent = self.socket.send(to, envelope).await?;
        self.sent.0[0].fetch_add(1, Ordering::Relaxed);
        self.sent.0[1].fetch_add(sent.num_bytes_sent as u64, Ordering::Relaxed);
        Ok(sent)
    }

    async fn recv(&mut self) -> anyhow::Result<RecvOutcome> {
        self.socket.recv().await
    }
}

impl Counting {
    fn read(&self) -> [f64; 2] {
        self.0.each_ref().map(|sum| {
            let sum = sum.load(Ordering::Relaxed);
            f64::from(u32::try_from(sum).unwrap())
        })
    }
}

#[tokio::test]
#[ignore = "the figures need real time: the command stands above"]
async fn what_nodes_send_over_udp() {
    for count in [3, 10] {
        let settings = Arc::new(builder().build().unwrap());
        let sockets: Vec<UdpSocket> = (0..count)
            .map(|_| UdpSocket::bind("127.0.0.1:0").unwrap())
            .collect();
        let places: Vec<String> = sockets
            .iter()
            .map(|socket| socket.local_addr().unwrap().to_string())
            .collect();
        drop(sockets);
        let sent = Counting::default();
        let mut nodes = Vec::new();
        for (number, place) in places.iter().enumerate() {
            let node = GossipSettings::builder(&format!("n{number}"), place, &settings)
                .seeds(places.iter().take(3).cloned())
                .build()
                .unwrap();
            nodes.push(Gossip::start_over(node, sent.clone()).await.unwrap());
        }
        within(20 * S, "the nodes meet", || {
            nodes.iter().all(|node| node.live_peers() == count - 1)
        })
        .await;
        let (began, before) = (Instant::now(), sent.read());
        for beat in 1..=10 {
            for (number, node) in nodes.iter().enumerate() {
                let name = InstanceId::new(&format!("i{number}")).unwrap();
                let sender = Sender::new(name, Session::new(1));
                let mut report = Report::new(sender, Opinion::Fine, Arc::clone(&settings));
                report.sequence = Sequence::new(beat);
                node.report(&key(), &report).await.unwrap();
            }
            sleep(S).await;
        }
        let (passed, after) = (began.elapsed().as_secs_f64(), sent.read());
        let each = passed * f64::from(u32::try_from(count).unwrap());
        println!(
            "{count} nodes: {:.1} datagrams/s and {:.0} bytes/s sent per node",
            (after[0] - before[0]) / each,
            (after[1] - before[1]) / each
        );
    }
}
