//! What happens to a request? [`BreakerService`] asks for a permit, calls and lets the future answer.

use std::task::{Context, Poll, ready};

use fusebox::{Breaker, CallError};
use tower_service::Service;

use crate::classify::Classify;
use crate::future::ResponseFuture;
use crate::gate::Gate;

/// A service behind a circuit. Made by [`BreakerLayer`](crate::BreakerLayer); clones share the
/// circuit.
///
/// A call that may not pass never reaches the inner service. An error of the inner service's
/// readiness is judged like the error of a call, because clients that connect lazily report a lost
/// connection there; while calls may not pass it becomes a rejection.
///
/// # Errors
/// [`CallError::Rejected`] when the call was not made, [`CallError::Failed`] with the inner error.
///
/// # Cancel safety
/// Dropping the response future at any moment cancels the call and gives its slot back; dropping
/// the service gives back a permit that its readiness reserved.
#[derive(Clone, Debug)]
pub struct BreakerService<S, C> {
    inner: S,
    gate: Gate,
    classifier: C,
}

impl<S, C> BreakerService<S, C> {
    pub(crate) fn new(inner: S, gate: Gate, classifier: C) -> Self {
        Self {
            inner,
            gate,
            classifier,
        }
    }

    /// The breaker in front of the service.
    pub fn breaker(&self) -> &Breaker {
        self.gate.breaker()
    }

    /// The service behind the breaker.
    pub fn get_ref(&self) -> &S {
        &self.inner
    }

    /// The service behind the breaker, to change it.
    pub fn get_mut(&mut self) -> &mut S {
        &mut self.inner
    }

    /// The service without the breaker.
    pub fn into_inner(self) -> S {
        self.inner
    }
}

impl<S, C, Request> Service<Request> for BreakerService<S, C>
where
    S: Service<Request>,
    C: Classify<S::Response, S::Error> + Clone,
{
    type Response = S::Response;
    type Error = CallError<S::Error>;
    type Future = ResponseFuture<S::Future, C>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        // The inner service comes first: a reserved probe must not wait for anybody.
        if let Err(error) = ready!(self.inner.poll_ready(cx)) {
            let permit = self.gate.enter().map_err(CallError::Rejected)?;
            permit.end(self.classifier.classify(Err(&error)));
            return Poll::Ready(Err(CallError::Failed(error)));
        }
        self.gate.poll_ready(cx).map(Ok)
    }

    fn call(&mut self, request: Request) -> Self::Future {
        match self.gate.enter() {
            Ok(permit) => {
                let call = self.inner.call(request);
                ResponseFuture::calling(call, permit, self.classifier.clone())
            }
            Err(rejected) => ResponseFuture::rejected(rejected),
        }
    }
}
