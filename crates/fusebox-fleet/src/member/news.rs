//! The news of the fleet that a member has heard, in order and with its age.
//!
//! Only the answer to the instance's own report shows how old its news is: no older than the report. A pushed view
//! may have been under way for any time. It can bring news sooner, but it never makes an old view fresh.

use std::time::Duration;

use super::event::Ticket;
use crate::view::{Era, View};

/// The newest view, and how it was heard.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct News {
    view: Option<View>,
    /// The number of the newest report that was answered.
    answered: u64,
    /// When that report was sent.
    heard_at: Option<Duration>,
    /// The engine is not believed, however young its view is.
    is_doubted: bool,
    /// When a probe is possible, by the newest view.
    probe_at: Duration,
}

/// What is new in a view.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Heard {
    /// Nothing.
    Nothing,
    /// A view of the same life of the ledger, or the first one.
    Newer(View),
    /// A view of another life of the ledger.
    AnotherLife(View),
}

impl News {
    pub(super) fn view(&self) -> Option<View> {
        self.view
    }

    pub(super) fn era(&self) -> Option<Era> {
        self.view.map(|view| view.era)
    }

    pub(super) fn probe_at(&self) -> Duration {
        self.probe_at
    }

    /// When the newest view becomes too old; `None` before the first one.
    pub(super) fn stale_at(&self, stale_after: Duration) -> Option<Duration> {
        self.heard_at.map(|at| at.saturating_add(stale_after))
    }

    pub(super) fn is_fresh(&self, now: Duration, stale_after: Duration) -> bool {
        !self.is_doubted && self.stale_at(stale_after).is_some_and(|end| now < end)
    }

    /// The view if it is fresh.
    pub(super) fn fresh(&self, now: Duration, stale_after: Duration) -> Option<View> {
        self.view.filter(|_| self.is_fresh(now, stale_after))
    }

    /// Until the next answer.
    pub(super) fn doubt(&mut self) {
        self.is_doubted = true;
    }

    pub(super) fn answer(
        &mut self,
        now: Duration,
        stale_after: Duration,
        (ticket, view): (Ticket, View),
    ) -> Heard {
        let too_old = now >= ticket.sent_at.saturating_add(stale_after);
        if ticket.number <= self.answered || too_old {
            return Heard::Nothing;
        }
        self.answered = ticket.number;
        self.is_doubted = false;
        self.heard_at = self.heard_at.max(Some(ticket.sent_at));
        match self.era() {
            Some(era) if era.incarnation != view.era.incarnation => {
                self.keep(now, view);
                Heard::AnotherLife(view)
            }
            Some(_) | None => self.take(now, view),
        }
    }

    pub(super) fn push(&mut self, now: Duration, stale_after: Duration, view: View) -> Heard {
        match self.fresh(now, stale_after) {
            // Only an answer, not a push, shows whether another life of the ledger is newer or older.
            Some(known) if known.era.incarnation == view.era.incarnation => self.take(now, view),
            Some(_) | None => Heard::Nothing,
        }
    }

    fn take(&mut self, now: Duration, view: View) -> Heard {
        if let Some(known) = self.view
            && (view.revision <= known.revision || known.era.is_after(view.era))
        {
            return Heard::Nothing;
        }
        self.keep(now, view);
        Heard::Newer(view)
    }

    fn keep(&mut self, now: Duration, view: View) {
        self.view = Some(view);
        if let crate::view::Verdict::Open { next_probe_in } = view.verdict {
            self.probe_at = now.saturating_add(next_probe_in);
        }
    }
}
