//! The voters, as one node has heard them.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry as Slot;
use std::time::Duration;

use super::{Moment, Replica};
use crate::message::{ReportRefused, Sender};
use crate::mode::ProbeRule;
use crate::name::{InstanceId, Session};
use crate::opinion::Opinion;
use crate::settings::{Fingerprint, Settings};
use crate::view::Votes;

/// The instances that are alive, one vote each.
pub(super) struct Ballot<'a> {
    votes: BTreeMap<&'a InstanceId, Vote>,
}

/// The opinion of one instance.
#[derive(Clone, Copy)]
pub(super) struct Vote {
    pub(super) opinion: Opinion,
    pub(super) until: Duration,
    session: Session,
    rules: Fingerprint,
}

impl<'a> Ballot<'a> {
    pub(super) fn iter(&self) -> impl Iterator<Item = (&'a InstanceId, &Vote)> {
        self.votes.iter().map(|(instance, vote)| (*instance, vote))
    }

    /// Those voters that suspect the downstream.
    pub(super) fn suspect(&self) -> impl Iterator<Item = &'a InstanceId> {
        self.iter()
            .filter(|(_, vote)| vote.opinion == Opinion::Suspect)
            .map(|(instance, _)| instance)
    }

    pub(super) fn suspects(&self) -> usize {
        self.suspect().count()
    }

    /// Counts those that vote by these rules.
    pub(super) fn votes(&self, rules: Option<&Settings>) -> Votes {
        let fingerprint = rules.map(Settings::fingerprint);
        let (mut voters, mut suspects) = (0, 0);
        for vote in self.votes.values() {
            if fingerprint.is_none_or(|rules| vote.rules == rules) {
                voters += u32::from(vote.opinion.votes());
                suspects += u32::from(vote.opinion == Opinion::Suspect);
            }
        }
        Votes::new(
            voters,
            suspects,
            rules.map_or(0, |rules| rules.need(voters)),
        )
    }

    /// The wait before the next probe. A fleet in which one instance probes for all probes more often the more voters
    /// it has; where each instance probes, each waits as long as if it were alone.
    pub(super) fn gap(&self, rules: &Settings, failed: u32) -> Duration {
        let voters = match rules.mode().dials().probe {
            ProbeRule::Each => 1,
            ProbeRule::Leased => self.votes(Some(rules)).voters,
        };
        rules.gap(voters, failed)
    }

    /// The settings of most instances, without this one; of two equal groups, those with the lower number.
    pub(super) fn strongest(&self, without: Option<&InstanceId>) -> Option<Fingerprint> {
        let mut strength: BTreeMap<u64, (u32, Fingerprint)> = BTreeMap::new();
        for (instance, vote) in self.iter() {
            if Some(instance) != without {
                let count = &mut strength
                    .entry(vote.rules.get())
                    .or_insert((0, vote.rules))
                    .0;
                *count += 1;
            }
        }
        let strongest = strength.into_values().rev().max_by_key(|(count, _)| *count);
        strongest.map(|(_, rules)| rules)
    }

    fn add(&mut self, instance: &'a InstanceId, vote: Vote) {
        match self.votes.entry(instance) {
            Slot::Vacant(slot) => {
                slot.insert(vote);
            }
            // Two processes took one name before they heard each other: all nodes keep the same one.
            Slot::Occupied(mut slot) => {
                if vote.session < slot.get().session {
                    slot.insert(vote);
                }
            }
        }
    }
}

/// How certain it has to be that an instance is alive.
#[derive(Clone, Copy, PartialEq)]
enum Life {
    /// It has been heard.
    Heard,
    /// It may be alive: no other process gets its name.
    Possible,
}

impl Replica {
    /// The instances that have a vote.
    pub(super) fn ballot(&self, at: Moment<'_>) -> Ballot<'_> {
        self.roll(at, Life::Heard)
    }

    fn roll(&self, at: Moment<'_>, life: Life) -> Ballot<'_> {
        let mut ballot = Ballot {
            votes: BTreeMap::new(),
        };
        for (instance, local) in &self.locals {
            if at.now < local.lapses {
                let vote = Vote {
                    opinion: self.counted(local.opinion, local.seen.get()),
                    until: local.lapses,
                    session: local.session,
                    rules: local.rules,
                };
                ballot.add(instance, vote);
            }
        }
        for (node, peer) in &self.peers {
            for entry in &peer.entries {
                let until = match life {
                    Life::Heard => at.roster.votes_until(node, entry.member_for),
                    Life::Possible => at.roster.named_until(node, entry.member_for),
                };
                let Some(until) = until.filter(|until| at.now < *until) else {
                    continue;
                };
                let opinion = if peer.incarnation == self.round.incarnation {
                    self.counted(entry.opinion, entry.seen.get())
                } else {
                    self.counted(entry.opinion, 0)
                };
                let vote = Vote {
                    opinion,
                    until,
                    session: entry.from.session,
                    rules: entry.rules,
                };
                ballot.add(&entry.from.instance, vote);
            }
        }
        ballot
    }

    /// A suspicion from before the fleet closed is no vote to open it again, because its instance has not heard of
    /// the closing yet.
    fn counted(&self, opinion: Opinion, seen: u64) -> Opinion {
        let is_old = !self.round.is_open() && seen < self.round.epoch.get();
        match opinion {
            Opinion::Suspect if is_old => Opinion::Fine,
            opinion => opinion,
        }
    }

    pub(super) fn check_name(&self, at: Moment<'_>, from: &Sender) -> Result<(), ReportRefused> {
        let roll = self.roll(at, Life::Possible);
        match roll.votes.get(&from.instance) {
            // Of two that both have the name, the ballot holds the one that keeps it.
            Some(holder) if holder.session != from.session => Err(ReportRefused::NameTaken),
            Some(_) | None => Ok(()),
        }
    }

    pub(super) fn check_rules(
        &self,
        at: Moment<'_>,
        from: &Sender,
        given: Fingerprint,
    ) -> Result<(), ReportRefused> {
        let roll = self.roll(at, Life::Possible);
        let votes_so = roll
            .votes
            .get(&from.instance)
            .is_some_and(|vote| vote.rules == given);
        // An instance that votes already gives way only to a stronger group: two that were apart have become one
        // fleet.
        let fleet = if votes_so {
            roll.strongest(None)
        } else {
            roll.strongest(Some(&from.instance))
        };
        match fleet {
            Some(fleet) if fleet != given => Err(ReportRefused::SettingsDiffer { fleet, given }),
            Some(_) | None => Ok(()),
        }
    }
}
