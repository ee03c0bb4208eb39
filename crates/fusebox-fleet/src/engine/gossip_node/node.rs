//! All that one node knows: a copy per breaker, and which other nodes are alive.

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

/// The breakers that a node keeps at most, those among them that an operator has ever ordered anything.
const MOST_KEYS: usize = 1000;

/// One node's knowledge.
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
    /// A room was opened: what others have said of its breaker has to be read once more.
    reads_again: bool,
}

/// One breaker.
#[derive(Debug)]
struct Room {
    replica: Replica,
    /// What those who listen know.
    told: (Era, Command),
    /// What the other nodes are told.
    said: Option<Share>,
}

/// What another node has said about one breaker.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Letter {
    /// Who said it.
    pub node: NodeId,
    /// The breaker, as text from outside.
    pub key: String,
    /// What was said, as [`Node::letters`] writes it.
    pub text: String,
}

impl Node {
    /// A node that knows nothing yet.
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
    /// [`ReportRefused`]; or that the node cannot do it, or not yet.
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

    /// Asks for the right to probe: a claim, if it is this instance's turn.
    ///
    /// # Errors
    /// [`AcquireRefused`]; or that the node has not joined yet.
    pub fn acquire(
        &mut self,
        now: Duration,
        key: &BreakerKey,
        ask: &Acquire,
    ) -> Result<Lease, EngineError<AcquireRefused>> {
        self.step(now, key, |replica, at| replica.acquire(at, ask))?
            .map_err(EngineError::Refused)
    }

    /// Takes in what came of a probe.
    ///
    /// # Errors
    /// [`Fenced`]; or that the node has not joined yet.
    pub fn settle(
        &mut self,
        now: Duration,
        key: &BreakerKey,
        settlement: &Settlement,
    ) -> Result<View, EngineError<Fenced>> {
        self.step(now, key, |replica, at| replica.settle(at, settlement))?
            .map_err(EngineError::Refused)
    }

    /// Takes an instance off the roll.
    ///
    /// # Errors
    /// That the node has not joined yet.
    pub fn leave(
        &mut self,
        now: Duration,
        key: &BreakerKey,
        sender: &Sender,
    ) -> Result<(), EngineError<Infallible>> {
        self.step(now, key, |replica, at| replica.leave(at, sender))
    }

    /// Puts an operator's order in force for all instances. The number puts it in its place among those of other
    /// nodes; one that is not above the newest known order is replaced by the next one above.
    ///
    /// # Errors
    /// That the node has not joined yet.
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

    /// Takes in what gossip has brought, and decides anew. `signs` are of all other nodes that gossip knows; one
    /// that is not among them is forgotten. How many letters could not be read is returned.
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
            // What a node that has no instance there remembers is read when somebody needs it.
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

    /// What the other nodes have to be told that they were not: the whole of what this node says of a breaker,
    /// which replaces what it said before.
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

    /// Gives up what is known of breakers that no instance of any node uses any more, unless somebody listens. To be
    /// called when the others have been told what [`letters`](Self::letters) says.
    pub fn forget_unused(&mut self, now: Duration, is_heard: impl Fn(&BreakerKey) -> bool) {
        self.rooms
            .retain(|key, room| is_heard(key) || !room.is_unused(now));
    }

    /// Whether all that others have said has to be given to [`hear`](Self::hear) once more: a breaker is used now whose
    /// letters were left out before.
    pub fn reads_again(&mut self) -> bool {
        std::mem::take(&mut self.reads_again)
    }

    /// Begins to take in what others say of a breaker, before an instance reports; says whether there is room for it.
    pub fn open(&mut self, key: &BreakerKey) -> bool {
        self.open_room(key).is_some()
    }

    /// Views with another verdict or order than the one before, for those who listen: all since the last call.
    pub fn take_news(&mut self) -> Vec<(BreakerKey, View)> {
        std::mem::take(&mut self.news)
    }

    /// Whether a seed has answered, or the node has waited long enough for one; it answers nothing before.
    pub fn has_joined(&self, now: Duration) -> bool {
        self.roster.has_joined(now)
    }

    /// Whether the node knows its fleet, so that it decides.
    pub fn is_ready(&self) -> bool {
        self.roster.is_ready()
    }

    /// How many other nodes are alive, by what this one has heard.
    pub fn live(&self, now: Duration) -> usize {
        self.roster.live(now)
    }

    /// Takes all instances of the node off the roll; [`letters`](Self::letters) tell the others.
    pub fn leave_all(&mut self) {
        for room in self.rooms.values_mut() {
            room.replica.leave_all();
        }
    }

    /// What was said is lost with the gossip that carried it: all is said again.
    pub fn say_all_again(&mut self) {
        for room in self.rooms.values_mut() {
            room.said = None;
        }
    }

    /// Takes one step on the copy of a breaker, and keeps what is new for those who listen.
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
        // Room above for lives to come: the higher one is the later one.
        let incarnation = Incarnation::new(hash.mixed() >> 16);
        Replica::new(incarnation, self.revision, self.turn)
    }
}

impl Room {
    fn is_unused(&self, now: Duration) -> bool {
        let said_nothing = self.said.as_ref().is_none_or(Share::says_nothing);
        said_nothing && self.replica.has_nobody(now)
    }

    /// The view, if it says what those who listen do not know.
    fn news(&mut self, at: Moment<'_>) -> Option<View> {
        let view = self.replica.view(at);
        let told = (view.era, view.command);
        (told != self.told).then(|| {
            self.told = told;
            view
        })
    }
}
