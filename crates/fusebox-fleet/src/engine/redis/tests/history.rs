//! Random histories of verbs, and the messages that they consist of.

use std::sync::Arc;
use std::time::Duration;

use proptest::prelude::*;

use crate::command::{Command, Order};
use crate::counts::Counts;
use crate::message::{Acquire, AcquireRefused, Lease, ProbeResult, Report, Sender, Settlement};
use crate::mode::Mode;
use crate::name::{InstanceId, Session};
use crate::number::{CommandNumber, Epoch, Incarnation, Sequence, Token};
use crate::opinion::Opinion;
use crate::settings::{Settings, SettingsBuilder};
use crate::view::{Era, View};

const MS: Duration = Duration::from_millis(1);

/// A verb, and how many microseconds after the one before.
#[derive(Clone, Debug)]
pub(super) struct Step {
    pub(super) passes: u64,
    pub(super) verb: Verb,
}

#[derive(Clone, Debug)]
pub(super) enum Verb {
    Report(SaidInReport),
    Acquire(SaidInAcquire),
    Settle(SaidInSettle),
    Leave(Who),
    Order(Order),
}

/// An instance, and whether it is the second process of that name.
#[derive(Clone, Copy, Debug)]
pub(super) struct Who(u8, bool);

#[derive(Clone, Debug)]
pub(super) struct SaidInReport {
    who: Who,
    opinion: Opinion,
    counts: (u64, u64),
    seen: Seen,
    command: Heard,
    settings: u8,
    repeated: bool,
}

/// What the sender has seen of the fleet.
#[derive(Clone, Copy, Debug)]
enum Seen {
    Nothing,
    Present,
    Before,
    Later,
    OtherLife,
}

/// Which command the sender has heard.
#[derive(Clone, Copy, Debug)]
enum Heard {
    Nothing,
    Present,
    Newer(Order),
}

#[derive(Clone, Debug)]
pub(super) struct SaidInAcquire {
    who: Who,
    seen: Seen,
    lease: u64,
}

#[derive(Clone, Debug)]
pub(super) struct SaidInSettle {
    /// A lease that was given, counted from the newest.
    lease: usize,
    result: ProbeResult,
    stranger: bool,
}

/// The first step is a report, at the instant at which the ledger's life begins.
pub(super) fn history() -> impl Strategy<Value = Vec<Step>> {
    let first = report().prop_map(|said| Step {
        passes: 0,
        verb: Verb::Report(said),
    });
    (first, prop::collection::vec(step(), 1..60)).prop_map(|(first, rest)| {
        let mut steps = vec![first];
        steps.extend(rest);
        steps
    })
}

/// Reports of few calls each, most of which failed, by instances that have a vote and lose it. The window of
/// merged counts grows and shrinks with the voters, and what is in it becomes too old.
pub(super) fn trickle() -> impl Strategy<Value = Vec<Step>> {
    let opinion = prop_oneof![1 => Just(Opinion::Idle), 2 => Just(Opinion::Fine)];
    let report = (0..6_u8, opinion, 0..2_u64, 0..4_u64).prop_map(|(who, opinion, ok, bad)| {
        Verb::Report(SaidInReport {
            who: Who(who, false),
            opinion,
            counts: (ok, bad),
            seen: Seen::Present,
            command: Heard::Present,
            settings: 0,
            repeated: false,
        })
    });
    let passes = prop_oneof![3 => 0_u64..60_000, 2 => 60_000_u64..300_000];
    let step = (passes, report).prop_map(|(passes, verb)| Step { passes, verb });
    prop::collection::vec(step, 10..50).prop_map(|mut steps| {
        steps[0].passes = 0;
        steps
    })
}

fn step() -> impl Strategy<Value = Step> {
    let passes = prop_oneof![
        4 => Just(0),
        1 => Just(1),
        4 => 1_000_u64..50_000,
        4 => 50_000_u64..400_000,
        1 => 400_000_u64..3_000_000,
        1 => prop_oneof![Just(200_000), Just(600_000), Just(1_500_000)],
    ];
    let verb = prop_oneof![
        12 => report().prop_map(Verb::Report),
        6 => acquire().prop_map(Verb::Acquire),
        4 => settle().prop_map(Verb::Settle),
        1 => who().prop_map(Verb::Leave),
        1 => order().prop_map(Verb::Order),
    ];
    (passes, verb).prop_map(|(passes, verb)| Step { passes, verb })
}

fn who() -> impl Strategy<Value = Who> {
    (0..6_u8, prop::bool::weighted(0.05)).prop_map(|(number, second)| Who(number, second))
}

fn order() -> impl Strategy<Value = Order> {
    prop_oneof![
        Just(Order::Automatic),
        Just(Order::ForceOpen),
        Just(Order::Disable)
    ]
}

fn seen() -> impl Strategy<Value = Seen> {
    prop_oneof![
        2 => Just(Seen::Nothing),
        16 => Just(Seen::Present),
        2 => Just(Seen::Before),
        1 => Just(Seen::Later),
        1 => Just(Seen::OtherLife),
    ]
}

fn report() -> impl Strategy<Value = SaidInReport> {
    let opinion = prop_oneof![
        1 => Just(Opinion::Idle),
        3 => Just(Opinion::Fine),
        4 => Just(Opinion::Suspect),
    ];
    let counts = prop_oneof![3 => Just((0, 0)), 2 => (0..6_u64, 0..9_u64)];
    let command = prop_oneof![
        6 => Just(Heard::Nothing),
        6 => Just(Heard::Present),
        1 => order().prop_map(Heard::Newer),
    ];
    let settings = prop_oneof![20 => Just(0_u8), 3 => Just(1), 1 => Just(2)];
    let repeated = prop::bool::weighted(0.1);
    (who(), opinion, counts, seen(), command, settings, repeated).prop_map(
        |(who, opinion, counts, seen, command, settings, repeated)| SaidInReport {
            who,
            opinion,
            counts,
            seen,
            command,
            settings,
            repeated,
        },
    )
}

fn acquire() -> impl Strategy<Value = SaidInAcquire> {
    (who(), seen(), 100_000_u64..4_000_000).prop_map(|(who, seen, lease)| SaidInAcquire {
        who,
        seen,
        lease,
    })
}

fn settle() -> impl Strategy<Value = SaidInSettle> {
    let result = prop_oneof![
        3 => Just(ProbeResult::Succeeded),
        4 => Just(ProbeResult::Failed),
        1 => Just(ProbeResult::Void),
    ];
    let lease = prop_oneof![6 => Just(0), 1 => 1..3_usize];
    (lease, result, prop::bool::weighted(0.1)).prop_map(|(lease, result, stranger)| SaidInSettle {
        lease,
        result,
        stranger,
    })
}

/// What the instances of a history know.
pub(super) struct Scene {
    settings: [Arc<Settings>; 3],
    sequences: [u64; 12],
    leases: Vec<(Sender, Token)>,
}

impl Scene {
    pub(super) fn new(mode: Mode, backoff_factor: f64) -> Self {
        Self::with(mode, |usual| usual.backoff_factor(backoff_factor))
    }

    /// A fleet that opens when nearly all merged calls have failed.
    pub(super) fn of_trickle() -> Self {
        Self::with(Mode::Pooled, |usual| {
            usual.pool_window(4).pool_threshold(0.9).pool_keep(300 * MS)
        })
    }

    fn with(mode: Mode, all: impl Fn(SettingsBuilder) -> SettingsBuilder) -> Self {
        let settings = |change: fn(SettingsBuilder) -> SettingsBuilder| {
            let usual = Settings::builder(mode)
                .heartbeat(200 * MS)
                .engine_timeout(100 * MS)
                .stale_after(600 * MS)
                // It can be divided by as many voters as there are without a rest below a microsecond.
                .open_for(600 * MS)
                .probe_timeout(25 * MS)
                .minimum_gap(50 * MS)
                .longest_gap(2400 * MS)
                .longest_lease(3000 * MS)
                .pool_window(5)
                .pool_batch(50 * MS)
                .pool_keep(900 * MS);
            Arc::new(change(all(usual)).build().unwrap())
        };
        Self {
            settings: [
                settings(|usual| usual),
                settings(|usual| usual.member_for(900 * MS)),
                settings(|usual| usual.probes_to_close(2).minimum_votes(3).quorum_share(0.7)),
            ],
            sequences: [0; 12],
            leases: Vec::new(),
        }
    }

    pub(super) fn sender(Who(number, second): Who) -> Sender {
        let name = InstanceId::new(&format!("i{number}")).unwrap();
        // Larger than what a Lua number holds.
        let session = u64::MAX - u64::from(number) - u64::from(second) * 100;
        Sender::new(name, Session::new(session))
    }

    pub(super) fn report(&mut self, said: &SaidInReport, view: View) -> Report {
        let Who(number, second) = said.who;
        let sequence = &mut self.sequences[usize::from(number) + 6 * usize::from(second)];
        *sequence += u64::from(!said.repeated || *sequence == 0);
        let sequence = Sequence::new(*sequence);
        let settings = Arc::clone(&self.settings[usize::from(said.settings)]);
        let mut report = Report::new(Self::sender(said.who), said.opinion, settings);
        report.sequence = sequence;
        report.counts = Counts::new(said.counts.0, said.counts.1);
        report.seen = era(said.seen, view);
        report.command = match said.command {
            Heard::Nothing => Command::NONE,
            Heard::Present => view.command,
            Heard::Newer(order) => {
                Command::new(CommandNumber::new(view.command.number.get() + 7), order)
            }
        };
        report
    }

    pub(super) fn ask(said: &SaidInAcquire, view: View) -> Acquire {
        let era = era(said.seen, view).unwrap_or(view.era);
        Acquire::new(
            Self::sender(said.who),
            era,
            Duration::from_micros(said.lease),
        )
    }

    pub(super) fn remember<E>(
        &mut self,
        ask: &Acquire,
        given: &Result<Lease, Result<AcquireRefused, E>>,
    ) {
        if let Ok(lease) = given {
            self.leases.push((ask.from.clone(), lease.token));
        }
    }

    pub(super) fn settlement(&self, said: &SaidInSettle) -> Settlement {
        let given = self.leases.iter().rev().nth(said.lease);
        let (mut from, token) = given
            .cloned()
            .unwrap_or_else(|| (Self::sender(Who(0, false)), Token::new(1)));
        if said.stranger {
            from.session = Session::new(5);
        }
        Settlement::new(from, token, said.result)
    }
}

/// What a prober would say.
pub(super) fn of_an_open_fleet(view: View) -> (Acquire, Settlement) {
    let from = Scene::sender(Who(0, false));
    let settlement = Settlement::new(from.clone(), Token::new(1), ProbeResult::Succeeded);
    (Acquire::new(from, view.era, 1000 * MS), settlement)
}

fn era(seen: Seen, view: View) -> Option<Era> {
    let Era {
        incarnation, epoch, ..
    } = view.era;
    match seen {
        Seen::Nothing => None,
        Seen::Present => Some(view.era),
        Seen::Before => Some(Era::new(
            incarnation,
            Epoch::new(epoch.get().saturating_sub(1)),
        )),
        Seen::Later => Some(Era::new(incarnation, epoch.next())),
        Seen::OtherLife => Some(Era::new(Incarnation::new(77), epoch)),
    }
}
