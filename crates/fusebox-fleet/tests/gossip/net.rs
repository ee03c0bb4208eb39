//! A network inside the process, which counts, loses, delays and cuts what nodes send.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use chitchat::ChitchatEnvelope;
use chitchat::transport::{ChannelTransport, RecvOutcome, SendOutcome, Socket, Transport};
use tokio::sync::mpsc;

/// Clones are the same network.
#[derive(Clone, Default)]
pub(crate) struct Net(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    inboxes: BTreeMap<SocketAddr, mpsc::UnboundedSender<RecvOutcome>>,
    /// The share of messages that are lost.
    loss: f64,
    /// The longest a message takes.
    delay: Duration,
    /// Nodes with a port from this one on hear no others, and are not heard by them.
    cut: Option<u16>,
    sent: Sent,
    chance: Option<fastrand::Rng>,
}

/// What all nodes have sent.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Sent {
    pub(crate) messages: u64,
    pub(crate) bytes: u64,
    pub(crate) largest: u64,
}

impl Net {
    pub(crate) fn lose(&self, share: f64) {
        self.0.lock().unwrap().loss = share;
    }

    pub(crate) fn delay(&self, most: Duration) {
        self.0.lock().unwrap().delay = most;
    }

    pub(crate) fn cut_from(&self, port: u16) {
        self.0.lock().unwrap().cut = Some(port);
    }

    pub(crate) fn heal(&self) {
        self.0.lock().unwrap().cut = None;
    }

    /// The socket of this address breaks.
    pub(crate) fn break_socket(&self, address: SocketAddr) {
        self.0.lock().unwrap().inboxes.remove(&address);
    }

    pub(crate) fn sent(&self) -> Sent {
        self.0.lock().unwrap().sent
    }

    pub(crate) fn count_anew(&self) {
        self.0.lock().unwrap().sent = Sent::default();
    }
}

impl State {
    /// After which time it arrives.
    fn fate(&mut self, from: SocketAddr, to: SocketAddr) -> Option<Duration> {
        let chance = self
            .chance
            .get_or_insert_with(|| fastrand::Rng::with_seed(7));
        let is_cut = self
            .cut
            .is_some_and(|port| (from.port() < port) != (to.port() < port));
        let is_lost = chance.f64() < self.loss;
        let delay = self.delay.mul_f64(chance.f64());
        (!is_cut && !is_lost).then_some(delay)
    }
}

#[async_trait]
impl Transport for Net {
    async fn open(&self, address: SocketAddr) -> anyhow::Result<Box<dyn Socket>> {
        let wire = Wire::new().await?;
        let (sender, inbox) = mpsc::unbounded_channel();
        let mut state = self.0.lock().unwrap();
        if state
            .inboxes
            .get(&address)
            .is_some_and(|sender| !sender.is_closed())
        {
            anyhow::bail!("the address is in use");
        }
        state.inboxes.insert(address, sender);
        Ok(Box::new(Port {
            net: self.clone(),
            address,
            inbox,
            wire,
        }))
    }
}

/// Writes a message and reads it back, as a socket would.
struct Wire {
    near: Box<dyn Socket>,
    far: Box<dyn Socket>,
}

impl Wire {
    async fn new() -> anyhow::Result<Self> {
        let channel = ChannelTransport::default();
        let any = ([127, 0, 0, 1], 0).into();
        Ok(Self {
            near: channel.open(any).await?,
            far: channel.open(any).await?,
        })
    }

    async fn carry(&mut self, envelope: ChitchatEnvelope) -> anyhow::Result<RecvOutcome> {
        self.near.send(self.far.local_addr()?, envelope).await?;
        self.far.recv().await
    }
}

struct Port {
    net: Net,
    address: SocketAddr,
    inbox: mpsc::UnboundedReceiver<RecvOutcome>,
    wire: Wire,
}

#[async_trait]
impl Socket for Port {
    fn local_addr(&self) -> anyhow::Result<SocketAddr> {
        Ok(self.address)
    }

    async fn send(
        &mut self,
        to: SocketAddr,
        envelope: ChitchatEnvelope,
    ) -> anyhow::Result<SendOutcome> {
        let mut arrived = self.wire.carry(envelope).await?;
        arrived.from_addr = self.address;
        let size = arrived.num_bytes_received;
        let mut state = self.net.0.lock().unwrap();
        state.sent.messages += 1;
        state.sent.bytes += size as u64;
        state.sent.largest = state.sent.largest.max(size as u64);
        let delay = state.fate(self.address, to);
        if let (Some(delay), Some(inbox)) = (delay, state.inboxes.get(&to).cloned()) {
            if delay.is_zero() {
                let _ = inbox.send(arrived);
            } else {
                tokio::spawn(async move {
                    tokio::time::sleep(delay).await;
                    let _ = inbox.send(arrived);
                });
            }
        }
        Ok(SendOutcome {
            num_bytes_sent: size,
        })
    }

    async fn recv(&mut self) -> anyhow::Result<RecvOutcome> {
        let arrived = self.inbox.recv().await;
        arrived.ok_or_else(|| anyhow::anyhow!("the socket is broken"))
    }
}
