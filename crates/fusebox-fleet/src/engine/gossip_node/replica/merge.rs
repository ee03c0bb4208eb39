//! The merge of what another node says.

use std::time::Duration;

use crate::engine::gossip_node::id::NodeId;

use super::{Given, Peer, Replica};
use crate::engine::gossip_node::share::{Claim, Share};

impl Replica {
    /// Takes in a share. The later round and the later command are in force; the node's instances are as it says.
    pub(in crate::engine::gossip_node) fn merge(
        &mut self,
        now: Duration,
        node: &NodeId,
        share: Share,
    ) {
        if share.round > self.round {
            self.adopt(now, &share);
        }
        if share.command.is_newer_than(self.command) {
            self.command = share.command;
        }
        let known = self.peers.get(node).map_or(&[][..], |peer| &peer.claims);
        let claims: Vec<_> = share
            .claims
            .into_iter()
            .map(|claim| heard(now, known, claim))
            .collect();
        for given in &claims {
            if self.round.gave(given.token) {
                self.turns_from = self.turns_from.max(given.ends);
            }
        }
        let peer = Peer {
            incarnation: share.round.incarnation,
            entries: share.entries,
            claims,
        };
        self.peers.insert(node.clone(), peer);
        self.free(now);
        self.write();
    }

    fn adopt(&mut self, now: Duration, share: &Share) {
        let before = self.round.era();
        if before.incarnation != share.round.incarnation {
            self.withdraw();
        }
        self.round = share.round.clone();
        if before != self.round.era() {
            self.begin(now);
        }
        self.next_probe = now.saturating_add(share.next_probe_in);
        self.steps_back_until = now.saturating_add(share.steps_back_for);
        self.turns_from = self.next_probe;
        let ends = self.alive_claims(now).map(|given| given.ends).max();
        self.turns_from = self.turns_from.max(ends.unwrap_or(Duration::ZERO));
    }
}

/// A lease does not last longer because it is told again.
fn heard(now: Duration, known: &[Given], claim: Claim) -> Given {
    let ends = now.saturating_add(claim.remaining);
    let before = known
        .iter()
        .find(|given| given.token == claim.token && given.to == claim.to);
    Given {
        to: claim.to,
        token: claim.token,
        ends: before.map_or(ends, |given| given.ends.min(ends)),
    }
}
