//! The watch over what the instances of a live run tell each other: each is looked at with every heartbeat of the
//! observer.
//!
//! How long an instance was alone, and how often its failure was its own, is known to a heartbeat. What the engine
//! did is its own count where it is in this process; of another engine it is what the instances heard of it.

use std::time::Duration;

use experiment::coordination::{
    CoordinationRecord, Leases, LedgerRecord, MemberRecord, UsedEngine,
};
use experiment::scenario::CoordinationMode;
use fusebox_fleet::host::{Direction, FallbackReason, LeaseOutcome, MessageKind, Status, Tally};
use fusebox_fleet::{Era, Fingerprint, Mode};

use crate::coordination::FleetReader;

/// What was seen of the instances so far.
#[derive(Debug)]
pub(super) struct CoordinationWatch {
    mode: Mode,
    rules: Fingerprint,
    engine: UsedEngine,
    watched: Vec<Watched>,
    opened: Option<Era>,
    openings: u64,
    last: Duration,
}

/// One instance.
#[derive(Debug)]
struct Watched {
    name: String,
    reader: FleetReader,
    alone: Duration,
    /// The age of its view, summed over the time: seconds of seconds.
    ages: f64,
    localised: u64,
    was_localised: bool,
    tally: Tally,
}

impl CoordinationWatch {
    /// Over these instances, which decide in this mode by these rules.
    pub(super) fn new(
        (mode, rules): (Mode, Fingerprint),
        engine: UsedEngine,
        instances: impl Iterator<Item = (String, FleetReader)>,
    ) -> Self {
        let watched = instances.map(|(name, reader)| Watched {
            name,
            reader,
            alone: Duration::ZERO,
            ages: 0.0,
            localised: 0,
            was_localised: false,
            tally: Tally::default(),
        });
        Self {
            mode,
            rules,
            engine,
            watched: watched.collect(),
            opened: None,
            openings: 0,
            last: Duration::ZERO,
        }
    }

    /// Looks at all instances, `now` after the start of the run.
    pub(super) fn look(&mut self, now: Duration) {
        let since = now.saturating_sub(self.last);
        self.last = now;
        for one in &mut self.watched {
            let status = one.reader.status();
            one.look(&status, since);
            let open = status.view.filter(|view| view.verdict.is_open());
            let open = open.map(|view| view.era);
            if let Some(era) = open.filter(|era| is_later(*era, self.opened)) {
                self.opened = Some(era);
                self.openings += 1;
            }
        }
    }

    /// The record of what was seen, with what the engine says of itself, if it does.
    pub(super) fn record(&self, ledger: Option<LedgerRecord>) -> CoordinationRecord {
        CoordinationRecord {
            mode: CoordinationMode(self.mode),
            engine: self.engine,
            rules: self.rules.to_string(),
            watched_s: self.last.as_secs_f64(),
            // Changes of opinion and pushes to each are not counted, so that no number of messages is expected.
            report_every_s: 0.0,
            ledger: ledger.unwrap_or_else(|| self.heard()),
            instances: self
                .watched
                .iter()
                .map(|one| one.record(self.last))
                .collect(),
        }
    }

    /// What the instances heard of an engine that is elsewhere.
    fn heard(&self) -> LedgerRecord {
        let sum = |of: &dyn Fn(&Tally) -> u64| self.watched.iter().map(|one| of(&one.tally)).sum();
        let leases = |outcome| sum(&|tally: &Tally| tally.leases(outcome));
        let (succeeded, failed) = (
            leases(LeaseOutcome::Succeeded),
            leases(LeaseOutcome::Failed),
        );
        let forgot = self.watched.iter();
        let forgot = forgot.map(|one| one.tally.fallbacks(FallbackReason::Forgot));
        LedgerRecord {
            requests: sum(&|tally: &Tally| requests(tally, Direction::Received)),
            openings: self.openings,
            forgot: forgot.max().unwrap_or(0),
            lost_messages: 0,
            pushed: 0,
            leases: Leases {
                granted: succeeded + failed + leases(LeaseOutcome::Void),
                early: leases(LeaseOutcome::Early),
                busy: leases(LeaseOutcome::Busy),
                stale: leases(LeaseOutcome::Stale),
                succeeded,
                failed,
                fenced: 0,
            },
        }
    }
}

/// Two instances that gossip may see an epoch one after the other.
fn is_later(era: Era, than: Option<Era>) -> bool {
    than.is_none_or(|than| era.incarnation != than.incarnation || era.epoch > than.epoch)
}

fn requests(tally: &Tally, direction: Direction) -> u64 {
    let kinds = MessageKind::ALL.iter();
    let asked = kinds.filter(|kind| **kind != MessageKind::Push);
    asked.map(|&kind| tally.messages(kind, direction)).sum()
}

impl Watched {
    fn look(&mut self, status: &Status, since: Duration) {
        if !status.is_fresh {
            self.alone += since;
        }
        self.ages += status.view_age.as_secs_f64() * since.as_secs_f64();
        if status.is_localised && !self.was_localised {
            self.localised += 1;
        }
        self.was_localised = status.is_localised;
        self.tally = status.tally;
    }

    fn record(&self, watched: Duration) -> MemberRecord {
        let tally = &self.tally;
        let fallbacks = FallbackReason::ALL.iter();
        MemberRecord {
            name: self.name.clone(),
            sent: requests(tally, Direction::Sent),
            received: requests(tally, Direction::Received)
                + tally.messages(MessageKind::Push, Direction::Received),
            absent_s: 0.0,
            changes: 0,
            alone_s: self.alone.as_secs_f64(),
            view_age_s: self.ages / watched.as_secs_f64().max(f64::MIN_POSITIVE),
            vetoes: tally.vetoes(),
            fallbacks: fallbacks.map(|&reason| tally.fallbacks(reason)).sum(),
            localised: self.localised,
        }
    }
}
