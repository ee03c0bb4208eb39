//! A breaker on a clock of the test's, and downstreams that do as they are told.

use std::convert::Infallible;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use fusebox::{Breaker, Config, ConfigBuilder, ManualClock, Outcome};
use tokio::sync::oneshot;
use tower::Service;

pub(crate) const OPEN_FOR: Duration = Duration::from_secs(1);

/// Trips at the first failure, is open for a second, and one good probe closes it.
pub(crate) fn brittle() -> ConfigBuilder {
    Config::builder()
        .consecutive_failures(1)
        .open_for(OPEN_FOR)
        .jitter(0.0)
}

pub(crate) fn breaker(settings: ConfigBuilder) -> (Breaker, ManualClock) {
    let clock = ManualClock::new();
    let breaker = Breaker::with_clock("downstream", settings.build().unwrap(), clock.clone());
    (breaker, clock)
}

/// A breaker whose next call is the only probe.
pub(crate) fn about_to_probe() -> (Breaker, ManualClock) {
    let (breaker, clock) = breaker(brittle());
    breaker.try_acquire().unwrap().failure();
    clock.advance(OPEN_FOR);
    (breaker, clock)
}

pub(crate) fn counted(breaker: &Breaker, outcome: Outcome) -> u64 {
    breaker.snapshot().totals.calls(outcome)
}

/// Answers each request when and as the request itself says, and counts them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Puppet {
    calls: Arc<AtomicU32>,
}

/// A request to a [`Puppet`], and the end that answers it.
pub(crate) fn strings<T>() -> (oneshot::Sender<T>, oneshot::Receiver<T>) {
    oneshot::channel()
}

/// A request that is answered with `result` at once.
pub(crate) fn saying<T>(result: T) -> oneshot::Receiver<T> {
    let (sender, receiver) = oneshot::channel();
    assert!(sender.send(result).is_ok());
    receiver
}

impl Puppet {
    pub(crate) fn calls(&self) -> u32 {
        self.calls.load(Ordering::SeqCst)
    }
}

impl<T, E> Service<oneshot::Receiver<Result<T, E>>> for Puppet {
    type Response = T;
    type Error = E;
    type Future = PuppetFuture<T, E>;

    fn poll_ready(&mut self, _cx: &mut Context<'_>) -> Poll<Result<(), E>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: oneshot::Receiver<Result<T, E>>) -> Self::Future {
        self.calls.fetch_add(1, Ordering::SeqCst);
        PuppetFuture(request)
    }
}

pub(crate) struct PuppetFuture<T, E>(oneshot::Receiver<Result<T, E>>);

impl<T, E> Future for PuppetFuture<T, E> {
    type Output = Result<T, E>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        Pin::new(&mut self.0)
            .poll(cx)
            .map(|answer| answer.expect("the test answers or drops the call"))
    }
}

/// Calls a service that is ready without waiting for the answer.
pub(crate) fn call<S: Service<R>, R>(service: &mut S, request: R) -> S::Future {
    let mut cx = Context::from_waker(Waker::noop());
    assert!(matches!(service.poll_ready(&mut cx), Poll::Ready(Ok(()))));
    service.call(request)
}

pub(crate) fn poll_once<F: Future + Unpin>(future: &mut F) -> Poll<F::Output> {
    Pin::new(future).poll(&mut Context::from_waker(Waker::noop()))
}

/// The result of a call that is answered at once.
pub(crate) fn now<S, R>(service: &mut S, request: R) -> Result<S::Response, S::Error>
where
    S: Service<R>,
{
    let mut future = Box::pin(call(service, request));
    match poll_once(&mut future) {
        Poll::Ready(result) => result,
        Poll::Pending => panic!("the call is still under way"),
    }
}

/// An answer that cannot fail.
pub(crate) type Sure<T> = Result<T, Infallible>;
