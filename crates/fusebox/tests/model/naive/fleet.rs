//! The fleet's commands to a breaker, as entries of the list.

use std::time::Duration;

use fusebox::{Cause, HoldStage, State};

use super::{Entry, Model};
use crate::history::Fleet;

impl Model {
    /// Whether the command applies; then it is in the list.
    pub(crate) fn follow(&mut self, fleet: Fleet, now: Duration) -> bool {
        self.tick(now);
        let millis = Duration::from_millis;
        let after = |wait| self.now + millis(wait);
        match (fleet, self.stage()) {
            (Fleet::Hold(epoch), None) if self.state() == State::Closed => self.hold(epoch),
            (Fleet::Hold(epoch), Some(HoldStage::Held)) if epoch > self.epoch() => {
                self.log.push(Entry::Verdict(epoch));
            }
            (Fleet::Hold(epoch), Some(_)) if epoch > self.epoch() => self.hold(epoch),
            (Fleet::Hint(wait), Some(HoldStage::Held | HoldStage::Probing)) => {
                let end = after(wait);
                self.log.push(Entry::Hint(end));
            }
            (Fleet::Grant(lease), Some(HoldStage::Held)) => {
                let end = Some(after(lease));
                let stage = Some(HoldStage::Probing);
                self.move_to(State::HalfOpen, Cause::FleetProbe, end, stage);
            }
            (Fleet::Release(wait, ramp), Some(HoldStage::Held | HoldStage::Probing)) => {
                self.log.push(Entry::Released(ramp));
                if wait == 0 {
                    self.close_for_the_fleet();
                } else {
                    let (end, stage) = (Some(after(wait)), Some(HoldStage::Turn));
                    self.move_to(State::Open, Cause::Fleet, end, stage);
                }
            }
            (Fleet::Hasten(wait), None) => return self.hasten(after(wait)),
            (Fleet::ProbeNow, None) => return self.probe_now(),
            (Fleet::LoseEngine(wait), Some(_)) => {
                let end = Some(after(wait));
                self.move_to(State::Open, Cause::EngineLost, end, None);
            }
            _ => return false,
        }
        true
    }

    fn hold(&mut self, epoch: u64) {
        self.move_to(State::Open, Cause::Fleet, None, Some(HoldStage::Held));
        self.log.push(Entry::Verdict(epoch));
    }

    pub(super) fn close_for_the_fleet(&mut self) {
        let released = |entry: &Entry| match entry {
            Entry::Released(ramp) => Some(*ramp),
            _ => None,
        };
        let ramp = self.log.iter().rev().find_map(released).unwrap();
        let ramp = ramp.or(self.settings.ramp).filter(|millis| *millis > 0);
        self.move_to(State::Closed, Cause::Fleet, None, None);
        let Some(Entry::Change {
            ramp: now,
            ramp_at_first,
            ..
        }) = self.log.last_mut()
        else {
            panic!("that was a change");
        };
        (*now, *ramp_at_first) = (
            ramp.map(Duration::from_millis),
            ramp.map(Duration::from_millis),
        );
    }

    /// The probe has ended; `verdict` says whether it failed and whether it was slow.
    pub(super) fn end_fleet_probe(&mut self, verdict: Option<(bool, bool)>) {
        let cause = match verdict {
            Some((false, false)) => Cause::FleetProbeSucceeded,
            Some(_) => Cause::FleetProbeFailed,
            None => Cause::FleetProbeCancelled,
        };
        self.move_to(State::Open, cause, None, Some(HoldStage::Held));
    }

    fn hasten(&mut self, end: Duration) -> bool {
        let last_change = |entry: &&mut Entry| matches!(entry, Entry::Change { .. });
        match self.log.iter_mut().rev().find(last_change) {
            Some(Entry::Change {
                to: State::Open,
                until: Some(until),
                ordered: false,
                ..
            }) if end < *until => {
                *until = end;
                true
            }
            _ => false,
        }
    }

    /// A half-open period is left as it is; an open one ends, unless an operator opened it.
    fn probe_now(&mut self) -> bool {
        match self.state() {
            State::HalfOpen => true,
            State::Open => self.hasten(self.now),
            _ => false,
        }
    }

    /// A change that neither trips nor ramps.
    pub(super) fn move_to(
        &mut self,
        to: State,
        cause: Cause,
        until: Option<Duration>,
        stage: Option<HoldStage>,
    ) {
        self.log.push(Entry::Change {
            to,
            cause,
            at: self.now,
            until,
            ramp: None,
            ramp_at_first: None,
            settings: self.settings.clone(),
            stage,
            ordered: false,
        });
    }

    /// How far a verdict of the fleet has come that is in force.
    pub(super) fn stage(&self) -> Option<HoldStage> {
        let mut changes = self.log.iter().rev();
        changes.find_map(|entry| match entry {
            Entry::Change { stage, .. } => Some(*stage),
            _ => None,
        })?
    }

    fn epoch(&self) -> u64 {
        let verdict = |entry: &Entry| match entry {
            Entry::Verdict(epoch) => Some(*epoch),
            _ => None,
        };
        self.log.iter().rev().find_map(verdict).unwrap()
    }

    /// What is left of the last hint since the verdict.
    pub(super) fn hint_left(&self) -> Option<Duration> {
        for entry in self.log.iter().rev() {
            match entry {
                Entry::Hint(end) => {
                    let left = end.checked_sub(self.now)?;
                    return Some(left).filter(|left| !left.is_zero());
                }
                Entry::Change {
                    cause: Cause::Fleet,
                    ..
                } => return None,
                _ => {}
            }
        }
        None
    }

    /// Number, stage and what rejections say.
    pub(super) fn held(&self) -> Option<(u64, HoldStage, Option<Duration>)> {
        let stage = self.stage()?;
        let left = match stage {
            HoldStage::Held => self.hint_left(),
            // The end may be due.
            _ => self.deadline().map(|end| end.saturating_sub(self.now)),
        };
        Some((self.epoch(), stage, left))
    }
}

/// Whether an opening with this cause leaves the back-off alone.
pub(super) fn is_the_fleets(cause: Cause) -> bool {
    [
        Cause::Fleet,
        Cause::EngineLost,
        Cause::FleetProbeSucceeded,
        Cause::FleetProbeFailed,
        Cause::FleetProbeCancelled,
        Cause::FleetProbeExpired,
    ]
    .contains(&cause)
}
