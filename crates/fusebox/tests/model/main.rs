//! The comparison of the breaker with a model that is simple enough to check by eye.
//!
//! The settings and the histories are random: calls that succeed, fail, panic, hang and answer
//! late, a clock that steps back, ticks, operators and a fleet. After every step the snapshot must
//! equal the one that [`naive::Model`] computes from scratch, from a plain list of everything that
//! happened.

#![expect(
    clippy::unwrap_used,
    clippy::unchecked_time_subtraction,
    reason = "a test fails by panicking"
)]

mod history;
mod naive;
mod settings;

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use fusebox::{
    Breaker, Cause, Clock, CloseRamp, Event, ManualClock, Outcome, Permit, RejectReason, Snapshot,
    State, Transition,
};
use proptest::prelude::*;
use proptest::test_runner::RngSeed;

use history::{Call, Fleet, Operator, Result, Step};
use naive::{Model, Seen};
use settings::Settings;

fn runs(cases: u32) -> ProptestConfig {
    ProptestConfig {
        cases,
        failure_persistence: None,
        max_shrink_iters: 2000,
        rng_seed: RngSeed::Fixed(20_260_101),
        ..ProptestConfig::default()
    }
}

proptest! {
    #![proptest_config(runs(120))]

    #[test]
    fn the_breaker_equals_the_model_at_every_step(
        settings in settings::some(),
        steps in history::some(1..1200),
        // What is noted without a look must be right as well.
        look_after in prop_oneof![Just(1_usize), Just(7), Just(60)],
    ) {
        let mut pair = Pair::new(&settings);
        for (number, step) in steps.iter().enumerate() {
            pair.take(step);
            if number % look_after != 0 {
                continue;
            }
            pair.compare().map_err(|error| {
                TestCaseError::fail(format!("after step {number}, {step:?}: {error}"))
            })?;
        }
        pair.compare()?;
        pair.compare_transitions()?;
        pair.recover()?;
    }
}

proptest! {
    #![proptest_config(runs(64))]

    // pitfall 15
    #[test]
    fn a_long_healthy_past_does_not_delay_the_trip(
        settings in settings::some(),
        healthy in 2000_u32..4000,
    ) {
        let clock = ManualClock::new();
        let config = settings.builder().build().unwrap();
        let breaker = Breaker::with_clock("healthy", config, clock.clone());
        for _ in 0..healthy {
            breaker.try_acquire().unwrap().success();
        }
        clock.advance(settings.window_length());
        let slow = settings.slow_over.map_or(Duration::ZERO, Duration::from_millis) * 2;

        let mut failures = 0;
        while breaker.state() == State::Closed && failures <= settings.failures_that_must_trip() {
            breaker.try_acquire().unwrap().took(slow).failure();
            failures += 1;
        }

        prop_assert!(
            failures <= settings.failures_that_must_trip(),
            "still closed after {} failures",
            failures
        );
    }

    #[test]
    fn jitter_shortens_every_open_period_by_at_most_its_share(
        settings in settings::some(),
        share in 0.0..=0.5,
        seed: u64,
    ) {
        let config = settings.builder().jitter(share).jitter_seed(seed).build().unwrap();
        let clock = ManualClock::new();
        let breaker = Breaker::with_clock("jittery", config, clock.clone());
        for opening in 1..20 {
            breaker.open();
            let snapshot = breaker.snapshot();
            let wait = snapshot.retry_after();
            let longest = settings.open_period(opening, None);
            prop_assert!(wait <= longest && wait >= longest.mul_f64(0.999_999 - share));
            clock.set(snapshot.deadline.unwrap());
            prop_assert_eq!(breaker.poll_transitions(), State::HalfOpen);
        }
    }
}

/// The breaker and the model, told the same.
struct Pair {
    settings: Settings,
    clock: ManualClock,
    breaker: Breaker,
    model: Model,
    told: Arc<Mutex<Vec<Transition>>>,
    /// Calls under way, those of earlier generations included.
    calls: Vec<(Permit<'static>, usize)>,
    answered: u64,
    rejected: u64,
}

impl Pair {
    fn new(settings: &Settings) -> Self {
        let clock = ManualClock::new();
        let config = settings.builder().build().unwrap();
        let breaker = Breaker::with_clock("model", config, clock.clone());
        let told = Arc::new(Mutex::new(Vec::new()));
        let sink = Arc::clone(&told);
        breaker.add_listener(move |_: &str, event: &Event| {
            if let Event::Transition(transition) = event {
                sink.lock().unwrap().push(*transition);
            }
        });
        Self {
            settings: settings.clone(),
            clock,
            breaker,
            model: Model::new(settings.clone()),
            told,
            calls: Vec::new(),
            answered: 0,
            rejected: 0,
        }
    }

    fn take(&mut self, step: &Step) {
        match step {
            Step::Advance(millis) => self.clock.advance(Duration::from_millis(*millis)),
            Step::Rewind(millis) => {
                let back = Duration::from_millis(*millis);
                self.clock.set(self.clock.now().saturating_sub(back));
            }
            Step::ToDeadline(early) => {
                self.model.see(self.clock.now());
                if let Some(deadline) = self.breaker.snapshot().deadline {
                    self.clock
                        .set(deadline.saturating_sub(Duration::from_nanos(*early)));
                }
            }
            Step::Start => self.start(),
            Step::End(which, call) => {
                if !self.calls.is_empty() {
                    self.end(usize::from(*which) % self.calls.len(), *call);
                }
            }
            Step::Run(call) => {
                let before = self.calls.len();
                self.start();
                if self.calls.len() > before {
                    self.end(before, *call);
                }
            }
            Step::Tick => {
                self.model.tick(self.clock.now());
                assert_eq!(self.breaker.poll_transitions(), self.model.state());
            }
            Step::Reconfigure(change) => {
                self.settings = self.settings.changed(*change);
                self.model.reconfigure(&self.settings, self.clock.now());
                self.breaker
                    .reconfigure(self.settings.builder().build().unwrap());
            }
            Step::Operate(operator) => {
                self.model.operate(*operator, self.clock.now());
                self.operate(*operator);
            }
            Step::Fleet(fleet) => {
                let applies = self.model.follow(*fleet, self.clock.now());
                assert_eq!(self.follow(*fleet), applies);
            }
        }
    }

    fn start(&mut self) {
        let expected = self.model.start(self.clock.now());
        match (self.breaker.try_acquire(), expected) {
            (Ok(permit), Ok(call)) => self.calls.push((permit.into_owned(), call)),
            (Err(rejected), Err((reason, retry_after))) => {
                assert_eq!(
                    (rejected.reason, rejected.retry_after),
                    (reason, retry_after)
                );
                self.rejected += 1;
            }
            (got, expected) => panic!("got {got:?}, expected {expected:?}"),
        }
    }

    fn end(&mut self, place: usize, call: Call) {
        let (mut permit, id) = self.calls.swap_remove(place);
        let expected = self.model.end(id, call, self.clock.now());
        self.answered += 1;
        if let Some(took) = call.took {
            permit = permit.took(Duration::from_millis(took));
        }
        if let Some(hint) = call.hint {
            permit = permit.retry_after(Duration::from_millis(hint));
        }
        let got = match call.result {
            Result::Success => permit.success(),
            Result::Failure => permit.failure(),
            Result::Trip => permit.trip(),
            Result::Ignored => permit.ignore(),
            Result::Dropped => return drop(permit),
            Result::Panicked => {
                let unwound = catch_unwind(AssertUnwindSafe(move || {
                    let _held = permit;
                    resume_unwind(Box::new("model"))
                }));
                return drop(unwound);
            }
        };
        assert_eq!(got, expected);
    }

    fn operate(&self, operator: Operator) {
        match operator {
            Operator::Reset => self.breaker.reset(),
            Operator::Open => self.breaker.open(),
            Operator::OpenFor(wait) => self.breaker.open_for(Duration::from_millis(wait)),
            Operator::HalfOpen => self.breaker.half_open(),
            Operator::ForceOpen => self.breaker.force_open(),
            Operator::Disable => self.breaker.disable(),
            Operator::MetricsOnly => self.breaker.metrics_only(),
            Operator::Resume => self.breaker.resume(),
        }
    }

    fn follow(&self, fleet: Fleet) -> bool {
        let (control, millis) = (self.breaker.fleet(), Duration::from_millis);
        match fleet {
            Fleet::Hold(epoch) => control.hold(epoch),
            Fleet::Hint(wait) => control.hint(millis(wait)),
            Fleet::Grant(lease) => control.grant_probe(millis(lease)).is_some(),
            Fleet::Release(after, ramp) => {
                let ramp = ramp.map_or(CloseRamp::AsConfigured, |it| CloseRamp::Over(millis(it)));
                control.release(millis(after), ramp)
            }
            Fleet::Hasten(wait) => control.hasten(millis(wait)),
            Fleet::ProbeNow => match (control.probe_now(), self.breaker.snapshot()) {
                (None, _) => false,
                (Some(probes), after) => {
                    // An open period has its end now; the next look makes the transition.
                    let ahead = u64::from(after.state == State::Open);
                    assert_eq!(probes.get(), after.generation.get() + ahead);
                    true
                }
            },
            Fleet::LoseEngine(wait) => control.lose_engine(millis(wait)),
        }
    }

    fn compare(&mut self) -> std::result::Result<(), TestCaseError> {
        let snapshot = self.breaker.snapshot();
        let expected = self.model.seen(self.clock.now());
        prop_assert_eq!(seen(&snapshot), expected);

        let totals = &snapshot.totals;
        let spent: Duration = State::ALL.iter().map(|&state| totals.time_in(state)).sum();
        prop_assert_eq!(
            spent,
            snapshot.at,
            "times per state sum to the elapsed time"
        );
        let ended: u64 = Outcome::ALL
            .iter()
            .map(|&outcome| totals.calls(outcome))
            .sum();
        let rejected: u64 = RejectReason::ALL
            .iter()
            .map(|&reason| totals.rejections(reason))
            .sum();
        prop_assert_eq!((ended, rejected), (self.answered, self.rejected));
        prop_assert_eq!(self.breaker.state(), snapshot.state);
        prop_assert_eq!(self.breaker.snapshot(), snapshot, "reading changes nothing");
        Ok(())
    }

    fn compare_transitions(&self) -> std::result::Result<(), TestCaseError> {
        let told = self.told.lock().unwrap();
        let got: Vec<_> = told
            .iter()
            .map(|told| {
                (
                    told.from,
                    told.to,
                    told.cause,
                    told.at,
                    told.generation.get(),
                )
            })
            .collect();
        prop_assert_eq!(got, self.model.transitions());
        Ok(())
    }

    /// Time and successes alone lead to closed, whatever was reached.
    fn recover(mut self) -> std::result::Result<(), TestCaseError> {
        if self.breaker.state().is_operators() {
            self.breaker.resume();
        }
        // The host promises that a hold ends; a lease or a turn does so by itself.
        self.breaker.fleet().lose_engine(Duration::from_millis(1));
        if self.settings.half_open_for.is_none() {
            // Without a deadline the host promises that every probe ends.
            self.calls.clear();
        }
        // The clock may be behind; the breaker waits until it has caught up.
        self.clock
            .set(self.clock.now().max(self.breaker.snapshot().at));
        for _ in 0..100 {
            if self.breaker.state() == State::Closed {
                return Ok(());
            }
            match self.breaker.try_acquire() {
                Ok(permit) => drop(permit.took(Duration::ZERO).success()),
                Err(rejected) => self.clock.advance(rejected.retry_after.unwrap()),
            }
        }
        Err(TestCaseError::fail(format!(
            "stuck: {:?}",
            self.breaker.snapshot()
        )))
    }
}

fn seen(snapshot: &Snapshot) -> Seen {
    let totals = &snapshot.totals;
    Seen {
        at: snapshot.at,
        state: snapshot.state,
        generation: snapshot.generation.get(),
        since: snapshot.since,
        deadline: snapshot.deadline,
        consecutive_failures: snapshot.consecutive_failures,
        window: [
            snapshot.window.calls,
            snapshot.window.failures,
            snapshot.window.slow,
            snapshot.window.overdue,
        ],
        rated: snapshot.failure_ratio.is_some(),
        openings: snapshot.openings,
        probes: [snapshot.probes_in_flight, snapshot.probes_free],
        hold: snapshot
            .hold
            .map(|hold| (hold.epoch, hold.stage, hold.retry_after)),
        trips: of_all(Cause::TRIPS, |cause| totals.trips(cause)),
        calls: of_all(Outcome::ALL, |outcome| totals.calls(outcome)),
        rejections: of_all(RejectReason::ALL, |reason| totals.rejections(reason)),
        slow_calls: totals.slow_calls(),
        would_trip: totals.would_trip(),
        time: of_all(State::ALL, |state| totals.time_in(state)),
        transitions: of_all(State::ALL, |from| {
            of_all(State::ALL, |to| totals.transitions(from, to))
        }),
    }
}

fn of_all<T: Copy, R>(all: &[T], value: impl Fn(T) -> R) -> Vec<R> {
    all.iter().map(|one| value(*one)).collect()
}
