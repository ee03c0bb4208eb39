//! A rig of three instances whose coordinator is told what to do.

use std::sync::Arc;
use std::time::Duration;

use experiment::reading::parse_json;
use experiment::scenario::Coordination;
use fusebox::{Breaker, State, SystemClock};
use fusebox_fleet::Mode;
use fusebox_fleet::host::{RuntimeClock, Status};
use telemetry::trace::Tracer;
use telemetry::{FleetCollector, Metrics, service_metrics};
use tokio::time::{Instant, sleep};

use super::super::super::change::tests::local;
use super::super::{Coordinator, Engines, Instances, Place, Seat, Unchanged};
use crate::settings::{BreakerSettings, Coordinating, GossipPlace};

/// Breakers that do not open by themselves before their fleet does.
pub(super) const BREAKER: &str =
    r#"{"consecutive_failures": 15, "failure_rate_threshold": "off", "probe_successes": 1}"#;
pub(super) const QUORUM: &str = r#"{"mode": "quorum", "suspicion_run": 3}"#;

/// Three instances that decide as somebody says.
pub(super) struct Rig {
    pub(super) coordinator: Arc<Coordinator>,
    pub(super) breakers: Vec<Breaker>,
    pub(super) seats: Vec<Arc<Seat>>,
    metrics: Vec<Metrics>,
    settings: BreakerSettings,
}

impl Rig {
    /// Each instance decides alone.
    pub(super) fn alone() -> Self {
        Self::at([None; 3])
    }

    /// The same, with nodes that gossip at these places.
    pub(super) fn at(nodes: [Option<GossipPlace>; 3]) -> Self {
        Self::from(nodes, local(Coordination::default()), None)
    }

    /// They decide by these settings from the start, over the engine that belongs to them.
    pub(super) async fn from_the_start(settings: Coordinating) -> Self {
        let places = ["A", "B", "C"].map(|name| Place {
            name: name.to_owned(),
            gossip: None,
        });
        let began = Instant::now();
        let engines = Engines::start(&settings, &places, ("d", began)).await;
        Self::from([None; 3], settings, engines.unwrap())
    }

    fn from(
        nodes: [Option<GossipPlace>; 3],
        decides: Coordinating,
        engines: Option<Engines>,
    ) -> Self {
        let settings: BreakerSettings = serde_json::from_str(BREAKER).unwrap();
        let settings = settings.settled();
        let config = settings.config(7).unwrap();
        let clock = RuntimeClock::new();
        let breakers = ["A", "B", "C"].map(|_| Breaker::with_clock("d", config.clone(), clock));
        let metrics = breakers.each_ref().map(|_| service_metrics("test"));
        let names = ["A", "B", "C"].iter().zip(&breakers).zip(&metrics);
        let seats = names.map(|((name, breaker), metrics)| {
            let fleet = FleetCollector::new();
            metrics.register(fleet.clone()).unwrap();
            Arc::new(Seat::new(name, breaker, (Tracer::default(), fleet)))
        });
        let seats: Vec<_> = seats.collect();
        let places = ["A", "B", "C"].into_iter().zip(nodes);
        let places = places.map(|(name, gossip)| Place {
            name: name.to_owned(),
            gossip,
        });
        let instances = Instances {
            breaker: "d",
            clock: SystemClock::new(),
            places: places.collect(),
            seats: seats.clone(),
        };
        let coordinator = Coordinator::begin(instances, decides, (engines, Instant::now()));
        Self {
            coordinator: Arc::new(coordinator),
            breakers: breakers.into(),
            seats,
            metrics: metrics.into(),
            settings,
        }
    }

    /// They decide in this way already, and know each other.
    pub(super) async fn deciding(change: &str) -> Self {
        let rig = Self::alone();
        rig.change(change).await.unwrap();
        rig.settle().await;
        rig
    }

    pub(super) async fn change(&self, text: &str) -> Result<(), Unchanged> {
        let change = parse_json(text.as_bytes()).unwrap();
        let breakers = vec![self.settings; 3];
        self.coordinator.change(change, || breakers).await
    }

    /// Time for reports and what comes of them.
    pub(super) async fn settle(&self) {
        sleep(Duration::from_millis(1500)).await;
    }

    pub(super) fn statuses(&self) -> Vec<Option<Status>> {
        self.seats
            .iter()
            .map(|seat| seat.reader().status())
            .collect()
    }

    /// The mode of each instance, and how many voters it has heard of.
    pub(super) fn standing(&self) -> Vec<(Mode, u32)> {
        let statuses = self.statuses().into_iter().flatten();
        let standing = statuses.map(|status| {
            let votes = status.view.map(|view| view.votes);
            (status.mode, votes.map_or(0, |votes| votes.voters))
        });
        standing.collect()
    }

    pub(super) fn call(&self, is_well: bool) {
        for breaker in &self.breakers {
            let Ok(permit) = breaker.try_acquire() else {
                continue;
            };
            if is_well {
                permit.success();
            } else {
                permit.failure();
            }
        }
    }

    /// Calls fail until the fleet holds all breakers.
    pub(super) async fn until_held(&self) {
        for _ in 0..3 {
            self.call(false);
        }
        self.settle().await;
        for breaker in &self.breakers {
            assert!(breaker.snapshot().hold.is_some(), "{:?}", self.statuses());
        }
    }

    pub(super) fn states(&self) -> Vec<State> {
        self.breakers.iter().map(Breaker::state).collect()
    }

    /// How many reports the first instance has sent, if that is shown.
    pub(super) fn sent(&self) -> Option<f64> {
        let shown = self.metrics[0].expose(None).body;
        let is_it = |line: &&str| {
            let words = ["messages_total{", "\"sent\"", "\"report\""];
            words.iter().all(|word| line.contains(word))
        };
        let line = shown.lines().find(is_it)?;
        line.rsplit_once(' ')?.1.parse().ok()
    }
}
