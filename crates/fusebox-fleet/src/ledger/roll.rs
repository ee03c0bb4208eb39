//! The roll of instances: which are heard, what each of them thinks, and whether that is a vote.

use std::collections::BTreeMap;
use std::time::Duration;

use super::standing::Standpoint;
use crate::message::{Report, ReportRefused, Sender};
use crate::name::{InstanceId, Session};
use crate::number::Sequence;
use crate::opinion::Opinion;

/// The instances that were heard lately.
///
/// A fleet of a thousand instances reports a thousand times per heartbeat, and each report needs the votes twice. So
/// the votes are updated with each change, and counted again only when an instance may have lapsed.
#[derive(Clone, Debug, Default)]
pub(super) struct Roll {
    entries: BTreeMap<InstanceId, Entry>,
    /// The votes of all entries, lapsed or not.
    tally: Tally,
    /// No instance lapses before this time. It is only a bound, because reports move it on.
    soonest: Option<Duration>,
}

/// The tally follows from the entries, and the bound is no part of the roll's content.
impl PartialEq for Roll {
    fn eq(&self, other: &Self) -> bool {
        self.entries == other.entries
    }
}

/// Voters, and suspects among them.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Tally {
    voters: u32,
    suspects: u32,
}

impl Tally {
    fn add(&mut self, opinion: Opinion) {
        self.voters += u32::from(opinion.votes());
        self.suspects += u32::from(opinion == Opinion::Suspect);
    }

    fn take(&mut self, opinion: Opinion) {
        self.voters -= u32::from(opinion.votes());
        self.suspects -= u32::from(opinion == Opinion::Suspect);
    }
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

    /// Whether this report, or a later one of the same session, was already counted.
    pub(super) fn has_heard(&self, now: Duration, from: &Sender, sequence: Sequence) -> bool {
        self.alive(now, &from.instance)
            .is_some_and(|entry| entry.session == from.session && sequence <= entry.sequence)
    }

    pub(super) fn has_others(&self, now: Duration, instance: &InstanceId) -> bool {
        self.all_alive(now).any(|(other, _)| other != instance)
    }

    pub(super) fn suspects_beside(&self, now: Duration, instance: &InstanceId) -> bool {
        let one = self.alive(now, instance);
        let own = one.is_some_and(|entry| entry.opinion == Opinion::Suspect);
        self.count(now).1 > u32::from(own)
    }

    /// When the last instance that has not left lapses, or has lapsed; `None` if all have left.
    #[cfg(feature = "memory")]
    pub(super) fn last_lapse(&self) -> Option<Duration> {
        self.entries.values().map(|entry| entry.lapses).max()
    }

    pub(super) fn drop_lapsed(&mut self, now: Duration) {
        if self.all_count(now) {
            return;
        }
        let (entries, tally) = (&mut self.entries, &mut self.tally);
        entries.retain(|_, entry| {
            let stays = now < entry.lapses;
            if !stays {
                tally.take(entry.opinion);
            }
            stays
        });
        self.soonest = entries.values().map(|entry| entry.lapses).min();
    }

    /// Whether it is certain that no instance has lapsed.
    fn all_count(&self, now: Duration) -> bool {
        self.soonest.is_none_or(|soonest| now < soonest)
    }

    /// Writes a report. A stale suspicion is from before the fleet closed, of which its sender has not heard yet. The
    /// sender keeps its vote, as one that sees no trouble.
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
        let lapses = entry.lapses;
        self.soonest = Some(self.soonest.map_or(lapses, |soonest| soonest.min(lapses)));
        self.tally.add(opinion);
        // In most cases the name is already there.
        let before = match self.entries.get_mut(&report.from.instance) {
            Some(known) => Some(std::mem::replace(known, entry)),
            None => self.entries.insert(report.from.instance.clone(), entry),
        };
        if let Some(before) = before {
            self.tally.take(before.opinion);
        }
    }

    /// Whether the sender was on the roll.
    pub(super) fn strike(&mut self, sender: &Sender) -> bool {
        let known = self
            .entries
            .get(&sender.instance)
            .is_some_and(|entry| entry.session == sender.session);
        if known && let Some(entry) = self.entries.remove(&sender.instance) {
            self.tally.take(entry.opinion);
        }
        known
    }

    pub(super) fn withdraw_suspicions(&mut self) {
        for entry in self.entries.values_mut() {
            if entry.opinion == Opinion::Suspect {
                entry.opinion = Opinion::Fine;
                self.tally.suspects -= 1;
            }
        }
    }

    /// Voters, and suspects among them.
    pub(super) fn count(&self, now: Duration) -> (u32, u32) {
        let mut tally = self.tally;
        if !self.all_count(now) {
            tally = Tally::default();
            for (_, entry) in self.all_alive(now) {
                tally.add(entry.opinion);
            }
        }
        (tally.voters, tally.suspects)
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

#[cfg(test)]
mod tests;
