//! The way into a protected service: the gate, and the service behind it.
//!
//! The layers for plain, HTTP and gRPC services differ in what they do with an answer. How a call
//! gets in is the same for all and stands here.

use std::task::{Context, Poll, Waker, ready};

use fusebox::{Breaker, CallError, Permit, Rejected, Verdict, nesting};
use tower_service::Service;

use crate::gate::Gate;
use crate::held::{Held, on_error};
use crate::turned_away::TurnedAway;

/// A service and the gate before it. Clones share the circuit.
#[derive(Clone, Debug)]
pub(crate) struct Entrance<S> {
    inner: S,
    gate: Gate,
    /// Set while the inner service may be unready.
    turned_away: TurnedAway,
}

impl<S> Entrance<S> {
    pub(crate) fn new(inner: S, gate: Gate) -> Self {
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

    /// Whether a call can be made or will be rejected at once. Never an error of the circuit's.
    pub(crate) fn poll_ready<R>(
        &mut self,
        cx: &mut Context<'_>,
        classify: impl FnOnce(&S::Error) -> Verdict,
    ) -> Poll<Result<(), CallError<S::Error>>>
    where
        S: Service<R>,
        S::Error: 'static,
    {
        self.turned_away.clear();
        // The inner service comes first: a reserved probe must not wait for anybody.
        let inner = &mut self.inner;
        let ready = self.gate.inside(|| inner.poll_ready(cx));
        if let Poll::Ready(Ok(())) = ready
            && self.gate.rejects_at_the_call()
        {
            return Poll::Ready(Ok(()));
        }
        if nesting::encloses(self.gate.breaker()) {
            return ready.map_err(CallError::Failed);
        }
        match ready {
            Poll::Ready(Ok(())) => self.gate.poll_ready(cx).map(Ok),
            Poll::Ready(Err(error)) => self.poll_error(cx, error, classify),
            Poll::Pending => match self.gate.poll_rejection(cx) {
                Poll::Ready(rejected) => {
                    self.turned_away.set(rejected);
                    Poll::Ready(Ok(()))
                }
                Poll::Pending => Poll::Pending,
            },
        }
    }

    /// Judges an error of the inner service's readiness, if a call may pass.
    fn poll_error<E: 'static>(
        &mut self,
        cx: &mut Context<'_>,
        error: E,
        classify: impl FnOnce(&E) -> Verdict,
    ) -> Poll<Result<(), CallError<E>>> {
        ready!(self.gate.poll_ready(cx));
        let entered = match self.gate.breaker().would_reject() {
            Some(rejected) => Err(rejected),
            None => self.gate.enter(),
        };
        Poll::Ready(match entered {
            Ok(permit) => {
                permit.end(on_error(classify(&error), &error));
                Err(CallError::Failed(error))
            }
            Err(rejected) => {
                self.turned_away.set(rejected);
                Ok(())
            }
        })
    }

    /// Makes a call, if it may pass.
    #[inline]
    pub(crate) fn call<R>(&mut self, request: R) -> Result<(S::Future, Held), Rejected>
    where
        S: Service<R>,
    {
        if nesting::encloses(self.gate.breaker()) {
            return Ok((self.inner.call(request), Held::nothing()));
        }
        let permit = match self.turned_away.take() {
            None => self.gate.enter()?,
            Some(rejected) => self.enter_late(rejected)?,
        };
        let inner = &mut self.inner;
        Ok(Held::call(permit, self.gate.breaker(), || {
            inner.call(request)
        }))
    }

    /// Asks again after a rejection at readiness, when the inner service was not known to be ready.
    #[cold]
    fn enter_late<R>(&mut self, rejected: Rejected) -> Result<Permit<'static>, Rejected>
    where
        S: Service<R>,
    {
        let permit = self.gate.enter()?;
        // The circuit has changed its mind. Nobody waits here, so nobody has to be woken.
        let ready = self
            .inner
            .poll_ready(&mut Context::from_waker(Waker::noop()));
        if let Poll::Ready(Ok(())) = ready {
            return Ok(permit);
        }
        permit.ignore();
        Err(rejected)
    }
}
