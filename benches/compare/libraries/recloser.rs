//! `recloser`, used through its futures. It shows no state, so a run finds it out by failing.

use std::hint::black_box;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use benches::Worker;
use recloser::{AsyncRecloser, Error, RecloserBuilder};

use super::{LONG, SHORT, spread, wait_in_real_time};
use crate::call::Call;
use crate::downstream::{Answer, Answering, Downstream, Ending, Fault};
use crate::library::{Extension, Library, Nonsense, Period, Rule, State, Subject, Whose};

pub(crate) struct Recloser;

struct Ring {
    breaker: AsyncRecloser,
    reopened: Arc<AtomicU32>,
}

/// The ring of [`Rule::Few`], so much larger than that of half-open that they can be told apart.
const FEW: u32 = 10;

impl Library for Recloser {
    fn whose(&self) -> Whose {
        Whose::Recloser
    }

    fn breaker(&self, rule: Rule, open: Period) -> Option<Box<dyn Subject>> {
        let calls = match rule {
            Rule::Few | Rule::FewOrGivenUp => FEW,
            Rule::Half { window, .. } => window,
            Rule::Slow | Rule::SlowUnderWay | Rule::HalfWithinShort => return None,
        };
        let wait = match open {
            Period::Short => SHORT,
            Period::Long => LONG,
        };
        Some(Box::new(ring_that_counts(calls, wait)))
    }

    fn refuses(&self, setting: Nonsense) -> Option<bool> {
        // There is no way to refuse but to panic here.
        match setting {
            Nonsense::NoProbes => drop(ring(10).half_open_len(0).build()),
            Nonsense::EmptyWindow => drop(ring(0).build()),
            Nonsense::NoFailures => return None,
        }
        Some(false)
    }

    fn takes(&self, extension: Extension) -> Option<bool> {
        match extension {
            Extension::TripRule => None,
            Extension::OpenPeriod => {
                let ring = ring_that_counts(FEW, SHORT);
                Call::repeat(&ring, ring.few(), Ending::Failure);
                ring.wait();
                Call::repeat(&ring, 2, Ending::Failure);
                Some(ring.reopened.load(Ordering::Relaxed) == 1)
            }
        }
    }

    fn succeeding(&self) -> Worker {
        let breaker = ring(100).build();
        Box::new(move |times| {
            for _ in 0..times {
                black_box(breaker.call(|| Ok::<(), ()>(()))).expect("closed");
            }
        })
    }

    fn rejected(&self) -> Worker {
        let breaker = opened(LONG);
        Box::new(move |times| {
            for _ in 0..times {
                let answer = breaker.call(|| Ok::<(), ()>(()));
                assert!(matches!(black_box(answer), Err(Error::Rejected)), "open");
            }
        })
    }

    fn within_minutes(&self) -> Option<Worker> {
        None
    }

    fn spread_of_open_periods(&self) -> f64 {
        spread(
            || opened(Duration::from_millis(50)),
            |breaker| matches!(breaker.call(|| Ok::<(), ()>(())), Err(Error::Rejected)),
        )
    }
}

fn ring(calls: u32) -> RecloserBuilder {
    let calls = usize::try_from(calls).expect("it is small");
    recloser::Recloser::custom()
        .error_rate(0.5)
        .closed_len(calls)
        .half_open_len(1)
}

fn ring_that_counts(calls: u32, wait: Duration) -> Ring {
    let reopened = Arc::new(AtomicU32::new(0));
    let count = Arc::clone(&reopened);
    // Asked only when a probe fails; long, so that the verdict can be read in peace.
    let reopening = move |_, _| {
        count.fetch_add(1, Ordering::Relaxed);
        LONG
    };
    let breaker = ring(calls)
        .open_wait(wait)
        .open_wait_strategy(reopening)
        .build();
    Ring {
        breaker: breaker.into(),
        reopened,
    }
}

fn opened(wait: Duration) -> recloser::Recloser {
    let breaker = ring(1).open_wait(wait).build();
    for _ in 0..2 {
        assert!(breaker.call(|| Err::<(), ()>(())).is_err(), "it fails");
    }
    breaker
}

impl Subject for Ring {
    fn call(&self, downstream: Downstream) -> Answering {
        let is_failure = |fault: &Fault| *fault == Fault::Failure;
        let call = self.breaker.call_with(is_failure, downstream);
        Box::pin(async move {
            match call.await {
                Err(Error::Rejected) => Answer::Rejected { retry_after: None },
                Ok(()) | Err(Error::Inner(_)) => Answer::Ended,
            }
        })
    }

    fn wait(&self) {
        wait_in_real_time();
    }

    fn few(&self) -> u32 {
        FEW + 1
    }

    /// Two failures are a verdict in half-open and too few in closed.
    fn state(&self) -> State {
        if !Call::begin(self).is_admitted() {
            return State::Open;
        }
        let before = self.reopened.load(Ordering::Relaxed);
        Call::repeat(self, 2, Ending::Failure);
        if self.reopened.load(Ordering::Relaxed) > before {
            State::HalfOpen
        } else {
            State::Closed
        }
    }

    fn shown_state(&self) -> Option<State> {
        None
    }

    fn told(&self) -> Option<&'static str> {
        None
    }
}
