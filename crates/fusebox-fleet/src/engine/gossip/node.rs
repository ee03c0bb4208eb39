//! All that one node knows: a copy per breaker, and which other nodes are alive.

use std::collections::BTreeMap;
use std::time::Duration;

use chitchat::ChitchatId;
use tokio::sync::watch;

use super::replica::{Moment, Replica};
use super::roster::{Roster, Sign};
use super::round::Hash;
use super::settings::GossipSettings;
use super::share::Share;
use super::subscription::Subscription;
use crate::command::Command;
use crate::ledger::Standing;
use crate::name::BreakerKey;
use crate::number::{Incarnation, Revision};
use crate::view::{Era, View};

/// The breakers that a node keeps at most.
pub(super) const MOST_KEYS: usize = 1000;

/// What stands before the name of a breaker in the keys of gossip.
pub(super) const PREFIX: &str = "b/";

/// One node's knowledge.
#[derive(Debug)]
pub(super) struct Node {
    cluster: String,
    revision: Revision,
    turn: Duration,
    roster: Roster,
    rooms: BTreeMap<BreakerKey, Room>,
    state: State,
    /// A room was opened: what others have said of its breaker has to be read once more.
    reads_again: bool,
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

/// One breaker.
#[derive(Debug)]
struct Room {
    replica: Replica,
    views: watch::Sender<Option<View>>,
    /// What subscribers know.
    told: (Era, Command),
    /// What the other nodes are told.
    said: Option<Share>,
}

/// A share that another node has written.
pub(super) struct Letter {
    pub(super) node: ChitchatId,
    pub(super) key: String,
    pub(super) text: String,
}

impl Node {
    pub(super) fn new(now: Duration, settings: &GossipSettings) -> Self {
        let join_wait = settings.join_wait();
        let mut roster = Roster::new(
            settings.advertise(),
            (now, settings.member_for()),
            (join_wait, settings.has_seeds()),
        );
        roster.see(now, &[]);
        Self {
            cluster: settings.cluster().to_owned(),
            revision: settings.first_revision(),
            turn: settings.turn(),
            roster,
            rooms: BTreeMap::new(),
            state: State::Up,
            reads_again: false,
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
            self.rooms.clear();
        }
        self.state = state;
    }

    pub(super) fn has_joined(&self, now: Duration) -> bool {
        self.roster.has_joined(now)
    }

    pub(super) fn live(&self, now: Duration) -> usize {
        self.roster.live(now)
    }

    pub(super) fn is_ready(&self) -> bool {
        self.roster.is_ready()
    }

    /// Takes one step on the copy of a breaker and tells subscribers what has changed; none where there are too
    /// many breakers.
    pub(super) fn step<T>(
        &mut self,
        now: Duration,
        key: &BreakerKey,
        step: impl FnOnce(&mut Replica, Moment<'_>) -> T,
    ) -> Option<T> {
        self.open_room(key)?;
        let room = self.rooms.get_mut(key)?;
        let at = Moment {
            now,
            roster: &self.roster,
        };
        let done = step(&mut room.replica, at);
        room.tell(at);
        Some(done)
    }

    pub(super) fn peek(&self, now: Duration, key: &BreakerKey) -> Standing {
        let at = Moment {
            now,
            roster: &self.roster,
        };
        match self.rooms.get(key) {
            Some(room) => room.replica.peek(at),
            None => self.replica(key).peek(at),
        }
    }

    pub(super) fn subscribe(&mut self, key: &BreakerKey) -> Subscription {
        let _ = self.open_room(key);
        let views = match self.rooms.get(key) {
            Some(room) => room.views.subscribe(),
            None => watch::channel(None).1,
        };
        Subscription { views }
    }

    /// Takes in what gossip has brought, and decides anew. How many shares could not be read is returned.
    pub(super) fn hear(&mut self, now: Duration, signs: &[Sign], letters: Vec<Letter>) -> u64 {
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
        for room in self.rooms.values_mut() {
            room.replica.reconsider(at);
            room.tell(at);
        }
        unread
    }

    pub(super) fn leave_all(&mut self) {
        for room in self.rooms.values_mut() {
            room.replica.leave_all();
        }
    }

    /// What other nodes have to be told, by key.
    pub(super) fn letters(&mut self, now: Duration) -> Vec<(String, String)> {
        let mut letters = Vec::new();
        for (key, room) in &mut self.rooms {
            let share = room.replica.share(now);
            let content = share.content();
            let is_news = match &room.said {
                Some(said) => *said != content,
                None => !room.replica.is_blank(),
            };
            if is_news {
                letters.push((format!("{PREFIX}{key}"), share.write()));
                room.said = Some(content);
            }
        }
        // The others have been told that no instance is here.
        self.rooms.retain(|_, room| !room.is_unused(now));
        letters
    }

    /// Whether all that others have said has to be read once more.
    pub(super) fn reads_again(&mut self) -> bool {
        std::mem::take(&mut self.reads_again)
    }

    /// A new process of gossip has said nothing yet.
    pub(super) fn say_all_again(&mut self) {
        for room in self.rooms.values_mut() {
            room.said = None;
        }
    }

    fn open_room(&mut self, key: &BreakerKey) -> Option<()> {
        if self.rooms.contains_key(key) {
            return Some(());
        }
        if self.rooms.len() >= MOST_KEYS || self.state == State::Ended {
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
            views: watch::channel(None).0,
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
        said_nothing && self.views.receiver_count() == 0 && self.replica.has_nobody(now)
    }

    fn tell(&mut self, at: Moment<'_>) {
        let view = self.replica.view(at);
        let told = (view.era, view.command);
        if told != self.told {
            self.told = told;
            self.views.send_replace(Some(view));
        }
    }
}
