//! `tower-resilience-circuitbreaker`: a tower layer, driven by hand.

use std::future::Future;
use std::hint;
use std::mem;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use tower::Service;
use tower_resilience_circuitbreaker::{
    CircuitBreaker, CircuitBreakerConfigBuilder, CircuitBreakerError, DefaultClassifier,
    circuit_breaker_builder,
};

use super::MOMENT;
use crate::behaviour::now;
use crate::circuit::{Answer, Circuit, FEW, Library};

pub(crate) struct TowerResilience;

type Builder = CircuitBreakerConfigBuilder<DefaultClassifier>;

fn build(settings: Builder) -> Box<dyn Circuit> {
    let settings = settings
        .wait_duration_in_open(MOMENT)
        .permitted_calls_in_half_open(1);
    Box::new(settings.build().unwrap().layer_fn(Inner))
}

impl Library for TowerResilience {
    fn name(&self) -> &'static str {
        "tower-resilience 0.14"
    }

    fn ratio(&self, window: usize, minimum: usize) -> Option<Box<dyn Circuit>> {
        let settings = circuit_breaker_builder()
            .failure_rate_threshold(0.5)
            .sliding_window_size(window)
            .minimum_number_of_calls(minimum);
        Some(build(settings))
    }

    fn quick(&self) -> Box<dyn Circuit> {
        build(circuit_breaker_builder().consecutive_failures(FEW))
    }

    fn slow(&self) -> Option<Box<dyn Circuit>> {
        let limit = Duration::from_millis(1);
        let settings = circuit_breaker_builder().consecutive_failures(FEW);
        let settings = settings.slow_call_duration_threshold(limit);
        Some(build(settings.slow_call_rate_threshold(0.5)))
    }

    fn refuses_zero_probes(&self) -> Option<bool> {
        let settings = circuit_breaker_builder().permitted_calls_in_half_open(0);
        Some(settings.build().is_err())
    }

    /// Its `OpenCircuit` carries nothing.
    fn says_when_to_retry(&self) -> bool {
        false
    }
}

/// What the inner service is asked to do.
#[derive(Clone, Copy)]
enum Order {
    Answer(Answer),
    /// Be under way until it is polled again.
    Wait,
    Panic,
}

#[derive(Clone, Copy)]
struct Inner;

impl Service<Order> for Inner {
    type Response = ();
    type Error = ();
    type Future = Acting;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), ()>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, order: Order) -> Acting {
        Acting {
            order,
            polled: false,
        }
    }
}

/// Carries out an order, and allocates nothing.
struct Acting {
    order: Order,
    polled: bool,
}

impl Future for Acting {
    type Output = Result<(), ()>;

    fn poll(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Result<(), ()>> {
        let polled = mem::replace(&mut self.polled, true);
        match self.order {
            Order::Answer(Answer::Success) => Poll::Ready(Ok(())),
            Order::Answer(Answer::Failure) => Poll::Ready(Err(())),
            Order::Answer(Answer::SlowSuccess) => {
                let begin = now();
                while begin.elapsed() < MOMENT {
                    hint::spin_loop();
                }
                Poll::Ready(Ok(()))
            }
            Order::Wait if polled => Poll::Ready(Ok(())),
            Order::Wait => Poll::Pending,
            Order::Panic => resume_unwind(Box::new("panic")),
        }
    }
}

type Breaker = CircuitBreaker<Inner, DefaultClassifier>;

impl Circuit for Breaker {
    fn run(&self, result: Answer) -> bool {
        let mut service = self.clone();
        let mut call = pin!(service.call(Order::Answer(result)));
        match call.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(answer) => !matches!(answer, Err(CircuitBreakerError::OpenCircuit)),
            Poll::Pending => panic!("nobody else holds its lock"),
        }
    }

    fn during(&self, inside: &mut dyn FnMut()) -> bool {
        let mut context = Context::from_waker(Waker::noop());
        let mut service = self.clone();
        let mut call = pin!(service.call(Order::Wait));
        if call.as_mut().poll(&mut context).is_ready() {
            return false;
        }
        inside();
        call.as_mut().poll(&mut context).is_ready()
    }

    /// A probe is begun and given up.
    fn half_opens(&self) -> bool {
        self.dropped() == Some(true)
    }

    fn panic(&self) {
        let mut service = self.clone();
        let call = || {
            let call = pin!(service.call(Order::Panic));
            call.poll(&mut Context::from_waker(Waker::noop()))
                .is_ready()
        };
        let _panicked = catch_unwind(AssertUnwindSafe(call));
    }

    fn dropped(&self) -> Option<bool> {
        let mut service = self.clone();
        let call = pin!(service.call(Order::Wait));
        let polled = call.poll(&mut Context::from_waker(Waker::noop()));
        Some(polled.is_pending())
    }
}
