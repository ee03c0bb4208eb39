//! The way into a protected service: the gate, and the service behind it.
//!
//! The layers for plain, HTTP and gRPC services differ in what they do with an answer. How a call
//! gets in is the same for all and is defined here.

use std::mem;
use std::task::{Context, Poll, Waker, ready};

use fusebox::nesting::{self, Nesting};
use fusebox::{Breaker, CallError, Permit, Rejected, Verdict};
use tower_service::Service;

use crate::gate::ServiceGate;
use crate::held_permit::{Held, on_error};
use crate::turned_away::TurnedAway;

/// A service and the gate before it. Clones share the breaker.
#[derive(Clone, Debug)]
pub(crate) struct Entrance<S> {
    inner: S,
    gate: ServiceGate,
    /// Set while the inner service may be unready.
    turned_away: TurnedAway,
}

impl<S> Entrance<S> {
    pub(crate) fn new(inner: S, gate: ServiceGate) -> Self {
        Self {
            inner,
            gate,
            turned_away: TurnedAway::default(),
        }
    }

    pub(crate) fn breaker(&self) -> &Breaker {
        self.gate.breaker()
    }

    pub(crate) fn get_ref(&self) -> &S {
        &self.inner
    }

    pub(crate) fn get_mut(&mut self) -> &mut S {
        &mut self.inner
    }

    pub(crate) fn into_inner(self) -> S {
        self.inner
    }

    /// Whether a call can be made or will be rejected at once. The breaker never makes this an
    /// error.
    pub(crate) fn poll_ready<R>(
        &mut self,
        cx: &mut Context<'_>,
        classify: impl FnOnce(&S::Error) -> Verdict,
    ) -> Poll<Result<(), CallError<S::Error>>>
    where
        S: Service<R>,
        S::Error: 'static,
    {
        self.turned_away = TurnedAway::Passes;
        if nesting::encloses(self.gate.breaker().address()) {
            return self.inner.poll_ready(cx).map_err(CallError::Failed);
        }
        self.turned_away = ready!(self.gate.poll_passable(cx));
        if matches!(self.turned_away, TurnedAway::Rejected) {
            return Poll::Ready(Ok(()));
        }
        // The inner service comes before the permit, because a reserved probe must not wait.
        let (ready, nesting) = self.poll_inner(cx);
        match ready {
            Poll::Ready(Ok(())) if self.gate.rejects_at_the_call() => Poll::Ready(Ok(())),
            Poll::Ready(Ok(())) => self.gate.poll_ready(cx).map(Ok),
            Poll::Ready(Err(error)) => self.poll_error(cx, error, |error| {
                nesting.settle(on_error(classify(error), error))
            }),
            Poll::Pending => match self.gate.poll_rejection(cx) {
                Poll::Ready(()) => {
                    self.turned_away = TurnedAway::Rejected;
                    Poll::Ready(Ok(()))
                }
                Poll::Pending => Poll::Pending,
            },
        }
    }

    /// Asks the service behind the gate, as a call inside.
    #[inline]
    fn poll_inner<R>(&mut self, cx: &mut Context<'_>) -> (Poll<Result<(), S::Error>>, Nesting)
    where
        S: Service<R>,
    {
        let inner = &mut self.inner;
        self.gate.inside(|| inner.poll_ready(cx))
    }

    /// Counts an error of the inner service's readiness, if a call may pass.
    fn poll_error<E>(
        &mut self,
        cx: &mut Context<'_>,
        error: E,
        judge: impl FnOnce(&E) -> Verdict,
    ) -> Poll<Result<(), CallError<E>>> {
        ready!(self.gate.poll_ready(cx));
        let entered = match self.gate.breaker().would_reject() {
            Some(rejected) => Err(rejected),
            None => self.gate.enter(),
        };
        if let Ok(permit) = entered {
            permit.end(judge(&error));
            return Poll::Ready(Err(CallError::Failed(error)));
        }
        self.turned_away = TurnedAway::Rejected;
        Poll::Ready(Ok(()))
    }

    /// Makes a call if it may pass.
    #[inline]
    pub(crate) fn call<R>(&mut self, request: R) -> Result<(S::Future, Held), Rejected>
    where
        S: Service<R>,
    {
        let turned_away = mem::take(&mut self.turned_away);
        if nesting::encloses(self.gate.breaker().address()) {
            return match turned_away {
                TurnedAway::Rejected if !self.is_ready_after_all() => {
                    Err(self.gate.breaker().turned_away())
                }
                TurnedAway::Rejected | TurnedAway::Passes => {
                    Ok((self.inner.call(request), Held::nothing()))
                }
            };
        }
        let permit = match turned_away {
            TurnedAway::Passes => self.gate.enter()?,
            TurnedAway::Rejected => self.enter_late()?,
        };
        let inner = &mut self.inner;
        Ok(Held::call(permit, self.gate.breaker(), || {
            inner.call(request)
        }))
    }

    /// Asks again after a rejection at readiness, when the inner service was not known to be ready.
    fn enter_late<R>(&mut self) -> Result<Permit<'static>, Rejected>
    where
        S: Service<R>,
    {
        let permit = self.gate.enter()?;
        // The breaker lets calls pass again.
        if self.is_ready_after_all() {
            return Ok(permit);
        }
        permit.ignore();
        Err(self.gate.breaker().turned_away())
    }

    /// Whether the inner service is ready, although that was not known when the call was turned
    /// away. No task waits here, so none has to be woken.
    fn is_ready_after_all<R>(&mut self) -> bool
    where
        S: Service<R>,
    {
        let mut nobody = Context::from_waker(Waker::noop());
        let (ready, _) = self.poll_inner(&mut nobody);
        matches!(ready, Poll::Ready(Ok(())))
    }
}
