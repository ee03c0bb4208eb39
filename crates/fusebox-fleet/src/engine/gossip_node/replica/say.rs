//! The statements of a node about a breaker.

use std::time::Duration;

use super::Replica;
use crate::command::Command;
use crate::engine::gossip_node::share::{Claim, Entry, MOST, Share};
use crate::message::Sender;
use crate::number::Epoch;
use crate::opinion::Opinion;

impl Replica {
    /// What this node has to say.
    pub(in crate::engine::gossip_node) fn share(&self, now: Duration) -> Share {
        Share {
            round: self.round.clone(),
            next_probe_in: self.next_probe.saturating_sub(now),
            steps_back_for: self.steps_back_until.saturating_sub(now),
            command: self.command,
            entries: self
                .locals
                .iter()
                .filter(|(_, local)| now < local.lapses)
                .map(|(instance, local)| Entry {
                    from: Sender::new(instance.clone(), local.session),
                    opinion: local.opinion,
                    seen: match local.opinion {
                        Opinion::Suspect => local.seen,
                        Opinion::Idle | Opinion::Fine => Epoch::new(0),
                    },
                    rules: local.rules,
                    member_for: local.member_for,
                })
                .collect(),
            claims: self
                .claims
                .iter()
                .filter(|given| now < given.ends)
                .take(MOST)
                .map(|given| Claim {
                    to: given.to.clone(),
                    token: given.token,
                    remaining: given.ends.saturating_sub(now),
                })
                .collect(),
        }
    }

    /// Whether there is anything to say.
    pub(in crate::engine::gossip_node) fn is_blank(&self) -> bool {
        self.locals.is_empty() && self.command == Command::NONE && self.round.epoch.get() == 0
    }
}
