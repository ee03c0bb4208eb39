//! The permit of a call under way, kept by a future or a body until the call has ended.
//!
//! If it is dropped before the end, the call is cancelled. A panic is recorded here and not by the
//! permit's own drop: many executors catch the panic first and drop the future later, when nothing
//! unwinds any more. The foreign code of the call runs *inside* it ([`fusebox::nesting`]), so that
//! a rejection by another breaker in there does not count against this one.

use std::mem;

#[cfg(feature = "http")]
use fusebox::State;
use fusebox::nesting::Nesting;
use fusebox::{Breaker, Permit, Verdict};

use crate::cause::is_rejection;

/// A permit until the call has ended; then nothing.
#[derive(Debug)]
pub(crate) struct Held(Option<Call>);

#[derive(Debug)]
struct Call {
    permit: Permit<'static>,
    nesting: Nesting,
}

impl Held {
    /// Makes a call under its permit. If that panics, the permit's own drop records it.
    #[inline]
    pub(crate) fn call<F>(
        permit: Permit<'static>,
        breaker: &Breaker,
        call: impl FnOnce() -> F,
    ) -> (F, Self) {
        let mut nesting = Nesting::of(breaker.address());
        let future = nesting.run(call);
        (future, Self(Some(Call { permit, nesting })))
    }

    /// Stands for a call that is part of another call of the same breaker, which records the
    /// outcome of both.
    #[inline]
    pub(crate) const fn nothing() -> Self {
        Self(None)
    }

    /// Runs foreign code inside the call; if it panics, the call has failed.
    #[inline]
    pub(crate) fn run<R>(&mut self, code: impl FnOnce() -> R) -> R {
        let on_panic = FailOnDrop(self);
        let result = match &mut on_panic.0.0 {
            Some(call) => call.nesting.run(code),
            None => code(),
        };
        mem::forget(on_panic);
        result
    }

    /// Runs a classifier; if it panics, the call has failed.
    #[inline]
    pub(crate) fn judge<R>(&mut self, classify: impl FnOnce() -> R) -> Option<R> {
        self.0.as_ref()?;
        let on_panic = FailOnDrop(self);
        let verdict = classify();
        mem::forget(on_panic);
        Some(verdict)
    }

    /// Ends the call with the verdict on its result. Only the first end counts.
    #[inline]
    pub(crate) fn end(&mut self, verdict: Verdict) {
        if let Some(call) = self.0.take() {
            match call.nesting.settle(verdict) {
                // The outcome of nearly every call is inlined.
                Verdict::Success => call.permit.success(),
                verdict => call.permit.end(verdict),
            };
        }
    }

    /// Ends the call with the verdict of `classify` on the answer.
    #[inline]
    pub(crate) fn answer(&mut self, classify: impl FnOnce() -> Verdict) {
        if let Some(verdict) = self.judge(classify) {
            self.end(verdict);
        }
    }

    /// Ends the call with the verdict of `classify` on the error in place of an answer.
    pub(crate) fn fail<E: 'static>(&mut self, error: &E, classify: impl FnOnce(&E) -> Verdict) {
        if let Some(verdict) = self.judge(|| classify(error)) {
            self.end(on_error(verdict, error));
        }
    }

    /// Whether the call is a probe.
    #[cfg(feature = "http")]
    pub(crate) fn is_probe(&self) -> bool {
        let call = self.0.as_ref();
        call.is_some_and(|call| call.permit.state() == State::HalfOpen)
    }
}

/// The verdict on an error. A rejection from another task is found here, because [`Nesting`] cannot
/// know of it.
pub(crate) fn on_error<E: 'static>(verdict: Verdict, error: &E) -> Verdict {
    match verdict {
        Verdict::Success | Verdict::Ignored => verdict,
        _ if is_rejection(error) => Verdict::Ignored,
        _ => verdict,
    }
}

struct FailOnDrop<'a>(&'a mut Held);

impl Drop for FailOnDrop<'_> {
    fn drop(&mut self) {
        if let Some(call) = self.0.0.take() {
            call.permit.end(Verdict::FAILURE);
        }
    }
}
