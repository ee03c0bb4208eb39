//! All that one node knows: a copy of each breaker's state, and which other nodes are alive.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::time::Duration;

use super::id::NodeId;
use super::replica::{Moment, NotCounted, Replica};
use super::roster::{Roster, Sign};
use super::round::Hash;
use super::settings::NodeSettings;
use super::share::Share;
use crate::command::{Command, Order};
use crate::engine::{EngineError, Unavailable};
use crate::ledger::Standing;
use crate::message::{
    Acquire, AcquireRefused, Fenced, Lease, Report, ReportRefused, Sender, Settlement,
};
use crate::name::BreakerKey;
use crate::number::{CommandNumber, Incarnation, Revision};
use crate::view::{Era, View};

/// The most breakers that a node keeps, including those for which an operator has ever given an order.
const MOST_KEYS: usize = 1000;

/// The knowledge of one node.
///
/// Times are those of the node's own clock, which never goes back.
#[derive(Debug)]
pub struct Node {
    cluster: String,
    revision: Revision,
    turn: Duration,
    roster: Roster,
    rooms: BTreeMap<BreakerKey, Room>,
    news: Vec<(BreakerKey, View)>,
    /// A room was opened, so what others have said about its breaker has to be read once more.
    reads_again: bool,
}

/// One breaker.
#[derive(Debug)]
struct Room {
    replica: Replica,
    /// What listeners know.
    told: (Era, Command),
    /// What the other nodes were told.
    said: Option<Share>,
}

/// A message of another node about one breaker.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Letter {
    /// The node that said it.
    pub node: NodeId,
    /// The breaker, as text from outside.
    pub key: String,
    /// The message, as [`Node::letters`] writes it.
    pub text: String,
}

impl Node {
    /// Makes a node that knows nothing yet.
    pub fn new(now: Duration, settings: &NodeSettings) -> Self {
        let mut roster = Roster::new(
            settings.id.address(),
            (now, settings.member_for),
            (settings.join_wait(), settings.has_seeds),
        );
        roster.see(now, &[]);
        Self {
            cluster: settings.cluster.clone(),
            revision: settings.first_revision(),
            turn: settings.turn(),
            roster,
            rooms: BTreeMap::new(),
            news: Vec::new(),
            reads_again: false,
        }
    }

    /// Counts an opinion of an instance that reports to this node, and answers with the whole view.
    ///
    /// # Errors
    /// [`ReportRefused`] if the node refuses the report, or [`Unavailable`] if it cannot
    /// count it, or not yet.
    pub fn report(
        &mut self,
        now: Duration,
        key: &BreakerKey,
        report: &Report,
    ) -> Result<View, EngineError<ReportRefused>> {
        self.step(now, key, |replica, at| replica.report(at, report))?
            .map_err(|why| match why {
                NotCounted::Refused(refused) => EngineError::Refused(refused),
                NotCounted::Unavailable(reason) => {
                    EngineError::Unavailable(Unavailable::new(reason))
                }
            })
    }

    /// Asks for the right to probe, which is a claim, if it is this instance's turn.
    ///
    /// # Errors
    /// [`AcquireRefused`] if the node refuses the lease, or [`Unavailable`] before it has
    /// joined.
    pub fn acquire(
        &mut self,
        now: Duration,
        key: &BreakerKey,
        ask: &Acquire,
    ) -> Result<Lease, EngineError<AcquireRefused>> {
        self.step(now, key, |replica, at| replica.acquire(at, ask))?
            .map_err(EngineError::Refused)
    }

    /// Takes in the result of a probe.
    ///
    /// # Errors
    /// [`Fenced`] if the lease is not in force, or [`Unavailable`] before the node has
    /// joined.
    pub fn settle(
        &mut self,
        now: Duration,
        key: &BreakerKey,
        settlement: &Settlement,
    ) -> Result<View, EngineError<Fenced>> {
        self.step(now, key, |replica, at| replica.settle(at, settlement))?
            .map_err(EngineError::Refused)
    }

    /// Removes an instance from the roll.
    ///
    /// # Errors
    /// [`Unavailable`] before the node has joined.
    pub fn leave(
        &mut self,
        now: Duration,
        key: &BreakerKey,
        sender: &Sender,
    ) -> Result<(), EngineError<Infallible>> {
        self.step(now, key, |replica, at| replica.leave(at, sender))
    }

    /// Puts an operator's order in force for all instances. `number` is its place among the orders of all nodes; a
    /// number that is not above the newest known order is replaced by the next one above it.
    ///
    /// # Errors
    /// [`Unavailable`] before the node has joined.
    pub fn order(
        &mut self,
        now: Duration,
        key: &BreakerKey,
        (number, order): (CommandNumber, Order),
    ) -> Result<View, EngineError<Infallible>> {
        self.step(now, key, |replica, at| replica.order(at, number, order))
    }

    /// Reads everything about a key, and changes nothing.
    pub fn peek(&self, now: Duration, key: &BreakerKey) -> Standing {
        let at = Moment {
            now,
            roster: &self.roster,
        };
        match self.rooms.get(key) {
            Some(room) => room.replica.peek(at),
            None => self.replica(key).peek(at),
        }
    }

    /// Takes in what gossip has brought, and decides anew. `signs` are those of all other nodes that gossip knows; a
    /// node that is not among them is forgotten. Returns how many letters could not be read.
    pub fn hear(&mut self, now: Duration, signs: &[Sign], letters: Vec<Letter>) -> u64 {
        self.roster.see(now, signs);
        let mut unread = 0;
        for letter in letters {
            let key = BreakerKey::new(&letter.key).ok();
            let share = Share::read(&letter.text);
            let (Some(key), Some(share)) = (key, share) else {
                unread += 1;
                continue;
            };
            // What a node without an instance there remembers is read when it is needed.
            let is_needed = !share.says_nothing() || self.rooms.contains_key(&key);
            if is_needed
                && self.open_room(&key).is_some()
                && let Some(room) = self.rooms.get_mut(&key)
            {
                room.replica.merge(now, &letter.node, share);
            }
        }
        let at = Moment {
            now,
            roster: &self.roster,
        };
        for (key, room) in &mut self.rooms {
            room.replica.reconsider(at);
            self.news
                .extend(room.news(at).map(|view| (key.clone(), view)));
        }
        unread
    }

    /// Returns what the other nodes have not been told yet: everything that this node says about a breaker, which
    /// replaces what it said before.
    pub fn letters(&mut self, now: Duration) -> Vec<(BreakerKey, String)> {
        let mut letters = Vec::new();
        for (key, room) in &mut self.rooms {
            let share = room.replica.share(now);
            let content = share.content();
            let is_news = match &room.said {
                Some(said) => *said != content,
                None => !room.replica.is_blank(),
            };
            if is_news {
                letters.push((key.clone(), share.write()));
                room.said = Some(content);
            }
        }
        letters
    }

    /// Drops what is known of breakers that no instance of any node uses any more, unless somebody listens. Call this
    /// after the others were told what [`letters`](Self::letters) says.
    pub fn forget_unused(&mut self, now: Duration, is_heard: impl Fn(&BreakerKey) -> bool) {
        self.rooms
            .retain(|key, room| is_heard(key) || !room.is_unused(now));
    }

    /// Returns whether all that others have said has to be given to [`hear`](Self::hear) once more, because a breaker
    /// is now used whose letters were ignored before.
    pub fn reads_again(&mut self) -> bool {
        std::mem::take(&mut self.reads_again)
    }

    /// Begins to take in what others say about a breaker before an instance reports. Returns whether there is room
    /// for it.
    pub fn open(&mut self, key: &BreakerKey) -> bool {
        self.open_room(key).is_some()
    }

    /// Returns the views, for listeners, whose verdict or order is new: all since the last call.
    pub fn take_news(&mut self) -> Vec<(BreakerKey, View)> {
        std::mem::take(&mut self.news)
    }

    /// Returns whether a seed has answered, or the node has waited long enough for one; before that it answers
    /// nothing.
    pub fn has_joined(&self, now: Duration) -> bool {
        self.roster.has_joined(now)
    }

    /// Returns whether the node knows its fleet, so that it decides.
    pub fn is_ready(&self) -> bool {
        self.roster.is_ready()
    }

    /// Returns how many other nodes are alive, as far as this node has heard.
    pub fn live(&self, now: Duration) -> usize {
        self.roster.live(now)
    }

    /// Removes all instances of the node from the roll; [`letters`](Self::letters) tells the others.
    pub fn leave_all(&mut self) {
        for room in self.rooms.values_mut() {
            room.replica.leave_all();
        }
    }

    /// Says everything again, because the gossip that carried it was lost.
    pub fn say_all_again(&mut self) {
        for room in self.rooms.values_mut() {
            room.said = None;
        }
    }

    /// Takes one step on the copy of a breaker, and keeps what is new for listeners.
    fn step<T, R>(
        &mut self,
        now: Duration,
        key: &BreakerKey,
        step: impl FnOnce(&mut Replica, Moment<'_>) -> T,
    ) -> Result<T, EngineError<R>> {
        let unavailable = |reason: String| EngineError::Unavailable(Unavailable::new(reason));
        if !self.roster.has_joined(now) {
            return Err(unavailable("no seed has answered yet".to_owned()));
        }
        let too_many = || unavailable(format!("a node keeps at most {MOST_KEYS} breakers"));
        self.open_room(key).ok_or_else(too_many)?;
        let room = self.rooms.get_mut(key).ok_or_else(too_many)?;
        let at = Moment {
            now,
            roster: &self.roster,
        };
        let done = step(&mut room.replica, at);
        self.news
            .extend(room.news(at).map(|view| (key.clone(), view)));
        Ok(done)
    }

    fn open_room(&mut self, key: &BreakerKey) -> Option<()> {
        if self.rooms.contains_key(key) {
            return Some(());
        }
        if self.rooms.len() >= MOST_KEYS {
            return None;
        }
        let replica = self.replica(key);
        let at = Moment {
            now: Duration::ZERO,
            roster: &self.roster,
        };
        let view = replica.view(at);
        let room = Room {
            replica,
            told: (view.era, view.command),
            said: None,
        };
        self.rooms.insert(key.clone(), room);
        self.reads_again = true;
        Some(())
    }

    fn replica(&self, key: &BreakerKey) -> Replica {
        let mut hash = Hash::new();
        hash.text(&self.cluster);
        hash.text("/");
        hash.text(key.as_str());
        // This leaves room above for later lives: the higher one is the later one.
        let incarnation = Incarnation::new(hash.mixed() >> 16);
        Replica::new(incarnation, self.revision, self.turn)
    }
}

impl Room {
    fn is_unused(&self, now: Duration) -> bool {
        let said_nothing = self.said.as_ref().is_none_or(Share::says_nothing);
        said_nothing && self.replica.has_nobody(now)
    }

    /// The view, if it says anything that listeners do not know.
    fn news(&mut self, at: Moment<'_>) -> Option<View> {
        let view = self.replica.view(at);
        let told = (view.era, view.command);
        (told != self.told).then(|| {
            self.told = told;
            view
        })
    }
}
