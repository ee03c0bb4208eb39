//! The flags by which instances decide together.

use clap::Args;
use clap::builder::BoolishValueParser;
use experiment::scenario::CoordinationMode;

use crate::settings::{Address, Engine};

/// What instances tell each other, and over which engine.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Coordination")]
pub(crate) struct CoordinationArgs {
    /// How instances decide together: local (each for itself), advisory, quorum or pooled; any-open and
    /// pooled-naive show the harm of naive sharing [default: local]
    #[arg(long, value_name = "MODE", env = "BREAKER_LAB_COORDINATION")]
    pub(crate) coordination: Option<CoordinationMode>,
    #[command(flatten)]
    pub(crate) engine: EngineArgs,
    /// Gossip nodes to contact first, as HOST:PORT, separated by commas; not all need to answer
    /// [default: 127.0.0.1 with ports 7281, 7282, 7283]
    #[arg(
        long,
        value_name = "ADDRESS",
        value_delimiter = ',',
        env = "BREAKER_LAB_GOSSIP_SEEDS"
    )]
    pub(crate) gossip_seeds: Option<Vec<String>>,
    /// Answer 503 at /readyz during a localised failure: this breaker is open while most others are fine
    #[arg(
        long,
        value_parser = BoolishValueParser::new(),
        env = "BREAKER_LAB_READY_UNLESS_LOCALISED"
    )]
    pub(crate) ready_unless_localised: bool,
}

/// Where instances tell each other what they see.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Coordination")]
pub(crate) struct EngineArgs {
    /// Engine that carries opinions between instances: `memory` (within this process), `gossip` (no
    /// server), or the URL of a Redis or Valkey server, such as `redis://127.0.0.1:6379` [default: memory, or the scenario's]
    #[arg(
        long,
        value_name = "ENGINE",
        env = "BREAKER_LAB_ENGINE",
        hide_env_values = true
    )]
    pub(crate) engine: Option<Engine>,
}

/// Where the node of one instance gossips.
#[derive(Args, Clone, Copy, Debug)]
#[command(next_help_heading = "Coordination")]
pub(crate) struct GossipArgs {
    /// UDP address of the instance's gossip node; port 0 picks a free port
    /// [default: 127.0.0.1:7281 for A, 7282 for B, 7283 for C, a free port for others]
    #[arg(long, value_name = "ADDRESS", env = "BREAKER_LAB_GOSSIP_LISTEN")]
    pub(crate) gossip_listen: Option<Address>,
    /// Address at which other gossip nodes reach this one [default: the address it listens on]
    #[arg(long, value_name = "ADDRESS", env = "BREAKER_LAB_GOSSIP_ADVERTISE")]
    pub(crate) gossip_advertise: Option<Address>,
}
