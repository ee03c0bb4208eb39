//! A node in a process: what it knows, whether it gossips, and who listens to it.

use std::collections::BTreeMap;
use std::time::Duration;

use tokio::sync::watch;

use super::settings::GossipSettings;
use super::subscription::Subscription;
use crate::engine::gossip_node::{Letter, MOST_KEYS, Node, Sign};
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
    /// It does not now, for this reason.
    Down(String),
    /// It never will again.
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
            // Whoever waits for views is told that there will be none.
            self.readers.clear();
        }
        self.state = state;
    }

    pub(super) fn node(&self) -> &Node {
        &self.node
    }

    /// Takes one step on what the node knows, and tells those who listen what has changed.
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
        let has_room = self.readers.len() < MOST_KEYS || self.readers.contains_key(key);
        let views = if has_room && self.state != State::Ended {
            let reader = self.readers.entry(key.clone());
            reader.or_insert_with(|| watch::channel(None).0).subscribe()
        } else {
            watch::channel(None).1
        };
        Subscription { views }
    }

    /// As [`Node::hear`].
    pub(super) fn hear(&mut self, now: Duration, signs: &[Sign], letters: Vec<Letter>) -> u64 {
        self.step(|node| node.hear(now, signs, letters))
    }
}
