//! The callers of a player: each has a small handle, and behind it all that is prepared of the caller once.
//!
//! A name is hashed and looked up when its handle is asked for; a call only goes by the handle. Those whom the
//! plan does not name are strangers, of whom a few are told apart; all others have the handle of nobody, so
//! whoever calls under ever new names costs no memory. Members of the host's own fleet are told apart however
//! many there are.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use super::Plan;
use super::prepared::Prepared;
use super::strangers::{Known, MAX_STRANGERS};
use crate::chance::{Draw, name_hash};

/// A caller as a [`Player`](super::Player) knows it: small, and good for any number of calls.
///
/// It is good for the player that gave it and for those that follow that one, until the plan is patched or a
/// patch is taken back; after that it stands for nobody in particular, until it is asked for anew.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CallerId {
    place: u32,
    epoch: u32,
}

/// All callers that are told apart. The first is nobody: the empty name.
#[derive(Clone, Debug)]
pub(super) struct Callers {
    all: Vec<Caller>,
    by_name: BTreeMap<Arc<str>, u32>,
    known: Arc<Known>,
    strangers: usize,
    /// How often handles have lost their meaning.
    pub(super) epoch: u32,
}

/// What is prepared of one caller, and how often it has called.
#[derive(Clone, Debug)]
pub(super) struct Caller {
    pub(super) who: Who,
    /// The luck of all its calls.
    pub(super) draw: Draw,
    /// How many there were.
    pub(super) calls: u64,
    counts: Vec<Count>,
    /// Counts of rules that the plan does not have now.
    kept: Counts,
    role: Role,
}

/// A caller as rules see it, whether it has called or not.
#[derive(Clone, Debug)]
pub(super) struct Who {
    pub(super) name: Arc<str>,
    /// Where it is among the callers, if it is told apart.
    pub(super) place: Option<usize>,
    /// The hash of its name.
    pub(super) hash: u64,
    /// The rules that may match it, by bit.
    pub(super) rules: u64,
    /// After how long an answer has failed.
    pub(super) deadline: Duration,
}

/// Why a caller is told apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Role {
    /// The plan names it; it has not come yet.
    Awaited,
    /// It has come.
    Present,
    /// The host answers for it.
    Member,
}

/// Matching calls that a rule has counted in a phase.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Count {
    pub(super) ordinal: u64,
    pub(super) calls: u64,
}

type Counts = BTreeMap<Arc<str>, Count>;

/// The counts of a caller on the way from one plan to another.
#[derive(Clone, Debug)]
pub(super) struct Leaving {
    pub(super) calls: u64,
    pub(super) matching: Counts,
    role: Role,
}

impl Callers {
    pub(super) fn new(plan: &Plan, rules: &[Prepared], epoch: u32) -> Self {
        let known = Arc::new(Known::of(plan));
        let mut callers = Self {
            all: Vec::new(),
            by_name: BTreeMap::new(),
            known: Arc::clone(&known),
            strangers: 0,
            epoch,
        };
        callers.add("", Role::Awaited, plan, rules);
        for name in known.all_names() {
            callers.add(name, Role::Awaited, plan, rules);
        }
        callers
    }

    /// The handle of one who calls.
    pub(super) fn enter(&mut self, name: &str, plan: &Plan, rules: &[Prepared]) -> CallerId {
        let place = if let Some(&place) = self.by_name.get(name) {
            let caller = &mut self.all[place as usize];
            if caller.role == Role::Awaited {
                caller.role = Role::Present;
            }
            place
        } else if self.strangers < MAX_STRANGERS {
            self.strangers += 1;
            self.add(name, Role::Present, plan, rules)
        } else {
            self.all[0].role = Role::Present;
            0
        };
        self.id(place)
    }

    /// The handle of a member of the host's own fleet.
    pub(super) fn admit(&mut self, name: &str, plan: &Plan, rules: &[Prepared]) -> CallerId {
        let place = match self.by_name.get(name) {
            Some(&place) => place,
            None => self.add(name, Role::Member, plan, rules),
        };
        self.all[place as usize].role = Role::Member;
        self.id(place)
    }

    fn id(&self, place: u32) -> CallerId {
        CallerId {
            place,
            epoch: self.epoch,
        }
    }

    fn add(&mut self, name: &str, role: Role, plan: &Plan, rules: &[Prepared]) -> u32 {
        let place = u32::try_from(self.all.len()).expect("callers are fewer than 2³²");
        let mut who = Who::of(name, plan, rules);
        who.place = Some(place as usize);
        self.by_name.insert(Arc::clone(&who.name), place);
        self.all.push(Caller {
            draw: Draw::new(plan.seed).number(who.hash),
            who,
            calls: 0,
            counts: Vec::new(),
            kept: Counts::new(),
            role,
        });
        place
    }

    /// Where the caller with this handle is; an old handle is nobody's.
    pub(super) fn place(&self, id: CallerId) -> usize {
        if id.epoch == self.epoch && (id.place as usize) < self.all.len() {
            id.place as usize
        } else {
            0
        }
    }

    pub(super) fn at(&self, place: usize) -> &Caller {
        &self.all[place]
    }

    pub(super) fn at_mut(&mut self, place: usize) -> &mut Caller {
        &mut self.all[place]
    }

    /// Who has this name; one who is not told apart is prepared for the moment.
    pub(super) fn who(&self, name: &str, plan: &Plan, rules: &[Prepared]) -> Who {
        match self.by_name.get(name) {
            Some(&place) => self.all[place as usize].who.clone(),
            None => Who::of(name, plan, rules),
        }
    }

    pub(super) fn known(&self) -> &Known {
        &self.known
    }

    /// Those who have come, in the order of their names.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        let present = |place: u32| self.all[place as usize].role != Role::Awaited;
        let names = self.by_name.iter();
        names.filter_map(move |(name, &place)| present(place).then_some(&**name))
    }

    /// How many matching calls a rule that counts as this one has seen in this phase.
    pub(super) fn counted(&self, place: Option<usize>, counter: usize, ordinal: u64) -> u64 {
        let count = place.and_then(|place| self.all[place].counts.get(counter));
        count.map_or(0, |count| {
            if count.ordinal == ordinal {
                count.calls
            } else {
                0
            }
        })
    }

    /// Takes the counts of `live`, of which this was cloned.
    pub(super) fn follow(&mut self, live: &Self) {
        if self.epoch != live.epoch || self.all.len() > live.all.len() {
            self.clone_from(live);
            return;
        }
        self.strangers = live.strangers;
        for (caller, now) in self.all.iter_mut().zip(&live.all) {
            caller.calls = now.calls;
            caller.role = now.role;
            caller.counts.clone_from(&now.counts);
        }
        for place in self.all.len()..live.all.len() {
            let new = &live.all[place];
            let number = u32::try_from(place).unwrap_or(u32::MAX);
            self.by_name.insert(Arc::clone(&new.who.name), number);
            self.all.push(new.clone());
        }
    }

    /// The counts of all who have come, for another plan.
    pub(super) fn leave(&mut self, rules: &[Prepared]) -> BTreeMap<Arc<str>, Leaving> {
        let all = std::mem::take(&mut self.all).into_iter();
        let came = all.filter(|caller| caller.role != Role::Awaited);
        let leaving = came.map(|caller| {
            let mut matching = caller.kept;
            for rule in rules {
                let count = rule.counter.and_then(|counter| caller.counts.get(counter));
                if let Some(count) = count.filter(|count| **count != Count::default()) {
                    matching.insert(Arc::clone(&rule.name), *count);
                }
            }
            let leaving = Leaving {
                calls: caller.calls,
                matching,
                role: caller.role,
            };
            (caller.who.name, leaving)
        });
        leaving.collect()
    }

    /// Keeps the counts of callers who came under another plan; of those that this one does not name, as
    /// many as are told apart.
    pub(super) fn take_over(
        &mut self,
        callers: BTreeMap<Arc<str>, Leaving>,
        plan: &Plan,
        rules: &[Prepared],
    ) {
        for (name, leaving) in callers {
            if leaving.role == Role::Member {
                self.admit(&name, plan, rules);
            } else if self.by_name.contains_key(&name) || self.strangers < MAX_STRANGERS {
                self.enter(&name, plan, rules);
            } else {
                continue;
            }
            let place = self.by_name[&name] as usize;
            self.all[place].arrive(leaving, rules);
        }
    }
}

impl Caller {
    fn arrive(&mut self, leaving: Leaving, rules: &[Prepared]) {
        self.calls = leaving.calls;
        self.kept = leaving.matching;
        for rule in rules {
            if let Some(counter) = rule.counter
                && let Some(count) = self.kept.remove(&rule.name)
            {
                *self.count(counter) = count;
            }
        }
    }

    /// What a rule that counts has counted.
    fn count(&mut self, counter: usize) -> &mut Count {
        if self.counts.len() <= counter {
            self.counts.resize(counter + 1, Count::default());
        }
        &mut self.counts[counter]
    }

    /// Counts one more matching call of this phase; how many came before?
    pub(super) fn count_one(&mut self, counter: usize, ordinal: u64) -> u64 {
        let count = self.count(counter);
        if count.ordinal != ordinal {
            *count = Count { ordinal, calls: 0 };
        }
        count.calls += 1;
        count.calls - 1
    }
}

impl Who {
    fn of(name: &str, plan: &Plan, rules: &[Prepared]) -> Self {
        let matching = rules.iter().enumerate();
        let matching = matching.filter(|(_, rule)| rule.matches().has_caller(name));
        Self {
            name: name.into(),
            place: None,
            hash: name_hash(name),
            rules: matching.fold(0, |mask, (place, _)| mask | 1 << place),
            deadline: plan.deadline_of(name),
        }
    }
}
