//! Probing without a central grant: a suspect claims the right when its turn has come.
//!
//! All nodes compute the same order of the suspects. The first may claim as soon as a probe is possible; each next
//! one waits as long as a claim takes to reach all nodes. So nodes that know the same agree on one prober; nodes that
//! were apart may have one each.

use std::time::Duration;

use super::ballot::Ballot;
use super::{Given, Moment, Replica};
use crate::message::{Acquire, AcquireRefused, Fenced, Lease, ProbeResult, Sender, Settlement};
use crate::mode::ProbeRule;
use crate::settings::Settings;
use crate::view::View;

impl Replica {
    pub(in crate::engine::gossip_node) fn acquire(
        &mut self,
        at: Moment<'_>,
        ask: &Acquire,
    ) -> Result<Lease, AcquireRefused> {
        if !self.round.is_open() || ask.era != self.round.era() {
            return Err(AcquireRefused::Stale);
        }
        let Some(rules) = self.rules.clone() else {
            // No instance has reported to this node, so no instance on it is held.
            return Err(self.busy(at.now).unwrap_or(AcquireRefused::Stale));
        };
        let ballot = self.ballot(at);
        let gap = ballot.gap(&rules, self.round.failed);
        self.check(at, ask, rules.mode().dials().probe, &ballot)?;
        let lease = Lease::new(
            self.round.next_token(),
            ask.lease.min(rules.longest_lease()),
        );
        self.grant(at.now, &ask.from, lease, gap);
        Ok(lease)
    }

    fn check(
        &self,
        at: Moment<'_>,
        ask: &Acquire,
        rule: ProbeRule,
        ballot: &Ballot<'_>,
    ) -> Result<(), AcquireRefused> {
        let may_from = match rule {
            ProbeRule::Each => self.next_probe,
            ProbeRule::Leased => {
                if let Some(busy) = self.busy(at.now) {
                    return Err(busy);
                }
                self.turn_of(&ask.from, ballot)
            }
        };
        if at.now < may_from {
            let wait = may_from.saturating_sub(at.now);
            return Err(AcquireRefused::Early { wait });
        }
        Ok(())
    }

    fn busy(&self, now: Duration) -> Option<AcquireRefused> {
        let ends = self.alive_claims(now).map(|given| given.ends).max()?;
        let remaining = ends.saturating_sub(now);
        Some(AcquireRefused::Busy { remaining })
    }

    /// Leaves the time of a lease that was given back to others.
    pub(super) fn free(&mut self, now: Duration) {
        if self.busy(now).is_none() {
            self.turns_from = self.turns_from.min(now.max(self.next_probe));
        }
    }

    /// When this instance may claim.
    fn turn_of(&self, from: &Sender, ballot: &Ballot<'_>) -> Duration {
        let me = &from.instance;
        let steps_back = |instance| self.round.last.as_ref() == Some(instance);
        let rank = |instance| (!steps_back(instance), self.round.draw(instance), instance);
        let mine = rank(me);
        let others = || ballot.suspect().filter(|other| *other != me);
        let before = if ballot.suspect().any(|suspect| suspect == me) {
            others().filter(|other| rank(other) > mine).count()
        } else {
            others().count()
        };
        let before = u32::try_from(before).unwrap_or(u32::MAX);
        let turn = self
            .turns_from
            .saturating_add(self.turn.saturating_mul(before));
        if steps_back(me) && others().next().is_some() {
            turn.max(self.steps_back_until)
        } else {
            turn
        }
    }

    fn grant(&mut self, now: Duration, to: &Sender, lease: Lease, gap: Duration) {
        let ends = now.saturating_add(lease.lasts);
        self.claims.retain(|given| now < given.ends);
        self.claims.push(Given {
            to: to.clone(),
            token: lease.token,
            ends,
        });
        self.round.leases = self.round.leases.wrapping_add(1);
        self.round.writes = self.round.writes.saturating_add(1);
        // A prober that is never heard of again may have a broken path, as well as one that failed.
        self.round.last = Some(to.instance.clone());
        self.steps_back_until = ends.saturating_add(gap);
        self.turns_from = self.turns_from.max(ends);
        self.write();
    }

    pub(in crate::engine::gossip_node) fn settle(
        &mut self,
        at: Moment<'_>,
        settlement: &Settlement,
    ) -> Result<View, Fenced> {
        let held = |given: &Given| given.token == settlement.token && given.to == settlement.from;
        let is_alive = self
            .claims
            .iter()
            .any(|given| held(given) && at.now < given.ends)
            && self.round.gave(settlement.token);
        let (Some(rules), true) = (self.rules.clone(), is_alive) else {
            return Err(Fenced);
        };
        let failed = self.round.failed.saturating_add(1);
        let gap = self.ballot(at).gap(&rules, failed);
        match settlement.result {
            ProbeResult::Void => {}
            ProbeResult::Succeeded => {
                self.claims.retain(|given| !held(given));
                self.succeeded(at.now, &rules);
            }
            ProbeResult::Failed => {
                self.claims.retain(|given| !held(given));
                self.failed(at.now, settlement, gap);
            }
        }
        Ok(self.view(at))
    }

    fn succeeded(&mut self, now: Duration, rules: &Settings) {
        self.round.good = self.round.good.saturating_add(1);
        if self.round.good >= rules.probes_to_close() {
            self.turn_round(now);
            return;
        }
        self.round.writes = self.round.writes.saturating_add(1);
        self.round.last = None;
        self.next_probe = now;
        self.turns_from = now;
        self.write();
    }

    fn failed(&mut self, now: Duration, settlement: &Settlement, gap: Duration) {
        // Where each instance probes, probes of one round fail together and count once.
        if now >= self.next_probe {
            self.round.good = 0;
            self.round.failed = self.round.failed.saturating_add(1);
            self.round.last = Some(settlement.from.instance.clone());
            self.next_probe = now.saturating_add(gap);
            self.steps_back_until = self.next_probe.saturating_add(gap);
            self.turns_from = self.next_probe;
        }
        self.round.writes = self.round.writes.saturating_add(1);
        self.write();
    }

    /// The leases of this epoch that are in force.
    pub(super) fn alive_claims(&self, now: Duration) -> impl Iterator<Item = &Given> {
        self.claims
            .iter()
            .chain(self.peers.values().flat_map(|peer| &peer.claims))
            .filter(move |given| now < given.ends && self.round.gave(given.token))
    }
}
