//! The breaker in front of gRPC services.
//!
//! It is a layer of its own because it changes the type of the body: the permit has to go where the
//! status is. Judged by its headers alone, nearly every gRPC answer is a success.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use fusebox::{Breaker, CallError};
use http::Response;
use http_body::Body;
use pin_project_lite::pin_project;
use tower_layer::Layer;
use tower_service::Service;

use super::body::{GrpcBody, GrpcJudge};
use super::classifier::GrpcClassifier;
use crate::answer::{AnswerFuture, JudgeAt};
use crate::classify::{ClassifyError, ErrorsFail};
use crate::entrance::Entrance;
use crate::gate::{Readiness, ServiceGate};

/// Puts a breaker in front of gRPC services, as [`BreakerLayer`](crate::BreakerLayer) does for
/// others. All services of the layer and its clones share its breaker.
///
/// A rejection is an error here. A gRPC client that meets it as a transport error turns it into the
/// status `UNKNOWN`. [`FastFailureLayer::grpc`](crate::FastFailureLayer::grpc) around this layer
/// answers with `UNAVAILABLE` and the time to come back, for servers and for clients.
///
/// # Examples
/// ```
/// use fusebox::{Breaker, Config};
/// use fusebox_tower::{CountAs, GrpcBreakerLayer, GrpcClassifier, GrpcCode};
///
/// let breaker = Breaker::new("greeter", Config::default());
/// let layer = GrpcBreakerLayer::new(breaker)
///     .classifier(GrpcClassifier::new().code(GrpcCode::Aborted, CountAs::Failure));
/// # let _ = layer;
/// ```
#[derive(Clone, Debug)]
pub struct GrpcBreakerLayer<P = ErrorsFail> {
    gate: ServiceGate,
    judge: GrpcJudge<P>,
}

impl GrpcBreakerLayer {
    /// Makes a layer that judges by [`GrpcClassifier::new`]; rejected calls get an error.
    pub fn new(breaker: Breaker) -> Self {
        Self {
            gate: ServiceGate::new(breaker, Readiness::default()),
            judge: GrpcJudge {
                classifier: GrpcClassifier::new(),
                at: JudgeAt::default(),
            },
        }
    }
}

impl<P> GrpcBreakerLayer<P> {
    /// Sets what results mean. Default: [`GrpcClassifier::new`].
    pub fn classifier<Q>(self, classifier: GrpcClassifier<Q>) -> GrpcBreakerLayer<Q> {
        GrpcBreakerLayer {
            gate: self.gate,
            judge: GrpcJudge {
                classifier,
                at: self.judge.at,
            },
        }
    }

    /// Sets when an answer that began well counts. Default: [`JudgeAt::EndOrFirstDataOfProbe`].
    pub fn judge_at(mut self, at: JudgeAt) -> Self {
        self.judge.at = at;
        self
    }

    /// Sets what services do while the breaker rejects calls; see
    /// [`BreakerLayer::readiness`](crate::BreakerLayer::readiness).
    pub fn readiness(self, readiness: Readiness) -> Self {
        Self {
            gate: ServiceGate::new(self.gate.breaker().clone(), readiness),
            ..self
        }
    }

    /// Returns the breaker that all services of this layer share.
    pub fn breaker(&self) -> &Breaker {
        self.gate.breaker()
    }
}

impl<S, P: Clone> Layer<S> for GrpcBreakerLayer<P> {
    type Service = GrpcBreakerService<S, P>;

    fn layer(&self, inner: S) -> Self::Service {
        GrpcBreakerService {
            entrance: Entrance::new(inner, self.gate.clone()),
            judge: self.judge.clone(),
        }
    }
}

/// A gRPC service behind a breaker. Made by [`GrpcBreakerLayer`]; clones share the breaker.
///
/// # Errors
/// [`CallError::Rejected`] when the call was not made; [`CallError::Failed`] with the inner error.
///
/// # Cancel safety
/// Dropping the response future, or the answer's body before its end, cancels the call and frees
/// its slot.
#[derive(Clone, Debug)]
pub struct GrpcBreakerService<S, P = ErrorsFail> {
    entrance: Entrance<S>,
    judge: GrpcJudge<P>,
}

impl<S, P> GrpcBreakerService<S, P> {
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

impl<S, P, Request, B> Service<Request> for GrpcBreakerService<S, P>
where
    S: Service<Request, Response = Response<B>>,
    S::Error: 'static,
    B: Body,
    P: ClassifyError<S::Error> + Clone,
{
    type Response = Response<GrpcBody<B>>;
    type Error = CallError<S::Error>;
    type Future = GrpcResponseFuture<S::Future, P>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        let classifier = &self.judge.classifier;
        self.entrance
            .poll_ready(cx, |error| classifier.verdict_on_error(error))
    }

    fn call(&mut self, request: Request) -> Self::Future {
        let entered = self.entrance.call(request);
        GrpcResponseFuture {
            answer: AnswerFuture::new(entered, || self.judge.clone()),
        }
    }
}

pin_project! {
    /// The future of a [`GrpcBreakerService`]'s answer, up to its body.
    ///
    /// # Cancel safety
    /// If it is dropped before it is ready, the call counts as cancelled and its slot is free
    /// again.
    #[derive(Debug)]
    #[must_use = "a future does nothing unless it is polled"]
    pub struct GrpcResponseFuture<F, P> {
        #[pin]
        answer: AnswerFuture<F, GrpcJudge<P>>,
    }
}

impl<F, P, B, E> Future for GrpcResponseFuture<F, P>
where
    F: Future<Output = Result<Response<B>, E>>,
    B: Body,
    E: 'static,
    P: ClassifyError<E>,
{
    type Output = Result<Response<GrpcBody<B>>, CallError<E>>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let answer = ready!(self.project().answer.poll(cx));
        Poll::Ready(answer.map(|response| response.map(GrpcBody::new)))
    }
}
