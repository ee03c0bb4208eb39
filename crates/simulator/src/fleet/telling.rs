//! The telling of what instances decide together: the same events that the host of a service announces, and how each
//! instance stands after each of them.

use std::time::Duration;

use experiment::coordination::{EventFigure, EventKind, FleetOrder};
use fusebox_fleet::{Action, Event, Notice, Overlay, ProbeResult, Right};

use super::Fleet;

impl Fleet {
    /// Tells a member something; says what it wants done, and tells what that means.
    pub(crate) fn tell(&mut self, now: u64, instance: u32, event: Event) -> Vec<Action> {
        if let Event::ProbeEnded { result, .. } = &event {
            self.probed(now, instance, *result);
        }
        let is_leaving = event == Event::Leave && self.host(instance).is_here();
        let actions = self.host(instance).handle(now, event);
        for action in &actions {
            self.note(now, instance, action);
        }
        if self.host(instance).right().is_none() {
            self.probed(now, instance, ProbeResult::Void);
        }
        if is_leaving {
            self.happens(now, instance, EventKind::Left, EventFigure::Nothing);
        }
        self.look(now, instance);
        actions
    }

    /// Notes how an instance stands now.
    pub(crate) fn look(&mut self, now: u64, instance: u32) {
        if let Some(course) = &mut self.course {
            let (standing, view) = self.hosts[instance as usize].standing(instance, now);
            course.stands(standing, view);
        }
    }

    /// A probe for the fleet that was under way has ended.
    fn probed(&mut self, now: u64, instance: u32, result: ProbeResult) {
        if self.host(instance).ends_probe() {
            let result = EventFigure::Words(result.as_str().into());
            self.happens(now, instance, EventKind::Probed, result);
        }
    }

    fn note(&mut self, now: u64, instance: u32, action: &Action) {
        let (kind, figure) = match action {
            Action::Hold { .. } => match self.host(instance).overlay() {
                Overlay::Held { era } => (EventKind::Adopted, EventFigure::Epoch(era.epoch.get())),
                _ => return,
            },
            Action::Probe { deadline, .. } | Action::LendProbe { deadline, .. } => {
                if !matches!(self.host(instance).right(), Some(Right::Leased(_))) {
                    return;
                }
                self.host(instance).begins_probe();
                (EventKind::Leased, EventFigure::time(*deadline))
            }
            Action::Release { after } => (EventKind::Released, EventFigure::time(*after)),
            Action::Obey(order) => {
                let order = FleetOrder::from(*order).as_str();
                (EventKind::Ordered, EventFigure::Words(order.into()))
            }
            Action::Notice(notice) => noticed(*notice),
            _ => return,
        };
        self.happens(now, instance, kind, figure);
    }

    fn happens(&mut self, now: u64, instance: u32, kind: EventKind, figure: EventFigure) {
        if let Some(course) = &mut self.course {
            let at = Duration::from_nanos(now);
            course.happens(at, instance as usize, kind, figure);
        }
    }
}

fn noticed(notice: Notice) -> (EventKind, EventFigure) {
    let fell_back = |reason: &'static str| (EventKind::FellBack, EventFigure::Words(reason.into()));
    match notice {
        Notice::Vetoed { era } => (EventKind::Vetoed, EventFigure::Epoch(era.epoch.get())),
        Notice::EngineLost => fell_back("stale"),
        Notice::EngineForgot => fell_back("forgot"),
        Notice::EngineBack => (EventKind::Rejoined, EventFigure::Nothing),
        Notice::Refused(why) => {
            let why = EventFigure::Words(why.to_string().into());
            (EventKind::Refused, why)
        }
        Notice::Localised => (EventKind::Localised, EventFigure::Nothing),
        Notice::LocalisedEnded => (EventKind::LocalisedEnded, EventFigure::Nothing),
        _ => (EventKind::Other, EventFigure::Nothing),
    }
}
