//! `failsafe`: policies over a state machine; a call is a closure.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use failsafe::failure_policy::{ConsecutiveFailures, consecutive_failures};
use failsafe::{CircuitBreaker, Config, StateMachine, backoff};

use super::MOMENT;
use crate::circuit::{Answer, Circuit, FEW, Library};

pub(crate) struct Failsafe;

type Breaker = StateMachine<ConsecutiveFailures<backoff::Constant>, ()>;

impl Library for Failsafe {
    fn name(&self) -> &'static str {
        "failsafe 1.3"
    }

    /// Its ratio is a moving average over time.
    fn ratio(&self, _: usize, _: usize) -> Option<Box<dyn Circuit>> {
        None
    }

    fn quick(&self) -> Box<dyn Circuit> {
        let policy = consecutive_failures(u32::try_from(FEW).unwrap(), backoff::constant(MOMENT));
        Box::new(Config::new().failure_policy(policy).build())
    }

    fn slow(&self) -> Option<Box<dyn Circuit>> {
        None
    }

    fn refuses_zero_probes(&self) -> Option<bool> {
        None
    }

    /// Its `Error::Rejected` carries nothing.
    fn says_when_to_retry(&self) -> bool {
        false
    }
}

impl Circuit for Breaker {
    fn run(&self, result: Answer) -> bool {
        let mut made = false;
        let _ = CircuitBreaker::call(self, || {
            made = true;
            if result == Answer::Failure {
                Err(())
            } else {
                Ok(())
            }
        });
        made
    }

    fn during(&self, inside: &mut dyn FnMut()) -> bool {
        let mut made = false;
        let _ = CircuitBreaker::call(self, || {
            made = true;
            inside();
            Ok::<(), ()>(())
        });
        made
    }

    fn half_opens(&self) -> bool {
        self.is_call_permitted()
    }

    fn panic(&self) {
        let call = || {
            CircuitBreaker::call(self, || -> Result<(), ()> {
                resume_unwind(Box::new("panic"))
            })
        };
        let _panicked = catch_unwind(AssertUnwindSafe(call));
    }

    fn dropped(&self) -> Option<bool> {
        None
    }
}
