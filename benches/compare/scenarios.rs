//! The runs, one for each behaviour, each against a breaker of any library.
//!
//! Every verdict is read from a state that lasts: if a run waits for the end of an open period, it never depends on
//! getting something done before that end.

use crate::call::Call;
use crate::downstream::{Answer, Ending};
use crate::library::{Library, Period, Rule, State, Subject};
use crate::shown::Shown;

/// Open, with the open period over, so that the next call makes it half-open.
fn due(library: &dyn Library) -> Option<Box<dyn Subject>> {
    let subject = library.breaker(Rule::Few, Period::Short)?;
    trip_and_wait(&*subject);
    Some(subject)
}

fn trip_and_wait(subject: &dyn Subject) {
    Call::repeat(subject, subject.few(), Ending::Failure);
    subject.wait();
}

pub(crate) fn probes_at_once(library: &dyn Library) -> Option<Shown> {
    let subject = due(library)?;
    let calls: Vec<_> = (0..100).map(|_| Call::begin(&*subject)).collect();
    let admitted = calls.iter().filter(|call| call.is_admitted()).count();
    Some(Shown::Number(admitted.try_into().ok()?))
}

pub(crate) fn cancelled_probe(library: &dyn Library) -> Option<Shown> {
    let subject = due(library)?;
    let probe = Call::begin(&*subject);
    assert!(probe.is_admitted(), "it is due");
    drop(probe);
    Some(Shown::yes_if(Call::begin(&*subject).is_admitted()))
}

pub(crate) fn hung_probe(library: &dyn Library) -> Option<Shown> {
    let subject = due(library)?;
    let hung = Call::begin(&*subject);
    assert!(hung.is_admitted(), "it is due");
    let admitted = (0..10).any(|_| {
        subject.wait();
        Call::begin(&*subject).is_admitted()
    });
    Some(Shown::yes_if(admitted))
}

pub(crate) fn panicked_probe(library: &dyn Library) -> Option<Shown> {
    let subject = due(library)?;
    Call::make(&*subject, Ending::Panic);
    for _ in 0..10 {
        subject.wait();
        Call::make(&*subject, Ending::Success);
    }
    Some(Shown::yes_if(subject.state() == State::Closed))
}

pub(crate) fn panics_open(library: &dyn Library) -> Option<Shown> {
    let subject = library.breaker(Rule::Few, Period::Long)?;
    Call::repeat(&*subject, subject.few(), Ending::Panic);
    Some(Shown::yes_if(subject.state() == State::Open))
}

pub(crate) fn late_successes(library: &dyn Library) -> Option<Shown> {
    late(library, Ending::Success)
}

pub(crate) fn late_failures(library: &dyn Library) -> Option<Shown> {
    late(library, Ending::Failure)
}

/// The early calls come to an end with the probe still under way.
fn late(library: &dyn Library, ending: Ending) -> Option<Shown> {
    let subject = library.breaker(Rule::Few, Period::Short)?;
    let early: Vec<_> = (0..5).map(|_| Call::begin(&*subject)).collect();
    trip_and_wait(&*subject);
    let probe = Call::begin(&*subject);
    assert!(probe.is_admitted(), "it is due");
    for call in early {
        call.end(ending);
    }
    Some(Shown::yes_if(subject.state() == State::HalfOpen))
}

pub(crate) fn ignored_probe(library: &dyn Library) -> Option<Shown> {
    let subject = due(library)?;
    Call::repeat(&*subject, 2, Ending::Ignored);
    Some(Shown::yes_if(subject.state() == State::HalfOpen))
}

pub(crate) fn sliding_window(library: &dyn Library) -> Option<Shown> {
    let subject = half(library, 100, 100)?;
    Call::repeat(&*subject, 10_000, Ending::Success);
    Some(Shown::Number(failures_to_open(&*subject)))
}

pub(crate) fn minimum_calls(library: &dyn Library) -> Option<Shown> {
    let subject = half(library, 100, 10)?;
    Some(Shown::Number(failures_to_open(&*subject)))
}

fn half(library: &dyn Library, window: u32, minimum: u32) -> Option<Box<dyn Subject>> {
    library.breaker(Rule::Half { window, minimum }, Period::Long)
}

fn failures_to_open(subject: &dyn Subject) -> u32 {
    let fail = || Call::make(subject, Ending::Failure);
    let failures = (0..100_000).take_while(|_| fail() == Answer::Ended).count();
    failures.try_into().expect("it is small")
}

pub(crate) fn exact_ratio(library: &dyn Library) -> Option<Shown> {
    let opens = |failures| {
        let subject = half(library, 200, 200)?;
        Call::repeat(&*subject, 200 - failures, Ending::Success);
        Call::repeat(&*subject, failures, Ending::Failure);
        // For a window that is judged only when a call leaves it: the first one, a success.
        Call::make(&*subject, Ending::Success);
        Some(subject.state() == State::Open)
    };
    Some(Shown::yes_if(!opens(99)? && opens(100)?))
}

pub(crate) fn slow_calls(library: &dyn Library) -> Option<Shown> {
    let subject = library.breaker(Rule::Slow, Period::Long)?;
    succeed_slowly(&*subject, 5);
    Some(Shown::yes_if(subject.state() == State::Open))
}

pub(crate) fn slow_probe(library: &dyn Library) -> Option<Shown> {
    let subject = library.breaker(Rule::Slow, Period::Short)?;
    succeed_slowly(&*subject, 5);
    subject.wait();
    succeed_slowly(&*subject, 1);
    Some(Shown::yes_if(subject.state() != State::Closed))
}

pub(crate) fn calls_under_way(library: &dyn Library) -> Option<Shown> {
    let subject = library.breaker(Rule::SlowUnderWay, Period::Long)?;
    let _hanging: Vec<_> = (0..5).map(|_| Call::begin(&*subject)).collect();
    subject.wait();
    Some(Shown::yes_if(!Call::begin(&*subject).is_admitted()))
}

pub(crate) fn calls_given_up(library: &dyn Library) -> Option<Shown> {
    let subject = library.breaker(Rule::FewOrGivenUp, Period::Long)?;
    for _ in 0..subject.few() {
        drop(Call::begin(&*subject));
    }
    Some(Shown::yes_if(subject.state() == State::Open))
}

fn succeed_slowly(subject: &dyn Subject, times: u32) {
    let calls: Vec<_> = (0..times).map(|_| Call::begin(subject)).collect();
    subject.wait();
    for call in calls {
        call.end(Ending::Success);
    }
}

pub(crate) fn retry_after(library: &dyn Library) -> Option<Shown> {
    let subject = library.breaker(Rule::Few, Period::Long)?;
    Call::repeat(&*subject, subject.few(), Ending::Failure);
    let Answer::Rejected { retry_after } = Call::make(&*subject, Ending::Success) else {
        return None;
    };
    Some(Shown::yes_if(retry_after.is_some()))
}

pub(crate) fn explanation(library: &dyn Library) -> Option<Shown> {
    let rules = [
        Rule::Half {
            window: 10,
            minimum: 10,
        },
        Rule::Few,
    ];
    let subject = rules
        .into_iter()
        .find_map(|rule| library.breaker(rule, Period::Long))?;
    Call::repeat(&*subject, 11, Ending::Failure);
    subject.told().map(Shown::Text)
}

pub(crate) fn reading_state(library: &dyn Library) -> Option<Shown> {
    let subject = due(library)?;
    let first = subject.shown_state()?;
    let second = subject.shown_state()?;
    Some(Shown::yes_if((first, second) == (State::Open, State::Open)))
}

pub(crate) fn idle_figures(library: &dyn Library) -> Option<Shown> {
    let subject = library.breaker(Rule::HalfWithinShort, Period::Long)?;
    Call::repeat(&*subject, 3, Ending::Failure);
    subject.wait();
    subject.wait();
    Some(Shown::yes_if(subject.shown_failures()? == 0))
}

pub(crate) fn reconfiguration(library: &dyn Library) -> Option<Shown> {
    let subject = library.breaker(Rule::Few, Period::Long)?;
    Call::make(&*subject, Ending::Failure);
    if !subject.reconfigure() {
        return None;
    }
    Call::make(&*subject, Ending::Failure);
    Some(Shown::yes_if(subject.state() == State::Open))
}
