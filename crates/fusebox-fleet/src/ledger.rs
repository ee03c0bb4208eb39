//! The ledger by which an engine decides, as a value that is told the time.
//!
//! A [`Ledger`] keeps the votes, the verdict, the probe lease and an operator's command of one breaker key. The
//! engine in memory and the simulator's engine run it as it is; an engine on a server has to decide the same, in one
//! atomic step per verb. It makes no call, reads no clock, and stores no time of day.
//!
//! These rules are easy to get wrong:
//! - *A refusal writes nothing.* If a refused request for the lease prolonged anything, a fleet under load would keep
//!   a dead prober's lease alive for ever.
//! - *Closing deletes the suspicions.* Otherwise the votes that opened the fleet would open it again. A report that
//!   was written before its sender heard of the closing is no vote to reopen, either.
//! - *The need follows the voters.* Idle instances have no vote, and an instance that is no longer heard lapses: a
//!   fleet that shrinks from 20 to 3 can still reach its quorum.
//! - *A prober that failed lets others go first.* The next lease goes to another suspect for one gap, so that an
//!   instance whose own path is broken cannot keep the fleet open.
//! - *A verdict without suspects ends.* An open verdict is closed when no instance suspects the downstream any more.

mod phase;
mod pool;
mod roll;
mod standing;

use std::sync::Arc;
use std::time::Duration;

use phase::{Phase, Settled};
use pool::Pool;
use roll::Roll;
pub use standing::{Prober, Standing, Standpoint};

use crate::command::{Command, Order};
use crate::message::{
    Acquire, AcquireRefused, Fenced, Lease, ProbeResult, Report, ReportRefused, Sender, Settlement,
};
use crate::mode::{CloseRule, Evidence, ProbeRule};
use crate::number::{CommandNumber, Epoch, Incarnation, Revision, Token};
use crate::settings::Settings;
use crate::view::{Era, Verdict, View, Votes};

/// The state of one breaker key at an engine, and the rules that decide about it.
///
/// `now` is the time since any fixed origin. If it steps back, waits last longer by as much; nothing else happens.
///
/// # Examples
/// ```
/// use fusebox_fleet::{
///     Incarnation, InstanceId, Ledger, Mode, Opinion, Report, Sender, Session, Settings,
/// };
/// use std::{sync::Arc, time::Duration};
///
/// let settings = Arc::new(Settings::builder(Mode::Quorum).build()?);
/// let mut ledger = Ledger::new(Incarnation::new(1));
/// let now = Duration::ZERO;
/// let mut say = |name, opinion| {
///     let from = Sender::new(InstanceId::new(name).expect("a name"), Session::new(1));
///     ledger.report(now, &Report::new(from, opinion, Arc::clone(&settings)))
/// };
///
/// assert!(!say("a", Opinion::Fine)?.verdict.is_open());
/// assert!(!say("b", Opinion::Suspect)?.verdict.is_open());
/// let view = say("c", Opinion::Suspect)?; // two of three
/// assert!(view.verdict.is_open());
/// assert_eq!((view.votes.suspects, view.votes.need), (2, 2));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Ledger {
    era: Era,
    revision: Revision,
    rules: Option<Arc<Settings>>,
    roll: Roll,
    phase: Option<Phase>,
    fence: Token,
    pool: Pool,
    command: Command,
}

impl Ledger {
    /// Makes a ledger that knows nothing. Draw the incarnation at random.
    pub fn new(incarnation: Incarnation) -> Self {
        Self {
            era: Era::new(incarnation, Epoch::new(0)),
            revision: Revision::new(0),
            rules: None,
            roll: Roll::default(),
            phase: None,
            fence: Token::new(0),
            pool: Pool::default(),
            command: Command::NONE,
        }
    }

    /// Counts an opinion, decides anew, and returns the whole view.
    ///
    /// A report that was repeated or overtaken changes nothing; the present view is returned.
    ///
    /// # Errors
    /// [`ReportRefused`] when another process has this name, or the fleet votes by other settings. Then nothing is
    /// written.
    pub fn report(&mut self, now: Duration, report: &Report) -> Result<View, ReportRefused> {
        self.roll.check_name(now, &report.from)?;
        self.check_rules(now, report)?;
        if self.roll.has_heard(now, &report.from, report.sequence) {
            return Ok(self.view(now));
        }
        self.roll.drop_lapsed(now);
        if self.rules.as_ref().is_none_or(|rules| {
            !Arc::ptr_eq(rules, &report.settings) && **rules != *report.settings
        }) {
            self.rules = Some(Arc::clone(&report.settings));
        }
        if report.seen.is_some_and(|seen| seen.is_after(self.era)) {
            self.forget();
        }
        let stale = self.phase.is_none() && report.seen.is_some_and(|seen| self.era.is_after(seen));
        self.roll.write(now, report, stale);
        if report.command.is_newer_than(self.command) {
            self.command = report.command;
        }
        self.pool.add(now, report.counts, &report.settings);
        self.revision = self.revision.next();
        self.decide(now, &report.settings);
        Ok(self.view(now))
    }

    /// Grants the right to probe for the fleet, or refuses it.
    ///
    /// # Errors
    /// [`AcquireRefused`] when the fleet is in another epoch, it is too early, or another instance has the lease.
    /// Then nothing is written.
    pub fn acquire(&mut self, now: Duration, ask: &Acquire) -> Result<Lease, AcquireRefused> {
        let (Some(rules), Some(phase)) = (&self.rules, &mut self.phase) else {
            return Err(AcquireRefused::Stale);
        };
        if ask.era != self.era {
            return Err(AcquireRefused::Stale);
        }
        let others = self.roll.suspects_beside(now, &ask.from.instance);
        phase.check(now, ask, rules.mode().dials().probe, others)?;
        let gap = rules.gap(voters_for_gap(rules, &self.roll, now), phase.failed());
        let lease = Lease::new(self.fence.next(), ask.lease.min(rules.longest_lease()));
        phase.grant(now, &ask.from, lease, gap);
        self.fence = lease.token;
        self.revision = self.revision.next();
        Ok(lease)
    }

    /// Takes in the result of a probe and returns the view.
    ///
    /// # Errors
    /// [`Fenced`] when the lease has ended or is not the sender's. Then nothing is written.
    pub fn settle(&mut self, now: Duration, settlement: &Settlement) -> Result<View, Fenced> {
        let (Some(rules), Some(phase)) = (self.rules.clone(), &mut self.phase) else {
            return Err(Fenced);
        };
        if !phase.holds(now, &settlement.from, settlement.token) {
            return Err(Fenced);
        }
        let voters = voters_for_gap(&rules, &self.roll, now);
        match phase.settle(now, settlement, &rules, voters) {
            Settled::Unknown => return Ok(self.view(now)),
            Settled::Open => {}
            Settled::Closed => self.close(),
        }
        self.revision = self.revision.next();
        Ok(self.view(now))
    }

    /// Removes an instance from the roll, and takes its lease away. An unknown instance changes nothing.
    pub fn leave(&mut self, now: Duration, sender: &Sender) -> View {
        if self.roll.strike(sender) {
            if let Some(phase) = &mut self.phase {
                phase.drop_leases_of(&sender.instance);
            }
            self.revision = self.revision.next();
            if let Some(rules) = self.rules.clone() {
                self.decide(now, &rules);
            }
        }
        self.view(now)
    }

    /// Puts an operator's order in force for all instances, until the next one.
    ///
    /// Its number is the time in milliseconds, or one more than the last number if that is higher. So an engine that
    /// forgot all commands, and counts its time from a fixed date, numbers the next command above those that
    /// instances still know.
    pub fn order(&mut self, now: Duration, order: Order) -> View {
        let time = CommandNumber::new(u64::try_from(now.as_millis()).unwrap_or(u64::MAX));
        self.command = Command::new(time.max(self.command.number.next()), order);
        self.revision = self.revision.next();
        self.view(now)
    }

    /// Returns the view that instances are told.
    pub fn view(&self, now: Duration) -> View {
        View {
            era: self.era,
            revision: self.revision,
            verdict: self
                .phase
                .as_ref()
                .map_or(Verdict::Closed, |phase| Verdict::Open {
                    next_probe_in: phase.next_probe_in(now),
                }),
            votes: self.votes(now),
            command: self.command,
        }
    }

    /// Returns everything that a page or an operator may want to see. Reading changes nothing.
    pub fn peek(&self, now: Duration) -> Standing {
        Standing {
            view: self.view(now),
            rules: self.rules.as_ref().map(|rules| rules.fingerprint()),
            members: self.roll.standpoints(now),
            prober: self.phase.as_ref().and_then(|phase| phase.prober(now)),
            failed_probes: self.phase.as_ref().map_or(0, Phase::failed),
        }
    }

    /// Whether the ledger is no longer needed: all instances have left or lapsed, and neither an order nor an open
    /// verdict has to be kept for those that come back.
    #[cfg(feature = "memory")]
    pub(crate) fn is_deserted(&self, now: Duration) -> bool {
        let kept_for = match (&self.phase, &self.rules) {
            (Some(_), Some(rules)) => rules.verdict_for(),
            _ => Duration::ZERO,
        };
        let last = self.roll.last_lapse();
        self.command.order == Order::Automatic
            && last.is_none_or(|lapse| now >= lapse.saturating_add(kept_for))
    }

    fn check_rules(&self, now: Duration, report: &Report) -> Result<(), ReportRefused> {
        let Some(rules) = &self.rules else {
            return Ok(());
        };
        if Arc::ptr_eq(rules, &report.settings) {
            return Ok(());
        }
        let (fleet, given) = (rules.fingerprint(), report.settings.fingerprint());
        if fleet == given || !self.roll.has_others(now, &report.from.instance) {
            return Ok(());
        }
        Err(ReportRefused::SettingsDiffer { fleet, given })
    }

    fn votes(&self, now: Duration) -> Votes {
        let (voters, suspects) = self.roll.count(now);
        let need = self.rules.as_ref().map_or(0, |rules| rules.need(voters));
        Votes::new(voters, suspects, need)
    }

    fn decide(&mut self, now: Duration, rules: &Settings) {
        let votes = self.votes(now);
        let dials = rules.mode().dials();
        match &self.phase {
            None => {
                let carried = match dials.evidence {
                    Evidence::Nothing => false,
                    Evidence::Opinions | Evidence::Trips => votes.carry(),
                    Evidence::Counts => self.pool.carries(now, rules, votes.voters),
                };
                if carried {
                    let gap = rules.gap(voters_for_gap(rules, &self.roll, now), 0);
                    self.phase = Some(Phase::begin(now, gap));
                    self.era.epoch = self.era.epoch.next();
                    self.pool.clear();
                }
            }
            Some(phase) => {
                let over = match dials.close {
                    CloseRule::OwnTimer => !votes.carry(),
                    CloseRule::AtOnce | CloseRule::ByTurns => {
                        votes.suspects == 0 && phase.is_deserted(now, rules.member_for())
                    }
                };
                if over {
                    self.close();
                }
            }
        }
    }

    fn close(&mut self) {
        self.phase = None;
        self.era.epoch = self.era.epoch.next();
        self.roll.withdraw_suspicions();
        self.pool.clear();
    }

    /// Begins a new life, because an instance knows of a later epoch: the engine has lost its last writes. What it
    /// still has may be any mixture of old and new, so it acts as if it had lost everything.
    fn forget(&mut self) {
        self.era = Era::new(self.era.incarnation.next(), Epoch::new(0));
        self.phase = None;
        self.roll.withdraw_suspicions();
        self.pool.clear();
    }
}

/// The voters by which a gap is divided. A fleet in which one instance probes for all probes more often the more
/// voters it has; where each instance probes, each waits as long as if it were alone.
fn voters_for_gap(rules: &Settings, roll: &Roll, now: Duration) -> u32 {
    match rules.mode().dials().probe {
        ProbeRule::Each => 1,
        ProbeRule::Leased => roll.count(now).0,
    }
}

/// Whether a result says anything.
fn is_known(result: ProbeResult) -> bool {
    result != ProbeResult::Void
}

#[cfg(test)]
mod tests;
