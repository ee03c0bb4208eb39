//! The engines of a process: one for all its instances, or a gossip node for each.

use std::collections::BTreeMap;
use std::net::{SocketAddr, UdpSocket};
use std::sync::Arc;
use std::time::Duration;

use experiment::coordination::{LedgerRecord, UsedEngine};
use fusebox_fleet::engine::gossip::Gossip;
use fusebox_fleet::engine::memory::Memory;
use fusebox_fleet::engine::redis::Redis;
use fusebox_fleet::host::FleetEngine;
use fusebox_fleet::{BreakerKey, Settings};
use futures_util::future::join_all;
use tokio::time::{Instant, timeout};

use super::joining::{EngineName, Joining};
use super::staged::{Stage, Staged};
use crate::failure::Failure;
use crate::settings::{Address, Coordinating, Engine, GossipPlace, Instance, Staging};

/// How long a server may take to answer before instances go over to it.
const PATIENCE: Duration = Duration::from_secs(2);

/// An instance, and where its node gossips, if anybody has said so.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    pub(crate) name: String,
    pub(crate) gossip: Option<GossipPlace>,
}

/// The places of these instances, as they were settled.
pub(crate) fn places<'a>(
    instances: impl IntoIterator<Item = (&'a String, &'a Instance)>,
) -> Vec<Place> {
    let places = instances.into_iter().map(|(name, one)| Place {
        name: name.clone(),
        gossip: one.gossip,
    });
    places.collect()
}

/// Started engines, for the instances of one process or of one run.
pub(crate) struct Engines {
    each: Each,
    used: UsedEngine,
    key: BreakerKey,
    rules: Arc<Settings>,
    ready_unless_localised: bool,
}

enum Each {
    /// All instances share one.
    Shared(Arc<dyn FleetEngine>, EngineName),
    /// Each instance has a node of its own, by its name.
    Own(BTreeMap<String, Node>),
    /// One for this run, behind a network, with the names of the instances in their order.
    Staged(Arc<Stage>, Vec<String>),
}

struct Node {
    gossip: Gossip,
    ends: NodeEnds,
}

/// When a node tells the others that it ends.
#[derive(Clone, Copy, PartialEq, Eq)]
enum NodeEnds {
    /// With its instance: others go on.
    WithItsInstance,
    /// With the process: so does the whole fleet.
    WithAll,
}

impl Engines {
    /// Starts what the instances need for the breaker of this name. None where each decides for itself. The faults of
    /// an engine of a scenario count from `began`. Call it within a runtime.
    ///
    /// # Errors
    ///
    /// A node cannot listen where it was asked to. A server that is not there is no error: instances are alone
    /// until it is.
    pub(crate) async fn start(
        settings: &Coordinating,
        places: &[Place],
        (breaker, began): (&str, Instant),
    ) -> Result<Option<Self>, Failure> {
        if settings.is_local() {
            return Ok(None);
        }
        let each = match (&settings.coordination.engine, &settings.staging) {
            (Engine::Memory, Staging::Standing) => Each::Shared(Arc::new(Memory::new()), memory()),
            (
                Engine::Memory,
                Staging::Staged {
                    seed,
                    network,
                    plan,
                },
            ) => {
                let names: Vec<String> = places.iter().map(|place| place.name.clone()).collect();
                let stage = Stage::new(*seed, (network.clone(), plan), (names.len(), began));
                Each::Staged(Arc::new(stage), names)
            }
            (Engine::Redis(server), _) => {
                let name = EngineName {
                    kind: "redis",
                    address: Some(server.address.to_string()),
                };
                Each::Shared(Arc::new(Redis::new(server.address.clone())), name)
            }
            (Engine::Gossip, _) => Each::Own(nodes(settings, places).await?),
        };
        Ok(Some(Self {
            each,
            used: settings.coordination.engine.used(),
            key: key(breaker, settings),
            rules: Arc::clone(&settings.rules),
            ready_unless_localised: settings.ready_unless_localised,
        }))
    }

    /// Whether the engine answers now.
    ///
    /// # Errors
    ///
    /// Why it does not.
    pub(super) async fn check(&self) -> Result<(), String> {
        let Each::Shared(engine, name) = &self.each else {
            return Ok(()); // it is in this process
        };
        match timeout(PATIENCE, engine.peek(&self.key)).await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(why)) => Err(format!("{name} does not answer: {why}")),
            Err(_) => Err(format!("{name} did not answer within {PATIENCE:?}")),
        }
    }

    /// Ends what runs for instances that have left: their nodes tell the others.
    pub(super) async fn end(&self) {
        if let Each::Own(nodes) = &self.each {
            join_all(nodes.values().map(|node| node.gossip.shutdown())).await;
        }
    }

    /// What this instance needs to join.
    pub(crate) fn joining(&self, instance: &str) -> Joining {
        let (engine, name, node): (Arc<dyn FleetEngine>, _, _) = match &self.each {
            Each::Shared(engine, name) => (Arc::clone(engine), name.clone(), None),
            Each::Own(nodes) => {
                let node = nodes.get(instance).expect("each instance has a node");
                let name = EngineName {
                    kind: "gossip",
                    address: Some(node.gossip.settings().listen().to_string()),
                };
                let ends = (node.ends == NodeEnds::WithItsInstance).then(|| node.gossip.clone());
                (Arc::new(node.gossip.clone()), name, ends)
            }
            Each::Staged(stage, names) => {
                let place = names.iter().position(|name| name == instance);
                let place = place.expect("each instance has a place");
                (
                    Arc::new(Staged::new(Arc::clone(stage), place)),
                    memory(),
                    None,
                )
            }
        };
        Joining {
            engine,
            name,
            key: self.key.clone(),
            rules: Arc::clone(&self.rules),
            node,
            ready_unless_localised: self.ready_unless_localised,
        }
    }

    /// What the engine of this run has done so far, where it has one of its own.
    pub(crate) fn ledger(&self) -> Option<LedgerRecord> {
        match &self.each {
            Each::Staged(stage, _) => Some(stage.record()),
            Each::Shared(..) | Each::Own(_) => None,
        }
    }

    /// Where the ledger is, for results.
    pub(crate) fn used(&self) -> UsedEngine {
        self.used
    }

    /// How instances decide, and over which engine, as people are told.
    pub(crate) fn described(&self) -> String {
        let mode = self.rules.mode();
        match &self.each {
            Each::Shared(_, name) => format!("{mode}, engine {name}"),
            Each::Own(nodes) => {
                let nodes = nodes.values();
                let nodes: Vec<String> = nodes
                    .map(|node| node.gossip.settings().listen().to_string())
                    .collect();
                format!("{mode}, engine gossip {}", nodes.join(", "))
            }
            Each::Staged(..) => format!("{mode}, engine memory, with the network of the scenario"),
        }
    }
}

fn memory() -> EngineName {
    EngineName {
        kind: "memory",
        address: None,
    }
}

/// The name under which breakers decide together. On a server one run neither hears another one nor what it left.
fn key(breaker: &str, settings: &Coordinating) -> BreakerKey {
    let is_server = matches!(settings.coordination.engine, Engine::Redis(_));
    let name = match &settings.staging {
        Staging::Staged { seed, .. } if is_server => {
            let run = std::process::id();
            let at = telemetry::unix_now();
            format!("{breaker}-{run}-{at:.3}-{seed}")
        }
        _ => breaker.to_owned(),
    };
    BreakerKey::new(&name).expect("it is short, and made of visible characters")
}

async fn nodes(
    settings: &Coordinating,
    places: &[Place],
) -> Result<BTreeMap<String, Node>, Failure> {
    let places = places.iter().map(|one| {
        let place = one.gossip.unwrap_or_else(GossipPlace::anywhere);
        found(&one.name, place).map(|place| (&one.name, place))
    });
    let places: Vec<(&String, GossipPlace)> = places.collect::<Result<_, _>>()?;
    let ends = match places.len() {
        1 => NodeEnds::WithItsInstance,
        _ => NodeEnds::WithAll,
    };
    let own = places.iter().map(|(_, place)| {
        let reached = place.advertise.unwrap_or(place.listen);
        reached.to_string()
    });
    let seeds: Vec<String> = settings.gossip_seeds.iter().cloned().chain(own).collect();
    let mut nodes = BTreeMap::new();
    for (name, place) in places {
        let node = place.node(name, &settings.rules, &seeds);
        let node = node.map_err(|what| Failure::usage(format!("instance {name}: {what}")))?;
        let gossip = Gossip::start(node).await;
        let gossip = gossip.map_err(|error| taken(name, place.listen, &error.to_string()))?;
        nodes.insert(name.clone(), Node { gossip, ends });
    }
    Ok(nodes)
}

/// The place with a port: a free one where any will do, or where the usual one is taken.
fn found(name: &str, place: GossipPlace) -> Result<GossipPlace, Failure> {
    let any = || SocketAddr::new(place.listen.0.ip(), 0);
    let free = UdpSocket::bind(place.listen.0).or_else(|error| {
        if place.chosen {
            Err(error)
        } else {
            UdpSocket::bind(any())
        }
    });
    let listen = free.and_then(|socket| socket.local_addr());
    let listen = listen.map_err(|error| taken(name, place.listen, &error.to_string()))?;
    Ok(GossipPlace {
        listen: Address(listen),
        ..place
    })
}

fn taken(name: &str, listen: Address, why: &str) -> Failure {
    Failure::usage(format!(
        "instance {name} cannot gossip on {listen} (UDP): {why}; another breaker-lab may hold the port, see \
         ss -lunp; choose another with --gossip-listen 127.0.0.1:PORT or `gossip_listen` in [instance.{name}]"
    ))
}
