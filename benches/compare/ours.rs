//! Our breaker, as `crates/breaker` says.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::time::Duration;

use breaker::{Breaker, Config, ConfigBuilder, State, Window};

use crate::circuit::{Answer, Circuit, FEW, Library};
use crate::peers::MOMENT;

pub(crate) struct Ours;

fn build(settings: ConfigBuilder) -> Box<dyn Circuit> {
    let config = settings.open_for(MOMENT).build().unwrap();
    Box::new(Breaker::new("ours", config))
}

impl Library for Ours {
    fn name(&self) -> &'static str {
        "breaker"
    }

    fn ratio(&self, window: usize, minimum: usize) -> Option<Box<dyn Circuit>> {
        let count = |calls| u32::try_from(calls).unwrap();
        let settings = Config::builder()
            .failure_rate_threshold(0.5)
            .window(Window::count(count(window)))
            .minimum_calls(count(minimum));
        Some(build(settings))
    }

    fn quick(&self) -> Box<dyn Circuit> {
        let few = u32::try_from(FEW).unwrap();
        build(Config::builder().consecutive_failures(few))
    }

    fn slow(&self) -> Option<Box<dyn Circuit>> {
        let few = u32::try_from(FEW).unwrap();
        let settings = Config::builder().consecutive_failures(few);
        Some(build(settings.slow_call_duration(Duration::from_millis(1))))
    }

    fn refuses_zero_probes(&self) -> Option<bool> {
        let settings = Config::builder().consecutive_failures(1);
        Some(settings.permitted_probes(0).build().is_err())
    }

    fn says_when_to_retry(&self) -> bool {
        let breaker = Breaker::new("ours", Config::default());
        breaker.open();
        breaker.try_acquire().unwrap_err().retry_after.is_some()
    }
}

impl Circuit for Breaker {
    fn run(&self, result: Answer) -> bool {
        let Ok(permit) = self.try_acquire() else {
            return false;
        };
        match result {
            Answer::Success => permit.success(),
            Answer::Failure => permit.failure(),
            Answer::SlowSuccess => permit.took(MOMENT).success(),
        };
        true
    }

    fn during(&self, inside: &mut dyn FnMut()) -> bool {
        let Ok(permit) = self.try_acquire() else {
            return false;
        };
        inside();
        permit.success();
        true
    }

    fn half_opens(&self) -> bool {
        self.poll_transitions() == State::HalfOpen
    }

    fn panic(&self) {
        let call = || self.call(|| -> Result<(), ()> { resume_unwind(Box::new("panic")) });
        let _panicked = catch_unwind(AssertUnwindSafe(call));
    }

    fn dropped(&self) -> Option<bool> {
        Some(self.try_acquire().is_ok())
    }
}
