//! Tests of the member, transition by transition, with an engine that answers as the test wants.

use super::*;
use crate::message::{AcquireRefused, Lease, ProbeResult, Report, ReportRefused};
use crate::name::{InstanceId, Session};
use crate::number::{CommandNumber, Epoch, Incarnation, Revision, Token};
use crate::settings::SettingsBuilder;
use crate::view::{Verdict, Votes};

mod contact;
mod counts;
mod lending;
mod own_rules;
mod probing;

const MS: Duration = Duration::from_millis(1);
const OPEN: Verdict = Verdict::Open {
    next_probe_in: Duration::from_millis(500),
};

/// A member, its time, and an engine that answers with the view that is set.
struct Rig {
    member: Member,
    now: Duration,
    view: View,
    /// Without it no report is answered.
    engine: bool,
    reports: Vec<Report>,
    probe_at: Duration,
}

impl Rig {
    fn new(mode: Mode, change: impl Fn(SettingsBuilder) -> SettingsBuilder) -> Self {
        let builder = Settings::builder(mode)
            .suspicion_run(2)
            .open_for(1000 * MS)
            .probe_timeout(200 * MS)
            .ask_within(50 * MS);
        let settings = Arc::new(change(builder).build().unwrap());
        let sender = Sender::new(InstanceId::new("a").unwrap(), Session::new(1));
        Self {
            member: Member::new(sender, settings),
            now: Duration::from_secs(10),
            view: View {
                era: Era::new(Incarnation::new(1), Epoch::new(0)),
                revision: Revision::new(1),
                verdict: Verdict::Closed,
                votes: Votes::new(5, 0, 3),
                command: Command::NONE,
            },
            engine: true,
            reports: Vec::new(),
            probe_at: Duration::ZERO,
        }
    }

    fn quorum() -> Self {
        let mut rig = Self::new(Mode::Quorum, |settings| settings);
        rig.tick();
        rig
    }

    /// Tells the member one event; every draw is one half. Answers reports, and returns the other actions.
    fn tell(&mut self, event: Event) -> Vec<Action> {
        let mut rest = Vec::new();
        let mut events = vec![event];
        while let Some(event) = events.pop() {
            for action in self.member.handle(self.now, event, &mut || 0.5) {
                if let Action::Report(ticket, report) = action {
                    self.reports.push(*report);
                    if self.engine {
                        self.renew();
                        let answer = Ok(self.view);
                        events.push(Event::Reported { ticket, answer });
                    }
                } else {
                    rest.push(action);
                }
            }
        }
        rest
    }

    fn tick(&mut self) -> Vec<Action> {
        self.tell(Event::Tick)
    }

    /// Lets time pass, and wakes the member whenever it wants to be woken.
    fn pass(&mut self, time: Duration) -> Vec<Action> {
        let end = self.now + time;
        let mut rest = Vec::new();
        while let Some(wake) = self.member.next_wake()
            && wake <= end
        {
            assert!(
                wake > self.now || self.now == end,
                "it wakes at {wake:?} again and again"
            );
            self.now = wake;
            rest.extend(self.tick());
        }
        self.now = end;
        rest
    }

    fn fail(&mut self, calls: u32) -> Vec<Action> {
        (0..calls)
            .flat_map(|_| self.tell(Event::Finished(CallResult::Failed)))
            .collect()
    }

    fn succeed(&mut self) -> Vec<Action> {
        self.tell(Event::Finished(CallResult::Succeeded))
    }

    /// Makes the fleet decide, and tells all members.
    fn decide(&mut self, verdict: Verdict) -> Vec<Action> {
        self.view.era.epoch = self.view.era.epoch.next();
        self.view.verdict = verdict;
        self.probe_at = self.now + 500 * MS;
        self.push()
    }

    /// The view as it is now.
    fn renew(&mut self) {
        self.view.revision = self.view.revision.next();
        if let Verdict::Open { next_probe_in } = &mut self.view.verdict {
            *next_probe_in = self.probe_at.saturating_sub(self.now);
        }
    }

    fn push(&mut self) -> Vec<Action> {
        self.renew();
        self.tell(Event::Pushed(self.view))
    }

    fn held() -> Self {
        let mut rig = Self::quorum();
        rig.fail(2);
        assert!(holds(&rig.decide(OPEN)));
        rig
    }

    fn last(&self) -> &Report {
        self.reports.last().unwrap()
    }
}

fn holds(actions: &[Action]) -> bool {
    actions
        .iter()
        .any(|action| matches!(action, Action::Hold { .. }))
}

fn breaker(actions: Vec<Action>) -> Vec<Action> {
    actions
        .into_iter()
        .filter(Action::is_for_the_breaker)
        .collect()
}

#[test]
fn in_local_mode_there_is_nothing_to_do_ever() {
    let mut rig = Rig::new(Mode::Local, |settings| settings);

    assert_eq!(rig.fail(10), vec![]);
    assert_eq!(rig.decide(OPEN), vec![]);
    assert_eq!(rig.member.next_wake(), None);
    assert!(rig.reports.is_empty());
}

#[test]
fn an_opinion_is_told_at_once_and_then_with_each_heartbeat() {
    let mut rig = Rig::quorum();
    assert_eq!(rig.last().opinion, Opinion::Idle);
    rig.pass(500 * MS);

    rig.fail(1);
    assert_eq!((rig.reports.len(), rig.last().opinion), (2, Opinion::Fine));
    rig.pass(50 * MS);
    rig.fail(1);
    assert_eq!(
        (rig.reports.len(), rig.last().opinion),
        (3, Opinion::Suspect)
    );
    rig.pass(3000 * MS);
    assert_eq!(rig.reports.len(), 6);
}

#[test]
fn an_opinion_that_changes_with_every_call_is_not_told_every_time() {
    let mut rig = Rig::quorum();
    for _ in 0..1000 {
        rig.fail(2);
        rig.succeed();
        rig.pass(MS);
    }

    assert!(rig.reports.len() <= 23, "{}", rig.reports.len());
}

#[test]
fn an_opinion_that_lapses_is_told_without_a_call() {
    let mut rig = Rig::new(Mode::Quorum, |settings| {
        settings.heartbeat(5000 * MS).opinion_for(6000 * MS)
    });
    rig.tick();
    rig.pass(100 * MS);
    rig.fail(1);
    rig.pass(6000 * MS);

    let told: Vec<_> = rig.reports.iter().map(|report| report.opinion).collect();
    assert_eq!(told.last(), Some(&Opinion::Idle));
}

#[test]
fn a_suspicious_instance_follows_the_verdict_and_the_hint_says_when_to_come_back() {
    let mut rig = Rig::quorum();
    rig.fail(2);

    let actions = breaker(rig.decide(OPEN));

    let retry_after = 500 * MS;
    let epoch = Epoch::new(1);
    assert_eq!(
        actions,
        [Action::Hold { epoch }, Action::Hint { retry_after }]
    );
}

#[test]
fn an_instance_that_sees_no_trouble_objects_once_per_epoch() {
    let mut rig = Rig::quorum();
    rig.succeed();

    let era = Era::new(Incarnation::new(1), Epoch::new(1));
    assert_eq!(rig.decide(OPEN), [Action::Notice(Notice::Vetoed { era })]);
    assert_eq!(rig.push(), []);
    assert_eq!(rig.pass(5000 * MS), []);
}

#[test]
fn whoever_becomes_suspicious_later_follows_then() {
    let mut rig = Rig::quorum();
    rig.succeed();
    rig.decide(OPEN);

    assert!(!holds(&rig.fail(1)));
    assert!(holds(&rig.fail(1)));
}

#[test]
fn a_breaker_that_is_open_by_its_own_rules_is_left_alone() {
    let mut rig = Rig::quorum();
    rig.tell(Event::Breaker(BreakerState::Open));
    assert_eq!(rig.member.opinion(), Opinion::Suspect);

    assert_eq!(breaker(rig.decide(OPEN)), []);
}

#[test]
fn the_fleet_closes_and_the_instance_waits_for_its_turn() {
    let mut rig = Rig::held();

    let after = 1000 * MS; // half of the stagger
    assert_eq!(
        breaker(rig.decide(Verdict::Closed)),
        [Action::Release { after }]
    );
    assert_eq!(rig.member.opinion(), Opinion::Fine);
    rig.pass(999 * MS);
    assert!(matches!(rig.member.overlay(), Overlay::Turn { .. }));
    rig.pass(2 * MS);
    assert_eq!(rig.member.overlay(), Overlay::None);
}

#[test]
fn a_closing_needs_no_report_and_a_suspicion_that_is_formed_after_it_is_told_at_once() {
    let mut rig = Rig::held();
    rig.pass(2000 * MS);
    // A report just before the closing must not hide one just after it.
    while rig.reports.len() < 5 {
        rig.pass(MS);
    }
    let told = rig.reports.len();

    rig.decide(Verdict::Closed);
    rig.tell(Event::Breaker(BreakerState::Closed));
    rig.fail(2);
    assert_eq!(
        rig.reports.len(),
        told,
        "nothing that the ledger does not know"
    );
    rig.pass(50 * MS);

    assert_eq!(
        (rig.reports.len(), rig.last().opinion),
        (told + 1, Opinion::Suspect)
    );
}

#[test]
fn a_fleet_that_opens_again_holds_whoever_waits_for_its_turn() {
    let mut rig = Rig::held();
    rig.decide(Verdict::Closed);

    assert!(holds(&rig.decide(OPEN)));
}

#[test]
fn an_operator_on_the_instance_ends_a_hold_and_wins() {
    let mut rig = Rig::held();

    rig.tell(Event::Breaker(BreakerState::Overridden));
    assert_eq!(rig.member.overlay(), Overlay::None);
    rig.fail(5);
    assert!(!holds(&rig.decide(OPEN)));
    // A reset begins anew: only new failures are a suspicion.
    rig.tell(Event::Breaker(BreakerState::Closed));
    assert!(!holds(&rig.fail(1)));
    assert!(holds(&rig.fail(1)));
}

#[test]
fn an_order_is_obeyed_once_and_ends_a_hold() {
    let mut rig = Rig::held();
    rig.view.command = Command::new(CommandNumber::new(7), Order::ForceOpen);

    assert_eq!(breaker(rig.push()), [Action::Obey(Order::ForceOpen)]);
    assert_eq!(rig.member.overlay(), Overlay::None);
    assert_eq!(breaker(rig.push()), []);
    rig.view.command = Command::new(CommandNumber::new(6), Order::Disable);
    assert_eq!(breaker(rig.push()), [], "an older order");
    rig.pass(1000 * MS);
    assert_eq!(rig.last().command.number, CommandNumber::new(7));
    rig.view.command = Command::new(CommandNumber::new(8), Order::Automatic);
    assert_eq!(breaker(rig.push()), [Action::Obey(Order::Automatic)]);
}

#[test]
fn an_instance_that_leaves_lets_go_says_so_and_is_silent() {
    let mut rig = Rig::held();

    let actions = rig.tell(Event::Leave);

    assert!(matches!(
        actions[..],
        [Action::LoseEngine { .. }, Action::Leave(_)]
    ));
    assert_eq!(rig.member.next_wake(), None);
    assert_eq!(rig.fail(5), []);
}
