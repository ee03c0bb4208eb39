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
use fusebox_fleet::host::{
    Apart, Direction, FallbackReason, LeaseOutcome, MessageKind, Status, Tally,
};
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
    /// How long it was not in its fleet at all: somebody had stopped it.
    absent: Duration,
    /// The age of its view, summed over the time: seconds of seconds.
    ages: f64,
    localised: u64,
    was_localised: bool,
    has_left: bool,
    /// What it has counted since it joined.
    tally: Tally,
    /// What it had counted each time that it left: who joins again counts anew.
    before: Vec<Tally>,
}

impl CoordinationWatch {
    /// Over these instances, which decide in this mode by these rules.
    pub(super) fn new(
        (mode, rules): (Mode, Fingerprint),
        engine: UsedEngine,
        instances: impl Iterator<Item = (String, FleetReader)>,
    ) -> Self {
        let watched = instances.map(|(name, reader)| Watched::new(name, reader));
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
            course: None,
            changes: Vec::new(),
        }
    }

    /// What the instances heard of an engine that is elsewhere.
    fn heard(&self) -> LedgerRecord {
        let sum = |of: &dyn Fn(&Tally) -> u64| self.watched.iter().map(|one| one.sum(of)).sum();
        let leases = |outcome| sum(&|tally: &Tally| tally.leases(outcome));
        let (succeeded, failed) = (
            leases(LeaseOutcome::Succeeded),
            leases(LeaseOutcome::Failed),
        );
        let forgot = self.watched.iter();
        let forgot = forgot.map(|one| one.sum(&|tally| tally.fallbacks(FallbackReason::Forgot)));
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
    fn new(name: String, reader: FleetReader) -> Self {
        Self {
            name,
            reader,
            alone: Duration::ZERO,
            absent: Duration::ZERO,
            ages: 0.0,
            localised: 0,
            was_localised: false,
            has_left: false,
            tally: Tally::default(),
            before: Vec::new(),
        }
    }

    fn look(&mut self, status: &Status, since: Duration) {
        let had_left = std::mem::replace(&mut self.has_left, status.apart == Some(Apart::Left));
        // It may have left and joined between two looks.
        let asked = |tally| requests(tally, Direction::Sent);
        if (had_left && !self.has_left) || asked(&status.tally) < asked(&self.tally) {
            self.before.push(self.tally);
        }
        self.tally = status.tally;
        // Who has left hears nothing, and is not alone for it.
        if self.has_left {
            self.absent += since;
            self.was_localised = false;
            return;
        }
        if !status.is_fresh {
            self.alone += since;
        }
        self.ages += status.view_age.as_secs_f64() * since.as_secs_f64();
        if status.is_localised && !self.was_localised {
            self.localised += 1;
        }
        self.was_localised = status.is_localised;
    }

    /// What it has counted through all the times that it joined.
    fn sum(&self, of: &dyn Fn(&Tally) -> u64) -> u64 {
        self.before.iter().chain([&self.tally]).map(of).sum()
    }

    fn record(&self, watched: Duration) -> MemberRecord {
        let fallbacks = FallbackReason::ALL.iter();
        let pushed = |tally: &Tally| tally.messages(MessageKind::Push, Direction::Received);
        MemberRecord {
            name: self.name.clone(),
            sent: self.sum(&|tally| requests(tally, Direction::Sent)),
            received: self.sum(&|tally| requests(tally, Direction::Received) + pushed(tally)),
            absent_s: self.absent.as_secs_f64(),
            changes: 0,
            alone_s: self.alone.as_secs_f64(),
            view_age_s: self.ages / watched.as_secs_f64().max(f64::MIN_POSITIVE),
            vetoes: self.sum(&Tally::vetoes),
            fallbacks: fallbacks
                .map(|&reason| self.sum(&|tally| tally.fallbacks(reason)))
                .sum(),
            localised: self.localised,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use fusebox::{Breaker, Config};
    use fusebox_fleet::engine::memory::Memory;
    use fusebox_fleet::host::{Host, Participant};
    use fusebox_fleet::{BreakerKey, InstanceId, Settings};

    use super::*;

    fn joined(engine: &Arc<Memory>) -> Participant {
        let host = Host::builder(InstanceId::new("A").unwrap(), engine.clone()).build();
        let settings = Settings::builder(Mode::Quorum)
            .open_for(Duration::from_secs(1))
            .probe_timeout(Duration::from_secs(1))
            .suspicion_run_for(10)
            .build();
        let breaker = Breaker::new("d", Config::default());
        let key = BreakerKey::new("d").unwrap();
        host.join(key, breaker, settings.unwrap()).unwrap()
    }

    #[tokio::test(start_paused = true)]
    async fn an_instance_that_is_stopped_is_absent_and_keeps_what_it_has_counted() {
        let engine = Arc::new(Memory::new());
        let first = joined(&engine);
        let mut one = Watched::new("A".to_owned(), FleetReader::new(first.reader()));
        let look = async |one: &mut Watched, seconds: u64| {
            for _ in 0..10 * seconds {
                let heartbeat = Duration::from_millis(100);
                tokio::time::sleep(heartbeat).await;
                one.look(&one.reader.status(), heartbeat);
            }
            one.record(Duration::from_secs(30))
        };

        let before = look(&mut one, 10).await;
        assert!(before.sent > 0, "{before:?}");
        first.leave().await;
        let away = look(&mut one, 10).await;
        assert!((9.9..=10.1).contains(&away.absent_s), "{away:?}");
        let absent = |record: &MemberRecord| Duration::from_secs_f64(record.absent_s);
        let alone = |record: &MemberRecord| Duration::from_secs_f64(record.alone_s);
        assert_eq!(alone(&away), alone(&before), "who is stopped is not alone");

        let second = joined(&engine);
        one.reader.follow(second.reader());
        let again = look(&mut one, 10).await;
        assert_eq!(absent(&again), absent(&away));
        assert!(again.sent > away.sent, "{again:?}");
        assert!(again.sent >= away.sent + before.sent / 2, "{again:?}");
    }
}
