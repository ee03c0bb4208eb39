//! The node of a process: what it knows, whether it gossips, and who listens to it.

use std::collections::BTreeMap;
use std::time::Duration;

use tokio::sync::watch;

use super::settings::GossipSettings;
use super::subscription::Subscription;
use crate::engine::gossip_node::{Letter, Node, Sign};
use crate::name::BreakerKey;
use crate::view::View;

/// A node, and those who listen.
#[derive(Debug)]
pub(super) struct Process {
    node: Node,
    state: State,
    readers: BTreeMap<BreakerKey, watch::Sender<Option<View>>>,
}

/// Whether the node gossips.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum State {
    Up,
    /// It does not gossip now, for this reason.
    Down(String),
    /// It will never gossip again.
    Ended,
}

impl Process {
    pub(super) fn new(now: Duration, settings: &GossipSettings) -> Self {
        Self {
            node: Node::new(now, &settings.node()),
            state: State::Up,
            readers: BTreeMap::new(),
        }
    }

    pub(super) fn state(&self) -> &State {
        &self.state
    }

    pub(super) fn set_state(&mut self, state: State) {
        if self.state == State::Ended {
            return;
        }
        if state == State::Ended {
            // Readers that wait for views are told that there will be none.
            self.readers.clear();
        }
        self.state = state;
    }

    pub(super) fn node(&self) -> &Node {
        &self.node
    }

    /// Takes one step on what the node knows, and tells listeners about changes.
    pub(super) fn step<T>(&mut self, step: impl FnOnce(&mut Node) -> T) -> T {
        let done = step(&mut self.node);
        for (key, view) in self.node.take_news() {
            if let Some(reader) = self.readers.get(&key) {
                reader.send_replace(Some(view));
            }
        }
        done
    }

    pub(super) fn subscribe(&mut self, key: &BreakerKey) -> Subscription {
        let is_up = self.state != State::Ended;
        let views = if is_up && self.node.open(key) {
            let reader = self.readers.entry(key.clone());
            reader.or_insert_with(|| watch::channel(None).0).subscribe()
        } else {
            watch::channel(None).1
        };
        Subscription { views }
    }

    /// What the other nodes have to be told. Afterwards the node forgets what nobody uses.
    pub(super) fn letters(&mut self, now: Duration) -> Vec<(BreakerKey, String)> {
        let letters = self.step(|node| node.letters(now));
        self.readers.retain(|_, reader| reader.receiver_count() > 0);
        let readers = &self.readers;
        self.node
            .forget_unused(now, |key| readers.contains_key(key));
        letters
    }

    /// As [`Node::hear`].
    pub(super) fn hear(&mut self, now: Duration, signs: &[Sign], letters: Vec<Letter>) -> u64 {
        self.step(|node| node.hear(now, signs, letters))
    }
}
