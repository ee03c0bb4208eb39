//! The engine without a server: nodes tell each other what they know, and each decides for itself.
//!
//! Each process runs one node, and its instances report to that node. Nodes exchange what they know over UDP, a few
//! at a time, until all know it (crate `chitchat`, Scuttlebutt reconciliation). From what it has heard, a node
//! decides at once by the rules of the [`Ledger`](crate::Ledger): no verb waits for a message, and no caller for a
//! verb.
//!
//! # How nodes agree without a center
//! - *Verdict.* Each node tells the opinions of its instances, and each node counts the votes of all that are alive.
//!   The verdict has an epoch that grows with each change. Nodes that see the same quorum open the same epoch; of two
//!   epochs, the later one is in force wherever they meet.
//! - *Votes.* A suspicion carries the epoch that its instance knew. A suspicion from before the fleet closed is no
//!   vote to open it again, so parts of a fleet that meet again do not reopen what one of them has closed.
//! - *Prober.* All nodes compute the same order of the suspects from epoch and names, with the last prober at the
//!   end. The first may claim the lease as soon as a probe is possible. Each next one may claim it four
//!   [exchanges](GossipSettings::interval) later, if no other has. A suspect without calls costs that wait.
//! - *Order of an operator.* Each node tells the newest order that it knows, so the order outlives the node where it
//!   was given.
//!
//! # Differences from an engine with one ledger
//! - *A lease is a claim.* Nodes that know the same agree on one prober; parts of a fleet that do not hear each other
//!   have one each. The lease bounds the load of probes, and nothing depends on it being exclusive.
//! - *Both parts of a split fleet decide*, each by the votes that it hears. The votes needed shrink with them.
//! - *Views belong to a node.* Its revisions are not comparable with those of another node. Each instance reports to
//!   the node of its process only.
//! - *Counts of calls are not merged.* [`Mode::Pooled`](crate::Mode::Pooled) and
//!   [`Mode::PooledNaive`](crate::Mode::PooledNaive) are refused, because batches of a tenth of a second would have
//!   to reach all nodes, and gossip is slower. Use [`Mode::Quorum`](crate::Mode::Quorum) or
//!   [`Mode::Advisory`](crate::Mode::Advisory), or an engine on a server.
//! - *A name is taken* when a node that knows it hears of a second process with that name. The second process is
//!   refused. Two processes that took one name while they could not hear each other keep it until they do; then the
//!   process with the lower session keeps it.
//!
//! # Limits
//! - **No encryption, no authentication.** Anyone who can send a datagram to the port can vote, give orders and close
//!   the fleet. Use it on a network where only the fleet can send to that port.
//! - A datagram is at most 65,507 bytes. It is sent in fragments above the network's own limit (1,500 bytes on most),
//!   all of which have to arrive. Each exchange carries a digest of all nodes: about 1,000 nodes fill a datagram.
//!   Tests run fleets of up to 50.
//! - The feature builds `zstd`, which is written in C.
//! - A cluster may have at most 1,000 breakers in use, and a node at most 128 instances per breaker. A node drops
//!   what it knows of a breaker when no instance uses that breaker any more. What it said about it stays in gossip,
//!   about a hundred bytes, until the node ends.
//! - Messages sent per node and second: 3·min(3, N − 1)/interval for N nodes, whatever the number of breakers. That
//!   is 36 with a heartbeat of 1 s.
//!
//! # Examples
//! ```
//! use fusebox_fleet::engine::gossip::{Gossip, GossipSettings};
//! use fusebox_fleet::engine::{Engine, Operator};
//! use fusebox_fleet::{
//!     BreakerKey, InstanceId, Mode, Opinion, Report, Sender, Session, Settings,
//! };
//! use std::sync::Arc;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let fleet = Arc::new(Settings::builder(Mode::Quorum).build()?);
//! let settings = GossipSettings::builder("checkout-1", "127.0.0.1:17280", &fleet).build()?;
//! let engine = Gossip::start(settings).await?;
//!
//! let key = BreakerKey::new("inventory")?;
//! let sender = Sender::new(InstanceId::new("checkout-1")?, Session::new(1));
//! let view = engine.report(&key, &Report::new(sender, Opinion::Fine, fleet)).await?;
//! assert_eq!(view.votes.voters, 1);
//! engine.shutdown().await; // the others need not wait until it lapses
//! # Ok(())
//! # }
//! ```

mod driver;
mod process;
mod settings;
mod subscription;

use std::convert::Infallible;
use std::error::Error;
use std::fmt;
use std::future::ready;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use chitchat::transport::{Transport, UdpTransport};
use tokio::task::JoinHandle;

use driver::{Driver, Shared};
use process::State;
pub use settings::{GossipBuilder, GossipSettings};

use super::gossip_node::Node;
use super::{Answer, Engine, EngineError, Events, Operator, Unavailable};
use crate::command::Order;
use crate::ledger::Standing;
use crate::message::{
    Acquire, AcquireRefused, Fenced, Lease, Report, ReportRefused, Sender, Settlement,
};
use crate::name::BreakerKey;
use crate::view::View;

/// How often a node that ends tells all others.
const FAREWELLS: u32 = 4;
/// How long it waits after each time, at most: its own exchanges may be an hour apart.
const FAREWELL_EVERY: Duration = Duration::from_millis(250);

/// One node of a gossiping fleet. Clones are the same node; it ends when the last one is dropped.
///
/// Answers are ready at once. One lock guards what the node knows.
#[derive(Clone)]
pub struct Gossip {
    inner: Arc<Inner>,
}

struct Inner {
    settings: GossipSettings,
    shared: Arc<Shared>,
    driver: JoinHandle<()>,
}

/// The error for a node that could not begin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StartError {
    listen: SocketAddr,
    reason: String,
}

impl fmt::Display for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "cannot gossip on listen = {}: {}; write an address of this machine whose UDP port is free",
            self.listen, self.reason
        )
    }
}

impl Error for StartError {}

impl Gossip {
    /// Starts a node that gossips over UDP, in the present `tokio` runtime.
    ///
    /// It waits until the host names of seeds are resolved, but never for a seed to answer.
    ///
    /// # Errors
    /// [`StartError`] if the address cannot be listened on, for example because another process does.
    ///
    /// # Panics
    /// If there is no `tokio` runtime.
    pub async fn start(settings: GossipSettings) -> Result<Self, StartError> {
        Self::start_over(settings, UdpTransport).await
    }

    /// Starts a node that gossips over another transport, for example one inside the process that loses messages.
    ///
    /// The transport implements the trait of the crate `chitchat`.
    ///
    /// # Errors
    /// [`StartError`] if the transport cannot be opened.
    ///
    /// # Panics
    /// If there is no `tokio` runtime.
    pub async fn start_over(
        settings: GossipSettings,
        transport: impl Transport,
    ) -> Result<Self, StartError> {
        let shared = Arc::new(Shared::new(&settings));
        let driver = Driver::new(settings.clone(), Box::new(transport), Arc::clone(&shared));
        let handle = driver.begin().await.map_err(|reason| StartError {
            listen: settings.listen(),
            reason,
        })?;
        let inner = Inner {
            settings,
            shared,
            driver: tokio::spawn(driver.run(handle)),
        };
        Ok(Self {
            inner: Arc::new(inner),
        })
    }

    /// Returns the settings of the node.
    pub fn settings(&self) -> &GossipSettings {
        &self.inner.settings
    }

    /// Returns how many other nodes are alive, as far as this node has heard.
    pub fn live_peers(&self) -> usize {
        let now = self.inner.shared.now();
        self.inner.shared.process().node().live(now)
    }

    /// Returns whether the node knows its fleet, so that it decides. Until then it opens and closes nothing. That
    /// takes a few exchanges, and `member_for` at most.
    pub fn is_ready(&self) -> bool {
        self.inner.shared.process().node().is_ready()
    }

    /// Returns how many values of other nodes could not be read and were ignored. They come from another release, or
    /// from a program that is no node.
    pub fn unreadable(&self) -> u64 {
        self.inner.shared.unread()
    }

    /// Removes all instances of the node from the roll, tells the other nodes at once, and ends the node. It takes as
    /// long as four exchanges, and a second at most. If a node is dropped without this, its instances lapse.
    pub async fn shutdown(&self) {
        let shared = &self.inner.shared;
        shared.process().step(Node::leave_all);
        let pause = self.inner.settings.interval().min(FAREWELL_EVERY);
        // More than once, because datagrams get lost.
        for _ in 0..FAREWELLS {
            shared.tell_all();
            tokio::time::sleep(pause).await;
        }
        self.inner.end();
    }

    /// Takes one step on what the node knows.
    fn step<T, R>(
        &self,
        step: impl FnOnce(&mut Node, Duration) -> Result<T, EngineError<R>>,
    ) -> Result<T, EngineError<R>> {
        let shared = &self.inner.shared;
        let now = shared.now();
        let mut process = shared.process();
        if let Some(why) = stopped(process.state()) {
            return Err(EngineError::Unavailable(why));
        }
        let done = process.step(|node| step(node, now));
        drop(process);
        shared.wake();
        done
    }
}

/// The reason why a node does nothing now, if it does not.
fn stopped(state: &State) -> Option<Unavailable> {
    match state {
        State::Up => None,
        State::Down(reason) => Some(Unavailable::new(reason.clone())),
        State::Ended => Some(Unavailable::new("the node has ended")),
    }
}

impl fmt::Debug for Gossip {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Gossip")
            .field("settings", &self.inner.settings)
            .finish_non_exhaustive()
    }
}

impl Inner {
    fn end(&self) {
        self.driver.abort();
        self.shared.process().set_state(State::Ended);
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.end();
    }
}

impl Engine for Gossip {
    fn report<'a>(
        &'a self,
        key: &'a BreakerKey,
        report: &'a Report,
    ) -> Answer<'a, Result<View, EngineError<ReportRefused>>> {
        let done = self.step(|node, now| node.report(now, key, report));
        Box::pin(ready(done))
    }

    fn acquire<'a>(
        &'a self,
        key: &'a BreakerKey,
        ask: &'a Acquire,
    ) -> Answer<'a, Result<Lease, EngineError<AcquireRefused>>> {
        let done = self.step(|node, now| node.acquire(now, key, ask));
        Box::pin(ready(done))
    }

    fn settle<'a>(
        &'a self,
        key: &'a BreakerKey,
        settlement: &'a Settlement,
    ) -> Answer<'a, Result<View, EngineError<Fenced>>> {
        let done = self.step(|node, now| node.settle(now, key, settlement));
        Box::pin(ready(done))
    }

    fn leave<'a>(
        &'a self,
        key: &'a BreakerKey,
        sender: &'a Sender,
    ) -> Answer<'a, Result<(), EngineError<Infallible>>> {
        let done = self.step(|node, now| node.leave(now, key, sender));
        Box::pin(ready(done))
    }

    fn events(&self, key: &BreakerKey) -> Box<dyn Events> {
        Box::new(self.inner.shared.process().subscribe(key))
    }
}

impl Operator for Gossip {
    fn order<'a>(
        &'a self,
        key: &'a BreakerKey,
        order: Order,
    ) -> Answer<'a, Result<View, EngineError<Infallible>>> {
        let number = self.inner.settings.command_number();
        let done = self.step(|node, now| node.order(now, key, (number, order)));
        Box::pin(ready(done))
    }

    fn peek<'a>(
        &'a self,
        key: &'a BreakerKey,
    ) -> Answer<'a, Result<Standing, EngineError<Infallible>>> {
        let shared = &self.inner.shared;
        let now = shared.now();
        let process = shared.process();
        let standing = match stopped(process.state()) {
            None => Ok(process.node().peek(now, key)),
            Some(why) => Err(why),
        };
        Box::pin(ready(standing.map_err(EngineError::Unavailable)))
    }
}
