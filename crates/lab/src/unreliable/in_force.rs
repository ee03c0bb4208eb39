//! The plan in force, and what was before it. A plan with a time to live gives way by itself.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use experiment::faults::{Call, Fate, Phase, Plan, Player};

use super::counts::Ledger;
use super::office::Office;
use super::repeats::Repeats;

/// What keeps a call waiting that is no rule: the phase's own latency, hangs and failures,
pub(super) const PHASE: &str = "phase";
/// what every call takes,
pub(super) const BASE: &str = "base delay";
/// and the queue.
pub(super) const OVERLOAD: &str = "overload";

/// Changed parts that are remembered.
const MAX_CHANGED: usize = 1024;

/// All that changes while the service runs.
pub(super) struct State {
    pub(super) force: InForce,
    /// What comes back when the plan in force has a time to live and it is over.
    before: Option<Before>,
    pub(super) revision: u64,
    pub(super) ledger: Ledger,
    pub(super) repeats: Repeats,
    /// The revision that put the plan in force, patches aside.
    replaced: u64,
    /// For parts of the plan (rules by name, and others) the revision that took them back or changed them.
    changed: BTreeMap<String, u64>,
    /// Of overload models that are no more.
    spoilt: Duration,
}

/// A plan with its clock.
pub(super) struct InForce {
    pub(super) player: Player,
    pub(super) began: Duration,
    pub(super) office: Option<Office>,
}

/// What there was before a plan with a time to live.
enum Before {
    /// Another plan, whose clock goes on.
    Replaced(Box<InForce>),
    /// The same plan without the patch, with its counts and the ages of its rules.
    Patched(Box<Player>),
}

/// Somebody has changed the plan since it was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Conflict {
    /// What is in force now.
    pub(super) revision: u64,
}

impl State {
    pub(super) fn new(plan: Plan, began: Duration) -> Self {
        Self {
            force: InForce::new(plan, began),
            before: None,
            revision: 1,
            ledger: Ledger::default(),
            repeats: Repeats::default(),
            replaced: 1,
            changed: BTreeMap::new(),
            spoilt: Duration::ZERO,
        }
    }

    /// What a call meets: what it has met before, if it was cut and comes once more.
    pub(super) fn fate(&mut self, elapsed: Duration, call: &Call<'_>, id: Option<u64>) -> Fate {
        let Some(id) = id else {
            return self.force.player.fate(elapsed, call);
        };
        let (caller, revision) = (call.caller, self.revision);
        if let Some(fate) = self.repeats.take(caller, id, revision) {
            return fate;
        }
        let fate = self.force.player.fate(elapsed, call);
        self.repeats.note(caller, id, revision, &fate);
        fate
    }

    /// Puts `plan` in force at `now`.
    pub(super) fn replace(&mut self, plan: Plan, now: Duration) {
        self.revision += 1;
        self.let_all_go();
        let was_lasting = self.force.player.plan().ttl_ms.is_none();
        let is_lasting = plan.ttl_ms.is_none();
        let old = std::mem::replace(&mut self.force, InForce::new(plan, now));
        if was_lasting && !is_lasting {
            self.before = Some(Before::Replaced(Box::new(old)));
            return;
        }
        self.forget(&old);
        match self.before.take() {
            // A patch for a while, replaced for a while: what was before both comes back as it was.
            Some(Before::Patched(mut player)) if !is_lasting => {
                player.take_back(old.player);
                let unpatched = InForce {
                    player: *player,
                    began: old.began,
                    office: None,
                };
                self.before = Some(Before::Replaced(Box::new(unpatched)));
            }
            before if !is_lasting => self.before = before,
            Some(Before::Replaced(before)) => self.forget(&before),
            _ => {}
        }
    }

    /// Goes on with `plan` on the same clock and with the same counts.
    pub(super) fn patch(&mut self, plan: Plan, elapsed: Duration) {
        let before = self.force.player.plan();
        if before.ttl_ms.is_none() && plan.ttl_ms.is_some() {
            self.before = Some(Before::Patched(Box::new(self.force.player.clone())));
        } else if plan.ttl_ms.is_none()
            && let Some(Before::Replaced(before)) = self.before.take()
        {
            self.forget(&before);
        }
        self.revision += 1;
        self.change_to(&plan, elapsed);
        self.force.player.patch(plan, elapsed);
    }

    /// The time to live is over: what was before comes back.
    pub(super) fn revert(&mut self, now: Duration, elapsed: Duration) {
        self.revision += 1;
        match self.before.take() {
            Some(Before::Patched(mut player)) => {
                self.change_to(player.plan(), elapsed);
                std::mem::swap(&mut self.force.player, &mut player);
                self.force.player.take_back(*player);
            }
            Some(Before::Replaced(before)) => {
                self.let_all_go();
                let old = std::mem::replace(&mut self.force, *before);
                self.forget(&old);
            }
            None => {
                self.let_all_go();
                let healthy = InForce::new(Plan::healthy(), now);
                let old = std::mem::replace(&mut self.force, healthy);
                self.forget(&old);
            }
        }
    }

    /// Whether a call that met the plan of `revision` waits for nothing any more: for none of these parts of
    /// it, which keep it waiting.
    pub(super) fn lets_go(&self, revision: u64, parts: &[Arc<str>]) -> bool {
        let changed = |part: &Arc<str>| self.changed.get(&**part).is_some_and(|at| *at > revision);
        self.replaced > revision || parts.iter().any(changed)
    }

    fn let_all_go(&mut self) {
        self.replaced = self.revision;
        self.changed.clear();
    }

    /// The time that was spent on abandoned work, by all models so far.
    pub(super) fn wasted(&self) -> Duration {
        let before = match &self.before {
            Some(Before::Replaced(before)) => Some(&**before),
            _ => None,
        };
        let forces = std::iter::once(&self.force).chain(before);
        let open = forces.filter_map(|force| force.office.as_ref());
        self.spoilt + open.map(Office::wasted).sum::<Duration>()
    }

    /// Whether nobody has changed the plan since this revision was read.
    pub(super) fn expect(&self, expected: Option<u64>) -> Result<(), Conflict> {
        let revision = self.revision;
        if expected.is_none_or(|expected| expected == revision) {
            Ok(())
        } else {
            Err(Conflict { revision })
        }
    }

    /// Notes what is another in `plan`, which goes on with the same clock and counts, and ends what is no
    /// more: an overload model, if it is not the same.
    fn change_to(&mut self, plan: &Plan, elapsed: Duration) {
        let before = self.force.player.plan();
        let active = |plan: &Plan, rule: &str| plan.is_active(rule, elapsed);
        // What the phase itself does; its rules are looked at one by one.
        let phase = |plan: &Plan| Phase {
            rules: Vec::new(),
            ..plan.at(elapsed).phase.clone()
        };
        let rules = before.rules.iter().filter(|(name, rule)| {
            plan.rules.get(*name) != Some(rule) || (active(before, name) && !active(plan, name))
        });
        let rules: Vec<String> = rules.map(|(name, _)| name.clone()).collect();
        let others = [
            (PHASE, phase(before) != phase(plan)),
            (BASE, before.base != plan.base),
            (OVERLOAD, before.overload != plan.overload),
        ];
        let others = others.into_iter().filter(|(_, changed)| *changed);
        let parts = others.map(|(part, _)| part.to_owned()).chain(rules);
        let changed: Vec<(String, u64)> = parts.map(|part| (part, self.revision)).collect();
        if before.overload != plan.overload
            && let Some(office) = self.force.office.take()
        {
            self.spoilt += office.wasted();
            office.close();
        }
        self.changed.extend(changed);
        // Whoever waited was told of the oldest changes long ago.
        while self.changed.len() > MAX_CHANGED
            && let Some((oldest, _)) = self.changed.iter().min_by_key(|(_, at)| **at)
        {
            let oldest = oldest.clone();
            self.changed.remove(&oldest);
        }
    }

    /// Keeps what a plan that is no more has counted, and ends what it has under way.
    fn forget(&mut self, old: &InForce) {
        if let Some(office) = &old.office {
            self.spoilt += office.wasted();
            office.close();
        }
    }
}

impl InForce {
    fn new(plan: Plan, began: Duration) -> Self {
        Self {
            player: Player::new(plan),
            began,
            office: None,
        }
    }
}
