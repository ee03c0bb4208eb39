//! What is asked? One scenario per row, the same for every library.
//!
//! Every verdict is read from a state that lasts: where a run waits for the end of an open period,
//! it never depends on getting something done before that end.

use crate::call::{Answer, Call, Ending};
use crate::library::{Library, Nonsense, Period, Rule, State, Subject};
use crate::note::{self, Note};

/// What a run showed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shown {
    Yes,
    No,
    Number(u32),
    Text(&'static str),
}

/// One row.
pub(crate) struct Behaviour {
    pub(crate) asked: &'static str,
    /// `None` where the library cannot be asked that.
    pub(crate) run: fn(&dyn Library) -> Option<Shown>,
    pub(crate) notes: &'static [Note],
}

/// The rows, in order.
pub(crate) const ALL: &[Behaviour] = &[
    Behaviour {
        asked: "probes under way at once when 100 calls come while half-open; 1 is permitted",
        run: probes_at_once,
        notes: &[note::FAILSAFE_LIMIT, note::RECLOSER_LIMIT],
    },
    Behaviour {
        asked: "the slot of a cancelled probe is free again",
        run: cancelled_probe,
        notes: &[note::FAILSAFE_LIMIT, note::RECLOSER_LIMIT],
    },
    Behaviour {
        asked: "a probe that hangs does not keep all others out for ten open periods",
        run: hung_probe,
        notes: &[note::FAILSAFE_LIMIT, note::RECLOSER_LIMIT],
    },
    Behaviour {
        asked: "closes again after a probe that panicked",
        run: panicked_probe,
        notes: &[note::FAILSAFE_LIMIT, note::RECLOSER_LIMIT],
    },
    Behaviour {
        asked: "panics open it like failures",
        run: panics_open,
        notes: &[],
    },
    Behaviour {
        asked: "successes of calls from before the trip do not close it while the probe is under way",
        run: late_successes,
        notes: &[],
    },
    Behaviour {
        asked: "an ignored probe neither closes nor reopens it",
        run: ignored_probe,
        notes: &[
            note::FAILSAFE_NEUTRAL,
            note::RECLOSER_NEUTRAL,
            note::TOWER_NEUTRAL,
        ],
    },
    Behaviour {
        asked: "failures that open a window of 100 at 50 %, after 10,000 successes",
        run: sliding_window,
        notes: &[note::FAILSAFE_COUNT],
    },
    Behaviour {
        asked: "failures that open a new window of 100 at 50 %, minimum 10 calls",
        run: minimum_calls,
        notes: &[note::FAILSAFE_COUNT, note::RECLOSER_MINIMUM],
    },
    Behaviour {
        asked: "99 failures of 200 do not reach 50 %, 100 do",
        run: exact_ratio,
        notes: &[note::FAILSAFE_COUNT],
    },
    Behaviour {
        asked: "calls that succeed slowly open it",
        run: slow_calls,
        notes: &[note::FAILSAFE_SLOW, note::RECLOSER_SLOW],
    },
    Behaviour {
        asked: "a probe that succeeds slowly does not close it",
        run: slow_probe,
        notes: &[note::FAILSAFE_SLOW, note::RECLOSER_SLOW],
    },
    Behaviour {
        asked: "the rejection says when to come back",
        run: retry_after,
        notes: &[note::TOWER_RETRY],
    },
    Behaviour {
        asked: "what a listener is told about an opening",
        run: explanation,
        notes: &[note::RECLOSER_EVENTS],
    },
    Behaviour {
        asked: "the state can be read without changing it",
        run: reading_state,
        notes: &[note::FAILSAFE_STATE, note::RECLOSER_STATE],
    },
    Behaviour {
        asked: "the figures of an idle time window expire",
        run: idle_figures,
        notes: &[note::FAILSAFE_FIGURES, note::RECLOSER_FIGURES],
    },
    Behaviour {
        asked: "zero probes are refused as a setting",
        run: |library| library.refuses(Nonsense::NoProbes).map(yes_if),
        notes: &[note::FAILSAFE_LIMIT],
    },
    Behaviour {
        asked: "a window of nothing is refused as a setting",
        run: |library| library.refuses(Nonsense::EmptyWindow).map(yes_if),
        notes: &[],
    },
    Behaviour {
        asked: "opening after zero failures in a row is refused as a setting",
        run: |library| library.refuses(Nonsense::NoFailures).map(yes_if),
        notes: &[note::RECLOSER_RUN],
    },
    Behaviour {
        asked: "changing the settings of a live breaker keeps its evidence",
        run: reconfiguration,
        notes: &[note::FAILSAFE_LIVE, note::RECLOSER_LIVE, note::TOWER_LIVE],
    },
];

fn yes_if(holds: bool) -> Shown {
    if holds { Shown::Yes } else { Shown::No }
}

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

fn probes_at_once(library: &dyn Library) -> Option<Shown> {
    let subject = due(library)?;
    let calls: Vec<_> = (0..100).map(|_| Call::begin(&*subject)).collect();
    let admitted = calls.iter().filter(|call| call.is_admitted()).count();
    Some(Shown::Number(admitted.try_into().ok()?))
}

fn cancelled_probe(library: &dyn Library) -> Option<Shown> {
    let subject = due(library)?;
    let probe = Call::begin(&*subject);
    assert!(probe.is_admitted(), "it is due");
    drop(probe);
    Some(yes_if(Call::begin(&*subject).is_admitted()))
}

fn hung_probe(library: &dyn Library) -> Option<Shown> {
    let subject = due(library)?;
    let hung = Call::begin(&*subject);
    assert!(hung.is_admitted(), "it is due");
    let admitted = (0..10).any(|_| {
        subject.wait();
        Call::begin(&*subject).is_admitted()
    });
    Some(yes_if(admitted))
}

fn panicked_probe(library: &dyn Library) -> Option<Shown> {
    let subject = due(library)?;
    Call::make(&*subject, Ending::Panic);
    for _ in 0..10 {
        subject.wait();
        Call::make(&*subject, Ending::Success);
    }
    Some(yes_if(subject.state() == State::Closed))
}

fn panics_open(library: &dyn Library) -> Option<Shown> {
    let subject = library.breaker(Rule::Few, Period::Long)?;
    Call::repeat(&*subject, subject.few(), Ending::Panic);
    Some(yes_if(subject.state() == State::Open))
}

fn late_successes(library: &dyn Library) -> Option<Shown> {
    let subject = library.breaker(Rule::Few, Period::Short)?;
    let early: Vec<_> = (0..5).map(|_| Call::begin(&*subject)).collect();
    trip_and_wait(&*subject);
    let probe = Call::begin(&*subject);
    assert!(probe.is_admitted(), "it is due");
    for call in early {
        call.end(Ending::Success);
    }
    Some(yes_if(subject.state() == State::HalfOpen))
}

fn ignored_probe(library: &dyn Library) -> Option<Shown> {
    let subject = due(library)?;
    Call::repeat(&*subject, 2, Ending::Ignored);
    Some(yes_if(subject.state() == State::HalfOpen))
}

fn sliding_window(library: &dyn Library) -> Option<Shown> {
    let subject = half(library, 100, 100)?;
    Call::repeat(&*subject, 10_000, Ending::Success);
    Some(Shown::Number(failures_to_open(&*subject)))
}

fn minimum_calls(library: &dyn Library) -> Option<Shown> {
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

fn exact_ratio(library: &dyn Library) -> Option<Shown> {
    let opens = |failures| {
        let subject = half(library, 200, 200)?;
        Call::repeat(&*subject, 200 - failures, Ending::Success);
        Call::repeat(&*subject, failures, Ending::Failure);
        // For a window that is judged only when a call leaves it: the first one, a success.
        Call::make(&*subject, Ending::Success);
        Some(subject.state() == State::Open)
    };
    Some(yes_if(!opens(99)? && opens(100)?))
}

fn slow_calls(library: &dyn Library) -> Option<Shown> {
    let subject = library.breaker(Rule::Slow, Period::Long)?;
    succeed_slowly(&*subject, 5);
    Some(yes_if(subject.state() == State::Open))
}

fn slow_probe(library: &dyn Library) -> Option<Shown> {
    let subject = library.breaker(Rule::Slow, Period::Short)?;
    succeed_slowly(&*subject, 5);
    subject.wait();
    succeed_slowly(&*subject, 1);
    Some(yes_if(subject.state() != State::Closed))
}

fn succeed_slowly(subject: &dyn Subject, times: u32) {
    let calls: Vec<_> = (0..times).map(|_| Call::begin(subject)).collect();
    subject.wait();
    for call in calls {
        call.end(Ending::Success);
    }
}

fn retry_after(library: &dyn Library) -> Option<Shown> {
    let subject = library.breaker(Rule::Few, Period::Long)?;
    Call::repeat(&*subject, subject.few(), Ending::Failure);
    let Answer::Rejected { retry_after } = Call::make(&*subject, Ending::Success) else {
        return None;
    };
    Some(yes_if(retry_after.is_some()))
}

fn explanation(library: &dyn Library) -> Option<Shown> {
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

fn reading_state(library: &dyn Library) -> Option<Shown> {
    let subject = due(library)?;
    let first = subject.shown_state()?;
    let second = subject.shown_state()?;
    Some(yes_if((first, second) == (State::Open, State::Open)))
}

fn idle_figures(library: &dyn Library) -> Option<Shown> {
    let subject = library.breaker(Rule::HalfWithinShort, Period::Long)?;
    Call::repeat(&*subject, 3, Ending::Failure);
    subject.wait();
    subject.wait();
    Some(yes_if(subject.shown_failures()? == 0))
}

fn reconfiguration(library: &dyn Library) -> Option<Shown> {
    let subject = library.breaker(Rule::Few, Period::Long)?;
    Call::make(&*subject, Ending::Failure);
    if !subject.reconfigure() {
        return None;
    }
    Call::make(&*subject, Ending::Failure);
    Some(yes_if(subject.state() == State::Open))
}
