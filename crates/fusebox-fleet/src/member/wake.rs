//! The instant at which a member has to be woken although nothing happens.

use std::time::Duration;

use super::adopt::Localised;
use super::listen::Contact;
use super::overlay::Asking;
use super::{Member, Overlay};

impl Member {
    pub(super) fn wakes_at(&self) -> Duration {
        let now = self.time.now();
        let stale_after = self.settings.stale_after();
        let overlay = match self.overlay {
            Overlay::Probing { deadline, .. } => Some(deadline),
            Overlay::Turn { until, .. } => Some(until),
            Overlay::None | Overlay::Held { .. } => None,
        };
        let lent = self.lease_of_own_probe().map(|lease| lease.deadline);
        let asking = match self.probes.asking {
            // A breaker that probes by itself meanwhile asks when it has failed.
            Asking::Soon(due) => self.may_ask(now).map(|_| due),
            Asking::Sent(ticket) => Some(ticket.sent_at.saturating_add(stale_after)),
            Asking::Not => None,
        };
        let contact = match self.contact {
            Contact::Joining(since) => Some(since.saturating_add(stale_after)),
            Contact::Heard => self.news.stale_at(stale_after),
            Contact::New | Contact::Lost | Contact::Refused(_) => None,
        };
        let localised = match self.localised {
            Localised::Since(since) => Some(since.saturating_add(self.settings.localised_after())),
            Localised::No | Localised::Told => None,
        };
        // An opinion that has lapsed already is no reason to wake.
        let opinion = self.opinions.ends(&self.settings).filter(|end| *end > now);
        [overlay, lent, asking, contact, localised, opinion]
            .into_iter()
            .flatten()
            .fold(self.report_at(now), Duration::min)
    }
}
