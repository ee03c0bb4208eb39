//! The part of a member that probes for the fleet (transitions 5 to 7).
//!
//! A held instance probes by one call that decides nothing in its breaker. An instance whose breaker is open by its
//! own rules lends the fleet its own half-open period, which begins at once and decides in the breaker, too. Both ask
//! for the same lease, so all of them together make one probe at a time. The own open period of such a breaker runs
//! on meanwhile, as without a fleet.

use std::time::Duration;

use super::overlay::{Asking, Lent, LentLease};
use super::{Action, BreakerState, Member, Overlay, ProbeId, Right, Ticket};
use crate::chance::{Chance, part_of};
use crate::command::Order;
use crate::message::{Acquire, AcquireRefused, Lease, ProbeResult, Settlement};
use crate::mode::{CloseRule, ProbeRule};
use crate::number::Token;
use crate::view::Era;

/// A prober has to wait for its own next call. If calls come at random, one wait in twenty is longer than three mean
/// intervals.
const INTERVALS: u32 = 3;
const SECOND: Duration = Duration::from_secs(1);

impl Member {
    /// A call has been rejected: there is traffic, so this instance could probe.
    pub(super) fn rejected(
        &mut self,
        now: Duration,
        chance: &mut dyn Chance,
        out: &mut Vec<Action>,
    ) {
        self.arrivals.call(now);
        let Some(era) = self.may_ask(now) else {
            return;
        };
        if self.settings.mode().dials().close == CloseRule::OwnTimer {
            if now >= self.probes.not_before {
                let deadline = now.saturating_add(self.lease());
                self.probe(
                    now,
                    Overlay::Probing {
                        era,
                        right: Right::Own,
                        deadline,
                    },
                    out,
                );
            }
        } else if self.probes.asking == Asking::Not
            && now >= self.probes.not_before.max(self.news.probe_at())
        {
            let wait = part_of(self.settings.ask_within(), chance);
            self.probes.asking = Asking::Soon(now.saturating_add(wait));
        }
    }

    /// The epoch in which this instance may ask for the right to probe. A breaker that is half-open by its own rules
    /// already probes.
    pub(super) fn may_ask(&self, now: Duration) -> Option<Era> {
        self.may_probe(now)
            .filter(|_| self.breaker != BreakerState::HalfOpen)
    }

    /// The epoch in which this instance may use the right to probe.
    fn may_probe(&self, now: Duration) -> Option<Era> {
        match self.overlay {
            Overlay::Held { era } => Some(era),
            Overlay::None if self.could_lend() => self.open_era(now),
            Overlay::None | Overlay::Probing { .. } | Overlay::Turn { .. } => None,
        }
    }

    /// Whether the own breaker's next probe could be a probe for the fleet. A suspicion that the fleet's closing
    /// withdrew does not belong to the present verdict. And if no other instance votes, the breaker goes on as if it
    /// were alone.
    fn could_lend(&self) -> bool {
        self.settings.mode().dials().probe == ProbeRule::Leased
            && matches!(self.breaker, BreakerState::Open | BreakerState::HalfOpen)
            && !self.withdrawn
            && self.news.view().is_some_and(|view| view.votes.voters > 1)
            && self.lease_of_own_probe().is_none()
    }

    /// The epoch of the verdict by which the fleet is open, as far as that is known and in force.
    fn open_era(&self, now: Duration) -> Option<Era> {
        self.news
            .fresh(now, self.settings.stale_after())
            .filter(|view| view.verdict.is_open() && self.command.order == Order::Automatic)
            .map(|view| view.era)
    }

    pub(super) fn lease_of_own_probe(&self) -> Option<LentLease> {
        self.probes.lent.and_then(|lent| lent.lease)
    }

    /// Asks for the lease when that is due.
    pub(super) fn ask(&mut self, now: Duration, out: &mut Vec<Action>) {
        match (self.may_ask(now), self.probes.asking) {
            (Some(era), Asking::Soon(due)) if now >= due => {
                let ticket = self.mail.ticket(now);
                self.probes.asking = Asking::Sent(ticket);
                let ask = Acquire::new(self.sender.clone(), era, self.lease());
                out.push(Action::Acquire(ticket, ask));
            }
            (None, Asking::Soon(_)) if self.may_probe(now).is_none() => {
                self.probes.asking = Asking::Not;
            }
            // The host has failed to report that there was no answer.
            (_, Asking::Sent(ticket))
                if now >= ticket.sent_at.saturating_add(self.settings.stale_after()) =>
            {
                self.probes.asking = Asking::Not;
            }
            _ => {}
        }
    }

    fn lease(&self) -> Duration {
        let next_call = self
            .arrivals
            .interval()
            .saturating_mul(INTERVALS)
            .max(SECOND);
        self.settings
            .probe_timeout()
            .saturating_add(next_call)
            .min(self.settings.longest_lease())
    }

    pub(super) fn acquired(
        &mut self,
        now: Duration,
        ticket: Ticket,
        answer: Result<Lease, AcquireRefused>,
        out: &mut Vec<Action>,
    ) {
        if self.probes.asking != Asking::Sent(ticket) {
            return; // it lapses
        }
        self.probes.asking = Asking::Not;
        let Some(era) = self.may_probe(now) else {
            return;
        };
        match answer {
            Ok(lease) => {
                // Counted from when it was asked for, so the lease ends here before it ends at the engine.
                let deadline = ticket.sent_at.saturating_add(lease.lasts);
                if now >= deadline {
                } else if matches!(self.overlay, Overlay::None) {
                    self.lend(now, (era, lease.token, deadline), out);
                } else {
                    let right = Right::Leased(lease.token);
                    self.probe(
                        now,
                        Overlay::Probing {
                            era,
                            right,
                            deadline,
                        },
                        out,
                    );
                }
            }
            Err(AcquireRefused::Early { wait }) => {
                self.probes.not_before = now.saturating_add(wait);
                self.hint(now, out);
            }
            Err(AcquireRefused::Busy { remaining }) => {
                // The present probe may end at once, long before its lease. Another probe is possible one gap after
                // that.
                self.probes.not_before = now.saturating_add(remaining.min(self.first_gap()));
                self.hint(now, out);
            }
            Err(AcquireRefused::Stale) => {
                self.mail.hurry(now);
                self.probes.not_before = now.saturating_add(self.settings.minimum_gap());
            }
        }
    }

    fn lend(
        &mut self,
        now: Duration,
        (era, token, deadline): (Era, Token, Duration),
        out: &mut Vec<Action>,
    ) {
        let probe = self.probes.next();
        let lease = Some(LentLease {
            era,
            token,
            deadline,
        });
        self.probes.lent = Some(Lent { probe, lease });
        let deadline = deadline.saturating_sub(now);
        out.push(Action::LendProbe { probe, deadline });
    }

    /// When the fleet has decided anew, or cannot be heard, or the lease has ended, the result of the breaker's own
    /// probes concerns only the breaker again.
    pub(super) fn take_back(&mut self, now: Duration) {
        let open_era = self.open_era(now);
        if let Some(lent) = &mut self.probes.lent {
            lent.lease = lent
                .lease
                .filter(|lease| now < lease.deadline && open_era == Some(lease.era));
        }
    }

    pub(super) fn lost(&mut self, now: Duration, ticket: Ticket) {
        if self.probes.asking == Asking::Sent(ticket) {
            self.probes.asking = Asking::Not;
            self.probes.not_before = now.saturating_add(self.settings.minimum_gap());
        }
    }

    fn probe(&mut self, now: Duration, probing: Overlay, out: &mut Vec<Action>) {
        let Overlay::Probing { deadline, .. } = probing else {
            return;
        };
        self.overlay = probing;
        out.push(Action::Probe {
            probe: self.probes.next(),
            deadline: deadline.saturating_sub(now),
        });
    }

    pub(super) fn probe_ended(
        &mut self,
        now: Duration,
        (probe, result): (ProbeId, ProbeResult),
        chance: &mut dyn Chance,
        out: &mut Vec<Action>,
    ) {
        if let Some(lent) = self.probes.lent.take_if(|lent| lent.probe == probe) {
            self.lent_ended(now, (lent, result), out);
            return;
        }
        let Overlay::Probing { right, .. } = self.overlay else {
            return;
        };
        if probe != ProbeId(self.probes.last) {
            return;
        }
        match (right, result) {
            (_, ProbeResult::Void) => self.held_again(now, chance, out),
            (Right::Leased(token), result) => {
                self.held_again(now, chance, out);
                if result == ProbeResult::Failed {
                    self.probes.not_before = now.saturating_add(self.first_gap());
                }
                let settlement = Settlement::new(self.sender.clone(), token, result);
                out.push(Action::Settle(settlement));
            }
            (Right::Own, ProbeResult::Succeeded) => {
                self.overlay = Overlay::None;
                self.opinions.withdraw();
                self.opinions.succeeded(now);
                out.push(Action::Release {
                    after: Duration::ZERO,
                });
            }
            (Right::Own, ProbeResult::Failed) => {
                self.probes.failed = self.probes.failed.saturating_add(1);
                self.held_again(now, chance, out);
            }
        }
    }

    /// The own half-open period that was a probe for the fleet has ended, or the breaker does not have one.
    fn lent_ended(
        &mut self,
        now: Duration,
        (lent, result): (Lent, ProbeResult),
        out: &mut Vec<Action>,
    ) {
        match result {
            // What it could not lend is an operator's, or has changed, which is heard next.
            ProbeResult::Void => {
                self.breaker_changed(BreakerState::Overridden);
                return;
            }
            ProbeResult::Succeeded => self.breaker_changed(BreakerState::Closed),
            ProbeResult::Failed => self.breaker_changed(BreakerState::Open),
        }
        let Some(lease) = lent.lease else {
            return;
        };
        if result == ProbeResult::Failed {
            self.probes.not_before = now.saturating_add(self.first_gap());
        }
        let settlement = Settlement::new(self.sender.clone(), lease.token, result);
        out.push(Action::Settle(settlement));
    }

    /// The shortest wait between two probes of a fleet of the size that was last heard.
    fn first_gap(&self) -> Duration {
        let voters = self.news.view().map_or(1, |view| view.votes.voters);
        self.settings.first_gap(voters)
    }

    /// The probe is over, whatever its result.
    pub(super) fn held_again(
        &mut self,
        now: Duration,
        chance: &mut dyn Chance,
        out: &mut Vec<Action>,
    ) {
        let Overlay::Probing { era, right, .. } = self.overlay else {
            return;
        };
        self.overlay = Overlay::Held { era };
        if right == Right::Own {
            let wait = self.own_wait(self.probes.failed, chance);
            self.probes.not_before = now.saturating_add(wait);
        }
        self.hint(now, out);
    }
}
