//! The identity of a node: its name, its life, and the address where others reach it.

use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;

/// A node in one life of its process.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeId {
    name: Arc<str>,
    generation: u64,
    address: SocketAddr,
}

impl NodeId {
    /// Makes the identity of the node of this name, in the life with this number, reached at this address. A later
    /// life has a higher number.
    pub fn new(name: &str, generation: u64, address: SocketAddr) -> Self {
        Self {
            name: name.into(),
            generation,
            address,
        }
    }

    /// Returns the name, unique in a cluster.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns the number of this life.
    pub fn generation(&self) -> u64 {
        self.generation
    }

    /// Returns the address where other nodes reach it.
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

impl fmt::Display for NodeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.name, self.generation, self.address)
    }
}
