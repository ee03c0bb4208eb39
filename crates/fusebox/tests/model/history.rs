//! Random histories of a breaker, in phases that each have their own share of failures.

use std::ops::Range;

use proptest::prelude::*;

#[derive(Clone, Copy, Debug)]
pub(crate) enum Step {
    /// The clock moves on by this many milliseconds.
    Advance(u64),
    /// The clock's source steps back by this many milliseconds.
    Rewind(u64),
    /// The clock shows the deadline, or this many nanoseconds less.
    ToDeadline(u64),
    Start,
    /// Ends one of the calls under way.
    End(u16, Call),
    Run(Call),
    Tick,
    Operate(Operator),
    Fleet(Fleet),
    /// Another setting, over the same window.
    Reconfigure(Change),
}

/// The one setting in which a new configuration differs. Times in milliseconds, rates in percent.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Change {
    Consecutive(u32),
    FailureRate(u32),
    SlowOver(u64),
    Minimum(u32),
    /// Times the shortest open period.
    Longest(u64),
    /// Successes that close, or probes of a trial.
    Probes(u32),
    HalfOpenFor(u64),
    Decay(Option<u64>),
    Ramp(Option<u64>),
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Call {
    pub(crate) result: Result,
    /// Milliseconds.
    pub(crate) took: Option<u64>,
    /// Milliseconds.
    pub(crate) hint: Option<u64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Result {
    Success,
    Failure,
    Trip,
    Ignored,
    Dropped,
    Panicked,
}

/// What the fleet may do. Times in milliseconds.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Fleet {
    /// The verdict of this number.
    Hold(u64),
    Hint(u64),
    Grant(u64),
    /// After this long, with a ramp of this length or the configured one.
    Release(u64, Option<u64>),
    Hasten(u64),
    ProbeNow,
    LoseEngine(u64),
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Operator {
    Reset,
    Open,
    /// For this many milliseconds.
    OpenFor(u64),
    HalfOpen,
    ForceOpen,
    Disable,
    MetricsOnly,
    Resume,
}

/// Phases of up to 300 steps, as many steps in all as `length` says.
pub(crate) fn some(length: Range<usize>) -> impl Strategy<Value = Vec<Step>> {
    let failing = prop_oneof![Just(2_u32), Just(20), Just(50), Just(95)];
    let fleet = prop_oneof![Just(1_u32), Just(1), Just(12)];
    let phase = (failing, fleet)
        .prop_flat_map(|(failing, fleet)| prop::collection::vec(step(failing, fleet), 1..300));
    let most = length.end;
    prop::collection::vec(phase, 1..8).prop_map(move |phases| {
        let mut steps = phases.concat();
        steps.truncate(most);
        steps
    })
}

fn step(failing: u32, often: u32) -> impl Strategy<Value = Step> {
    prop_oneof![
        24 => call(failing).prop_map(Step::Run),
        10 => Just(Step::Start),
        8 => (any::<u16>(), call(failing)).prop_map(|(which, call)| Step::End(which, call)),
        8 => (0_u64..40).prop_map(Step::Advance),
        1 => (0_u64..3000).prop_map(Step::Advance),
        1 => (0_u64..500).prop_map(Step::Rewind),
        3 => (0_u64..2).prop_map(Step::ToDeadline),
        2 => Just(Step::Tick),
        1 => operator().prop_map(Step::Operate),
        often => fleet().prop_map(Step::Fleet),
        2 => change().prop_map(Step::Reconfigure),
    ]
}

fn change() -> impl Strategy<Value = Change> {
    let millis = || prop::option::weighted(0.7, 1_u64..400);
    prop_oneof![
        (1_u32..8).prop_map(Change::Consecutive),
        (1_u32..=100).prop_map(Change::FailureRate),
        (1_u64..50).prop_map(Change::SlowOver),
        (1_u32..20).prop_map(Change::Minimum),
        (1_u64..20).prop_map(Change::Longest),
        (1_u32..5).prop_map(Change::Probes),
        (1_u64..400).prop_map(Change::HalfOpenFor),
        millis().prop_map(Change::Decay),
        millis().prop_map(Change::Ramp),
    ]
}

fn call(failing: u32) -> impl Strategy<Value = Call> {
    let result = prop_oneof![
        failing => Just(Result::Failure),
        100 - failing => Just(Result::Success),
        1 => Just(Result::Trip),
        6 => Just(Result::Ignored),
        6 => Just(Result::Dropped),
        3 => Just(Result::Panicked),
    ];
    let took = prop::option::weighted(0.6, 0_u64..60);
    let hint = prop::option::weighted(0.1, 0_u64..4000);
    (result, took, hint).prop_map(|(result, took, hint)| Call { result, took, hint })
}

fn fleet() -> impl Strategy<Value = Fleet> {
    let wait = || 0_u64..150;
    let after = || prop_oneof![Just(0_u64), 0_u64..150];
    prop_oneof![
        6 => (0_u64..6).prop_map(Fleet::Hold),
        2 => wait().prop_map(Fleet::Hint),
        6 => wait().prop_map(Fleet::Grant),
        3 => (after(), prop::option::of(wait()))
            .prop_map(|(after, ramp)| Fleet::Release(after, ramp)),
        2 => wait().prop_map(Fleet::Hasten),
        2 => Just(Fleet::ProbeNow),
        1 => wait().prop_map(Fleet::LoseEngine),
    ]
}

fn operator() -> impl Strategy<Value = Operator> {
    prop_oneof![
        3 => Just(Operator::Reset),
        1 => Just(Operator::Open),
        1 => (0_u64..500).prop_map(Operator::OpenFor),
        2 => Just(Operator::HalfOpen),
        1 => Just(Operator::ForceOpen),
        1 => Just(Operator::Disable),
        2 => Just(Operator::MetricsOnly),
        4 => Just(Operator::Resume),
    ]
}
