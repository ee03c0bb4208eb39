//! One node's copy of what the fleet knows about one breaker, and the node's decisions from it.
//!
//! A copy decides as a [`Ledger`](crate::Ledger) does, but there are as many copies as nodes. Each copy counts the
//! votes itself. A decision is a [`Round`], and of two rounds the later one is in force wherever they meet. The type
//! knows no socket and no clock.

mod ballot;
mod merge;
mod probe;
mod say;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use super::id::NodeId;

use ballot::Ballot;

use super::roster::Roster;
use super::round::Round;
use super::share::{Entry, MOST};
use crate::command::{Command, Order};
use crate::ledger::{Prober, Standing, Standpoint};
use crate::message::{Report, ReportRefused, Sender};
use crate::mode::{CloseRule, Evidence};
use crate::name::{InstanceId, Session};
use crate::number::{CommandNumber, Epoch, Incarnation, Revision, Sequence, Token};
use crate::opinion::Opinion;
use crate::settings::{Fingerprint, Settings};
use crate::view::{Verdict, View};

/// The time, and which nodes are alive.
#[derive(Clone, Copy)]
pub(super) struct Moment<'a> {
    pub(super) now: Duration,
    pub(super) roster: &'a Roster,
}

/// One node's copy.
#[derive(Debug)]
pub(super) struct Replica {
    round: Round,
    /// When this node heard of the round's epoch.
    since: Duration,
    next_probe: Duration,
    steps_back_until: Duration,
    /// The time from which suspects may probe, one after the other.
    turns_from: Duration,
    /// How long it takes until all nodes have heard of a claim and the next suspect may make one.
    turn: Duration,
    command: Command,
    written: Revision,
    rules: Option<Arc<Settings>>,
    /// The instances that report to this node.
    locals: BTreeMap<InstanceId, Local>,
    /// The leases that this node granted.
    claims: Vec<Given>,
    peers: BTreeMap<NodeId, Peer>,
}

/// An instance that reports to this node.
#[derive(Debug)]
struct Local {
    session: Session,
    sequence: Sequence,
    opinion: Opinion,
    seen: Epoch,
    rules: Fingerprint,
    member_for: Duration,
    lapses: Duration,
}

/// A lease.
#[derive(Clone, Debug)]
struct Given {
    to: Sender,
    token: Token,
    ends: Duration,
}

/// What another node has said.
#[derive(Debug)]
struct Peer {
    incarnation: Incarnation,
    entries: Vec<Entry>,
    claims: Vec<Given>,
}

/// The reason why a report does not count.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum NotCounted {
    Refused(ReportRefused),
    /// This engine cannot count it, or not yet.
    Unavailable(&'static str),
}

impl From<ReportRefused> for NotCounted {
    fn from(refused: ReportRefused) -> Self {
        Self::Refused(refused)
    }
}

/// The reason to decide anew.
#[derive(Clone, Copy, PartialEq)]
enum Reason {
    /// A node was heard, or time has passed.
    Heard,
    /// An instance of this node no longer suspects the downstream, or has left.
    Withdrawn,
}

impl Replica {
    /// Makes a copy that knows nothing. All nodes begin with the same incarnation; revisions begin above those of an
    /// earlier node of this process.
    pub(super) fn new(incarnation: Incarnation, revision: Revision, turn: Duration) -> Self {
        Self {
            round: Round::first(incarnation),
            since: Duration::ZERO,
            next_probe: Duration::ZERO,
            steps_back_until: Duration::ZERO,
            turns_from: Duration::ZERO,
            turn,
            command: Command::NONE,
            written: revision,
            rules: None,
            locals: BTreeMap::new(),
            claims: Vec::new(),
            peers: BTreeMap::new(),
        }
    }

    pub(super) fn report(&mut self, at: Moment<'_>, report: &Report) -> Result<View, NotCounted> {
        if report.settings.mode().dials().evidence == Evidence::Counts {
            return Err(NotCounted::Unavailable(COUNTS));
        }
        self.check_name(at, &report.from)?;
        let rules = report.settings.fingerprint();
        self.check_rules(at, &report.from, rules)?;
        let known = self.alive_local(at.now, &report.from.instance);
        if known.is_some_and(|local| report.sequence <= local.sequence) {
            return Ok(self.view(at));
        }
        let suspected = known.is_some_and(|local| local.opinion == Opinion::Suspect);
        self.locals.retain(|_, local| at.now < local.lapses);
        if self.locals.len() >= MOST && !self.locals.contains_key(&report.from.instance) {
            return Err(NotCounted::Unavailable(CROWDED));
        }
        if report
            .seen
            .is_some_and(|seen| seen.is_after(self.round.era()))
        {
            if !at.roster.is_ready() {
                return Err(NotCounted::Unavailable(BEHIND));
            }
            self.forget(at.now);
        }
        self.rules = Some(Arc::clone(&report.settings));
        let seen = match report.seen {
            Some(seen) if seen.incarnation == self.round.incarnation => seen.epoch,
            Some(_) | None => self.round.epoch,
        };
        let local = Local {
            session: report.from.session,
            sequence: report.sequence,
            opinion: report.opinion,
            seen,
            rules,
            member_for: report.settings.member_for(),
            lapses: at.now.saturating_add(report.settings.member_for()),
        };
        self.locals.insert(report.from.instance.clone(), local);
        if report.command.is_newer_than(self.command) && report.command.is_sound() {
            self.command = report.command;
        }
        self.write();
        let reason = if suspected && report.opinion != Opinion::Suspect {
            Reason::Withdrawn
        } else {
            Reason::Heard
        };
        self.decide(at, reason);
        Ok(self.view(at))
    }

    pub(super) fn leave(&mut self, at: Moment<'_>, sender: &Sender) {
        let known = self.locals.get(&sender.instance);
        let Some(local) = known.filter(|local| local.session == sender.session) else {
            return;
        };
        let reason = if local.opinion == Opinion::Suspect {
            Reason::Withdrawn
        } else {
            Reason::Heard
        };
        self.locals.remove(&sender.instance);
        self.claims.retain(|given| given.to != *sender);
        self.free(at.now);
        self.write();
        self.decide(at, reason);
    }

    /// Makes the node leave, with all instances that report to it.
    pub(super) fn leave_all(&mut self) {
        self.locals.clear();
        self.claims.clear();
        self.write();
    }

    /// The number is the order's place among those of other nodes.
    pub(super) fn order(&mut self, at: Moment<'_>, number: CommandNumber, order: Order) -> View {
        let number = number.max(self.command.number.next());
        self.command = Command::new(number, order);
        self.write();
        self.view(at)
    }

    pub(super) fn view(&self, at: Moment<'_>) -> View {
        let verdict = if self.round.is_open() {
            Verdict::Open {
                next_probe_in: self.next_probe.saturating_sub(at.now),
            }
        } else {
            Verdict::Closed
        };
        let ballot = self.ballot(at);
        View {
            era: self.round.era(),
            revision: self.written,
            verdict,
            votes: ballot.votes(self.rules.as_deref()),
            command: self.command,
        }
    }

    pub(super) fn peek(&self, at: Moment<'_>) -> Standing {
        let ballot = self.ballot(at);
        let rules = self.rules.as_ref().map(|rules| rules.fingerprint());
        Standing {
            view: self.view(at),
            rules: rules.or_else(|| ballot.strongest(None)),
            members: ballot
                .iter()
                .map(|(instance, vote)| Standpoint {
                    instance: instance.clone(),
                    opinion: vote.opinion,
                    lapses_in: vote.until.saturating_sub(at.now),
                })
                .collect(),
            prober: self.prober(at.now),
            failed_probes: self.round.failed,
        }
    }

    /// If there are several probers, all nodes show the same one.
    fn prober(&self, now: Duration) -> Option<Prober> {
        let first = self
            .alive_claims(now)
            .min_by_key(|given| (given.token, &given.to))?;
        Some(Prober {
            instance: first.to.instance.clone(),
            remaining: first.ends.saturating_sub(now),
        })
    }

    fn alive_local(&self, now: Duration, instance: &InstanceId) -> Option<&Local> {
        self.locals.get(instance).filter(|local| now < local.lapses)
    }

    /// Whether the copy is no longer needed: no instance of any node is heard, and neither an order nor an open
    /// verdict has to be kept for those that come back. An order that was released is kept as well. Without its
    /// number, an earlier order would be in force again as soon as a node brings it that has not heard of the
    /// release.
    pub(super) fn has_nobody(&self, now: Duration) -> bool {
        let verdict_for = |rules: &Arc<Settings>| rules.verdict_for();
        let kept_until = if self.round.is_open() {
            let kept_for = self.rules.as_ref().map_or(KEPT_FOR, verdict_for);
            self.since.saturating_add(kept_for)
        } else {
            Duration::ZERO
        };
        now >= kept_until
            && self.locals.values().all(|local| local.lapses <= now)
            && self.alive_claims(now).next().is_none()
            && self.peers.values().all(|peer| peer.entries.is_empty())
            && self.command == Command::NONE
    }

    /// Decides anew after time has passed or others were heard.
    pub(super) fn reconsider(&mut self, at: Moment<'_>) {
        self.peers.retain(|node, _| at.roster.knows(node));
        self.decide(at, Reason::Heard);
    }

    fn decide(&mut self, at: Moment<'_>, reason: Reason) {
        // Only a node with an instance of its own knows the settings.
        let reports = self.locals.values().any(|local| at.now < local.lapses);
        let (Some(rules), true, true) = (self.rules.clone(), reports, at.roster.is_ready()) else {
            return;
        };
        let ballot = self.ballot(at);
        let votes = ballot.votes(Some(&rules));
        let dials = rules.mode().dials();
        if !self.round.is_open() {
            let is_asked = matches!(dials.evidence, Evidence::Opinions | Evidence::Trips);
            if is_asked && votes.carry() {
                let gap = ballot.gap(&rules, 0);
                self.turn_round(at.now);
                self.next_probe = at.now.saturating_add(gap);
                self.turns_from = self.next_probe;
            }
            return;
        }
        let is_outvoted =
            dials.close == CloseRule::OwnTimer && reason == Reason::Withdrawn && !votes.carry();
        if is_outvoted || self.is_deserted(at, &ballot, &rules) {
            self.turn_round(at.now);
        }
    }

    /// Whether an open verdict has no followers: there has been time to follow, no instance suspects the downstream,
    /// and none probes. A suspect that this node merely no longer hears does not show that all is well.
    fn is_deserted(&self, at: Moment<'_>, ballot: &Ballot<'_>, rules: &Settings) -> bool {
        let silent = self.peers.values().any(|peer| {
            peer.incarnation == self.round.incarnation
                && peer
                    .entries
                    .iter()
                    .any(|entry| entry.opinion == Opinion::Suspect)
        });
        ballot.suspects() == 0
            && !silent
            && self.alive_claims(at.now).next().is_none()
            && at.now >= self.since.saturating_add(rules.member_for())
    }

    /// Changes the verdict to the other one.
    fn turn_round(&mut self, now: Duration) {
        self.round = self.round.turned();
        self.begin(now);
        self.write();
    }

    /// Begins an epoch: what belonged to the last one is over.
    fn begin(&mut self, now: Duration) {
        self.since = now;
        self.claims.clear();
        self.steps_back_until = Duration::ZERO;
    }

    /// Begins a new life of all that is known, because an instance knows of a later epoch and no other node does.
    fn forget(&mut self, now: Duration) {
        self.round = Round::first(self.round.incarnation.next());
        self.withdraw();
        self.begin(now);
        self.write();
    }

    fn withdraw(&mut self) {
        for local in self.locals.values_mut() {
            if local.opinion == Opinion::Suspect {
                local.opinion = Opinion::Fine;
            }
        }
    }

    fn write(&mut self) {
        self.written = self.written.next();
    }
}

/// Merged counts would have to be sent every tenth of a second, and gossip sends less often than that.
pub(super) const COUNTS: &str = "gossip does not merge counts of calls, which the modes pooled and \
     pooled-naive need: use the mode quorum or advisory, or an engine on a server";
/// How long an open verdict is kept if no instance has said how long.
const KEPT_FOR: Duration = Duration::from_secs(600);
const CROWDED: &str =
    "this node keeps 128 instances of the breaker already: start another node for more";
const BEHIND: &str = "this node has just started and has not heard the fleet's verdict yet";

#[cfg(test)]
mod tests;
