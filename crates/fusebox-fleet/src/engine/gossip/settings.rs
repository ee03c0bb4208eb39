//! The settings of one node: where it listens, which nodes it asks first, and how often it gossips.

mod builder;

use std::net::SocketAddr;
use std::time::Duration;

use chitchat::{ChitchatConfig, ChitchatId, FailureDetectorConfig, ProtocolVersion};

pub use builder::GossipBuilder;

use crate::engine::gossip_node::{Hash, NodeId, NodeSettings};
use crate::number::CommandNumber;
use crate::settings::Settings;

/// The checked settings of one node.
///
/// # Examples
/// ```
/// use fusebox_fleet::engine::gossip::GossipSettings;
/// use fusebox_fleet::{Mode, Settings};
/// use std::time::Duration;
///
/// let fleet = Settings::builder(Mode::Quorum).build()?;
/// let settings = GossipSettings::builder("checkout-1", "10.0.0.5:7280", &fleet)
///     .seeds(["10.0.0.6:7280", "checkout.internal:7280"])
///     .build()?;
/// assert_eq!(settings.interval(), Duration::from_millis(250)); // a quarter of a heartbeat
///
/// let error = GossipSettings::builder("checkout-1", "10.0.0.5", &fleet).build().unwrap_err();
/// assert_eq!(
///     error.to_string(),
///     "listen = \"10.0.0.5\" is not allowed: it must be an address with a port, such as 10.0.0.5:7280",
/// );
/// # Ok::<(), fusebox_fleet::SettingsError>(())
/// ```
#[derive(Clone, Debug)]
pub struct GossipSettings {
    name: String,
    cluster: String,
    listen: SocketAddr,
    advertise: SocketAddr,
    seeds: Vec<String>,
    interval: Duration,
    suspicion: f64,
    forget_dead_after: Duration,
    generation: u64,
    heartbeat: Duration,
    member_for: Duration,
}

impl GossipSettings {
    /// Returns a builder with the defaults for a fleet of these settings. `name` has to be unique in the cluster,
    /// such as the name of the instance; `listen` is the address to listen on.
    pub fn builder(name: &str, listen: &str, fleet: &Settings) -> GossipBuilder {
        GossipBuilder::new(name, listen, fleet)
    }

    /// Returns the name of the node.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns the name of the cluster.
    pub fn cluster(&self) -> &str {
        &self.cluster
    }

    /// Returns the address that the node listens on.
    pub fn listen(&self) -> SocketAddr {
        self.listen
    }

    /// Returns the address by which other nodes reach this one.
    pub fn advertise(&self) -> SocketAddr {
        self.advertise
    }

    /// Returns how often the node gossips.
    pub fn interval(&self) -> Duration {
        self.interval
    }

    /// What the node has to know about itself.
    pub(super) fn node(&self) -> NodeSettings {
        let me = self.advertise.to_string();
        NodeSettings {
            id: NodeId::new(&self.name, self.generation, self.advertise),
            cluster: self.cluster.clone(),
            has_seeds: self.seeds.iter().any(|seed| *seed != me),
            interval: self.interval,
            heartbeat: self.heartbeat,
            member_for: self.member_for,
        }
    }

    /// Orders that two nodes take in the same millisecond have different numbers.
    pub(super) fn command_number(&self) -> CommandNumber {
        let mut hash = Hash::new();
        hash.text(&self.name);
        CommandNumber::new(unix_ms().saturating_mul(1 << 16) | (hash.mixed() >> 48))
    }

    pub(super) fn config(&self, restarts: u64) -> ChitchatConfig {
        let generation = self.generation.saturating_add(restarts);
        ChitchatConfig {
            chitchat_id: ChitchatId::new(self.name.as_str(), generation, self.advertise),
            // Another format of shares makes another cluster.
            cluster_id: format!("fusebox-fleet/1/{}", self.cluster),
            gossip_interval: self.interval,
            listen_addr: self.listen,
            seed_nodes: self.seeds.clone(),
            failure_detector_config: FailureDetectorConfig {
                phi_threshold: self.suspicion,
                sampling_window_size: 100,
                max_interval: self.member_for,
                initial_interval: self.interval,
                dead_node_grace_period: self.forget_dead_after,
            },
            marked_for_deletion_grace_period: self.forget_dead_after,
            catchup_callback: None,
            extra_liveness_predicate: None,
            protocol_version: ProtocolVersion::V1,
        }
    }
}

/// The time that orders the commands of different nodes and of different lives of a node. It decides nothing else.
#[expect(
    clippy::disallowed_methods,
    reason = "an order has to be newer than those of processes that have ended"
)]
fn unix_ms() -> u64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    since.map_or(0, |since| {
        u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
    })
}
