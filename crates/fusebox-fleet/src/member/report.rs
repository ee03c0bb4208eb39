//! The part of a member that tells the engine its opinion (transition 1).

use std::time::Duration;

use super::{Action, CallResult, Member, Ticket};
use crate::chance::{Chance, part_of};
use crate::counts::Counts;
use crate::message::Report;
use crate::mode::Evidence;
use crate::number::Sequence;
use crate::opinion::Opinion;

/// An opinion that changes every few calls is reported at most this many times per heartbeat.
const CHANGES_PER_HEARTBEAT: u32 = 20;

/// What was sent, and what is to be sent.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Mail {
    requests: u64,
    reports: Sequence,
    last: Option<Sent>,
    due: Duration,
    counts: Counts,
}

#[derive(Clone, Copy, Debug, PartialEq)]
struct Sent {
    at: Duration,
    opinion: Opinion,
}

impl Mail {
    pub(super) fn new() -> Self {
        Self {
            requests: 0,
            reports: Sequence::new(0),
            last: None,
            due: Duration::ZERO,
            counts: Counts::default(),
        }
    }

    pub(super) fn ticket(&mut self, now: Duration) -> Ticket {
        self.requests += 1;
        Ticket {
            number: self.requests,
            sent_at: now,
        }
    }

    pub(super) fn count(&mut self, result: CallResult) {
        self.counts = self.counts.plus(match result {
            CallResult::Succeeded => Counts::new(1, 0),
            CallResult::Failed => Counts::new(0, 1),
        });
    }

    /// Notes that the fleet has closed, and that the ledger has withdrawn a suspicion it was told before.
    pub(super) fn withdrawn(&mut self) {
        if let Some(last) = &mut self.last
            && last.opinion == Opinion::Suspect
        {
            last.opinion = Opinion::Fine;
        }
    }

    /// Makes the next report due now.
    pub(super) fn hurry(&mut self, now: Duration) {
        self.due = self.due.min(now);
    }
}

impl Member {
    /// When the next report is due, if the opinion stays the same.
    pub(super) fn report_at(&self, now: Duration) -> Duration {
        let Some(last) = self.mail.last else {
            return now;
        };
        let mut at = self.mail.due;
        if last.opinion != self.opinion_at(now) {
            let rest = self.settings.heartbeat() / CHANGES_PER_HEARTBEAT;
            at = at.min(last.at.saturating_add(rest));
        }
        if self.pools() && self.mail.counts.calls() > 0 {
            at = at.min(last.at.saturating_add(self.settings.pool_batch()));
        }
        at
    }

    /// Sets when the next heartbeat is due, by the host's clock. It is delayed by a tenth at most.
    #[cfg(feature = "tokio")]
    pub(crate) fn beat_at(&mut self, reading: Duration) {
        if let Some(last) = self.mail.last {
            let heartbeat = self.settings.heartbeat();
            let latest = last.at.saturating_add(heartbeat + heartbeat / 10);
            self.mail.due = self.time.of_reading(reading).min(latest);
        }
    }

    pub(super) fn report(&mut self, now: Duration, chance: &mut dyn Chance, out: &mut Vec<Action>) {
        if now < self.report_at(now) {
            return;
        }
        let opinion = self.opinion_at(now);
        let ticket = self.mail.ticket(now);
        self.mail.reports = self.mail.reports.next();
        let mut report = Report::new(
            self.sender.clone(),
            opinion,
            std::sync::Arc::clone(&self.settings),
        );
        report.sequence = self.mail.reports;
        report.seen = self.news.era();
        report.command = self.command;
        let counts = std::mem::take(&mut self.mail.counts);
        if self.pools() {
            report.counts = counts;
        }
        self.mail.last = Some(Sent { at: now, opinion });
        // Instances that began together must not keep reporting together.
        let tenth = self.settings.heartbeat() / 10;
        let wait = tenth * 9 + part_of(tenth * 2, chance);
        self.mail.due = now.saturating_add(wait);
        out.push(Action::Report(ticket, Box::new(report)));
    }

    fn pools(&self) -> bool {
        self.settings.mode().dials().evidence == Evidence::Counts
    }
}
