//! The plan in force: its player, its clock, its work queue, and the handles of its callers.

use std::time::Duration;

use super::{CallerId, Ledger};
use crate::faults::{self, Plan, Player};
use crate::overload::WorkQueue;

/// A plan with its clock.
#[derive(Clone, Debug)]
pub(super) struct InForce {
    pub(super) player: Player,
    /// The instant that is zero on the plan's clock.
    pub(super) began: Duration,
    /// Opened by the first call.
    pub(super) queue: Option<WorkQueue>,
    /// Whether the plan has an overload model.
    pub(super) is_limited: bool,
    /// Whether each call may change the truth.
    pub(super) counts_calls: bool,
    /// Whether a part of the plan ends by itself.
    pub(super) is_mortal: bool,
    /// The player's handles of callers, by our own handles: of all members, and of others who have called.
    handles: Vec<Option<faults::CallerId>>,
}

impl InForce {
    pub(super) fn new(plan: Plan, began: Duration) -> Self {
        Self::of(Player::new(plan), began)
    }

    pub(super) fn of(player: Player, began: Duration) -> Self {
        let mut force = Self {
            player,
            began,
            queue: None,
            is_limited: false,
            counts_calls: false,
            is_mortal: false,
            handles: Vec::new(),
        };
        force.look_through();
        force
    }

    /// The player's handle of a caller.
    #[inline]
    pub(super) fn handle(&mut self, caller: CallerId, ledger: &Ledger) -> faults::CallerId {
        match self.known_handle(caller) {
            Some(handle) => handle,
            None => self.new_handle(caller, ledger),
        }
    }

    /// Gives handles to the members of the host's fleet that have none, before they call.
    pub(super) fn admit_members(&mut self, ledger: &Ledger) {
        for member in ledger.members() {
            self.handle(member, ledger);
        }
    }

    #[cold]
    pub(super) fn new_handle(&mut self, caller: CallerId, ledger: &Ledger) -> faults::CallerId {
        let name = ledger.name(caller);
        let handle = if ledger.is_member(caller) {
            self.player.member(name)
        } else {
            self.player.caller(name)
        };
        if self.handles.len() <= caller.place() {
            self.handles.resize(caller.place() + 1, None);
        }
        self.handles[caller.place()] = Some(handle);
        handle
    }

    /// The player's handle of a caller that has one under this plan: a member, or one that has called.
    #[inline]
    pub(super) fn known_handle(&self, caller: CallerId) -> Option<faults::CallerId> {
        let handle = self.handles.get(caller.place()).copied().flatten();
        handle.filter(|handle| self.player.knows(*handle))
    }

    /// Notes what every call needs to know of the plan.
    pub(super) fn look_through(&mut self) {
        self.is_limited = self.player.plan().overload().is_some();
        self.counts_calls = self.player.counts_calls();
        self.is_mortal = self.player.is_mortal();
    }

    /// The work queue, which is made at the first call, if the plan has an overload model.
    pub(super) fn queue(&mut self) -> Option<&mut WorkQueue> {
        let plan = self.player.plan();
        let settings = plan.overload()?;
        let open = || WorkQueue::new(settings.clone(), plan.seed());
        Some(self.queue.get_or_insert_with(open))
    }
}
