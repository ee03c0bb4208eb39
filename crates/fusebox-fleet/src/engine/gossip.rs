//! The engine without a server: nodes tell each other what they know, and each decides for itself.
//!
//! Each process runs one node, and gives it the reports of its own instances. Nodes exchange what they know
//! over UDP, a few at a time (crate `chitchat`, Scuttlebutt reconciliation), until all know it. A node decides
//! by the rules of the [`Ledger`](crate::Ledger) from what it has heard, at once: no verb waits for a message,
//! and no caller for a verb.
//!
//! # How nodes agree without a center
//! - *Verdict.* Each node says what its instances think, and each counts the votes of all that live. The
//!   verdict has an epoch that grows with each change. Nodes that see the same quorum open the same epoch; of
//!   two epochs the later one is in force wherever they meet.
//! - *Votes.* A suspicion carries the epoch that its instance knew. One from before the fleet closed is no
//!   vote to open it again, so parts of a fleet that meet again do not reopen what one of them has closed.
//! - *Prober.* All nodes draw the same order of the suspects from epoch and names, with the last prober at the
//!   end. The first may claim the lease when somebody may probe, each next one four
//!   [exchanges](GossipSettings::interval) later if nobody has. A suspect without calls costs that wait.
//! - *Order of an operator.* Each node says the newest one that it knows, so it outlives the node where it was
//!   given.
//!
//! # What is different from an engine with one ledger
//! - *A lease is a claim.* Nodes that know the same agree on one prober; parts of a fleet that do not hear each
//!   other have one each. The lease bounds load, and nothing depends on its being exclusive.
//! - *Both parts of a split fleet decide*, each by the votes that it hears. The votes needed shrink with them.
//! - *Views are a node's own.* Its revisions are not comparable with those of another node. Each instance
//!   reports to one node, that of its process.
//! - *Counts of calls are not merged.* [`Mode::Pooled`](crate::Mode::Pooled) and
//!   [`Mode::PooledNaive`](crate::Mode::PooledNaive) are refused: batches of a tenth of a second would have to
//!   reach all nodes, and gossip is slower. Use [`Mode::Quorum`](crate::Mode::Quorum) or
//!   [`Mode::Advisory`](crate::Mode::Advisory), or an engine on a server.
//! - *A name is taken* when a node that knows it hears of a second process with that name, which is refused. Two
//!   processes that took one name while they could not hear each other keep it until they do; then the one
//!   with the lower session keeps it.
//!
//! # Limits
//! - **No encryption, no authentication.** Whoever can send a datagram to the port can vote, order and close.
//!   It belongs on a network where only the fleet can send to it.
//! - A datagram is at most 65,507 bytes, sent in fragments above the network's own limit (1,500 bytes on most),
//!   all of which have to arrive. Each exchange carries a digest of all nodes: about 1,000 nodes fill a
//!   datagram. Tests run fleets of up to 50.
//! - The feature builds `zstd`, which is written in C.
//! - At most 1,000 breakers in use in a cluster, and 128 instances per breaker on a node. What a node knows of a breaker
//!   is given up when no instance uses it any more; what it said of one stays in gossip, about a hundred bytes, until the
//!   node ends.
//! - Messages sent per node and second: 3·min(3, N − 1)/interval for N nodes, whatever the number of breakers;
//!   36 with a heartbeat of 1 s.
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

/// The node could not begin.
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
    /// Begins to gossip over UDP, in the present runtime of `tokio`.
    ///
    /// It waits until the host names of seeds are looked up, never for a seed to answer.
    ///
    /// # Errors
    /// The address cannot be listened on, for example because another process does.
    ///
    /// # Panics
    /// Outside of a runtime of `tokio`.
    pub async fn start(settings: GossipSettings) -> Result<Self, StartError> {
        Self::start_over(settings, UdpTransport).await
    }

    /// Begins to gossip over another transport, such as one inside the process that loses messages.
    ///
    /// The trait is that of the crate `chitchat`.
    ///
    /// # Errors
    /// The transport cannot be opened.
    ///
    /// # Panics
    /// Outside of a runtime of `tokio`.
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

    /// The settings of the node.
    pub fn settings(&self) -> &GossipSettings {
        &self.inner.settings
    }

    /// How many other nodes are alive, by what this one has heard.
    pub fn live_peers(&self) -> usize {
        let now = self.inner.shared.now();
        self.inner.shared.process().node().live(now)
    }

    /// Whether the node knows its fleet, so that it decides. Until then it opens and closes nothing; that takes
    /// a few exchanges, and a membership at most.
    pub fn is_ready(&self) -> bool {
        self.inner.shared.process().node().is_ready()
    }

    /// How many values of other nodes could not be read, and were left out. They are from another release, or
    /// from something that is no node.
    pub fn unreadable(&self) -> u64 {
        self.inner.shared.unread()
    }

    /// Takes all instances of the node off the roll, tells the others, and ends the node. It takes as long as
    /// four exchanges. A node that is dropped without it lapses.
    pub async fn shutdown(&self) {
        let shared = &self.inner.shared;
        shared.process().step(Node::leave_all);
        shared.wake();
        tokio::time::sleep(self.inner.settings.interval() * 4).await;
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

/// Why a node does nothing now, if it does not.
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
