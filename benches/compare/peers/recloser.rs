//! `recloser`: two rings of results; a call is a closure.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use recloser::Recloser as Breaker;

use super::MOMENT;
use crate::circuit::{Answer, Circuit, FEW, Library};

pub(crate) struct Recloser;

fn rings(closed: usize) -> Box<dyn Circuit> {
    let settings = Breaker::custom().error_rate(0.5).closed_len(closed);
    Box::new(settings.half_open_len(1).open_wait(MOMENT).build())
}

impl Library for Recloser {
    fn name(&self) -> &'static str {
        "recloser 1.4"
    }

    /// It has no minimum: the ring must be full.
    fn ratio(&self, window: usize, _: usize) -> Option<Box<dyn Circuit>> {
        Some(rings(window))
    }

    /// It opens with the call after a full ring.
    fn quick(&self) -> Box<dyn Circuit> {
        rings(FEW - 1)
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
        let _ = Breaker::call(self, || {
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
        let _ = Breaker::call(self, || {
            made = true;
            inside();
            Ok::<(), ()>(())
        });
        made
    }

    /// It decides with the call after a full ring: this is one of two.
    fn half_opens(&self) -> bool {
        self.run(Answer::Success)
    }

    fn panic(&self) {
        let call = || {
            Breaker::call(self, || -> Result<(), ()> {
                resume_unwind(Box::new("panic"))
            })
        };
        let _panicked = catch_unwind(AssertUnwindSafe(call));
    }

    fn dropped(&self) -> Option<bool> {
        None
    }
}
