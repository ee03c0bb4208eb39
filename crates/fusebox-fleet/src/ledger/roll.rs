//! The roll of instances: who is heard, what each of them thinks, and whether that is a vote.

use std::collections::BTreeMap;
use std::time::Duration;

use super::standing::Standpoint;
use crate::message::{Report, ReportRefused, Sender};
use crate::name::{InstanceId, Session};
use crate::number::Sequence;
use crate::opinion::Opinion;

/// The instances that have been heard lately.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Roll {
    entries: BTreeMap<InstanceId, Entry>,
}

#[derive(Clone, Debug, PartialEq)]
struct Entry {
    session: Session,
    sequence: Sequence,
    opinion: Opinion,
    lapses: Duration,
}

impl Roll {
    pub(super) fn check_name(&self, now: Duration, from: &Sender) -> Result<(), ReportRefused> {
        match self.alive(now, &from.instance) {
            Some(entry) if entry.session != from.session => Err(ReportRefused::NameTaken),
            Some(_) | None => Ok(()),
        }
    }

    /// Whether this report, or a later one of the same session, has been counted.
    pub(super) fn has_heard(&self, now: Duration, from: &Sender, sequence: Sequence) -> bool {
        self.alive(now, &from.instance)
            .is_some_and(|entry| entry.session == from.session && sequence <= entry.sequence)
    }

    pub(super) fn has_others(&self, now: Duration, instance: &InstanceId) -> bool {
        self.all_alive(now).any(|(other, _)| other != instance)
    }

    pub(super) fn suspects_beside(&self, now: Duration, instance: &InstanceId) -> bool {
        self.all_alive(now)
            .any(|(other, entry)| other != instance && entry.opinion == Opinion::Suspect)
    }

    /// When the last instance that has not left lapses, or has lapsed; none if all have left.
    pub(super) fn last_lapse(&self) -> Option<Duration> {
        self.entries.values().map(|entry| entry.lapses).max()
    }

    pub(super) fn drop_lapsed(&mut self, now: Duration) {
        self.entries.retain(|_, entry| now < entry.lapses);
    }

    /// A stale suspicion is from before the fleet closed: its sender has not heard of that yet. It keeps its
    /// vote, as one that sees no trouble.
    pub(super) fn write(&mut self, now: Duration, report: &Report, stale: bool) {
        let opinion = match report.opinion {
            Opinion::Suspect if stale => Opinion::Fine,
            opinion => opinion,
        };
        let entry = Entry {
            session: report.from.session,
            sequence: report.sequence,
            opinion,
            lapses: now.saturating_add(report.settings.member_for()),
        };
        self.entries.insert(report.from.instance.clone(), entry);
    }

    /// Whether the sender was on the roll.
    pub(super) fn strike(&mut self, sender: &Sender) -> bool {
        let known = self
            .entries
            .get(&sender.instance)
            .is_some_and(|entry| entry.session == sender.session);
        if known {
            self.entries.remove(&sender.instance);
        }
        known
    }

    pub(super) fn withdraw_suspicions(&mut self) {
        for entry in self.entries.values_mut() {
            if entry.opinion == Opinion::Suspect {
                entry.opinion = Opinion::Fine;
            }
        }
    }

    /// Voters, and suspects among them.
    pub(super) fn count(&self, now: Duration) -> (u32, u32) {
        let (mut voters, mut suspects) = (0, 0);
        for (_, entry) in self.all_alive(now) {
            voters += u32::from(entry.opinion.votes());
            suspects += u32::from(entry.opinion == Opinion::Suspect);
        }
        (voters, suspects)
    }

    pub(super) fn standpoints(&self, now: Duration) -> Vec<Standpoint> {
        self.all_alive(now)
            .map(|(instance, entry)| Standpoint {
                instance: instance.clone(),
                opinion: entry.opinion,
                lapses_in: entry.lapses.saturating_sub(now),
            })
            .collect()
    }

    fn alive(&self, now: Duration, instance: &InstanceId) -> Option<&Entry> {
        self.entries
            .get(instance)
            .filter(|entry| now < entry.lapses)
    }

    fn all_alive(&self, now: Duration) -> impl Iterator<Item = (&InstanceId, &Entry)> {
        self.entries
            .iter()
            .filter(move |(_, entry)| now < entry.lapses)
    }
}
