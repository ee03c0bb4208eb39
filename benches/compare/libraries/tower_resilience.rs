//! `tower-resilience-circuitbreaker`, used as a tower service and observed through its handle.

use std::hint::black_box;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use benches::Worker;
use tower::util::ServiceFn;
use tower_resilience_circuitbreaker::{
    CircuitBreaker, CircuitBreakerConfigBuilder, CircuitBreakerError, CircuitBreakerHandle,
    CircuitState, DefaultClassifier, FailureClassifier, SlidingWindowType, circuit_breaker_builder,
};

use super::{LONG, SHORT, spread, wait_in_real_time};
use crate::downstream::{Answer, Answering, Downstream, Fault};
use crate::library::{Extension, Library, Nonsense, Period, Rule, State, Subject, Whose};
use crate::service::{Ready, call, finish};

pub(crate) struct TowerResilience;

/// Counts failures only.
#[derive(Clone, Copy)]
struct FailuresOnly;

type Inner = ServiceFn<fn(Downstream) -> Downstream>;

struct Layered {
    service: CircuitBreaker<Inner, FailuresOnly>,
    handle: CircuitBreakerHandle<FailuresOnly>,
    opened: Arc<AtomicBool>,
}

impl Library for TowerResilience {
    fn whose(&self) -> Whose {
        Whose::TowerResilience
    }

    fn breaker(&self, rule: Rule, open: Period) -> Option<Box<dyn Subject>> {
        let wait = match open {
            Period::Short => SHORT,
            Period::Long => LONG,
        };
        let opened = Arc::new(AtomicBool::new(false));
        let told = Arc::clone(&opened);
        let (layer, handle) = by(rule)
            .wait_duration_in_open(wait)
            .permitted_calls_in_half_open(1)
            .failure_classifier_type(FailuresOnly)
            .on_state_transition(move |from, to| {
                let opened = (from, to) == (CircuitState::Closed, CircuitState::Open);
                told.fetch_or(opened, Ordering::Relaxed);
            })
            .build_with_handle()
            .expect("valid");
        let inner: Inner = tower::service_fn(|downstream| downstream);
        Some(Box::new(Layered {
            service: layer.layer_fn(inner),
            handle,
            opened,
        }))
    }

    fn refuses(&self, setting: Nonsense) -> Option<bool> {
        let settings = match setting {
            Nonsense::NoProbes => half(10, 10).permitted_calls_in_half_open(0),
            Nonsense::EmptyWindow => half(0, 1),
            Nonsense::NoFailures => circuit_breaker_builder().consecutive_failures(0),
        };
        Some(settings.build().is_err())
    }

    fn takes(&self, _: Extension) -> Option<bool> {
        None
    }

    fn succeeding(&self) -> Worker {
        worker(half(100, 100))
    }

    fn rejected(&self) -> Worker {
        let mut service = opened(LONG);
        Box::new(move |times| {
            for _ in 0..times {
                let answer = black_box(call(&mut service));
                assert!(matches!(answer, Err(CircuitBreakerError::OpenCircuit)));
            }
        })
    }

    fn within_minutes(&self) -> Option<Worker> {
        Some(worker(within(Duration::from_secs(600))))
    }

    fn spread_of_open_periods(&self) -> f64 {
        spread(
            || opened(Duration::from_millis(50)),
            |service| call(&mut service.clone()).is_err(),
        )
    }
}

fn by(rule: Rule) -> CircuitBreakerConfigBuilder<DefaultClassifier> {
    match rule {
        Rule::Few | Rule::FewOrGivenUp => circuit_breaker_builder().consecutive_failures(3),
        Rule::Half { window, minimum } => half(window, minimum),
        Rule::Slow | Rule::SlowUnderWay => half(5, 5)
            .slow_call_rate_threshold(0.5)
            .slow_call_duration_threshold(SHORT),
        Rule::HalfWithinShort => within(SHORT).minimum_number_of_calls(100),
    }
}

fn half(window: u32, minimum: u32) -> CircuitBreakerConfigBuilder<DefaultClassifier> {
    let size = |calls| usize::try_from(calls).expect("it is small");
    circuit_breaker_builder()
        .failure_rate_threshold(0.5)
        .sliding_window_size(size(window))
        .minimum_number_of_calls(size(minimum))
}

fn within(window: Duration) -> CircuitBreakerConfigBuilder<DefaultClassifier> {
    circuit_breaker_builder()
        .failure_rate_threshold(0.5)
        .sliding_window_type(SlidingWindowType::TimeBased)
        .sliding_window_duration(window)
}

fn opened(wait: Duration) -> CircuitBreaker<Ready, DefaultClassifier> {
    let layer = half(100, 100).wait_duration_in_open(wait).build();
    let service = layer.expect("valid").layer_fn(Ready);
    finish(service.force_open());
    service
}

fn worker(settings: CircuitBreakerConfigBuilder<DefaultClassifier>) -> Worker {
    let mut service = settings.build().expect("valid").layer_fn(Ready);
    Box::new(move |times| {
        for _ in 0..times {
            black_box(call(&mut service)).expect("closed");
        }
    })
}

impl FailureClassifier<(), Fault> for FailuresOnly {
    fn classify(&self, result: &Result<(), Fault>) -> bool {
        *result == Err(Fault::Failure)
    }
}

impl Subject for Layered {
    fn call(&self, downstream: Downstream) -> Answering {
        let mut service = self.service.clone();
        Box::pin(async move {
            let ready = tower::ServiceExt::ready(&mut service).await;
            let call = tower::Service::call(ready.expect("always ready"), downstream);
            match call.await {
                Err(CircuitBreakerError::OpenCircuit) => Answer::Rejected { retry_after: None },
                Ok(()) | Err(CircuitBreakerError::Inner(_)) => Answer::Ended,
            }
        })
    }

    fn wait(&self) {
        wait_in_real_time();
    }

    fn state(&self) -> State {
        match self.handle.state() {
            CircuitState::Closed => State::Closed,
            CircuitState::Open => State::Open,
            CircuitState::HalfOpen => State::HalfOpen,
        }
    }

    fn shown_state(&self) -> Option<State> {
        Some(self.state())
    }

    fn shown_failures(&self) -> Option<u64> {
        let failures = finish(self.handle.metrics()).failure_count;
        Some(failures.try_into().expect("it is small"))
    }

    fn told(&self) -> Option<&'static str> {
        let opened = self.opened.load(Ordering::Relaxed);
        opened.then_some("from and to")
    }
}
