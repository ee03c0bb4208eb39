//! The nodes that gossip has told of, and which of them are alive.
//!
//! A node is alive while its heartbeat, a counter that gossip carries, grows. A node whose heartbeat was seen but has
//! not grown yet may have died long ago. It has no vote, but its instances keep their names.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

use super::id::NodeId;

/// All other nodes.
#[derive(Debug)]
pub(super) struct Roster {
    /// The address where this node is reached; another node at that address is an earlier life of it.
    me: SocketAddr,
    nodes: BTreeMap<NodeId, Sight>,
    /// When this node began.
    began: Duration,
    /// How long an instance counts after its last sign of life.
    member_for: Duration,
    /// How long this node waits for a seed's first answer.
    join_wait: Duration,
    has_seeds: bool,
    is_ready: bool,
}

/// What is known of one node.
#[derive(Debug)]
struct Sight {
    first: Duration,
    heartbeat: u64,
    /// When its heartbeat last grew.
    grown: Option<Duration>,
    has_state: bool,
    /// A later process has its address, so this one is gone.
    is_replaced: bool,
}

/// What gossip says about a node now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sign {
    /// The identity of the node.
    pub node: NodeId,
    /// A counter that grows while the node is alive, as far as it was heard.
    pub heartbeat: u64,
    /// Whether any of the node's data has arrived, and not only the news that the node exists.
    pub has_state: bool,
}

impl Roster {
    pub(super) fn new(
        me: SocketAddr,
        (began, member_for): (Duration, Duration),
        (join_wait, has_seeds): (Duration, bool),
    ) -> Self {
        Self {
            me,
            nodes: BTreeMap::new(),
            began,
            member_for,
            join_wait,
            has_seeds,
            is_ready: false,
        }
    }

    /// Takes in what gossip says about all nodes. A node that is not among them is forgotten.
    pub(super) fn see(&mut self, now: Duration, signs: &[Sign]) {
        let known: BTreeMap<&NodeId, &Sign> = signs.iter().map(|sign| (&sign.node, sign)).collect();
        self.nodes.retain(|node, _| known.contains_key(node));
        for sign in signs {
            let sight = self.nodes.entry(sign.node.clone()).or_insert(Sight {
                first: now,
                heartbeat: sign.heartbeat,
                grown: None,
                has_state: false,
                is_replaced: false,
            });
            sight.has_state = sign.has_state;
            if sign.heartbeat > sight.heartbeat {
                sight.heartbeat = sign.heartbeat;
                sight.grown = Some(now);
            }
            let is_me = sign.node.address() == self.me;
            sight.is_replaced = is_me
                || signs.iter().any(|other| {
                    other.node.address() == sign.node.address()
                        && other.node.generation() > sign.node.generation()
                });
        }
        self.is_ready = self.is_ready || self.has_settled(now);
    }

    /// Whether this node has the data of all others that it has heard of, or has waited long enough.
    pub(super) fn has_joined(&self, now: Duration) -> bool {
        let mut others = self
            .nodes
            .values()
            .filter(|sight| !sight.is_replaced)
            .peekable();
        let has_heard = others.peek().is_some() && others.all(|sight| sight.has_state);
        !self.has_seeds || has_heard || now >= self.began.saturating_add(self.join_wait)
    }

    /// Whether this node knows all others that are alive. Before that, it decides nothing.
    pub(super) fn is_ready(&self) -> bool {
        self.is_ready
    }

    fn has_settled(&self, now: Duration) -> bool {
        let knows_all = self.nodes.values().all(|sight| {
            let is_known = sight.grown.is_some() && sight.has_state;
            is_known || sight.is_replaced || now >= sight.first.saturating_add(self.member_for)
        });
        self.has_joined(now) && (knows_all || now >= self.began.saturating_add(self.member_for))
    }

    /// Until when an instance on this node has a vote.
    pub(super) fn votes_until(&self, node: &NodeId, member_for: Duration) -> Option<Duration> {
        let sight = self.nodes.get(node).filter(|sight| !sight.is_replaced)?;
        Some(sight.grown?.saturating_add(member_for))
    }

    /// Until when no other process may have the name of an instance on this node.
    pub(super) fn named_until(&self, node: &NodeId, member_for: Duration) -> Option<Duration> {
        let sight = self.nodes.get(node).filter(|sight| !sight.is_replaced)?;
        Some(
            sight
                .grown
                .unwrap_or(sight.first)
                .saturating_add(member_for),
        )
    }

    /// Whether gossip remembers the node, dead or alive.
    pub(super) fn knows(&self, node: &NodeId) -> bool {
        self.nodes.get(node).is_some_and(|sight| !sight.is_replaced)
    }

    /// How many other nodes are alive.
    pub(super) fn live(&self, now: Duration) -> usize {
        self.nodes
            .keys()
            .filter(|node| {
                let until = self.votes_until(node, self.member_for);
                until.is_some_and(|until| now < until)
            })
            .count()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const S: Duration = Duration::from_secs(1);

    fn roster() -> Roster {
        Roster::new(
            ([127, 0, 0, 1], 9).into(),
            (Duration::ZERO, 3 * S),
            (S, true),
        )
    }

    fn sign(port: u16, generation: u64, heartbeat: u64) -> Sign {
        Sign {
            node: NodeId::new("a", generation, ([127, 0, 0, 1], port).into()),
            heartbeat,
            has_state: true,
        }
    }

    #[test]
    fn a_node_votes_once_its_heartbeat_grows_and_until_it_stands_still() {
        let mut roster = roster();
        let node = sign(1, 1, 7).node;
        roster.see(S, &[sign(1, 1, 7)]);
        assert_eq!(roster.votes_until(&node, 3 * S), None);
        assert_eq!(roster.named_until(&node, 3 * S), Some(4 * S));
        assert!(!roster.is_ready());

        roster.see(2 * S, &[sign(1, 1, 8)]);
        roster.see(4 * S, &[sign(1, 1, 8)]);

        assert!(roster.is_ready());
        assert_eq!(roster.votes_until(&node, 3 * S), Some(5 * S));
        assert_eq!((roster.live(4 * S), roster.live(5 * S)), (1, 0));
    }

    #[test]
    fn a_restarted_process_at_the_same_address_replaces_the_one_before() {
        let mut roster = roster();
        roster.see(Duration::ZERO, &[sign(1, 1, 7)]);
        roster.see(S, &[sign(1, 1, 8), sign(1, 2, 1)]);

        assert_eq!(roster.votes_until(&sign(1, 1, 0).node, 3 * S), None);
        assert!(!roster.knows(&sign(1, 1, 0).node));
        assert!(roster.knows(&sign(1, 2, 0).node));
        roster.see(S, &[sign(9, 1, 8)]);
        assert!(!roster.knows(&sign(9, 1, 0).node)); // this node's own earlier life
    }

    #[test]
    fn without_an_answer_of_a_seed_a_node_goes_on_after_a_while() {
        let mut roster = roster();
        roster.see(S / 2, &[]);
        assert!(!roster.has_joined(S / 2) && !roster.is_ready());

        roster.see(S, &[]);

        assert!(roster.has_joined(S) && roster.is_ready());
    }
}
