//! The settings of a node, which it knows before it hears of others.

use std::time::Duration;

use super::id::NodeId;
use crate::number::Revision;
use crate::settings::Settings;

/// After this many exchanges, news has reached all nodes of a fleet of 200, or after one more if some are lost.
const ROUNDS_TO_ALL: u32 = 4;

/// The settings of a node.
#[derive(Clone, Debug)]
#[must_use]
pub struct NodeSettings {
    pub(in crate::engine) id: NodeId,
    pub(in crate::engine) cluster: String,
    /// Whether there are other nodes to ask first.
    pub(in crate::engine) has_seeds: bool,
    pub(in crate::engine) interval: Duration,
    pub(in crate::engine) heartbeat: Duration,
    pub(in crate::engine) member_for: Duration,
}

impl NodeSettings {
    /// Makes the settings of a node that is the first of its cluster, in a fleet of these settings.
    pub fn new(id: NodeId, fleet: &Settings) -> Self {
        Self {
            id,
            cluster: "fusebox".to_owned(),
            has_seeds: false,
            interval: Self::usual_interval(fleet),
            heartbeat: fleet.heartbeat(),
            member_for: fleet.member_for(),
        }
    }

    /// Returns the same settings for another node.
    pub fn named(mut self, id: NodeId) -> Self {
        self.id = id;
        self
    }

    /// Returns how often a node exchanges what it knows by default: every quarter of the heartbeat.
    pub fn usual_interval(fleet: &Settings) -> Duration {
        fleet.heartbeat() / 4
    }

    /// Notes that there are other nodes, which are asked for the fleet's decisions before this one answers anything.
    pub fn with_others(mut self) -> Self {
        self.has_seeds = true;
        self
    }

    /// How long a node waits for its seeds before it goes on without them.
    pub(super) fn join_wait(&self) -> Duration {
        self.heartbeat
            .max(self.interval.saturating_mul(ROUNDS_TO_ALL))
    }

    /// How long the next suspect waits with its claim.
    pub(super) fn turn(&self) -> Duration {
        self.interval.saturating_mul(ROUNDS_TO_ALL)
    }

    /// Views of a later process have higher revisions than those of an earlier one.
    pub(super) fn first_revision(&self) -> Revision {
        Revision::new(self.id.generation().saturating_mul(1 << 16))
    }
}
