//! Probing for the fleet (transitions 5 to 7).

use std::time::Duration;

use super::overlay::Asking;
use super::{Action, Member, Overlay, ProbeId, Right, Ticket};
use crate::chance::{Chance, part_of};
use crate::message::{Acquire, AcquireRefused, Lease, ProbeResult, Settlement};
use crate::mode::CloseRule;

/// A prober has to wait for its own next call. Three mean intervals between calls leave one wait in twenty
/// too long when calls come at random.
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
        let Overlay::Held { era } = self.overlay else {
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

    /// Asks for the lease when that is due.
    pub(super) fn ask(&mut self, now: Duration, out: &mut Vec<Action>) {
        match (self.overlay, self.probes.asking) {
            (Overlay::Held { era }, Asking::Soon(due)) if now >= due => {
                let ticket = self.mail.ticket(now);
                self.probes.asking = Asking::Sent(ticket);
                let ask = Acquire::new(self.sender.clone(), era, self.lease());
                out.push(Action::Acquire(ticket, ask));
            }
            // The host has forgotten to say that there was no answer.
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
        let Overlay::Held { era } = self.overlay else {
            return;
        };
        match answer {
            Ok(lease) => {
                // Counted from when it was asked for: so it ends here before it ends there.
                let deadline = ticket.sent_at.saturating_add(lease.lasts);
                if now < deadline {
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
                // The present probe may end at once, long before its lease. Somebody may probe a gap after that.
                self.probes.not_before = now.saturating_add(remaining.min(self.first_gap()));
                self.hint(now, out);
            }
            Err(AcquireRefused::Stale) => {
                self.mail.hurry(now);
                self.probes.not_before = now.saturating_add(self.settings.minimum_gap());
            }
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

    /// The shortest wait between two probes of a fleet as large as it was heard last.
    fn first_gap(&self) -> Duration {
        let voters = self.news.view().map_or(1, |view| view.votes.voters);
        self.settings.first_gap(voters)
    }

    /// The probe is over, whatever came of it.
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
