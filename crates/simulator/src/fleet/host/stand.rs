//! The standing of an instance in its fleet, in the words that a service tells on `GET /breaker`.

use std::time::Duration;

use experiment::coordination::{Apart, CourseRecorder, SeenView, Stage, Standing, Vote};
use fusebox_fleet::{Event, Member, Opinion, Order, Overlay, ReportRefused, View};

use super::Host;

/// What an instance remembers for whoever asks how it stands.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Remembered {
    /// When its process began.
    begun_at: u64,
    /// When the engine answered it last.
    pub(super) answered_at: Option<u64>,
    refused: Option<ReportRefused>,
    /// The newest view that was fresh, and what is told of it.
    view: Option<(View, SeenView)>,
    /// It probes for the fleet.
    pub(super) probes: bool,
}

impl Remembered {
    /// Of a process that has just begun.
    pub(super) fn of_process(begun_at: u64) -> Self {
        Self {
            begun_at,
            ..Self::default()
        }
    }

    /// An event that the member hears.
    pub(super) fn hear(&mut self, event: &Event) {
        if let Event::Reported { answer, .. } = event {
            self.refused = answer.as_ref().err().copied();
        }
    }

    /// A view is kept also when it is fresh no longer.
    pub(super) fn see(&mut self, member: &Member, now: u64) {
        let Some(view) = member.view() else { return };
        if self.view.is_none_or(|(known, _)| known != view) {
            let age = member.view_age().unwrap_or_default();
            self.view = Some((view, SeenView::new(&view, Duration::from_nanos(now), age)));
        }
    }
}

impl Host {
    /// How it stands now, and the newest view that it has.
    pub(in crate::fleet) fn standing(
        &self,
        instance: u32,
        now: u64,
    ) -> (Standing, Option<SeenView>) {
        let seen = self.remembered.view.map(|(_, seen)| seen);
        let standing = Standing {
            at_s: CourseRecorder::instant(Duration::from_nanos(now)),
            instance: instance as usize,
            engine_up: false,
            is_fresh: false,
            vote: Vote::Idle,
            stage: None,
            apart: Some(Apart::Left),
            is_localised: false,
            order: Order::Automatic.into(),
            heard: seen.map(|seen| seen.heard()),
        };
        let Some(member) = &self.member else {
            return (standing, seen);
        };
        let stale_after = self.settings.stale_after();
        let is_young = |since: u64| Duration::from_nanos(now.saturating_sub(since)) < stale_after;
        let here = Standing {
            engine_up: self.remembered.answered_at.is_some_and(is_young),
            is_fresh: member.view().is_some(),
            vote: member.opinion().into(),
            stage: stage(member.overlay()),
            apart: self.apart(member, is_young(self.remembered.begun_at)),
            is_localised: member.is_localised(),
            order: member.order().into(),
            ..standing
        };
        (here, seen)
    }

    /// Why it does not follow its fleet, as the host of a service says it.
    fn apart(&self, member: &Member, is_new: bool) -> Option<Apart> {
        match self.remembered.refused {
            Some(ReportRefused::NameTaken) => return Some(Apart::NameTaken),
            Some(_) => return Some(Apart::SettingsDiffer),
            None => {}
        }
        let state = self.bound.breaker().state();
        if member.order() != Order::Automatic || state.is_operators() {
            return Some(Apart::Operator);
        }
        let Some(view) = member.view() else {
            let never = self.remembered.view.is_none();
            return Some(if never && is_new {
                Apart::Joining
            } else {
                Apart::Stale
            });
        };
        if !view.verdict.is_open() || member.overlay() != Overlay::None {
            return None;
        }
        match (state, member.opinion()) {
            (fusebox::State::Open | fusebox::State::HalfOpen, _) => Some(Apart::OwnOpen),
            (_, Opinion::Fine) => Some(Apart::Vetoed),
            (_, Opinion::Idle) => Some(Apart::NotSuspect),
            (_, Opinion::Suspect) => None,
        }
    }
}

fn stage(overlay: Overlay) -> Option<Stage> {
    match overlay {
        Overlay::Held { .. } => Some(Stage::Held),
        Overlay::Probing { .. } => Some(Stage::Probing),
        Overlay::Turn { .. } => Some(Stage::Turn),
        _ => None,
    }
}
