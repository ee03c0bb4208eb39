//! The layer that turns rejections into answers, around a layer that can reject.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use fusebox::{CallError, Rejected};
use http::Response;
use pin_project_lite::pin_project;
use tower_layer::Layer;
use tower_service::Service;

use super::{AnswerRejected, HttpAnswer};

/// A layer around another layer that can reject, which turns rejections into answers:
/// [`fast_failure_response`](super::fast_failure_response) by default.
///
/// Only the errors of the inner service remain. Over a service that cannot fail, the result cannot
/// fail either, as `axum::Router::layer` requires. The layer goes around the breaker, so the
/// breaker does not judge these answers.
///
/// # Examples
/// ```
/// use axum::{Router, routing::get};
/// use fusebox::{Breaker, Config};
/// use fusebox_tower::{BreakerLayer, FastFailureLayer, HttpClassifier};
///
/// let breaker = Breaker::new("api", Config::default());
/// let protect = BreakerLayer::new(breaker).classifier(HttpClassifier::new());
/// let app: Router = Router::new()
///     .route("/", get(|| async { "hello" }))
///     .layer(FastFailureLayer::new(protect));
/// # let _ = app;
/// ```
#[derive(Clone, Debug)]
pub struct FastFailureLayer<L, A = HttpAnswer> {
    rejecting: L,
    answer: A,
}

impl<L> FastFailureLayer<L> {
    /// Answers what `rejecting` rejects over HTTP: 503 and `Retry-After`. The body of its answers
    /// must implement `From<String>`.
    pub fn new(rejecting: L) -> Self {
        Self {
            rejecting,
            answer: HttpAnswer,
        }
    }
}

impl<L, A> FastFailureLayer<L, A> {
    /// A layer that answers in this way from the beginning.
    #[cfg(feature = "grpc")]
    pub(crate) fn answering(rejecting: L, answer: A) -> Self {
        Self { rejecting, answer }
    }

    /// Sets how rejections are answered. If the answer carries the [`Rejected`] among its
    /// extensions, breakers further out recognise it as a rejection, even in another task.
    pub fn answer<N>(self, answer: N) -> FastFailureLayer<L, N> {
        FastFailureLayer {
            rejecting: self.rejecting,
            answer,
        }
    }
}

impl<S, L: Layer<S>, A: Clone> Layer<S> for FastFailureLayer<L, A> {
    type Service = FastFailureService<L::Service, A>;

    fn layer(&self, inner: S) -> Self::Service {
        FastFailureService {
            inner: self.rejecting.layer(inner),
            answer: self.answer.clone(),
            turned_away: None,
        }
    }
}

/// A service that answers rejections. Made by [`FastFailureLayer`].
///
/// If the inner service rejects at readiness, it is not called: this service answers the next call
/// in its place.
///
/// # Errors
/// Returns the error that [`CallError::Failed`] carried.
#[derive(Clone, Debug)]
pub struct FastFailureService<S, A = HttpAnswer> {
    inner: S,
    answer: A,
    /// The rejection that was met at readiness and that the next call is answered with.
    turned_away: Option<Rejected>,
}

impl<S, A, Request, B, E> Service<Request> for FastFailureService<S, A>
where
    S: Service<Request, Response = Response<B>, Error = CallError<E>>,
    A: AnswerRejected<B> + Clone,
{
    type Response = Response<B>;
    type Error = E;
    type Future = FastFailureFuture<S::Future, A>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), E>> {
        self.turned_away = None;
        match ready!(self.inner.poll_ready(cx)) {
            Ok(()) => Poll::Ready(Ok(())),
            Err(CallError::Failed(error)) => Poll::Ready(Err(error)),
            Err(CallError::Rejected(rejected)) => {
                self.turned_away = Some(rejected);
                Poll::Ready(Ok(()))
            }
        }
    }

    fn call(&mut self, request: Request) -> Self::Future {
        let stage = match self.turned_away.take() {
            Some(rejected) => Stage::TurnedAway { rejected },
            None => Stage::Calling {
                call: self.inner.call(request),
            },
        };
        FastFailureFuture {
            stage,
            answer: self.answer.clone(),
        }
    }
}

pin_project! {
    /// The future of a [`FastFailureService`]'s answer.
    #[derive(Debug)]
    #[must_use = "a future does nothing unless it is polled"]
    pub struct FastFailureFuture<F, A = HttpAnswer> {
        #[pin]
        stage: Stage<F>,
        answer: A,
    }
}

pin_project! {
    #[derive(Debug)]
    #[project = StageView]
    enum Stage<F> {
        Calling {
            #[pin]
            call: F,
        },
        TurnedAway {
            rejected: Rejected,
        },
    }
}

impl<F, A, B, E> Future for FastFailureFuture<F, A>
where
    F: Future<Output = Result<Response<B>, CallError<E>>>,
    A: AnswerRejected<B>,
{
    type Output = Result<Response<B>, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let result = match this.stage.project() {
            StageView::Calling { call } => ready!(call.poll(cx)),
            StageView::TurnedAway { rejected } => Err(CallError::Rejected(*rejected)),
        };
        Poll::Ready(match result {
            Ok(response) => Ok(response),
            Err(CallError::Rejected(rejected)) => Ok(this.answer.answer(&rejected)),
            Err(CallError::Failed(error)) => Err(error),
        })
    }
}
