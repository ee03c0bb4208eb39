//! Tests of the ledger, verb by verb.

use super::*;
use crate::counts::Counts;
use crate::mode::Mode;
use crate::name::{InstanceId, Session};
use crate::number::Sequence;
use crate::opinion::Opinion::{self, Fine, Idle, Suspect};
use crate::settings::SettingsBuilder;

mod probing;

const MS: Duration = Duration::from_millis(1);

struct Fleet {
    ledger: Ledger,
    settings: Arc<Settings>,
    now: Duration,
    sequence: u64,
}

impl Fleet {
    fn new(mode: Mode, change: impl Fn(SettingsBuilder) -> SettingsBuilder) -> Self {
        let builder = Settings::builder(mode)
            .probe_timeout(100 * MS)
            .open_for(1000 * MS);
        Self {
            ledger: Ledger::new(Incarnation::new(7)),
            settings: Arc::new(change(builder).build().unwrap()),
            now: Duration::from_secs(100),
            sequence: 0,
        }
    }

    fn quorum() -> Self {
        Self::new(Mode::Quorum, |settings| settings)
    }

    fn report_of(&mut self, number: u64, opinion: Opinion) -> Report {
        self.sequence += 1;
        let mut report = Report::new(sender(number), opinion, Arc::clone(&self.settings));
        report.sequence = Sequence::new(self.sequence);
        report.seen = Some(self.ledger.era);
        report
    }

    fn say(&mut self, number: u64, opinion: Opinion) -> View {
        let report = self.report_of(number, opinion);
        self.ledger.report(self.now, &report).unwrap()
    }

    fn all_say(&mut self, numbers: std::ops::Range<u64>, opinion: Opinion) -> View {
        let mut view = self.ledger.view(self.now);
        for number in numbers {
            view = self.say(number, opinion);
        }
        view
    }

    fn ask(&mut self, number: u64) -> Result<Lease, AcquireRefused> {
        let ask = Acquire::new(sender(number), self.ledger.era, 500 * MS);
        self.ledger.acquire(self.now, &ask)
    }

    fn settle(&mut self, number: u64, lease: Lease, result: ProbeResult) -> Result<View, Fenced> {
        let settlement = Settlement::new(sender(number), lease.token, result);
        self.ledger.settle(self.now, &settlement)
    }

    fn open() -> Self {
        let mut fleet = Self::quorum();
        assert!(fleet.all_say(0..2, Suspect).verdict.is_open());
        fleet
    }

    /// Waits until the first moment at which a probe is possible.
    fn wait(&mut self) {
        if let Verdict::Open { next_probe_in } = self.ledger.view(self.now).verdict {
            self.now += next_probe_in;
        }
    }
}

fn sender(number: u64) -> Sender {
    let name = format!("i{number}");
    Sender::new(InstanceId::new(&name).unwrap(), Session::new(number))
}

#[test]
fn four_of_ten_are_no_majority_and_five_are() {
    let mut fleet = Fleet::quorum();
    fleet.all_say(0..6, Fine);

    let four = fleet.all_say(6..10, Suspect);
    assert_eq!(
        (four.votes, four.verdict),
        (Votes::new(10, 4, 5), Verdict::Closed)
    );

    let five = fleet.say(5, Suspect);
    assert!(five.verdict.is_open());
    assert_eq!(five.era.epoch, Epoch::new(1));
}

#[test]
fn idle_instances_have_no_vote() {
    let mut fleet = Fleet::quorum();
    fleet.all_say(0..17, Idle);

    assert!(fleet.all_say(17..19, Suspect).verdict.is_open());
}

#[test]
fn a_withdrawn_suspicion_is_no_vote() {
    let mut fleet = Fleet::quorum();
    fleet.say(1, Suspect);
    fleet.say(1, Fine);

    assert!(!fleet.say(2, Suspect).verdict.is_open());
}

#[test]
fn an_instance_that_is_not_heard_lapses_and_the_need_follows() {
    let mut fleet = Fleet::quorum();
    fleet.all_say(0..20, Fine);
    fleet.now += 3000 * MS;

    let view = fleet.all_say(0..2, Suspect);

    assert_eq!(view.votes, Votes::new(2, 2, 2));
    assert!(view.verdict.is_open());
}

#[test]
fn an_instance_that_leaves_is_no_voter() {
    let mut fleet = Fleet::quorum();
    fleet.all_say(0..6, Fine);
    let (now, mut other) = (fleet.now, sender(0));
    other.session = Session::new(99);

    assert_eq!(fleet.ledger.leave(now, &other).votes.voters, 6);
    assert_eq!(fleet.ledger.leave(now, &sender(0)).votes.voters, 5);
}

#[test]
fn a_second_instance_of_a_name_is_refused_until_the_first_lapses() {
    let mut fleet = Fleet::quorum();
    fleet.say(1, Fine);
    let mut second = fleet.report_of(1, Fine);
    second.from.session = Session::new(99);
    let before = fleet.ledger.clone();

    let refused = fleet.ledger.report(fleet.now, &second);
    assert_eq!(refused, Err(ReportRefused::NameTaken));
    assert_eq!(fleet.ledger, before);
    fleet.now += 3000 * MS;
    assert!(fleet.ledger.report(fleet.now, &second).is_ok());
}

#[test]
fn instances_with_different_settings_do_not_vote_together() {
    let mut fleet = Fleet::quorum();
    fleet.say(1, Suspect);
    let mut other = fleet.report_of(2, Suspect);
    other.settings = Arc::new(
        Settings::builder(Mode::Quorum)
            .quorum_share(0.1)
            .build()
            .unwrap(),
    );
    let before = fleet.ledger.clone();

    let refused = fleet.ledger.report(fleet.now, &other).unwrap_err();
    let told = refused.to_string();
    assert!(
        told.contains(&fleet.settings.fingerprint().to_string()),
        "{told}"
    );
    assert_eq!(fleet.ledger, before);
    // When all others are gone, the new settings are those of the fleet.
    fleet.ledger.leave(fleet.now, &sender(1));
    assert!(fleet.ledger.report(fleet.now, &other).is_ok());
    let mut old = fleet.report_of(1, Fine);
    old.seen = None;
    assert!(fleet.ledger.report(fleet.now, &old).is_err());
}

#[test]
fn a_repeated_or_overtaken_report_changes_nothing() {
    let mut fleet = Fleet::quorum();
    let first = fleet.report_of(1, Suspect);
    fleet.ledger.report(fleet.now, &first).unwrap();
    fleet.say(1, Fine);
    let before = fleet.ledger.clone();
    fleet.now += 500 * MS;

    let view = fleet.ledger.report(fleet.now, &first).unwrap();

    assert_eq!(view.votes.suspects, 0);
    assert_eq!(fleet.ledger, before);
}

#[test]
fn an_open_verdict_that_nobody_suspects_any_more_ends() {
    let mut fleet = Fleet::open();
    fleet.all_say(0..2, Fine);
    assert!(fleet.ledger.view(fleet.now).verdict.is_open());

    fleet.now += 2999 * MS;
    assert!(fleet.say(0, Fine).verdict.is_open());
    fleet.now += MS;
    assert!(!fleet.say(0, Fine).verdict.is_open());
}

#[test]
fn a_ledger_that_lost_its_last_writes_begins_a_new_life() {
    let mut fleet = Fleet::quorum();
    fleet.say(0, Suspect);
    let backup = fleet.ledger.clone();
    let view = fleet.say(1, Suspect);
    assert!(view.verdict.is_open());
    fleet.ledger = backup;
    let mut report = fleet.report_of(1, Suspect);
    report.seen = Some(view.era);

    let view = fleet.ledger.report(fleet.now, &report).unwrap();

    assert_ne!(view.era.incarnation, Incarnation::new(7));
    assert_eq!(
        (view.era.epoch, view.verdict),
        (Epoch::new(0), Verdict::Closed)
    );
}

#[test]
fn an_order_is_kept_and_comes_back_from_the_instances_to_a_ledger_that_lost_it() {
    let mut fleet = Fleet::quorum();
    let told = fleet.ledger.order(fleet.now, Order::ForceOpen).command;
    fleet.now += 600_000 * MS;
    assert_eq!(fleet.say(1, Fine).command, told);

    fleet.ledger = Ledger::new(Incarnation::new(8));
    let mut report = fleet.report_of(1, Fine);
    report.command = told;
    assert_eq!(
        fleet.ledger.report(fleet.now, &report).unwrap().command,
        told
    );

    // An order after the loss, before any instance was heard, wins over the one that they bring back.
    fleet.ledger = Ledger::new(Incarnation::new(9));
    fleet.ledger.order(fleet.now, Order::Automatic);
    let mut report = fleet.report_of(1, Fine);
    report.command = told;
    let view = fleet.ledger.report(fleet.now, &report).unwrap();
    assert_eq!(view.command.order, Order::Automatic);
}

#[test]
fn merged_counts_open_at_the_threshold_over_the_merged_window() {
    let mut fleet = Fleet::new(Mode::Pooled, |settings| settings.pool_window(10));
    fleet.all_say(0..6, Fine); // three windows: 30 calls
    let add = |fleet: &mut Fleet, succeeded, failed| {
        fleet.now += 100 * MS;
        let mut report = fleet.report_of(1, Fine);
        report.counts = Counts::new(succeeded, failed);
        fleet
            .ledger
            .report(fleet.now, &report)
            .unwrap()
            .verdict
            .is_open()
    };

    assert!(!add(&mut fleet, 0, 9), "fewer than one window");
    assert!(!add(&mut fleet, 30, 0));
    assert!(!add(&mut fleet, 0, 14));
    assert!(!add(&mut fleet, 16, 0));
    assert!(!add(&mut fleet, 0, 14));
    assert!(!add(&mut fleet, 0, 1), "15 of the last 31");
    assert!(add(&mut fleet, 0, 1), "16 of the last 32");
}

#[test]
fn a_young_merged_window_opens_on_no_fewer_failures_than_a_full_one() {
    let mut fleet = Fleet::new(Mode::Pooled, |settings| settings.pool_window(10));
    fleet.all_say(0..6, Fine); // three windows: 15 failures of 30 calls
    for round in ["after the start", "after a closing"] {
        let mut add = |failed| {
            fleet.now += 100 * MS;
            let mut report = fleet.report_of(1, Fine);
            report.counts = Counts::new(0, failed);
            let view = fleet.ledger.report(fleet.now, &report).unwrap();
            view.verdict.is_open()
        };
        assert!(!add(14), "{round}");
        assert!(add(1), "as a window full of successes would, {round}");
        fleet.wait();
        let lease = fleet.ask(1).unwrap();
        fleet.settle(1, lease, ProbeResult::Succeeded).unwrap();
        fleet.all_say(0..6, Fine);
    }
}

#[test]
fn in_advisory_mode_the_verdict_follows_the_votes() {
    let mut fleet = Fleet::new(Mode::Advisory, |settings| settings);
    assert!(fleet.all_say(0..2, Suspect).verdict.is_open());

    assert!(!fleet.say(0, Fine).verdict.is_open());
}

#[test]
fn a_peek_shows_all_and_changes_nothing() {
    let mut fleet = Fleet::open();
    fleet.wait();
    fleet.ask(0).unwrap();
    let before = fleet.ledger.clone();

    let standing = fleet.ledger.peek(fleet.now);

    assert_eq!(standing.members.len(), 2);
    let prober = standing.prober.unwrap();
    assert_eq!(
        (prober.instance.as_str(), prober.remaining),
        ("i0", 500 * MS)
    );
    assert_eq!(standing.rules, Some(fleet.settings.fingerprint()));
    assert_eq!(fleet.ledger, before);
}

#[test]
fn a_clock_that_steps_back_only_makes_waits_longer() {
    let mut fleet = Fleet::open();
    fleet.now -= Duration::from_secs(10);

    let view = fleet.say(0, Suspect);

    assert_eq!(
        view.verdict,
        Verdict::Open {
            next_probe_in: 10_500 * MS
        }
    );
    assert_eq!(view.votes.voters, 2);
}
