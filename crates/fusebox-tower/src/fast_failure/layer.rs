//! How do rejections become answers? [`FastFailureLayer`], around a layer that can reject.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use fusebox::CallError;
use http::Response;
use pin_project_lite::pin_project;
use tower_layer::Layer;
use tower_service::Service;

use super::fast_failure_response;

/// Applies a layer that can reject and answers rejections with [`fast_failure_response`].
///
/// What is left are the errors of the inner service: over one that cannot fail, neither can this,
/// as `axum::Router::layer` asks for. It comes around the breaker, so its answers are not judged.
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
pub struct FastFailureLayer<L> {
    rejecting: L,
}

impl<L> FastFailureLayer<L> {
    /// Answers what `rejecting` rejects.
    pub fn new(rejecting: L) -> Self {
        Self { rejecting }
    }
}

impl<S, L: Layer<S>> Layer<S> for FastFailureLayer<L> {
    type Service = FastFailureService<L::Service>;

    fn layer(&self, inner: S) -> Self::Service {
        FastFailureService {
            inner: self.rejecting.layer(inner),
        }
    }
}

/// A service whose rejections are answers. Made by [`FastFailureLayer`].
///
/// # Errors
/// What [`CallError::Failed`] carried.
#[derive(Clone, Debug)]
pub struct FastFailureService<S> {
    inner: S,
}

impl<S, Request, B, E> Service<Request> for FastFailureService<S>
where
    S: Service<Request, Response = Response<B>, Error = CallError<E>>,
    B: From<String>,
{
    type Response = Response<B>;
    type Error = E;
    type Future = FastFailureFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), E>> {
        self.inner.poll_ready(cx).map(|ready| match ready {
            Err(CallError::Failed(error)) => Err(error),
            // A `BreakerService` rejects at the call, and never here.
            Ok(()) | Err(CallError::Rejected(_)) => Ok(()),
        })
    }

    fn call(&mut self, request: Request) -> Self::Future {
        FastFailureFuture {
            call: self.inner.call(request),
        }
    }
}

pin_project! {
    /// The answer of a [`FastFailureService`].
    #[derive(Debug)]
    #[must_use = "a future does nothing unless it is polled"]
    pub struct FastFailureFuture<F> {
        #[pin]
        call: F,
    }
}

impl<F, B, E> Future for FastFailureFuture<F>
where
    F: Future<Output = Result<Response<B>, CallError<E>>>,
    B: From<String>,
{
    type Output = Result<Response<B>, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        Poll::Ready(match ready!(self.project().call.poll(cx)) {
            Ok(response) => Ok(response),
            Err(CallError::Rejected(rejected)) => Ok(fast_failure_response(&rejected).map(B::from)),
            Err(CallError::Failed(error)) => Err(error),
        })
    }
}
