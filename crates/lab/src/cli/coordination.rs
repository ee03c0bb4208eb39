//! The flags by which instances decide together.

use clap::Args;
use clap::builder::BoolishValueParser;
use experiment::scenario::CoordinationMode;

use crate::settings::{Address, Engine};

/// What instances tell each other, and over which engine.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Coordination")]
pub(crate) struct CoordinationArgs {
    /// How instances decide together: local, advisory, quorum or pooled; any-open and pooled-naive show what
    /// goes wrong [default: local, each for itself]
    #[arg(long, value_name = "MODE", env = "BREAKER_LAB_COORDINATION")]
    pub(crate) coordination: Option<CoordinationMode>,
    #[command(flatten)]
    pub(crate) engine: EngineArgs,
    /// Gossip nodes that are asked first, as HOST:PORT; some that live are enough
    /// [default: 127.0.0.1 and 7281, 7282, 7283]
    #[arg(
        long,
        value_name = "ADDRESS",
        value_delimiter = ',',
        env = "BREAKER_LAB_GOSSIP_SEEDS"
    )]
    pub(crate) gossip_seeds: Option<Vec<String>>,
    /// `/readyz` says no while the failure is the instance's own: its breaker is open, and most others are fine
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
    /// Where they tell each other: `memory` (within this process), `gossip` (no server), or the address of a
    /// Redis or Valkey server, <redis://127.0.0.1:6379> [default: memory]
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
    /// Where the instance's gossip node listens, by UDP; port 0 is any free
    /// [default: 127.0.0.1:7281 for A, 7282 for B, 7283 for C, any free port for others]
    #[arg(long, value_name = "ADDRESS", env = "BREAKER_LAB_GOSSIP_LISTEN")]
    pub(crate) gossip_listen: Option<Address>,
    /// Where other gossip nodes reach it [default: where it listens]
    #[arg(long, value_name = "ADDRESS", env = "BREAKER_LAB_GOSSIP_ADVERTISE")]
    pub(crate) gossip_advertise: Option<Address>,
}
