//! The conformance suite on one node, and on three that are asked in turn.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use fusebox_fleet::conformance::{self, Promises, Subject};
use fusebox_fleet::engine::gossip::{Gossip, GossipSettings};
use fusebox_fleet::engine::{Answer, Engine, EngineError, Events, Operator};
use fusebox_fleet::{
    Acquire, AcquireRefused, BreakerKey, Fenced, Lease, Mode, Opinion, Order, Report,
    ReportRefused, Sender, Settings, Settlement, Standing, View,
};
use tokio::time::{Instant, sleep};

use crate::fleet::{MS, now};
use crate::net::Net;

/// Each verb is asked of the node of its instance; then all nodes hear of it before the next verb.
struct Nodes {
    net: Net,
    running: Mutex<Vec<Gossip>>,
    lives: AtomicUsize,
    asked: AtomicUsize,
}

impl Nodes {
    async fn new(number: usize) -> Self {
        let nodes = Self {
            net: Net::default(),
            running: Mutex::new(Vec::new()),
            lives: AtomicUsize::new(0),
            asked: AtomicUsize::new(0),
        };
        nodes.begin(number).await;
        nodes
    }

    async fn begin(&self, number: usize) {
        let fleet = Settings::builder(Mode::Quorum)
            .heartbeat(200 * MS)
            .engine_timeout(100 * MS)
            .stale_after(600 * MS)
            .build()
            .unwrap();
        let mut begun = Vec::new();
        for port in 1..=number {
            let life = self.lives.fetch_add(1, Ordering::Relaxed) as u64;
            let address = format!("10.0.0.1:{port}");
            let settings = GossipSettings::builder(&format!("n{port}"), &address, &fleet)
                .interval(10 * MS)
                .seeds(["10.0.0.1:1"])
                .generation(life)
                .build()
                .unwrap();
            begun.push(
                Gossip::start_over(settings, self.net.clone())
                    .await
                    .unwrap(),
            );
        }
        let knows_all = |node: &Gossip| node.is_ready() && node.live_peers() == number - 1;
        while !begun.iter().all(knows_all) {
            sleep(MS).await;
        }
        *self.running.lock().unwrap() = begun;
    }

    fn all(&self) -> Vec<Gossip> {
        self.running.lock().unwrap().clone()
    }

    fn of(&self, sender: &Sender) -> Gossip {
        let number: usize = sender.instance.as_str()[1..].parse().unwrap();
        let nodes = self.all();
        nodes[number % nodes.len()].clone()
    }

    fn next(&self) -> Gossip {
        let nodes = self.all();
        nodes[self.asked.fetch_add(1, Ordering::Relaxed) % nodes.len()].clone()
    }

    async fn agree(&self, key: &BreakerKey) {
        let end = Instant::now() + 300 * MS;
        loop {
            let known: Vec<_> = self.all().iter().map(|node| shown(node, key)).collect();
            if known.iter().all(|other| *other == known[0]) {
                return;
            }
            assert!(Instant::now() < end, "the nodes do not agree: {known:?}");
            sleep(MS).await;
        }
    }
}

/// What does not depend on when it was heard.
fn shown(node: &Gossip, key: &BreakerKey) -> impl PartialEq + std::fmt::Debug + use<> {
    let standing = now(node.peek(key)).unwrap();
    let members: Vec<(String, Opinion)> = standing
        .members
        .iter()
        .map(|member| (member.instance.to_string(), member.opinion))
        .collect();
    let prober = standing.prober.map(|prober| prober.instance.to_string());
    let view = standing.view;
    (
        view.era,
        view.verdict.is_open(),
        view.command,
        members,
        prober,
        standing.failed_probes,
    )
}

impl Engine for Nodes {
    fn report<'a>(
        &'a self,
        key: &'a BreakerKey,
        report: &'a Report,
    ) -> Answer<'a, Result<View, EngineError<ReportRefused>>> {
        Box::pin(async move {
            let done = self.of(&report.from).report(key, report).await;
            self.agree(key).await;
            done
        })
    }

    fn acquire<'a>(
        &'a self,
        key: &'a BreakerKey,
        ask: &'a Acquire,
    ) -> Answer<'a, Result<Lease, EngineError<AcquireRefused>>> {
        Box::pin(async move {
            let done = self.of(&ask.from).acquire(key, ask).await;
            self.agree(key).await;
            done
        })
    }

    fn settle<'a>(
        &'a self,
        key: &'a BreakerKey,
        settlement: &'a Settlement,
    ) -> Answer<'a, Result<View, EngineError<Fenced>>> {
        Box::pin(async move {
            let done = self.of(&settlement.from).settle(key, settlement).await;
            self.agree(key).await;
            done
        })
    }

    fn leave<'a>(
        &'a self,
        key: &'a BreakerKey,
        sender: &'a Sender,
    ) -> Answer<'a, Result<(), EngineError<std::convert::Infallible>>> {
        Box::pin(async move {
            let done = self.of(sender).leave(key, sender).await;
            self.agree(key).await;
            done
        })
    }

    fn events(&self, key: &BreakerKey) -> Box<dyn Events> {
        self.next().events(key)
    }
}

impl Operator for Nodes {
    fn order<'a>(
        &'a self,
        key: &'a BreakerKey,
        order: Order,
    ) -> Answer<'a, Result<View, EngineError<std::convert::Infallible>>> {
        Box::pin(async move {
            let done = self.next().order(key, order).await;
            self.agree(key).await;
            done
        })
    }

    fn peek<'a>(
        &'a self,
        key: &'a BreakerKey,
    ) -> Answer<'a, Result<Standing, EngineError<std::convert::Infallible>>> {
        Box::pin(async move {
            self.agree(key).await;
            self.next().peek(key).await
        })
    }
}

impl Subject for Nodes {
    fn engine(&self) -> &dyn Engine {
        self
    }

    fn operator(&self) -> &dyn Operator {
        self
    }

    fn pass(&self, time: Duration) -> Answer<'_, ()> {
        Box::pin(sleep(time))
    }

    fn forget(&self) -> Answer<'_, ()> {
        Box::pin(async {
            let number = self.running.lock().unwrap().drain(..).count();
            sleep(MS).await;
            self.begin(number).await;
        })
    }

    fn promises(&self) -> Promises {
        Promises::NONE
    }
}

async fn keeps_every_rule(nodes: usize) {
    let mut checked = 0;
    for rule in conformance::rules() {
        let subject = Nodes::new(nodes).await;
        assert_eq!(rule.check(&subject, "gossip").await, Ok(()));
        checked += 1;
    }
    assert_eq!(checked, 27);
}

#[tokio::test(start_paused = true)]
async fn one_node_keeps_every_rule() {
    keeps_every_rule(1).await;
}

#[tokio::test(start_paused = true)]
async fn three_nodes_keep_every_rule_whichever_is_asked() {
    keeps_every_rule(3).await;
}
