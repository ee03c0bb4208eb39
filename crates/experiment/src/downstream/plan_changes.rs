//! Changes of the plan in force: the plan is replaced or patched. When a plan's time to live is over, the plan before it is in
//! force again.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use super::meeting::{BASE, OVERLOAD, PHASE};
use super::plan_in_force::InForce;
use super::{Downstream, Held, each, learned};
use crate::faults::{FaultPhase, Plan, Player};
use crate::overload::{Start, WorkId, WorkQueue};

/// How many changed parts are remembered.
const MAX_CHANGED: usize = 1024;

/// The plan before one with a time to live.
#[derive(Clone, Debug)]
pub(super) enum Before {
    /// Another plan, whose clock runs on.
    Replaced(Box<InForce>),
    /// The same plan without the patch, with its counters and the ages of its rules.
    Patched(Box<Player>),
}

/// The parts of the plan that have changed, each with the revision that changed it.
#[derive(Clone, Debug)]
pub(super) struct Changed {
    /// The revision that put the plan in force, apart from patches.
    replaced: u64,
    /// The revision that removed or changed each part, for rules by name and for the other parts.
    parts: BTreeMap<String, u64>,
}

/// Whether the plan in force is the same as before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Settled {
    /// It is the same.
    Same,
    /// Its time to live is over, and the plan before it is in force again: there is a new revision.
    GaveWay,
}

/// The error for a change of a plan that has itself changed since it was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Conflict {
    /// The revision in force.
    pub revision: u64,
}

impl Downstream {
    /// Ends a plan whose time to live is over, as of the instant at which it was over.
    ///
    /// Every request for the state at `now` does this first. A host that has to report each change of the plan calls
    /// this itself.
    #[inline]
    pub fn settle(&mut self, now: Duration) -> Settled {
        if self.force.is_mortal && self.force.player.ended(self.elapsed(now)) {
            self.settle_late(now)
        } else {
            Settled::Same
        }
    }

    #[cold]
    fn settle_late(&mut self, now: Duration) -> Settled {
        let end = self.force.player.end_of(&[]);
        let elapsed = end.unwrap_or_else(|| self.elapsed(now));
        self.give_way(elapsed);
        Settled::GaveWay
    }

    /// Checks that the truth of `plan` can be computed at every scrape, given how long callers wait.
    ///
    /// # Errors
    ///
    /// The part of the plan that costs too much, in one line.
    pub fn check(&self, plan: &Plan) -> Result<(), String> {
        plan.check_for_waits(each(&self.waits))
    }

    /// Puts `plan` in force at `now`; counters run on. `expected` is the revision that it replaces.
    ///
    /// # Errors
    ///
    /// [`Conflict`] if another revision is in force.
    pub fn replace(
        &mut self,
        now: Duration,
        plan: Plan,
        expected: Option<u64>,
    ) -> Result<u64, Conflict> {
        let plan = self.admit(now, plan, expected)?;
        self.begin_revision();
        self.let_all_go();
        let was_lasting = self.force.player.plan().ttl().is_none();
        let is_lasting = plan.ttl().is_none();
        let old = std::mem::replace(&mut self.force, InForce::new(plan, now));
        self.force.admit_members(&self.ledger);
        if was_lasting && !is_lasting {
            self.before = Some(Before::Replaced(Box::new(old)));
            return Ok(self.revision);
        }
        self.forget(&old);
        match self.before.take() {
            // A patch for a while, replaced for a while: what was before both comes back as it was.
            Some(Before::Patched(mut player)) if !is_lasting => {
                player.take_back(old.player);
                let unpatched = InForce::of(*player, old.began);
                self.before = Some(Before::Replaced(Box::new(unpatched)));
            }
            before if !is_lasting => self.before = before,
            Some(Before::Replaced(before)) => self.forget(&before),
            _ => {}
        }
        Ok(self.revision)
    }

    /// Goes on with `plan` on the same clock and with the same counters. `expected` is the revision that was patched.
    ///
    /// # Errors
    ///
    /// [`Conflict`] if another revision is in force.
    pub fn patch(
        &mut self,
        now: Duration,
        plan: Plan,
        expected: Option<u64>,
    ) -> Result<u64, Conflict> {
        let plan = self.admit(now, plan, expected)?;
        let elapsed = self.elapsed(now);
        let before = self.force.player.plan();
        if before.ttl().is_none() && plan.ttl().is_some() {
            self.before = Some(Before::Patched(Box::new(self.force.player.clone())));
        } else if plan.ttl().is_none()
            && let Some(Before::Replaced(before)) = self.before.take()
        {
            self.forget(&before);
        }
        self.begin_revision();
        self.change_to(&plan, elapsed);
        self.force.player.patch(plan, elapsed);
        self.force.look_through();
        self.force.admit_members(&self.ledger);
        Ok(self.revision)
    }

    /// Returns whether a call no longer has to wait, because one of the parts of the plan that held it has changed.
    pub fn lets_go(&self, held: &Held) -> bool {
        self.changed.lets_go(held)
    }

    /// Ends the plan `elapsed` after it began, because its time to live is over: the plan before it is in force
    /// again.
    fn give_way(&mut self, elapsed: Duration) {
        self.begin_revision();
        let now = self.force.began.saturating_add(elapsed);
        let next = match self.before.take() {
            Some(Before::Patched(mut player)) => {
                self.change_to(player.plan(), elapsed);
                std::mem::swap(&mut self.force.player, &mut player);
                self.force.player.take_back(*player);
                self.force.look_through();
                self.force.admit_members(&self.ledger);
                return;
            }
            Some(Before::Replaced(before)) => *before,
            None => InForce::new(Plan::healthy(), now),
        };
        self.let_all_go();
        let old = std::mem::replace(&mut self.force, next);
        self.force.admit_members(&self.ledger);
        self.forget(&old);
    }

    fn begin_revision(&mut self) {
        self.revision += 1;
        self.truth_version += 1;
    }

    /// The plan that is to be in force at `now`, with how long callers wait, unless the plan in force has changed
    /// since this revision was read.
    fn admit(
        &mut self,
        now: Duration,
        plan: Plan,
        expected: Option<u64>,
    ) -> Result<Plan, Conflict> {
        self.settle(now);
        let revision = self.revision;
        if expected.is_none_or(|expected| expected == revision) {
            Ok(learned(plan, &self.waits))
        } else {
            Err(Conflict { revision })
        }
    }

    fn let_all_go(&mut self) {
        self.changed = Changed {
            replaced: self.revision,
            parts: BTreeMap::new(),
        };
    }

    /// Notes what differs in `plan`, which goes on with the same clock and counters, and ends what is gone: an
    /// overload model, if it is not the same.
    fn change_to(&mut self, plan: &Plan, elapsed: Duration) {
        let before = self.force.player.plan();
        let active = |plan: &Plan, rule: &str| plan.is_active(rule, elapsed);
        // What the phase itself does; its rules are looked at one by one.
        let phase = |plan: &Plan| FaultPhase {
            rules: Vec::new(),
            ..plan.at(elapsed).phase.clone()
        };
        let rules = before.rules().iter().filter(|(name, rule)| {
            plan.rules().get(*name) != Some(rule) || (active(before, name) && !active(plan, name))
        });
        let rules = rules.map(|(name, _)| name.clone());
        let others = [
            (PHASE, phase(before) != phase(plan)),
            (BASE, before.base() != plan.base()),
            (OVERLOAD, before.overload() != plan.overload()),
        ];
        let others = others.into_iter().filter(|(_, changed)| *changed);
        let parts = others.map(|(part, _)| part.to_owned()).chain(rules);
        self.changed.note(parts, self.revision);
        if before.overload() != plan.overload()
            && let Some(queue) = self.force.queue.take()
        {
            self.wasted += queue.wasted();
        }
    }

    /// Keeps the wasted time of a plan that is gone. Its work goes with it.
    fn forget(&mut self, old: &InForce) {
        self.wasted += old.queue.as_ref().map_or(Duration::ZERO, WorkQueue::wasted);
    }

    /// The plans whose work goes on: the one in force, and the one before it.
    pub(super) fn forces(&self) -> impl Iterator<Item = &InForce> {
        let before = match &self.before {
            Some(Before::Replaced(before)) => Some(&**before),
            _ => None,
        };
        std::iter::once(&self.force).chain(before)
    }

    /// Applies an operation that may start more work to the queue that has this work, with that queue's clock.
    pub(super) fn at_work(
        &mut self,
        id: WorkId,
        happens: impl FnOnce(&mut WorkQueue, Duration) -> Option<Start>,
    ) -> Option<Start> {
        let before = match &mut self.before {
            Some(Before::Replaced(before)) => Some(&mut **before),
            _ => None,
        };
        let mut forces = std::iter::once(&mut self.force).chain(before);
        let (queue, began) = forces.find_map(|force| {
            let began = force.began;
            let queue = force.queue.as_mut().filter(|queue| queue.has(id));
            queue.map(|queue| (queue, began))
        })?;
        let occupancy = queue.occupancy();
        let next = happens(queue, began);
        self.truth_version += u64::from(queue.occupancy() != occupancy);
        next.map(|start| Start {
            until: began.saturating_add(start.until),
            ..start
        })
    }
}

impl Default for Changed {
    fn default() -> Self {
        Self {
            replaced: 1,
            parts: BTreeMap::new(),
        }
    }
}

impl Changed {
    fn note(&mut self, parts: impl Iterator<Item = String>, revision: u64) {
        self.parts.extend(parts.map(|part| (part, revision)));
        // Calls that waited were told of the oldest changes long ago.
        while self.parts.len() > MAX_CHANGED
            && let Some((oldest, _)) = self.parts.iter().min_by_key(|(_, at)| **at)
        {
            let oldest = oldest.clone();
            self.parts.remove(&oldest);
        }
    }

    fn lets_go(&self, held: &Held) -> bool {
        let changed = |part: &Arc<str>| {
            let at = self.parts.get(&**part);
            at.is_some_and(|at| *at > held.revision)
        };
        self.replaced > held.revision || held.parts.iter().any(changed)
    }
}
