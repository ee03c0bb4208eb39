//! Everything that an instance needs to join a fleet.

use std::fmt;
use std::sync::Arc;

use fusebox_fleet::engine::gossip::Gossip;
use fusebox_fleet::host::FleetEngine;
use fusebox_fleet::{BreakerKey, Settings};

/// What an instance needs to join a fleet.
pub(crate) struct Joining {
    pub(crate) engine: Arc<dyn FleetEngine>,
    pub(crate) name: EngineName,
    pub(crate) key: BreakerKey,
    pub(crate) rules: Arc<Settings>,
    /// The instance's own node, where it ends with the instance.
    pub(crate) node: Option<Gossip>,
    pub(crate) ready_unless_localised: bool,
}

#[cfg(test)]
impl Joining {
    /// What it takes to join a fleet over this engine.
    pub(crate) fn over(engine: Arc<dyn FleetEngine>, rules: Arc<Settings>) -> Self {
        Self {
            engine,
            name: EngineName {
                kind: "memory",
                address: None,
            },
            key: BreakerKey::new("d").expect("it is a name"),
            rules,
            node: None,
            ready_unless_localised: false,
        }
    }
}

/// An engine as people are told, without user and password.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct EngineName {
    /// `memory`, `redis` or `gossip`.
    pub(crate) kind: &'static str,
    /// Where the server is, or where the instance's node listens; a memory is nowhere.
    pub(crate) address: Option<String>,
}

impl fmt::Display for EngineName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.address {
            Some(address) => write!(f, "{} {address}", self.kind),
            None => f.write_str(self.kind),
        }
    }
}

impl fmt::Debug for Joining {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Joining")
            .field("engine", &self.name)
            .field("key", &self.key)
            .finish_non_exhaustive()
    }
}
