//! The part of a member that hears the engine, or misses it (transitions 10 to 12).

use std::time::Duration;

use super::news::Heard;
use super::{Action, Member, Notice, Overlay, Ticket};
use crate::chance::Chance;
use crate::command::Order;
use crate::message::ReportRefused;
use crate::view::{Era, View};

/// Whether the engine is heard, as last reported.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) enum Contact {
    /// The member has just begun.
    #[default]
    New,
    /// The member began at this time and has heard nothing yet.
    Joining(Duration),
    /// The view is fresh.
    Heard,
    /// The instance decides alone, and has reported it.
    Lost,
    /// The instance decides alone because its reports are refused, and it has reported why.
    Refused(ReportRefused),
}

impl Member {
    pub(super) fn reported(
        &mut self,
        now: Duration,
        (ticket, answer): (Ticket, Result<View, ReportRefused>),
        chance: &mut dyn Chance,
        out: &mut Vec<Action>,
    ) {
        match answer {
            Ok(view) => {
                let before = self.news.era();
                let stale_after = self.settings.stale_after();
                let heard = self.news.answer(now, stale_after, (ticket, view));
                self.heard(now, (before, heard), chance, out);
                if self.news.is_fresh(now, stale_after) {
                    if matches!(self.contact, Contact::Lost | Contact::Refused(_)) {
                        out.push(Action::Notice(Notice::EngineBack));
                    }
                    self.contact = Contact::Heard;
                }
            }
            Err(refused) => {
                if self.contact != Contact::Refused(refused) {
                    self.contact = Contact::Refused(refused);
                    out.push(Action::Notice(Notice::Refused(refused)));
                }
            }
        }
    }

    pub(super) fn pushed(
        &mut self,
        now: Duration,
        view: View,
        chance: &mut dyn Chance,
        out: &mut Vec<Action>,
    ) {
        let before = self.news.era();
        let heard = self.news.push(now, self.settings.stale_after(), view);
        self.heard(now, (before, heard), chance, out);
    }

    fn heard(
        &mut self,
        now: Duration,
        (before, heard): (Option<Era>, Heard),
        chance: &mut dyn Chance,
        out: &mut Vec<Action>,
    ) {
        let view = match heard {
            Heard::Nothing => return,
            Heard::Newer(view) => view,
            Heard::AnotherLife(view) => {
                out.push(Action::Notice(Notice::EngineForgot));
                self.end_alone(chance, out);
                view
            }
        };
        self.obey(view, out);
        self.follow(now, (before, view), chance, out);
    }

    fn obey(&mut self, view: View, out: &mut Vec<Action>) {
        if !view.command.is_newer_than(self.command) {
            return;
        }
        let before = self.command.order;
        self.command = view.command;
        // An order that is given again is obeyed again: an operator of this breaker may have taken it back here.
        if (view.command.order, before) == (Order::Automatic, Order::Automatic) {
            return;
        }
        // The fleet holds no breaker that an operator takes over, and the breaker begins anew when it is given back.
        self.overlay = Overlay::None;
        self.opinions.withdraw();
        out.push(Action::Obey(view.command.order));
    }

    /// Ends what time alone ends: the right to a probe, the wait for a turn, a view's freshness.
    pub(super) fn lapse(&mut self, now: Duration, chance: &mut dyn Chance, out: &mut Vec<Action>) {
        match self.overlay {
            Overlay::Probing { deadline, .. } if now >= deadline => {
                self.held_again(now, chance, out);
            }
            Overlay::Turn { until, .. } if now >= until => self.overlay = Overlay::None,
            Overlay::None
            | Overlay::Held { .. }
            | Overlay::Probing { .. }
            | Overlay::Turn { .. } => {}
        }
        self.take_back(now);
        if self.news.is_fresh(now, self.settings.stale_after()) {
            return;
        }
        self.end_alone(chance, out);
        match self.contact {
            Contact::New => self.contact = Contact::Joining(now),
            Contact::Joining(since) if now < since.saturating_add(self.settings.stale_after()) => {}
            Contact::Joining(_) | Contact::Heard => {
                self.contact = Contact::Lost;
                out.push(Action::Notice(Notice::EngineLost));
            }
            Contact::Lost | Contact::Refused(_) => {}
        }
    }
}
