//! Instances that gossip: each has a node of its own, and the nodes tell each other what they know.
//!
//! The nodes are those of the engine `gossip` of `fusebox-fleet`, and as there, an instance's own node answers a verb
//! at once. This module replaces the socket and the crate `chitchat`: it makes rounds, and exchanges over the
//! simulated network.

mod choice;
mod detector;
mod peer;

use std::collections::BTreeSet;
use std::time::Duration;

use experiment::chance::Draw;
use experiment::coordination::LedgerRecord;
use experiment::engine::{Answer, Request};
use fusebox_fleet::engine::EngineError;
use fusebox_fleet::engine::gossip_node::NodeSettings;
use fusebox_fleet::{BreakerKey, Epoch, Incarnation, Settings, View};

pub(crate) use peer::Word;
use peer::{Life, Peer, id};

use crate::nanos;

/// For how many rounds a process tells the others that its instance has left, as in the lab.
const FAREWELL: u64 = 4;

/// All nodes of a fleet.
#[derive(Debug)]
pub(crate) struct Gossip {
    key: BreakerKey,
    plan: NodeSettings,
    interval: u64,
    /// A silence longer than this is no sample of a heartbeat.
    longest: u64,
    luck: Draw,
    /// By instance; `None` while there is no process.
    peers: Vec<Option<Peer>>,
    /// The epochs in which some node was open, each of its incarnation.
    opened: BTreeSet<(Incarnation, Epoch)>,
    counted: LedgerRecord,
}

/// The result of a round.
#[derive(Debug, Default)]
pub(crate) struct Round {
    /// The messages, each with its receiver.
    pub(crate) words: Vec<(u32, Word)>,
    /// When the next round is, if there is one.
    pub(crate) next: Option<u64>,
    /// What the node pushes to its instance.
    pub(crate) news: Option<View>,
}

/// The result of a request.
#[derive(Debug)]
pub(crate) struct Served {
    /// `None` if the node is not ready to answer.
    pub(crate) answer: Option<Answer>,
    pub(crate) news: Option<View>,
}

impl Gossip {
    pub(crate) fn new(rules: &Settings, seed: u64, instances: usize) -> Self {
        let plan = NodeSettings::new(id((0, 0)), rules);
        let plan = if instances > 1 {
            plan.with_others()
        } else {
            plan
        };
        Self {
            key: BreakerKey::new("downstream").expect("it is a name"),
            plan,
            interval: nanos(NodeSettings::usual_interval(rules)).max(1),
            longest: nanos(rules.member_for()),
            luck: Draw::new(seed).with("gossip"),
            peers: (0..instances).map(|_| None).collect(),
            opened: BTreeSet::new(),
            counted: LedgerRecord::default(),
        }
    }

    /// Begins a process; returns when its first round is.
    pub(crate) fn begin(&mut self, now: u64, instance: u32, life: u64) -> u64 {
        let settings = self.plan.clone().named(id((instance, life)));
        let times = (self.interval, self.longest);
        let peer = Peer::new(now, (instance, life), &settings, times);
        self.peers[instance as usize] = Some(peer);
        // Processes do not begin in step.
        let phase = self.luck.with("phase").number(instance.into());
        now.saturating_add(phase.number(life).bits() % self.interval)
    }

    /// Ends a process; one that leaves in an orderly way tells the others first.
    pub(crate) fn end(&mut self, now: u64, instance: u32, leaves: bool) {
        let place = &mut self.peers[instance as usize];
        if !leaves {
            *place = None;
        } else if let Some(peer) = place {
            peer.ends_at = now.saturating_add(FAREWELL * self.interval);
        }
    }

    /// Makes a round of this life of an instance.
    pub(crate) fn round(&mut self, now: u64, life: Life) -> Round {
        let seeds = others_of(life.0, self.peers.len());
        let place = &mut self.peers[life.0 as usize];
        let Some(peer) = place.as_mut().filter(|peer| peer.life == life) else {
            return Round::default();
        };
        if now >= peer.ends_at {
            *place = None;
            return Round::default();
        }
        peer.rounds += 1;
        let luck = self.luck.with("round").number(life.0.into()).number(life.1);
        let chosen = peer.others(now, seeds).chosen(luck.number(peer.rounds));
        let word = peer.opens();
        peer.hears(now, &self.key);
        Round {
            words: chosen.into_iter().map(|to| (to, word.clone())).collect(),
            next: Some(now.saturating_add(self.interval)),
            news: self.news(life.0),
        }
    }

    /// Delivers a message; returns the answer to it, and what the node pushes to its instance. `None` if there is no
    /// process.
    pub(crate) fn hear(
        &mut self,
        now: u64,
        to: u32,
        word: &Word,
    ) -> Option<(Option<Word>, Option<View>)> {
        let peer = self.peers[to as usize].as_mut()?;
        let (answer, is_new) = peer.takes(now, word);
        if is_new {
            peer.hears(now, &self.key);
        }
        Some((answer, self.news(to)))
    }

    /// Passes a request of an instance to its own node, which answers at once.
    pub(crate) fn serve(&mut self, now: u64, instance: u32, request: &Request) -> Served {
        let nothing = Served {
            answer: None,
            news: None,
        };
        let Some(peer) = &mut self.peers[instance as usize] else {
            return nothing;
        };
        let (time, key, node) = (Duration::from_nanos(now), &self.key, &mut peer.node);
        let answer = match request {
            Request::Report(report) => of(node.report(time, key, report)).map(Answer::Reported),
            Request::Acquire(ask) => of(node.acquire(time, key, ask)).map(Answer::Acquired),
            Request::Settle(settlement) => {
                of(node.settle(time, key, settlement)).map(Answer::Settled)
            }
            Request::Leave(sender) => of(node.leave(time, key, sender)).map(|_| Answer::Left),
        };
        peer.says(now);
        if let Some(answer) = &answer {
            self.counted.count(request, answer);
        }
        Served {
            answer,
            news: self.news(instance),
        }
    }

    /// What an instance's node has to push to it.
    fn news(&mut self, instance: u32) -> Option<View> {
        let peer = self.peers[instance as usize].as_mut()?;
        let (_, view) = peer.node.take_news().pop()?;
        self.counted.pushed += 1;
        let era = (view.era.incarnation, view.era.epoch);
        if view.verdict.is_open() && self.opened.insert(era) {
            self.counted.openings += 1;
        }
        Some(view)
    }

    pub(crate) fn counted(&self) -> LedgerRecord {
        self.counted
    }
}

/// The answer, unless the node is not ready to give one.
fn of<T, R>(answer: Result<T, EngineError<R>>) -> Option<Result<T, R>> {
    match answer {
        Ok(done) => Some(Ok(done)),
        Err(EngineError::Refused(refused)) => Some(Err(refused)),
        Err(_) => None,
    }
}

fn others_of(instance: u32, all: usize) -> Vec<u32> {
    let all = u32::try_from(all).unwrap_or(u32::MAX);
    (0..all).filter(|other| *other != instance).collect()
}
