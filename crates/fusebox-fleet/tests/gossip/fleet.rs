//! Nodes with one instance each, and the questions that tests ask them.

use std::sync::Arc;
use std::time::Duration;

use fusebox_fleet::engine::gossip::{Gossip, GossipSettings, StartError};
use fusebox_fleet::engine::{Engine, EngineError, Operator};
use fusebox_fleet::{
    Acquire, AcquireRefused, BreakerKey, Era, InstanceId, Lease, Mode, Opinion, ProbeResult,
    Report, ReportRefused, Sender, Sequence, Session, Settings, SettingsBuilder, Settlement,
    Standing, View,
};
use tokio::time::{Instant, sleep};

use crate::net::Net;

pub(crate) const MS: Duration = Duration::from_millis(1);
pub(crate) const S: Duration = Duration::from_secs(1);
pub(crate) const LEASE: Duration = Duration::from_millis(1500);

pub(crate) fn builder() -> SettingsBuilder {
    Settings::builder(Mode::Quorum)
        .open_for(2 * S)
        .probe_timeout(200 * MS)
}

pub(crate) fn key() -> BreakerKey {
    BreakerKey::new("inventory").unwrap()
}

/// An instance and the node of its process.
pub(crate) struct Instance {
    pub(crate) node: Gossip,
    pub(crate) sender: Sender,
    pub(crate) settings: Arc<Settings>,
    sequence: u64,
    pub(crate) seen: Option<Era>,
}

/// Nodes that know the first three as seeds.
pub(crate) struct Fleet {
    pub(crate) net: Net,
    pub(crate) instances: Vec<Instance>,
    lives: u64,
}

impl Fleet {
    pub(crate) async fn new(instances: u16) -> Self {
        let mut fleet = Self {
            net: Net::default(),
            instances: Vec::new(),
            lives: 0,
        };
        // Nodes that exchange at the same instants, without any delay, would be sooner than real ones.
        fleet.net.delay(2 * MS);
        for number in 1..=instances {
            sleep(MS * (u32::from(number) * 97 % 250)).await;
            let instance = fleet.start(number, builder()).await.unwrap();
            fleet.instances.push(instance);
        }
        fleet.settle_in().await;
        fleet
    }

    /// A process with this number: its name and its address.
    pub(crate) async fn start(
        &mut self,
        number: u16,
        fleet: SettingsBuilder,
    ) -> Result<Instance, StartError> {
        self.start_as(&format!("i{number}"), number, fleet).await
    }

    pub(crate) async fn start_as(
        &mut self,
        name: &str,
        port: u16,
        fleet: SettingsBuilder,
    ) -> Result<Instance, StartError> {
        self.lives += 1;
        let fleet = Arc::new(fleet.build().unwrap());
        let settings = GossipSettings::builder(name, &format!("10.0.0.1:{port}"), &fleet)
            .seeds((1..=3).map(|port| format!("10.0.0.1:{port}")))
            .generation(self.lives)
            .build()
            .unwrap();
        Ok(Instance {
            node: Gossip::start_over(settings, self.net.clone()).await?,
            sender: Sender::new(InstanceId::new(name).unwrap(), Session::new(self.lives)),
            settings: fleet,
            sequence: 0,
            seen: None,
        })
    }

    /// Until all nodes know each other.
    pub(crate) async fn settle_in(&self) {
        let others = self.instances.len().saturating_sub(1);
        within(5 * S, "not all nodes know each other", || {
            self.instances
                .iter()
                .all(|instance| instance.node.is_ready() && instance.node.live_peers() == others)
        })
        .await;
    }

    pub(crate) async fn all_say(&mut self, opinion: Opinion) {
        for instance in &mut self.instances {
            instance.say(opinion).await.unwrap();
        }
    }

    pub(crate) async fn say(&mut self, who: &[usize], opinion: Opinion) {
        for number in who {
            self.instances[*number].say(opinion).await.unwrap();
        }
    }

    /// Time passes, and each instance reports the same opinion again with each heartbeat.
    pub(crate) async fn live(&mut self, time: Duration, opinions: &[Opinion]) {
        let end = Instant::now() + time;
        while Instant::now() < end {
            sleep(S.min(end - Instant::now())).await;
            for (instance, opinion) in self.instances.iter_mut().zip(opinions) {
                let _ = instance.say(*opinion).await;
            }
        }
    }

    pub(crate) fn views(&self) -> Vec<View> {
        self.instances
            .iter()
            .map(|instance| instance.peek().view)
            .collect()
    }

    /// Until this holds for what each of these nodes knows; how long that took.
    pub(crate) async fn all_know(&self, what: &str, known: impl Fn(&Standing) -> bool) -> Duration {
        let began = Instant::now();
        within(10 * S, what, || {
            self.instances
                .iter()
                .all(|instance| known(&instance.peek()))
        })
        .await;
        began.elapsed()
    }
}

impl Instance {
    pub(crate) fn report(&mut self, opinion: Opinion) -> Report {
        self.sequence += 1;
        let settings = Arc::clone(&self.settings);
        let mut report = Report::new(self.sender.clone(), opinion, settings);
        report.sequence = Sequence::new(self.sequence);
        report.seen = self.seen;
        report
    }

    pub(crate) async fn say(
        &mut self,
        opinion: Opinion,
    ) -> Result<View, EngineError<ReportRefused>> {
        let report = self.report(opinion);
        let view = self.node.report(&key(), &report).await?;
        self.seen = Some(view.era);
        Ok(view)
    }

    pub(crate) fn peek(&self) -> Standing {
        now(self.node.peek(&key())).unwrap()
    }

    pub(crate) fn acquire(&self) -> Result<Lease, EngineError<AcquireRefused>> {
        let ask = Acquire::new(self.sender.clone(), self.peek().view.era, LEASE);
        now(self.node.acquire(&key(), &ask))
    }

    pub(crate) fn settle(&self, lease: Lease, result: ProbeResult) -> View {
        let settlement = Settlement::new(self.sender.clone(), lease.token, result);
        now(self.node.settle(&key(), &settlement)).unwrap()
    }
}

/// An answer that is ready at once, as all of this engine are.
pub(crate) fn now<T>(answer: impl Future<Output = T>) -> T {
    let mut answer = std::pin::pin!(answer);
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    match answer.as_mut().poll(&mut context) {
        std::task::Poll::Ready(done) => done,
        std::task::Poll::Pending => panic!("a verb waits"),
    }
}

pub(crate) async fn within(time: Duration, what: &str, holds: impl Fn() -> bool) {
    let end = Instant::now() + time;
    while !holds() {
        assert!(Instant::now() < end, "{what} within {time:?}");
        sleep(5 * MS).await;
    }
}
