//! The part of a member that follows the fleet, objects to it, and goes on without it (transitions 2 to 4 and 8 to
//! 11).

use std::time::Duration;

use super::{Action, BreakerState, Member, Notice, Overlay};
use crate::chance::{Chance, part_of};
use crate::command::Order;
use crate::mode::{CloseRule, Evidence, Veto};
use crate::opinion::Opinion;
use crate::view::{Era, Verdict, View};

/// Whether the failure is on this instance alone.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) enum Localised {
    #[default]
    No,
    /// It has looked so since this time.
    Since(Duration),
    /// It has been reported.
    Told,
}

impl Localised {
    pub(super) fn is_told(self) -> bool {
        self == Self::Told
    }
}

impl Member {
    /// Decides whether this instance follows the fleet's verdict.
    pub(super) fn consider(
        &mut self,
        now: Duration,
        chance: &mut dyn Chance,
        out: &mut Vec<Action>,
    ) {
        self.take_back(now);
        let Some(view) = self.news.fresh(now, self.settings.stale_after()) else {
            return;
        };
        if !view.verdict.is_open() || self.command.order != Order::Automatic {
            return;
        }
        match self.overlay {
            Overlay::Turn { era, .. } if view.era.is_after(era) => {
                self.hold(now, view, chance, out);
            }
            Overlay::None if self.breaker == BreakerState::Closed => {
                if self.agrees(now, view) {
                    self.hold(now, view, chance, out);
                } else if self.vetoed != Some(view.era) && self.followed != Some(view.era) {
                    self.vetoed = Some(view.era);
                    out.push(Action::Notice(Notice::Vetoed { era: view.era }));
                }
            }
            Overlay::Held { era } if view.era != era => {
                self.overlay = Overlay::Held { era: view.era };
                self.followed = Some(view.era);
            }
            Overlay::None
            | Overlay::Turn { .. }
            | Overlay::Held { .. }
            | Overlay::Probing { .. } => {}
        }
    }

    fn agrees(&self, now: Duration, view: View) -> bool {
        let dials = self.settings.mode().dials();
        let suspects = self.opinion_of_calls(now) == Opinion::Suspect;
        let is_new = self.followed != Some(view.era) && self.cleared != Some(view.era);
        match (dials.veto, dials.evidence) {
            (Veto::Ignored, _) => is_new,
            (Veto::Respected, Evidence::Counts) => {
                let has_calls = self.opinions.opinion(now, &self.settings) != Opinion::Idle;
                let all_well = self.opinions.all_well(now, &self.settings);
                suspects || (is_new && has_calls && !all_well)
            }
            (Veto::Respected, _) => suspects,
        }
    }

    fn hold(&mut self, now: Duration, view: View, chance: &mut dyn Chance, out: &mut Vec<Action>) {
        let not_before = match self.settings.mode().dials().close {
            CloseRule::OwnTimer => now.saturating_add(self.own_wait(0, chance)),
            CloseRule::AtOnce | CloseRule::ByTurns => now,
        };
        self.overlay = Overlay::Held { era: view.era };
        self.followed = Some(view.era);
        self.probes.begin(not_before);
        out.push(Action::Hold {
            epoch: view.era.epoch,
        });
        self.hint(now, out);
    }

    /// Tells callers of a held breaker when to come back; a breaker that is open by its own rules does that by
    /// itself.
    pub(super) fn hint(&self, now: Duration, out: &mut Vec<Action>) {
        if !self.overlay.is_held() {
            return;
        }
        let at = self.news.probe_at().max(self.probes.not_before);
        out.push(Action::Hint {
            retry_after: at.saturating_sub(now),
        });
    }

    /// The breaker's own open period after this many failed probes, shortened at random as the breaker does.
    pub(super) fn own_wait(&self, failed: u32, chance: &mut dyn Chance) -> Duration {
        let wait = self.settings.own_wait(failed);
        wait.saturating_sub(part_of(wait.mul_f64(self.settings.jitter()), chance))
    }

    /// A newer view of the same life of the ledger.
    pub(super) fn follow(
        &mut self,
        now: Duration,
        (before, view): (Option<Era>, View),
        chance: &mut dyn Chance,
        out: &mut Vec<Action>,
    ) {
        match view.verdict {
            Verdict::Open { .. } => {
                if let Overlay::Held { .. } = self.overlay {
                    self.hint(now, out);
                }
            }
            Verdict::Closed => self.close(now, (before, view), chance, out),
        }
    }

    fn close(
        &mut self,
        now: Duration,
        (before, view): (Option<Era>, View),
        chance: &mut dyn Chance,
        out: &mut Vec<Action>,
    ) {
        if before.is_some_and(|before| view.era.is_after(before)) {
            self.mail.withdrawn();
        }
        let (most, at_once) = match self.settings.mode().dials().close {
            CloseRule::OwnTimer => return,
            CloseRule::AtOnce => (Duration::ZERO, true),
            CloseRule::ByTurns => (self.settings.stagger(), false),
        };
        match self.overlay {
            Overlay::Held { era } | Overlay::Probing { era, .. } if view.era.is_after(era) => {
                let after = part_of(most, chance);
                self.opinions.withdraw();
                self.overlay = if at_once || after.is_zero() {
                    Overlay::None
                } else {
                    Overlay::Turn {
                        era: view.era,
                        until: now.saturating_add(after),
                    }
                };
                self.probes.begin(now);
                out.push(Action::Release { after });
            }
            Overlay::None
                if matches!(self.breaker, BreakerState::Open | BreakerState::HalfOpen)
                    && before.is_some_and(|before| view.era.is_after(before)) =>
            {
                self.withdrawn = true;
                if self.breaker == BreakerState::Open {
                    let wait = part_of(most, chance);
                    out.push(Action::Hasten { wait });
                }
            }
            Overlay::None
            | Overlay::Held { .. }
            | Overlay::Probing { .. }
            | Overlay::Turn { .. } => {}
        }
    }

    /// Turns whatever the fleet added into an open period of the breaker's own.
    pub(super) fn end_alone(&mut self, chance: &mut dyn Chance, out: &mut Vec<Action>) {
        if matches!(self.overlay, Overlay::None) {
            return;
        }
        let longest = self
            .settings
            .open_for()
            .mul_f64(1.0 + self.settings.jitter());
        let wait = part_of(longest, chance);
        self.overlay = Overlay::None;
        self.breaker = BreakerState::Open;
        self.withdrawn = false;
        self.opinions.withdraw();
        self.probes.begin(Duration::ZERO);
        out.push(Action::LoseEngine { wait });
    }

    pub(super) fn notice_localised(&mut self, now: Duration, out: &mut Vec<Action>) {
        let fleet_is_fine = self
            .news
            .fresh(now, self.settings.stale_after())
            .is_some_and(|view| !view.verdict.is_open() && view.votes.most_are_fine());
        let own_is_open = matches!(self.breaker, BreakerState::Open | BreakerState::HalfOpen);
        let looks_so = fleet_is_fine && own_is_open && matches!(self.overlay, Overlay::None);
        self.localised = match (looks_so, self.localised) {
            (true, Localised::No) => Localised::Since(now),
            (true, Localised::Since(since))
                if now >= since.saturating_add(self.settings.localised_after()) =>
            {
                out.push(Action::Notice(Notice::Localised));
                Localised::Told
            }
            (true, unchanged) => unchanged,
            (false, Localised::Told) => {
                out.push(Action::Notice(Notice::LocalisedEnded));
                Localised::No
            }
            (false, Localised::No | Localised::Since(_)) => Localised::No,
        };
    }
}
