//! How does a circuit get in front of a gRPC service? [`GrpcBreakerLayer`].
//!
//! A layer of its own, because it changes the type of the body: the permit goes where the status
//! is. Judged by its headers alone, nearly every gRPC answer is a success.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use fusebox::{Breaker, CallError};
use http::Response;
use http_body::Body;
use pin_project_lite::pin_project;
use tower_layer::Layer;
use tower_service::Service;

use super::body::GrpcBody;
use super::classifier::GrpcClassifier;
use crate::classify::{ClassifyError, ErrorsFail};
use crate::gate::{Gate, Readiness};
use crate::held::Held;

/// Puts a breaker in front of gRPC services, as [`BreakerLayer`](crate::BreakerLayer) does for
/// others. All services of the layer and its clones share the circuit of its breaker.
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
    gate: Gate,
    classifier: GrpcClassifier<P>,
}

impl GrpcBreakerLayer {
    /// A layer with the table of [`GrpcClassifier`], in which rejected calls get an error.
    pub fn new(breaker: Breaker) -> Self {
        Self {
            gate: Gate::new(breaker, Readiness::default()),
            classifier: GrpcClassifier::new(),
        }
    }
}

impl<P> GrpcBreakerLayer<P> {
    /// Says what results mean. Default: [`GrpcClassifier::new`].
    pub fn classifier<Q>(self, classifier: GrpcClassifier<Q>) -> GrpcBreakerLayer<Q> {
        GrpcBreakerLayer {
            gate: self.gate,
            classifier,
        }
    }

    /// Says what services do while the circuit rejects calls; see
    /// [`BreakerLayer::readiness`](crate::BreakerLayer::readiness).
    pub fn readiness(self, readiness: Readiness) -> Self {
        Self {
            gate: Gate::new(self.gate.breaker().clone(), readiness),
            ..self
        }
    }

    /// The breaker that all services of this layer share.
    pub fn breaker(&self) -> &Breaker {
        self.gate.breaker()
    }
}

impl<S, P: Clone> Layer<S> for GrpcBreakerLayer<P> {
    type Service = GrpcBreakerService<S, P>;

    fn layer(&self, inner: S) -> Self::Service {
        GrpcBreakerService {
            inner,
            gate: self.gate.clone(),
            classifier: self.classifier.clone(),
        }
    }
}

/// A gRPC service behind a circuit. Made by [`GrpcBreakerLayer`]; clones share the circuit.
///
/// # Errors
/// [`CallError::Rejected`] when the call was not made, [`CallError::Failed`] with the inner error.
///
/// # Cancel safety
/// Dropping the response future, or the answer's body before its end, cancels the call and gives
/// its slot back.
#[derive(Clone, Debug)]
pub struct GrpcBreakerService<S, P = ErrorsFail> {
    inner: S,
    gate: Gate,
    classifier: GrpcClassifier<P>,
}

impl<S, P> GrpcBreakerService<S, P> {
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

impl<S, P, Request, B> Service<Request> for GrpcBreakerService<S, P>
where
    S: Service<Request, Response = Response<B>>,
    B: Body,
    P: ClassifyError<S::Error> + Clone,
{
    type Response = Response<GrpcBody<B>>;
    type Error = CallError<S::Error>;
    type Future = GrpcResponseFuture<S::Future, P>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        if let Err(error) = ready!(self.inner.poll_ready(cx)) {
            let permit = self.gate.enter().map_err(CallError::Rejected)?;
            permit.end(self.classifier.verdict_on_error(&error));
            return Poll::Ready(Err(CallError::Failed(error)));
        }
        self.gate.poll_ready(cx).map(Ok)
    }

    fn call(&mut self, request: Request) -> Self::Future {
        let stage = match self.gate.enter() {
            Ok(permit) => Stage::Calling {
                call: self.inner.call(request),
                held: Some(Held::new(permit)),
                classifier: self.classifier.clone(),
            },
            Err(rejected) => Stage::Rejected { rejected },
        };
        GrpcResponseFuture { stage }
    }
}

pin_project! {
    /// The answer of a [`GrpcBreakerService`], up to its body.
    ///
    /// # Cancel safety
    /// Dropped before it is ready, the call counts as cancelled and its slot is free again.
    #[derive(Debug)]
    #[must_use = "a future does nothing unless it is polled"]
    pub struct GrpcResponseFuture<F, P> {
        #[pin]
        stage: Stage<F, P>,
    }
}

pin_project! {
    #[derive(Debug)]
    #[project = StageView]
    enum Stage<F, P> {
        Calling {
            #[pin]
            call: F,
            // Moves on into the body.
            held: Option<Held>,
            classifier: GrpcClassifier<P>,
        },
        Rejected {
            rejected: fusebox::Rejected,
        },
    }
}

impl<F, P, B, E> Future for GrpcResponseFuture<F, P>
where
    F: Future<Output = Result<Response<B>, E>>,
    B: Body,
    P: ClassifyError<E>,
{
    type Output = Result<Response<GrpcBody<B>>, CallError<E>>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let (call, held, classifier) = match self.project().stage.project() {
            StageView::Rejected { rejected } => {
                return Poll::Ready(Err(CallError::Rejected(*rejected)));
            }
            StageView::Calling {
                call,
                held,
                classifier,
            } => (call, held, classifier),
        };
        let mut holds = held.take().expect("a future is not polled after its end");
        let Poll::Ready(result) = holds.watch(|| call.poll(cx)) else {
            *held = Some(holds);
            return Poll::Pending;
        };
        Poll::Ready(match result {
            Ok(response) => Ok(GrpcBody::wrap(response, holds, classifier.codes())),
            Err(error) => {
                let verdict = holds.watch(|| classifier.verdict_on_error(&error));
                holds.end(verdict);
                Err(CallError::Failed(error))
            }
        })
    }
}
