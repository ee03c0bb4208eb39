//! The watch over what the instances of a live run tell each other: each is looked at with every heartbeat of the
//! observer.
//!
//! How long an instance was alone, and how often its failure was its own, is known to a heartbeat. What the engine
//! did is its own count where it is in this process; of another engine it is what the instances heard of it.

use std::sync::Arc;
use std::time::Duration;

use experiment::coordination::{CoordinationRecord, Leases, LedgerRecord, MemberRecord};
use experiment::scenario::CoordinationMode;
use fusebox_fleet::Era;
use fusebox_fleet::host::{
    Apart, Direction, FallbackReason, LeaseOutcome, MessageKind, Status, Tally,
};

use crate::coordination::{Coordinator, FleetReader};

/// What was seen of the instances so far.
#[derive(Debug)]
pub(super) struct CoordinationWatch {
    coordinator: Arc<Coordinator>,
    watched: Vec<Watched>,
    /// The newest era in which the fleet was open, of the fleet that there is now.
    opened: Option<Era>,
    openings: u64,
    /// How often another fleet had begun.
    replaced: usize,
    last: Duration,
}

/// One instance.
#[derive(Debug)]
struct Watched {
    name: String,
    reader: FleetReader,
    alone: Duration,
    /// How long it was not in a fleet at all: somebody had stopped it, or each decided alone.
    absent: Duration,
    /// The age of its view, summed over the time: seconds of seconds.
    ages: f64,
    localised: u64,
    was_localised: bool,
}

impl CoordinationWatch {
    /// Over these instances, which decide as their coordinator says.
    pub(super) fn new(
        coordinator: Arc<Coordinator>,
        instances: impl Iterator<Item = (String, FleetReader)>,
    ) -> Self {
        let watched = instances.map(|(name, reader)| Watched::new(name, reader));
        Self {
            coordinator,
            watched: watched.collect(),
            opened: None,
            openings: 0,
            replaced: 0,
            last: Duration::ZERO,
        }
    }

    /// Looks at all instances, `now` after the start of the run.
    pub(super) fn look(&mut self, now: Duration) {
        let since = now.saturating_sub(self.last);
        self.last = now;
        // Another fleet counts its epochs anew.
        let replaced = self.coordinator.times_replaced();
        if std::mem::replace(&mut self.replaced, replaced) != replaced {
            self.opened = None;
        }
        for one in &mut self.watched {
            let status = one.reader.status();
            one.look(status.as_ref(), since);
            let view = status.and_then(|status| status.view);
            let open = view.filter(|view| view.verdict.is_open());
            let open = open.map(|view| view.era);
            if let Some(era) = open.filter(|era| is_later(*era, self.opened)) {
                self.opened = Some(era);
                self.openings += 1;
            }
        }
    }

    /// The record of what was seen. None of a run in which each instance decided alone all the time.
    pub(super) fn record(&self) -> Option<CoordinationRecord> {
        let changes = self.coordinator.changes();
        let began = changes.first()?;
        let engine = changes.iter().find_map(|it| it.engine)?;
        let ledger = self.coordinator.ledger();
        Some(CoordinationRecord {
            mode: CoordinationMode(began.mode),
            engine,
            rules: began.rules.to_string(),
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
        })
    }

    /// What the instances heard of an engine that is elsewhere.
    fn heard(&self) -> LedgerRecord {
        let tallies: Vec<Tally> = self.watched.iter().map(|one| one.reader.tally()).collect();
        let sum = |of: &dyn Fn(&Tally) -> u64| tallies.iter().map(of).sum();
        let leases = |outcome| sum(&|tally: &Tally| tally.leases(outcome));
        let (succeeded, failed) = (
            leases(LeaseOutcome::Succeeded),
            leases(LeaseOutcome::Failed),
        );
        let forgot = tallies.iter();
        let forgot = forgot.map(|tally| tally.fallbacks(FallbackReason::Forgot));
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
        }
    }

    /// Looks at how it stands: in no fleet, if it does not.
    fn look(&mut self, status: Option<&Status>, since: Duration) {
        // Who has left hears nothing, and is not alone for it.
        let Some(status) = status.filter(|status| status.apart != Some(Apart::Left)) else {
            self.absent += since;
            self.was_localised = false;
            return;
        };
        if !status.is_fresh {
            self.alone += since;
        }
        self.ages += status.view_age.as_secs_f64() * since.as_secs_f64();
        if status.is_localised && !self.was_localised {
            self.localised += 1;
        }
        self.was_localised = status.is_localised;
    }

    fn record(&self, watched: Duration) -> MemberRecord {
        let tally = self.reader.tally();
        let fallbacks = FallbackReason::ALL.iter();
        MemberRecord {
            name: self.name.clone(),
            sent: requests(&tally, Direction::Sent),
            received: requests(&tally, Direction::Received)
                + tally.messages(MessageKind::Push, Direction::Received),
            absent_s: self.absent.as_secs_f64(),
            changes: 0,
            alone_s: self.alone.as_secs_f64(),
            view_age_s: self.ages / watched.as_secs_f64().max(f64::MIN_POSITIVE),
            vetoes: tally.vetoes(),
            fallbacks: fallbacks.map(|&reason| tally.fallbacks(reason)).sum(),
            localised: self.localised,
        }
    }
}

#[cfg(test)]
mod tests {
    use fusebox::{Breaker, Config};
    use fusebox_fleet::engine::memory::Memory;
    use fusebox_fleet::{Mode, Settings};
    use telemetry::FleetCollector;
    use telemetry::trace::Tracer;

    use super::*;
    use crate::coordination::{Joining, Seat};

    /// The seat of an instance.
    fn seat() -> Seat {
        let breaker = Breaker::new("d", Config::default());
        Seat::new("A", &breaker, (Tracer::default(), FleetCollector::new()))
    }

    fn joining(engine: &Arc<Memory>) -> Joining {
        let settings = Settings::builder(Mode::Quorum)
            .open_for(Duration::from_secs(1))
            .probe_timeout(Duration::from_secs(1))
            .suspicion_run_for(10)
            .build();
        Joining::over(engine.clone(), Arc::new(settings.unwrap()))
    }

    #[tokio::test(start_paused = true)]
    async fn an_instance_that_is_in_no_fleet_is_absent_and_keeps_what_it_has_counted() {
        let (engine, seat) = (Arc::new(Memory::new()), seat());
        seat.join(joining(&engine));
        let mut one = Watched::new("A".to_owned(), seat.reader().clone());
        let look = async |one: &mut Watched, seconds: u64| {
            for _ in 0..10 * seconds {
                let heartbeat = Duration::from_millis(100);
                tokio::time::sleep(heartbeat).await;
                one.look(one.reader.status().as_ref(), heartbeat);
            }
            one.record(Duration::from_secs(30))
        };
        let absent = |record: &MemberRecord| Duration::from_secs_f64(record.absent_s);
        let alone = |record: &MemberRecord| Duration::from_secs_f64(record.alone_s);

        let mut before = look(&mut one, 10).await;
        assert!(before.sent > 0, "{before:?}");
        for is_stopped in [true, false] {
            if is_stopped {
                seat.go().await;
            } else {
                seat.leave().await;
            }
            let away = look(&mut one, 10).await;
            let was_away = absent(&away).saturating_sub(absent(&before));
            assert!((9900..=10_100).contains(&was_away.as_millis()), "{away:?}");
            assert_eq!(alone(&away), alone(&before), "who is away is not alone");
            assert!(away.sent >= before.sent, "{away:?}");

            if is_stopped {
                seat.enter();
            } else {
                seat.join(joining(&engine));
            }
            let again = look(&mut one, 10).await;
            assert_eq!(absent(&again), absent(&away));
            assert!(again.sent > away.sent, "{again:?}");
            before = again;
        }
    }
}
