//! Who answers for a call under way? [`Held`]: the permit that a future or a body keeps.
//!
//! Dropped before the end it is a cancelled call. A panic is answered here and not left to the
//! permit's own drop: many executors catch the panic first and drop the future later, when nothing
//! unwinds any more.

use std::mem;

use fusebox::{Permit, Verdict};

/// A permit until the call has ended; then nothing.
#[derive(Debug)]
pub(crate) struct Held {
    permit: Option<Permit<'static>>,
}

impl Held {
    pub(crate) fn new(permit: Permit<'static>) -> Self {
        Self {
            permit: Some(permit),
        }
    }

    /// Runs foreign code on behalf of the call: if it panics, the call has failed.
    pub(crate) fn watch<R>(&mut self, run: impl FnOnce() -> R) -> R {
        let on_panic = FailOnDrop(self);
        let result = run();
        mem::forget(on_panic);
        result
    }

    /// Ends the call. Only the first verdict counts.
    pub(crate) fn end(&mut self, verdict: Verdict) {
        if let Some(permit) = self.permit.take() {
            permit.end(verdict);
        }
    }

    /// Whether the call has been answered for.
    #[cfg(feature = "grpc")]
    pub(crate) fn has_ended(&self) -> bool {
        self.permit.is_none()
    }
}

struct FailOnDrop<'a>(&'a mut Held);

impl Drop for FailOnDrop<'_> {
    fn drop(&mut self) {
        self.0.end(Verdict::FAILURE);
    }
}
