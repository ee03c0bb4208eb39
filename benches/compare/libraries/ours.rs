//! Our breaker, on a clock of the run, at its defaults unless a rule says otherwise.

use std::hint::black_box;
use std::iter;
use std::time::Duration;

use benches::Worker;
use fusebox::{
    Breaker, CallError, Cause, Config, ConfigBuilder, DroppedPermit, Event, Events, InFlightCalls,
    Interest, ManualClock, Verdict, Window,
};

use super::{LONG, spread_of};
use crate::downstream::{Answer, Answering, Downstream, Fault};
use crate::library::{Extension, Library, Nonsense, Period, Rule, State, Subject, Whose};

pub(crate) struct Ours;

struct Managed {
    breaker: Breaker,
    clock: ManualClock,
    events: Events,
}

/// What outlasts the default open period of five seconds.
const WAIT: Duration = Duration::from_secs(6);

impl Library for Ours {
    fn whose(&self) -> Whose {
        Whose::Ours
    }

    fn breaker(&self, rule: Rule, open: Period) -> Option<Box<dyn Subject>> {
        let settings = match open {
            Period::Short => by(rule),
            Period::Long => by(rule).open_for(LONG),
        };
        let clock = ManualClock::new();
        let config = settings.build().expect("valid");
        let breaker = Breaker::with_clock("subject", config, clock.clone());
        let events = breaker.events(Interest::Changes, 10);
        Some(Box::new(Managed {
            breaker,
            clock,
            events,
        }))
    }

    fn refuses(&self, setting: Nonsense) -> Option<bool> {
        let settings = match setting {
            Nonsense::NoProbes => by(Rule::Few).permitted_probes(0),
            Nonsense::EmptyWindow => half(0, 1),
            Nonsense::NoFailures => Config::builder().consecutive_failures(0),
        };
        Some(settings.build().is_err())
    }

    fn takes(&self, _: Extension) -> Option<bool> {
        None
    }

    fn succeeding(&self) -> Worker {
        worker(&half(100, 100))
    }

    fn rejected(&self) -> Worker {
        let config = half(100, 100).open_for(LONG).build().expect("valid");
        let breaker = Breaker::new("rejecting", config);
        breaker.open();
        Box::new(move |times| {
            for _ in 0..times {
                black_box(breaker.try_acquire().expect_err("open"));
            }
        })
    }

    fn within_minutes(&self) -> Option<Worker> {
        let settings = Config::builder()
            .failure_rate_threshold(0.5)
            .window(Window::time(Duration::from_secs(600), 10));
        Some(worker(&settings))
    }

    fn spread_of_open_periods(&self) -> f64 {
        // Its rejections give the period to the nanosecond, so no wait is needed.
        let period = || {
            let settings = by(Rule::Few).open_for(Duration::from_millis(50));
            let config = settings.build().expect("valid");
            let breaker = Breaker::with_clock("jittered", config, ManualClock::new());
            breaker.open();
            breaker.try_acquire().expect_err("open").retry_after
        };
        let periods: Vec<_> = iter::repeat_with(period).take(20).flatten().collect();
        spread_of(&periods)
    }
}

fn by(rule: Rule) -> ConfigBuilder {
    match rule {
        Rule::Few => Config::builder().consecutive_failures(3),
        Rule::FewOrGivenUp => by(Rule::Few).dropped_permit(DroppedPermit::Failure),
        Rule::Half { window, minimum } => half(window, minimum),
        Rule::Slow => Config::builder()
            .slow_call_rate_threshold(0.5)
            .slow_call_duration(Duration::from_secs(5))
            .window(Window::count(5))
            .minimum_calls(5),
        Rule::SlowUnderWay => by(Rule::Slow).in_flight_calls(InFlightCalls::CountWhenOverdue),
        Rule::HalfWithinShort => Config::builder()
            .failure_rate_threshold(0.5)
            .window(Window::time(Duration::from_secs(5), 5))
            .minimum_calls(100),
    }
}

fn half(window: u32, minimum: u32) -> ConfigBuilder {
    Config::builder()
        .failure_rate_threshold(0.5)
        .window(Window::count(window))
        .minimum_calls(minimum)
}

fn worker(settings: &ConfigBuilder) -> Worker {
    let config = settings.clone().build().expect("valid");
    let breaker = Breaker::new("succeeding", config);
    Box::new(move |times| {
        for _ in 0..times {
            let permit = breaker.try_acquire().expect("closed");
            black_box(permit.success());
        }
    })
}

impl Subject for Managed {
    fn call(&self, downstream: Downstream) -> Answering {
        let breaker = self.breaker.clone();
        let judge = |result: &Result<(), Fault>| match result {
            Err(Fault::Ignored) => Verdict::Ignored,
            result => Verdict::of(result),
        };
        Box::pin(async move {
            match breaker.call_async_with(judge, || downstream).await {
                Err(CallError::Rejected(rejected)) => Answer::Rejected {
                    retry_after: rejected.retry_after,
                },
                Ok(()) | Err(CallError::Failed(_)) => Answer::Ended,
            }
        })
    }

    fn wait(&self) {
        self.clock.advance(WAIT);
    }

    fn state(&self) -> State {
        match self.breaker.state() {
            fusebox::State::Open => State::Open,
            fusebox::State::HalfOpen => State::HalfOpen,
            _ => State::Closed,
        }
    }

    fn shown_state(&self) -> Option<State> {
        Some(self.state())
    }

    fn shown_failures(&self) -> Option<u64> {
        Some(self.breaker.snapshot().window.failures)
    }

    fn told(&self) -> Option<&'static str> {
        let Event::Transition(transition) = self.events.try_next()? else {
            return None;
        };
        let figures = (transition.window.failures, transition.window.calls);
        match (transition.cause, figures) {
            (Cause::FailureRatio, (10, 10)) => Some("rule and figures"),
            _ => None,
        }
    }

    fn reconfigure(&self) -> bool {
        let earlier = Config::builder().consecutive_failures(2).build();
        self.breaker.reconfigure(earlier.expect("valid"));
        true
    }
}
