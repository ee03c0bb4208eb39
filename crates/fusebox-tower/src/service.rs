//! A service behind a breaker.

use std::task::{Context, Poll};

use fusebox::{Breaker, CallError};
use tower_service::Service;

use crate::classify::Classify;
use crate::entrance::Entrance;
use crate::future::ResponseFuture;
use crate::gate::ServiceGate;

/// A service behind a breaker. Made by [`BreakerLayer`](crate::BreakerLayer); clones share the
/// breaker.
///
/// A call that may not pass never reaches the inner service. An error at the inner service's
/// readiness is judged like the error of a call, because clients that connect lazily report a lost
/// connection there. While calls may not pass, this service is ready whatever the inner one says,
/// and rejects the call. An error at readiness would make a buffer or a balancer discard the
/// service.
///
/// # Services inside services
/// A rejection by another breaker further inside is ignored, because it says nothing about the
/// downstream; [`Breaker::call`] says when the call counts all the same. The rejection is noticed
/// whatever the layers in between make of it. From another task (behind a buffer) it is noticed if
/// the error is a boxed one that leads to [`Rejected`](fusebox::Rejected), or the answer is a [fast
/// failure](crate::FastFailureLayer). A panic always counts as a failure, even if it comes from
/// unwrapping an inner rejection.
///
/// A service inside a call of the same breaker passes every call on, as a part of the outer call. A
/// buffer in between hides that the breaker is the same.
///
/// # Errors
/// [`CallError::Rejected`] when the call was not made; [`CallError::Failed`] with the inner error.
///
/// # Cancel safety
/// Dropping the response future at any moment cancels the call and frees its slot. Dropping the
/// service gives back a permit that its readiness reserved.
#[derive(Clone, Debug)]
pub struct BreakerService<S, C> {
    entrance: Entrance<S>,
    classifier: C,
}

impl<S, C> BreakerService<S, C> {
    pub(crate) fn new(inner: S, gate: ServiceGate, classifier: C) -> Self {
        Self {
            entrance: Entrance::new(inner, gate),
            classifier,
        }
    }

    /// Returns the breaker in front of the service.
    pub fn breaker(&self) -> &Breaker {
        self.entrance.breaker()
    }

    /// Returns the service behind the breaker.
    pub fn get_ref(&self) -> &S {
        self.entrance.get_ref()
    }

    /// Returns the service behind the breaker, to change it.
    pub fn get_mut(&mut self) -> &mut S {
        self.entrance.get_mut()
    }

    /// Returns the service without the breaker.
    pub fn into_inner(self) -> S {
        self.entrance.into_inner()
    }
}

impl<S, C, Request> Service<Request> for BreakerService<S, C>
where
    S: Service<Request>,
    S::Error: 'static,
    C: Classify<S::Response, S::Error> + Clone,
{
    type Response = S::Response;
    type Error = CallError<S::Error>;
    type Future = ResponseFuture<S::Future, C>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        let classifier = &self.classifier;
        self.entrance
            .poll_ready(cx, |error| classifier.classify(Err(error)))
    }

    fn call(&mut self, request: Request) -> Self::Future {
        ResponseFuture::new(self.entrance.call(request), || self.classifier.clone())
    }
}
