//! The service that the layers wrap. It answers at once and is polled by hand, so no runtime is in the figures.

use std::convert::Infallible;
use std::future::{self, Future, poll_fn};
use std::hint;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use tower::Service;

/// Always ready, answers at once.
#[derive(Clone, Copy)]
pub(crate) struct Ready;

impl Service<()> for Ready {
    type Response = ();
    type Error = Infallible;
    type Future = future::Ready<Result<(), Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, (): ()) -> Self::Future {
        future::ready(Ok(()))
    }
}

/// One call as tower wants it: ready first, then the call, then its answer.
pub(crate) fn call<S: Service<()>>(service: &mut S) -> Result<S::Response, S::Error> {
    finish(poll_fn(|context| service.poll_ready(context)))?;
    finish(service.call(()))
}

/// Polls until done. Only another thread's lock can make that more than once.
pub(crate) fn finish<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    let mut context = Context::from_waker(Waker::noop());
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut context) {
            return output;
        }
        hint::spin_loop();
    }
}
