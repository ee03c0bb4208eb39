//! The breaker in front of HTTP services, which judges answers at the end of their bodies.
//!
//! It is a layer of its own because it changes the type of the body: the permit has to go where the
//! end is.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use fusebox::{Breaker, CallError, Verdict};
use http::{HeaderMap, Response};
use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;
use tower_layer::Layer;
use tower_service::Service;

use crate::answer::{AnswerBody, AnswerFuture, Follows, JudgeAt, JudgeHead, JudgeRest};
use crate::classify::Classify;
use crate::entrance::Entrance;
use crate::gate::{Readiness, ServiceGate};
use crate::http_classifier::HttpClassifier;

/// Puts a breaker in front of HTTP services and judges their answers at the end of the body.
///
/// [`BreakerLayer`](crate::BreakerLayer) judges an answer by its headers alone; this layer goes on
/// to the body. A body that breaks off is a failure, and the call's time runs until the end. A
/// [classifier](Self::classifier) judges the headers; only an answer with good headers is watched
/// further. [`JudgeAt`] says until when.
///
/// A body that is dropped before its end is a success if its reader was not waiting for more: it
/// had enough. If it was waiting, the call is cancelled.
///
/// # Examples
/// ```
/// use fusebox::{Breaker, Config, State};
/// use fusebox_tower::HttpBreakerLayer;
/// use http::{Request, Response};
/// use http_body_util::{BodyExt, channel::Channel};
/// use std::convert::Infallible;
/// use tower::{Layer, ServiceExt, service_fn};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let config = Config::builder().consecutive_failures(1).build()?;
/// let breaker = Breaker::new("files", config);
/// let files = service_fn(async |_: Request<()>| {
///     let (sender, body) = Channel::<bytes::Bytes, &str>::new(1);
///     sender.abort("connection reset");
///     Ok::<_, Infallible>(Response::new(body))
/// });
///
/// let files = HttpBreakerLayer::new(breaker.clone()).layer(files);
/// let answer = files.oneshot(Request::new(())).await?;
/// assert!(answer.status().is_success());
/// assert!(answer.into_body().collect().await.is_err());
/// assert_eq!(breaker.state(), State::Open);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct HttpBreakerLayer<C = HttpClassifier> {
    gate: ServiceGate,
    judge: HttpJudge<C>,
}

impl HttpBreakerLayer {
    /// Makes a layer that judges by [`HttpClassifier::new`]; rejected calls get an error.
    pub fn new(breaker: Breaker) -> Self {
        Self {
            gate: ServiceGate::new(breaker, Readiness::default()),
            judge: HttpJudge {
                classifier: HttpClassifier::new(),
                at: JudgeAt::default(),
            },
        }
    }
}

impl<C> HttpBreakerLayer<C> {
    /// Sets what headers and errors mean. Default: [`HttpClassifier::new`].
    pub fn classifier<D>(self, classifier: D) -> HttpBreakerLayer<D> {
        HttpBreakerLayer {
            gate: self.gate,
            judge: HttpJudge {
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

impl<S, C: Clone> Layer<S> for HttpBreakerLayer<C> {
    type Service = HttpBreakerService<S, C>;

    fn layer(&self, inner: S) -> Self::Service {
        HttpBreakerService {
            entrance: Entrance::new(inner, self.gate.clone()),
            judge: self.judge.clone(),
        }
    }
}

/// An HTTP service behind a breaker. Made by [`HttpBreakerLayer`]; clones share the breaker.
///
/// # Errors
/// [`CallError::Rejected`] when the call was not made; [`CallError::Failed`] with the inner error.
///
/// # Cancel safety
/// Dropping the response future cancels the call and frees its slot; for the body see
/// [`HttpBreakerLayer`].
#[derive(Clone, Debug)]
pub struct HttpBreakerService<S, C = HttpClassifier> {
    entrance: Entrance<S>,
    judge: HttpJudge<C>,
}

impl<S, C> HttpBreakerService<S, C> {
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

impl<S, C, Request, B> Service<Request> for HttpBreakerService<S, C>
where
    S: Service<Request, Response = Response<B>>,
    S::Error: 'static,
    B: Body,
    C: Classify<Response<B>, S::Error> + Clone,
{
    type Response = Response<HttpBody<B>>;
    type Error = CallError<S::Error>;
    type Future = HttpResponseFuture<S::Future, C>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        let classifier = &self.judge.classifier;
        self.entrance
            .poll_ready(cx, |error| classifier.classify(Err(error)))
    }

    fn call(&mut self, request: Request) -> Self::Future {
        let entered = self.entrance.call(request);
        HttpResponseFuture {
            answer: AnswerFuture::new(entered, || self.judge.clone()),
        }
    }
}

pin_project! {
    /// The future of an [`HttpBreakerService`]'s answer, up to its body.
    ///
    /// # Cancel safety
    /// If it is dropped before it is ready, the call counts as cancelled and its slot is free
    /// again.
    #[derive(Debug)]
    #[must_use = "a future does nothing unless it is polled"]
    pub struct HttpResponseFuture<F, C> {
        #[pin]
        answer: AnswerFuture<F, HttpJudge<C>>,
    }
}

impl<F, C, B, E> Future for HttpResponseFuture<F, C>
where
    F: Future<Output = Result<Response<B>, E>>,
    B: Body,
    E: 'static,
    C: Classify<Response<B>, E>,
{
    type Output = Result<Response<HttpBody<B>>, CallError<E>>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let answer = ready!(self.project().answer.poll(cx));
        Poll::Ready(answer.map(|response| response.map(|inner| HttpBody { inner })))
    }
}

pin_project! {
    /// The body of an [`HttpBreakerService`]'s answer. It passes every frame on unchanged and ends
    /// the call; see [`HttpBreakerLayer`].
    #[derive(Debug)]
    pub struct HttpBody<B: Body> {
        #[pin]
        inner: AnswerBody<B, Whole>,
    }
}

/// A body that belongs to no call, as a [fast failure](crate::FastFailureLayer) needs it.
impl<B: Body + From<String>> From<String> for HttpBody<B> {
    fn from(text: String) -> Self {
        Self {
            inner: AnswerBody::unwatched(B::from(text)),
        }
    }
}

impl<B: Body> Body for HttpBody<B> {
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<B::Data>, B::Error>>> {
        self.project().inner.poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

/// Asks the classifier about the headers.
#[derive(Clone, Debug)]
struct HttpJudge<C> {
    classifier: C,
    at: JudgeAt,
}

impl<B, E, C: Classify<Response<B>, E>> JudgeHead<B, E> for HttpJudge<C> {
    type Rest = Whole;

    fn head(&self, response: &Response<B>, follows: Follows) -> Option<Verdict> {
        match (self.classifier.classify(Ok(response)), follows) {
            (Verdict::Success, Follows::Body) => None,
            (verdict, _) => Some(verdict),
        }
    }

    fn error(&self, error: &E) -> Verdict {
        self.classifier.classify(Err(error))
    }

    fn rest(&self, _: &Response<B>) -> Whole {
        Whole
    }

    fn judge_at(&self) -> JudgeAt {
        self.at
    }
}

/// Counts every body that reaches its end as a success.
#[derive(Debug)]
struct Whole;

impl JudgeRest for Whole {
    const HEADERS_SUFFICE: bool = true;

    fn trailers(&self, _trailers: &HeaderMap) -> Verdict {
        Verdict::Success
    }

    fn end(&self) -> Verdict {
        Verdict::Success
    }
}
