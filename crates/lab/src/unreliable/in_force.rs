//! Which plan is in force, and what was before it? A plan with a time to live gives way by itself.

use std::time::Duration;

use experiment::faults::{Plan, Player};

use super::counts::Ledger;
use super::office::Office;

/// All that changes while the service runs.
pub(super) struct State {
    pub(super) force: InForce,
    /// What comes back when the plan in force has a time to live and it is over.
    before: Option<Before>,
    pub(super) revision: u64,
    pub(super) ledger: Ledger,
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
    Replaced(InForce),
    /// The same plan without the patch.
    Patched(Plan),
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
            spoilt: Duration::ZERO,
        }
    }

    /// Puts `plan` in force at `now`.
    pub(super) fn replace(&mut self, plan: Plan, now: Duration) {
        self.revision += 1;
        let was_lasting = self.force.player.plan().ttl_ms.is_none();
        let is_lasting = plan.ttl_ms.is_none();
        let old = std::mem::replace(&mut self.force, InForce::new(plan, now));
        if was_lasting && !is_lasting {
            self.before = Some(Before::Replaced(old));
            return;
        }
        self.forget(&old);
        match self.before.take() {
            // A patch for a while, replaced for a while: what was before both comes back as it was.
            Some(Before::Patched(plan)) if !is_lasting => {
                self.before = Some(Before::Replaced(InForce::new(plan, old.began)));
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
            self.before = Some(Before::Patched(before.clone()));
        } else if plan.ttl_ms.is_none()
            && let Some(Before::Replaced(before)) = self.before.take()
        {
            self.forget(&before);
        }
        self.go_on_with(plan, elapsed);
        self.revision += 1;
    }

    /// The time to live is over: what was before comes back.
    pub(super) fn revert(&mut self, now: Duration, elapsed: Duration) {
        match self.before.take() {
            Some(Before::Patched(plan)) => self.go_on_with(plan, elapsed),
            Some(Before::Replaced(before)) => {
                let old = std::mem::replace(&mut self.force, before);
                self.forget(&old);
            }
            None => {
                let healthy = InForce::new(Plan::healthy(), now);
                let old = std::mem::replace(&mut self.force, healthy);
                self.forget(&old);
            }
        }
        self.revision += 1;
    }

    /// The time that was spent on abandoned work, by all models so far.
    pub(super) fn wasted(&self) -> Duration {
        let before = match &self.before {
            Some(Before::Replaced(before)) => Some(before),
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

    /// Changes the plan and keeps its clock, its counts and, if it is the same, its overload model.
    fn go_on_with(&mut self, plan: Plan, elapsed: Duration) {
        if self.force.player.plan().overload != plan.overload {
            let old = self.force.office.take();
            self.spoilt += old.map_or(Duration::ZERO, |office| office.wasted());
        }
        self.force.player.patch(plan, elapsed);
    }

    /// Keeps what a plan that is no more has counted.
    fn forget(&mut self, old: &InForce) {
        let office = old.office.as_ref();
        self.spoilt += office.map_or(Duration::ZERO, Office::wasted);
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
