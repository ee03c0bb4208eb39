//! One process that gossips: its node, and what it knows of all others, by Scuttlebutt reconciliation (van Renesse
//! and others, 2008) as `chitchat` does it.
//!
//! An exchange has three messages. The first is a digest: the heartbeat of each known node, and the version of what
//! it has said. The answer is also a digest, with everything that the first one lacks. The last message contains what
//! the answer lacks. Two parts of `chitchat` are left out: a limit of the size of messages, and forgetting the dead
//! after ten minutes.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use fusebox_fleet::BreakerKey;
use fusebox_fleet::engine::gossip_node::{Letter, Node, NodeId, NodeSettings, Sign};

use super::choice::Others;
use super::detector::Detector;

/// An instance in one life of its process.
pub(super) type Life = (u32, u64);

/// The version of a node that has not yet said anything about a breaker.
const MARK: u64 = 1;

/// The heartbeat and version of each known node, in order.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Digest(Vec<(Life, u64, u64)>);

/// What nodes have said, with its version.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Delta(Vec<(Life, u64, Option<Arc<str>>)>);

/// A message of an exchange.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Word {
    Opens(Digest),
    Answers(Digest, Delta),
    Ends(Delta),
}

/// One process.
#[derive(Debug)]
pub(super) struct Peer {
    pub(super) life: Life,
    pub(super) node: Node,
    states: BTreeMap<Life, State>,
    usual: u64,
    longest: u64,
    /// When it stops, after it has told the others that its instance has left.
    pub(super) ends_at: u64,
    pub(super) rounds: u64,
}

/// What is known of one node.
#[derive(Debug)]
struct State {
    id: NodeId,
    heartbeat: u64,
    version: u64,
    text: Option<Arc<str>>,
    /// The version that this process's node has read.
    read: u64,
    detector: Detector,
}

impl State {
    fn new(life: Life) -> Self {
        Self {
            id: id(life),
            heartbeat: 0,
            version: 0,
            text: None,
            read: 0,
            detector: Detector::default(),
        }
    }
}

/// The name of a node is here that of its address; instances have names of their own.
pub(super) fn id((instance, life): Life) -> NodeId {
    let [_, high, middle, low] = instance.to_be_bytes();
    let address = ([10, high, middle, low], 7280);
    NodeId::new(&format!("n{instance}"), life, address.into())
}

impl Peer {
    pub(super) fn new(now: u64, life: Life, settings: &NodeSettings, times: (u64, u64)) -> Self {
        let own = State {
            heartbeat: 1,
            version: MARK,
            ..State::new(life)
        };
        Self {
            life,
            node: Node::new(Duration::from_nanos(now), settings),
            states: BTreeMap::from([(life, own)]),
            usual: times.0,
            longest: times.1,
            ends_at: u64::MAX,
            rounds: 0,
        }
    }

    fn own(&mut self) -> &mut State {
        let life = self.life;
        self.states.entry(life).or_insert_with(|| State::new(life))
    }

    /// The possible partners for gossip, as it sees them; the seeds are given.
    pub(super) fn others(&mut self, now: u64, seeds: Vec<u32>) -> Others {
        let mut others = Others {
            seeds,
            ..Others::default()
        };
        for (life, state) in &mut self.states {
            if life.0 == self.life.0 {
                continue;
            }
            let kind = if state.detector.judge(now, self.usual) {
                &mut others.living
            } else {
                &mut others.dead
            };
            // Two lives of a process share one address.
            if kind.last() != Some(&life.0) {
                kind.push(life.0);
            }
        }
        others
    }

    /// Begins a round; returns the message for each chosen node.
    pub(super) fn opens(&mut self) -> Word {
        self.own().heartbeat += 1;
        Word::Opens(self.digest())
    }

    /// Takes in a message; returns the answer to it, and whether anything was new.
    pub(super) fn takes(&mut self, now: u64, word: &Word) -> (Option<Word>, bool) {
        self.own().heartbeat += 1;
        match word {
            Word::Opens(digest) => {
                self.beats(now, digest);
                (
                    Some(Word::Answers(self.digest(), self.delta(digest))),
                    false,
                )
            }
            Word::Answers(digest, delta) => {
                self.beats(now, digest);
                let is_new = self.learns(delta);
                (Some(Word::Ends(self.delta(digest))), is_new)
            }
            Word::Ends(delta) => (None, self.learns(delta)),
        }
    }

    fn digest(&self) -> Digest {
        let all = self.states.iter();
        Digest(
            all.map(|(life, it)| (*life, it.heartbeat, it.version))
                .collect(),
        )
    }

    /// What the sender of a digest lacks.
    fn delta(&self, digest: &Digest) -> Delta {
        let mut known = digest.0.iter().peekable();
        let mut lacks = Vec::new();
        for (life, state) in &self.states {
            while known.next_if(|(it, ..)| it < life).is_some() {}
            let there = known.next_if(|(it, ..)| it == life).map_or(0, |it| it.2);
            if state.version > there {
                lacks.push((*life, state.version, state.text.clone()));
            }
        }
        Delta(lacks)
    }

    fn beats(&mut self, now: u64, digest: &Digest) {
        for (life, heartbeat, _) in &digest.0 {
            if *life == self.life {
                continue;
            }
            let state = self
                .states
                .entry(*life)
                .or_insert_with(|| State::new(*life));
            if *heartbeat > state.heartbeat {
                state.heartbeat = *heartbeat;
                state.detector.beat(now, self.longest);
            }
        }
    }

    fn learns(&mut self, delta: &Delta) -> bool {
        let mut is_new = false;
        for (life, version, text) in &delta.0 {
            if *life == self.life {
                continue;
            }
            let state = self
                .states
                .entry(*life)
                .or_insert_with(|| State::new(*life));
            if *version > state.version {
                state.version = *version;
                state.text.clone_from(text);
                is_new = true;
            }
        }
        is_new
    }

    /// Passes what has arrived to the node, and publishes what the node has to say.
    pub(super) fn hears(&mut self, now: u64, key: &BreakerKey) {
        if self.node.reads_again() {
            self.states.values_mut().for_each(|state| state.read = 0);
        }
        let (mut signs, mut letters) = (Vec::new(), Vec::new());
        for (life, state) in &mut self.states {
            if *life == self.life {
                continue;
            }
            signs.push(Sign {
                node: state.id.clone(),
                heartbeat: state.heartbeat,
                has_state: state.version >= MARK,
            });
            if let Some(text) = state.text.as_deref().filter(|_| state.version > state.read) {
                state.read = state.version;
                letters.push(Letter {
                    node: state.id.clone(),
                    key: key.as_str().to_owned(),
                    text: text.to_owned(),
                });
            }
        }
        self.node.hear(Duration::from_nanos(now), &signs, letters);
        self.says(now);
    }

    /// Makes what the node has to say available for the next exchanges.
    pub(super) fn says(&mut self, now: u64) {
        for (_, text) in self.node.letters(Duration::from_nanos(now)) {
            let own = self.own();
            own.version += 1;
            own.text = Some(text.into());
        }
    }
}
