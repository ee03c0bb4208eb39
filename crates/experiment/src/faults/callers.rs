//! The callers of a player: each has a small handle to everything that is prepared once for it.
//!
//! A name is hashed and looked up when its handle is requested; a call uses only the handle. Callers that the plan
//! does not name are strangers. A few of them are told apart; all others share one handle, so a client that calls
//! under ever new names costs no memory. Members of the host's own fleet are all told apart, however many there are.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::Plan;
use super::caller::{Caller, CallerId, Count, Counts, Role, Who};
use super::check::MAX_NAMES;
use super::prepared_rule::Prepared;
use super::strangers::{Known, MAX_STRANGERS};
use crate::chance::{Draw, name_hash};

/// How many callers are prepared only because their truth was asked for; fewer if there are others.
const MAX_PREPARED: usize = 2 * MAX_NAMES;

/// All callers that are told apart. The first is nobody: the empty name.
#[derive(Clone, Debug)]
pub(super) struct Callers {
    all: Vec<Caller>,
    by_name: BTreeMap<Arc<str>, u32>,
    known: Arc<Known>,
    strangers: usize,
    /// How often handles have become invalid.
    pub(super) epoch: u32,
}

/// Whether callers have kept their places.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Follow {
    /// They have.
    On,
    /// They have other ones.
    Anew,
}

/// The counters of a caller on the way from one plan to another.
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

    /// The handle of a caller.
    pub(super) fn enter(&mut self, name: &str, plan: &Plan, rules: &[Prepared]) -> CallerId {
        let place = self.tell_apart(name, plan, rules).unwrap_or_default();
        let caller = &mut self.all[place as usize];
        if caller.role != Role::Member {
            caller.role = Role::Present;
        }
        self.id(place)
    }

    /// The place of a caller, unless there are already too many strangers.
    fn tell_apart(&mut self, name: &str, plan: &Plan, rules: &[Prepared]) -> Option<u32> {
        let found = self.by_name.get(name).copied();
        let known = found.filter(|place| self.all[*place as usize].role != Role::Asked);
        if known.is_some() {
            return known;
        }
        if self.strangers >= MAX_STRANGERS {
            return None;
        }
        self.strangers += 1;
        Some(found.unwrap_or_else(|| self.add(name, Role::Asked, plan, rules)))
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
        let who = who(name, plan, rules);
        self.push(Caller {
            draw: Draw::new(plan.seed()).number(who.hash),
            who,
            calls: 0,
            counts: Vec::new(),
            kept: Counts::new(),
            role,
        })
    }

    fn push(&mut self, mut caller: Caller) -> u32 {
        let place = u32::try_from(self.all.len()).expect("callers are fewer than 2³²");
        caller.who.place = Some(place);
        self.by_name.insert(Arc::clone(&caller.who.name), place);
        self.all.push(caller);
        place
    }

    /// The place of the caller with this handle; an old handle stands for no caller.
    #[inline]
    pub(super) fn place(&self, id: CallerId) -> usize {
        if self.knows(id) { id.place as usize } else { 0 }
    }

    #[inline]
    pub(super) fn knows(&self, id: CallerId) -> bool {
        id.epoch == self.epoch && (id.place as usize) < self.all.len()
    }

    #[inline]
    pub(super) fn at(&self, place: usize) -> &Caller {
        &self.all[place]
    }

    pub(super) fn at_mut(&mut self, place: usize) -> &mut Caller {
        &mut self.all[place]
    }

    /// The caller of this name; one that is not told apart is prepared for the moment.
    pub(super) fn who(&mut self, name: &str, plan: &Plan, rules: &[Prepared]) -> Who {
        let place = match self.by_name.get(name) {
            Some(&place) => place,
            None if self.all.len() < MAX_PREPARED => self.add(name, Role::Asked, plan, rules),
            None => return who(name, plan, rules),
        };
        self.all[place as usize].who.clone()
    }

    /// One of the callers, or all.
    pub(super) fn some(&self, place: Option<usize>) -> &[Caller] {
        match place {
            Some(place) => std::slice::from_ref(&self.all[place]),
            None => &self.all,
        }
    }

    /// The first of all callers with the same truth as this one.
    pub(super) fn class(&self, place: usize) -> usize {
        let name = self.known.stand_in(&self.all[place].who.name);
        self.by_name
            .get(name)
            .map_or(place, |place| *place as usize)
    }

    pub(super) fn class_of(&self, id: CallerId) -> CallerId {
        let place = self.class(self.place(id));
        self.id(u32::try_from(place).unwrap_or_default())
    }

    /// One caller of each group with the same truth.
    pub(super) fn distinct(&self) -> Vec<Who> {
        let places = 0..self.all.len();
        let firsts = places.filter(|place| self.class(*place) == *place);
        firsts.map(|place| self.all[place].who.clone()).collect()
    }

    pub(super) fn known(&self) -> &Known {
        &self.known
    }

    /// The callers that have come, in the order of their names.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        let present = |place: u32| self.all[place as usize].has_come();
        let names = self.by_name.iter();
        names.filter_map(move |(name, &place)| present(place).then_some(&**name))
    }

    /// How many matching calls a rule that counts like this one has seen in this phase.
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

    /// Takes over the counters of `live`, of which this is a clone.
    pub(super) fn follow(&mut self, live: &Self) -> Follow {
        if self.epoch != live.epoch {
            self.clone_from(live);
            return Follow::Anew;
        }
        self.strangers = live.strangers;
        for now in &live.all {
            let place = match self.by_name.get(&now.who.name) {
                Some(&place) => place as usize,
                None => self.push(now.clone()) as usize,
            };
            let caller = &mut self.all[place];
            caller.calls = now.calls;
            caller.role = now.role;
            caller.counts.clone_from(&now.counts);
        }
        Follow::On
    }

    /// The counters of all callers that have come, for another plan.
    pub(super) fn leave(&mut self, rules: &[Prepared]) -> BTreeMap<Arc<str>, Leaving> {
        let all = std::mem::take(&mut self.all).into_iter();
        let came = all.filter(Caller::has_come);
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

    /// Keeps the counters of callers that came under another plan; of those that this plan does not name, as many as
    /// are told apart.
    pub(super) fn take_over(
        &mut self,
        callers: BTreeMap<Arc<str>, Leaving>,
        plan: &Plan,
        rules: &[Prepared],
    ) {
        for (name, leaving) in callers {
            let place = match leaving.role {
                Role::Member => Some(self.admit(&name, plan, rules).place),
                _ => self.tell_apart(&name, plan, rules),
            };
            if let Some(place) = place {
                let caller = &mut self.all[place as usize];
                caller.role = leaving.role;
                arrive(caller, leaving, rules);
            }
        }
    }
}

/// Gives a caller the counters that it had under another plan.
fn arrive(caller: &mut Caller, leaving: Leaving, rules: &[Prepared]) {
    caller.calls = leaving.calls;
    caller.kept = leaving.matching;
    for rule in rules {
        if let Some(counter) = rule.counter
            && let Some(count) = caller.kept.remove(&rule.name)
        {
            *caller.count(counter) = count;
        }
    }
}

/// The caller of this name, as the rules see it, that is not told apart yet.
fn who(name: &str, plan: &Plan, rules: &[Prepared]) -> Who {
    let matching = rules.iter().enumerate();
    let matching = matching.filter(|(_, rule)| rule.matches().has_caller(name));
    Who {
        name: name.into(),
        place: None,
        hash: name_hash(name),
        rules: matching.fold(0, |mask, (place, _)| mask | 1 << place),
        deadline: plan.deadline_of(name),
    }
}
